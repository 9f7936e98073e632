//! What the crate promises, from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::similar_names,
    clippy::many_single_char_names,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    unreachable_pub,
    reason = "tests stop at the first thing that is wrong, and say what it was"
)]

mod bad_files;
mod bad_rows;
mod contract;
mod hostile;
mod importing;
mod parquet_files;
mod profiles;
mod record;
mod support;
mod without_number;
