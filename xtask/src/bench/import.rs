//! Importing a laboratory file of ten million rows, beside what `DuckDB` takes to
//! turn the same file into Parquet without a check, a split or a sort.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::bench::{Finding, duckdb, median, registers, release, watch};
use crate::repository::Repository;
use crate::run::{self, Failed, about};

const SIZE: registers::Size =
    registers::Size { people: 200_000, measurements: 10_000_000, diagnoses: 0 };
const REPEATS: usize = 7;
/// Times `DuckDB`'s.
const ASKED_RATIO: f64 = 2.5;
const ASKED_PEAK_MIB: f64 = 1536.0;

pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    let program = release(repository, "helserom")?;
    let files = registers::of(repository, SIZE)?;
    let file = files.join("laboratory.csv");
    let work = repository.made("bench").join("import");
    let (mut ours, mut peaks) = (Vec::new(), Vec::new());
    let (mut theirs, mut named) = (Vec::new(), String::new());
    for _ in 0..REPEATS {
        if work.exists() {
            fs::remove_dir_all(&work).map_err(about(work.display()))?;
        }
        fs::create_dir_all(&work).map_err(about(work.display()))?;
        let taken = import(repository, &program, &work, &file)?;
        ours.push(taken.seconds);
        peaks.push(taken.peak_mib);
        let duckdb = duckdb::run(repository, "import", &[&file, &work.join("duckdb.parquet")])?;
        theirs.push(duckdb.seconds);
        named = format!("DuckDB {}, at most {:.0} MiB", duckdb.version, duckdb.peak_mib);
    }
    fs::remove_dir_all(&work).map_err(about(work.display()))?;
    let (ours, theirs) = (median(ours), median(theirs));
    let peak = peaks.into_iter().fold(0.0, f64::max);
    let ratio = ours / theirs;
    Ok(Finding {
        what: "Importing ten million laboratory values".to_owned(),
        figures: [
            ("helserom source import", format!("{ours:.1} s, at most {peak:.0} MiB of memory")),
            ("DuckDB, CSV to Parquet", format!("{theirs:.1} s ({named})")),
            ("ratio", format!("{ratio:.2}")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
        asked: format!("a ratio of at most {ASKED_RATIO}, at most {ASKED_PEAK_MIB:.0} MiB"),
        reached: ratio <= ASKED_RATIO && peak <= ASKED_PEAK_MIB,
    })
}

/// Imports `file` into a fresh centre in `work`; what the import alone took.
fn import(
    repository: &Repository,
    program: &Path,
    work: &Path,
    file: &Path,
) -> Result<watch::Taken, Failed> {
    let helserom = || {
        let mut command = repository.command(program);
        command.arg("--data").arg(work.join("data")).stdout(Stdio::null());
        command
    };
    let holder = ["account", "add-organisation", "hospital-laboratory", "--name", "Laboratory"];
    run::run(helserom().args(holder))?;
    run::run(helserom().args(["source", "add", "demo/contracts/laboratory.toml"]))?;
    watch::watch(helserom().args(["source", "import", "laboratory"]).arg(file))
}
