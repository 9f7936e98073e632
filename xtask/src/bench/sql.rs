//! Statements over 30 million rows through a room's socket, beside the same engine
//! on the same files without it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::bench::{Finding, median, release};
use crate::repository::Repository;
use crate::run::{self, Failed, about, failed};

const REPEATS: usize = 5;
/// Times the engine's own.
const ASKED_RATIO: f64 = 1.3;

pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    let program = release(repository, "examples/sql_speed")?;
    let folder = repository.made("bench").join("sql");
    let done = folder.join("done");
    if !done.exists() {
        println!("Preparing an extract of a million people and 30 million rows");
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(about(folder.display()))?;
        }
        fs::create_dir_all(&folder).map_err(about(folder.display()))?;
        run::run(repository.command(&program).arg("prepare").arg(&folder))?;
        fs::write(&done, "").map_err(about(done.display()))?;
    }
    let mut times = BTreeMap::<String, [Vec<f64>; 2]>::new();
    for _ in 0..REPEATS {
        let said = run::output(repository.command(&program).arg("run").arg(&folder))?;
        let said: Value = serde_json::from_str(&said).map_err(about("sql_speed"))?;
        for (name, seconds) in said.as_object().into_iter().flatten() {
            let [ours, theirs] = times.entry(name.clone()).or_default();
            let number = |key: &str| seconds.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
            ours.push(number("ours"));
            theirs.push(number("theirs"));
        }
    }
    if times.is_empty() {
        return failed("sql_speed says nothing");
    }
    let mut worst: f64 = 0.0;
    let mut figures = Vec::new();
    for (name, [ours, theirs]) in times {
        let (ours, theirs) = (median(ours), median(theirs));
        let ratio = ours / theirs;
        worst = worst.max(ratio);
        figures.push((name, format!("{ours:.2} s, DataFusion {theirs:.2} s, {ratio:.2} ×")));
    }
    Ok(Finding {
        what: "SQL in a room over 30 million rows".to_owned(),
        figures,
        asked: format!(
            "every statement within {ASKED_RATIO} × DataFusion on the same files, its answer as text"
        ),
        reached: worst <= ASKED_RATIO,
    })
}
