//! The vault as others see it: files in a folder, keys in a file.

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

mod crash;
mod files;
mod keyring;
mod master_key;
mod pairs;
mod secrecy;
mod segments;
mod support;
