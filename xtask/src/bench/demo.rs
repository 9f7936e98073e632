//! The steps of the demo, as `cargo xtask demo` runs it.

use std::fs;

use serde_json::Value;

use crate::bench::Finding;
use crate::repository::Repository;
use crate::run::{self, Failed, about, failed};
use crate::{build, demo, setup};

/// All steps together, seconds.
const ASKED: f64 = 60.0;

pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    setup::everything(repository)?;
    let program = build::helserom(repository)?;
    let folder = repository.made("bench").join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(about(folder.display()))?;
    }
    fs::create_dir_all(&folder).map_err(about(folder.display()))?;
    let report = folder.join("report.json");
    let mut command = demo::command(repository, &program);
    command.arg("--once").arg("--data").arg(folder.join("data")).arg("--report").arg(&report);
    run::run(&mut command)?;
    let text = fs::read(&report).map_err(about(report.display()))?;
    let said: Value = serde_json::from_slice(&text).map_err(about(report.display()))?;
    let Some(steps) = said.get("steps").and_then(Value::as_array) else {
        return failed("the demo's report has no steps");
    };
    let mut together = 0.0;
    let mut figures = Vec::new();
    for step in steps {
        let name = step.get("name").and_then(Value::as_str).unwrap_or_default();
        let seconds = step.get("seconds").and_then(Value::as_f64).unwrap_or(f64::NAN);
        together += seconds;
        figures.push((name.to_owned(), format!("{seconds:.2} s")));
    }
    figures.push(("together".to_owned(), format!("{together:.1} s")));
    Ok(Finding {
        what: "The demo, step by step (dev profile)".to_owned(),
        figures,
        asked: format!("at most {ASKED:.0} s together"),
        reached: together <= ASKED,
    })
}
