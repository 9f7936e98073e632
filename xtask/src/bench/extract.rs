//! Building an extract of 30 million rows about a million people, beside what
//! `DuckDB` takes for the same join, filter, renumbering and sorted write. Both
//! write Parquet alone.

use std::fs;

use serde_json::Value;

use crate::bench::{Finding, duckdb, median, release};
use crate::repository::Repository;
use crate::run::{self, Failed, about, failed};

const REPEATS: usize = 3;
/// Times `DuckDB`'s.
const ASKED_RATIO: f64 = 2.0;

pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    let program = release(repository, "examples/extract_speed")?;
    let folder = repository.made("bench").join("extract");
    let done = folder.join("done");
    if !done.exists() {
        println!("Preparing three registers of a million people and 30 million rows");
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(about(folder.display()))?;
        }
        fs::create_dir_all(&folder).map_err(about(folder.display()))?;
        run::run(repository.command(&program).arg("prepare").arg(&folder))?;
        fs::write(&done, "").map_err(about(done.display()))?;
    }
    let mut ours = Vec::new();
    let (mut theirs, mut named) = (Vec::new(), String::new());
    let (mut persons, mut rows) = (f64::NAN, f64::NAN);
    for _ in 0..REPEATS {
        let said = run::output(repository.command(&program).arg("run").arg(&folder))?;
        let said: Value = serde_json::from_str(&said).map_err(about("extract_speed"))?;
        let number = |name: &str| said.get(name).and_then(Value::as_f64);
        let Some(seconds) = number("seconds") else {
            return failed(format!("extract_speed does not say how long it took: {said}"));
        };
        ours.push(seconds);
        persons = number("persons").unwrap_or(f64::NAN);
        rows = number("rows").unwrap_or(f64::NAN);
        let duckdb = duckdb::run(repository, "sql", &[&folder.join("peer.sql")])?;
        theirs.push(duckdb.seconds);
        named = format!("DuckDB {}, at most {:.0} MiB", duckdb.version, duckdb.peak_mib);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours / theirs;
    Ok(Finding {
        what: "Building an extract from a million people and 30 million rows".to_owned(),
        figures: [
            ("in the extract", format!("{persons:.0} people, {rows:.0} rows")),
            ("helserom", format!("{ours:.1} s")),
            ("DuckDB, the same as SQL", format!("{theirs:.1} s ({named})")),
            ("ratio", format!("{ratio:.2}")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
        asked: format!("a ratio of at most {ASKED_RATIO}"),
        reached: ratio <= ASKED_RATIO,
    })
}
