//! `cargo xtask bench`: speed, measured beside `DuckDB` in one run. Each
//! measurement is repeated, ours and theirs in turn so that a busy moment meets
//! both, and the median counts.

mod cascade;
mod demo;
mod duckdb;
mod extract;
mod http;
mod import;
mod ledger;
mod linkage;
mod machine;
mod page;
mod portal;
mod registers;
mod rooms;
mod served;
mod sql;
mod watch;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::repository::Repository;
use crate::run::{self, Done, Failed, failed};

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Measurement {
    /// Every step of the demo
    Demo,
    /// Importing ten million laboratory values, beside `DuckDB`
    Import,
    /// Building an extract of 30 million rows, beside `DuckDB`
    Extract,
    /// SQL in a room over 30 million rows
    Sql,
    /// Notebooks: opening one, a cell there and back, many idle rooms
    Rooms,
    /// Linking by names, dates and places, beside Splink
    Linkage,
    /// Finding people in the sets of Febrl, without labels
    Febrl,
    /// Finding historical people in a file that is given, beside Splink
    Historical,
    /// Finding the people of four registers of five million by every stage
    Cascade,
    /// Linking encoded records, beside clkhash and anonlink
    Encoded,
    /// Verifying a ledger
    Ledger,
    /// The portal's pages at 50 requests at once
    Portal,
}

/// What a measurement found.
struct Finding {
    /// What was measured, in a line.
    what: String,
    /// What was found, and what it was compared with.
    figures: Vec<(String, String)>,
    /// What is asked for, and whether it was reached.
    asked: String,
    reached: bool,
}

/// Measures and writes `docs/benchmarks.md`, where what is left out stays as it was. What
/// could not be measured keeps nothing else from being.
pub(crate) fn run(
    repository: &Repository,
    only: &[Measurement],
    historical: Option<&Path>,
) -> Done {
    let (mut short, mut unmeasured) = (Vec::new(), Vec::new());
    for measurement in Measurement::value_variants() {
        if only.is_empty() || only.contains(measurement) {
            println!("== {measurement:?} ==");
            match measure(*measurement, repository, historical) {
                Ok(finding) => {
                    println!("{}", page::section(&finding));
                    page::write(repository, &finding)?;
                    short.extend((!finding.reached).then_some(finding.what));
                }
                Err(Failed(why)) => {
                    println!("not measured: {why}");
                    unmeasured.push(format!("{measurement:?}: {why}"));
                }
            }
        }
    }
    match (unmeasured.as_slice(), short.as_slice()) {
        ([], []) => Ok(()),
        ([], short) => failed(format!("not reached: {}", short.join("; "))),
        (unmeasured, _) => failed(format!("not measured: {}", unmeasured.join("; "))),
    }
}

fn measure(
    measurement: Measurement,
    repository: &Repository,
    historical: Option<&Path>,
) -> Result<Finding, Failed> {
    match measurement {
        Measurement::Demo => demo::measure(repository),
        Measurement::Import => import::measure(repository),
        Measurement::Extract => extract::measure(repository),
        Measurement::Sql => sql::measure(repository),
        Measurement::Rooms => rooms::measure(repository),
        Measurement::Linkage => linkage::measure(repository),
        Measurement::Febrl => linkage::measure_febrl(repository),
        Measurement::Historical => linkage::measure_historical(repository, historical),
        Measurement::Cascade => cascade::measure(repository),
        Measurement::Encoded => linkage::measure_encoded(repository),
        Measurement::Ledger => ledger::measure(repository),
        Measurement::Portal => portal::measure(repository),
    }
}

/// Builds what is measured with the release profile and says where `program` is.
/// All of it is named every time: with other packages beside them dependencies
/// have other features, and everything would be compiled once more.
fn release(repository: &Repository, program: &str) -> Result<PathBuf, Failed> {
    const MEASURED: [&str; 5] = ["helserom", "synthetic", "lake", "ledger", "linkage"];
    let mut build = repository.cargo();
    build.args(["build", "--release", "--locked", "--bins"]);
    build.args(["--example", "extract_speed", "--example", "sql_speed"]);
    build.args(["--example", "verify_speed", "--example", "cascade_speed"]);
    build.args(MEASURED.iter().flat_map(|package| ["--package", package]));
    run::run(&mut build)?;
    Ok(repository.target().join("release").join(program))
}

/// The middle one; the mean of the two middle ones of an even number.
fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    let at = |at: usize| of.get(at).copied().unwrap_or(f64::NAN);
    match of.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => at(n / 2),
        n => f64::midpoint(at(n / 2 - 1), at(n / 2)),
    }
}

/// The value below which `share` of them lie (nearest rank).
fn percentile(mut of: Vec<f64>, share: f64) -> f64 {
    of.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among some thousand values"
    )]
    let rank = (share * of.len() as f64).ceil() as usize;
    of.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_tail_of_values() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-12);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-12);
        assert!(median(Vec::new()).is_nan());
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert!((percentile(hundred, 0.99) - 99.0).abs() < 1e-12);
        assert!((percentile(vec![7.0], 0.99) - 7.0).abs() < 1e-12);
    }
}
