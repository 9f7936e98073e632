//! What people do, each through the operations of a centre, with the entries
//! that it leaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first thing that is wrong, and say what it was"
)]

mod applications;
mod blind;
mod decisions;
mod doorway;
mod explain;
mod extracts;
mod fakes;
mod house;
mod ingresses;
mod moment;
mod nothing;
mod outputs;
mod packages;
mod pairs;
mod permits;
mod pretence;
mod queue;
mod releases;
mod reversals;
mod rooms;
mod telling;
