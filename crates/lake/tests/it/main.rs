//! What the lake promises: see the modules.

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

mod bounds;
mod closed;
mod delta_log;
mod disk_full;
mod extract_files;
mod extract_support;
mod extracts;
mod killed;
mod locks;
mod shapes;
mod sorting;
mod statements;
mod support;
mod types;
mod versions;
