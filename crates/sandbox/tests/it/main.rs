//! Rooms, from inside: every attempt to get out is made for real, and beside it
//! stands the same attempt made outside, where it succeeds.

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

mod analysis;
mod attempts;
mod bench;
mod brought;
mod desktop;
mod ending;
mod files;
mod kernel;
mod leftovers;
mod life;
mod limits;
mod network;
mod notebook;
mod ordinary;
mod packages;
mod processes;
mod together;
mod versions;
