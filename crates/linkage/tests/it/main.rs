//! From a permit to numbered people.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first thing that is wrong, and say what it was"
)]

mod cascade;
mod countries;
mod encoded;
mod families;
mod linking;
mod numbers;
mod places;
mod plans;
mod probabilistic;
mod review;
mod stand_ins;
mod support;
