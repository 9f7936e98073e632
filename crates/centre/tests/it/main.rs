//! What the centre does, seen from above, with what is below it made up.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first thing that is wrong, and say what it was"
)]

mod pretence;
mod rooms;
