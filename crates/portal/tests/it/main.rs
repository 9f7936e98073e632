//! The portal as a browser and a program meet it, on a centre whose data never
//! were: a book in memory, a runtime that only pretends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first thing that is wrong, and say what it was"
)]

mod api;
mod browser;
mod desktops;
mod doorway;
mod fakes;
mod gate;
mod going_on;
mod ingresses;
mod journal;
mod notebooks;
mod packages;
mod pages;
mod pairs;
mod pretended;
mod queue;
mod refusals;
mod reversals;
mod safety;
mod site;
mod sitting;
mod smuggling;
mod sockets;
mod story;
mod together;
