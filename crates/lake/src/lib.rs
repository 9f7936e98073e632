//! Snapshots in Delta tables, and SQL over extracts: the only crate that names the
//! table format and the query engine.
//!
//! A source has one table, `<lake>/<source>/`, and a version of it per import.
//! A version holds the whole delivery, sorted by subject, time and row, and
//! replaces the one before; the one before stays readable. Which version counts
//! is for the ledger to say: readers open the version they are told, and a
//! version that no entry names does not exist.
//!
//! An import goes through here in four steps: [`Lake::lock`] the source,
//! [`Lake::intake`] a [`ContentSink`](source::ContentSink) that sorts in bounded
//! memory and writes Parquet, [`Lake::commit`] what it staged, and, when the
//! ledger has it, let go of the lock. Whatever happens before the commit leaves
//! nothing; what a killed process left, [`Lake::recover`] removes.
//!
//! An extract is made from snapshots with [`Lake::build_extract`]: what a permit
//! allows, of the people a crosswalk names, as plain Parquet files that no
//! longer belong to the lake.
//!
//! What programs in a room ask of an extract in SQL is answered by [`sql::serve`].
//!
//! This crate knows no contract beyond its columns, no key and no database.

mod delta;
mod durable;
mod error;
mod extract;
mod intake;
mod lock;
mod place;
mod recover;
mod snapshot;
mod sort;
pub mod sql;
mod staged;
mod stand_in;
mod write;

pub use error::LakeError;
pub use extract::{
    ExtractOptions, MOVED, OnRows, remove_extract, sweep_extracts, table_path, write_csv,
};
pub use intake::TableIntake;
pub use lock::SourceLock;
pub use place::Lake;
pub use recover::Recovered;
pub use snapshot::{SUBJECT, Scan, Snapshot, subjects};
pub use staged::Staged;
pub use stand_in::write_stand_in;
