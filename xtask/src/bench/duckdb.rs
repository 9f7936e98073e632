//! `DuckDB` from `PyPI`, in an environment of its own: for the measurements alone.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::repository::Repository;
use crate::run::{self, Failed, about, failed};
use crate::setup::python;

const ENVIRONMENT: &str = "bench-python";
const REQUIREMENTS: &str = "xtask/bench/requirements.txt";
const SCRIPT: &str = "xtask/bench/duckdb_compare.py";

/// What `DuckDB` took.
pub(super) struct Theirs {
    pub(super) seconds: f64,
    pub(super) peak_mib: f64,
    pub(super) version: String,
}

/// Runs one part of the script.
pub(super) fn run(repository: &Repository, what: &str, paths: &[&Path]) -> Result<Theirs, Failed> {
    if !python::is_made(repository, ENVIRONMENT, REQUIREMENTS)? {
        python::make(repository, ENVIRONMENT, REQUIREMENTS, &[])?;
    }
    let python = repository.made(ENVIRONMENT).join("bin/python");
    let said = run::output(
        Command::new(python).arg(repository.root().join(SCRIPT)).arg(what).args(paths),
    )?;
    let said: Value = serde_json::from_str(&said).map_err(about("DuckDB's answer"))?;
    let number = |name: &str| said.get(name).and_then(Value::as_f64);
    let version = said.get("version").and_then(Value::as_str);
    match (number("seconds"), number("peak_mib"), version) {
        (Some(seconds), Some(peak_mib), Some(version)) => {
            Ok(Theirs { seconds, peak_mib, version: version.to_owned() })
        }
        _ => failed(format!("DuckDB's answer is not complete: {said}")),
    }
}
