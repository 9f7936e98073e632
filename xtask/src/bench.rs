//! `cargo xtask bench`: speed, measured beside `DuckDB` in one run.

use clap::ValueEnum;

use crate::repository::Repository;
use crate::run::{Done, failed};

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Measurement {
    /// Verifying a ledger
    Ledger,
}

pub(crate) fn run(_repository: &Repository, _only: &[Measurement]) -> Done {
    failed("nothing is measured yet")
}
