//! The program as people run it: its command line and its server, in data folders
//! of their own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::items_after_statements,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod backups;
mod blind;
mod blind_leaks;
mod browser;
mod cascade;
mod clerks;
mod commands;
mod countries;
mod deliveries;
mod demo;
mod desktop;
mod escapes;
mod figures;
mod full_disk;
mod gate;
mod generate;
mod growth;
mod handing_over;
mod keys;
mod kills;
mod link;
mod link_encoded;
mod link_refusals;
mod memory;
mod notebook;
mod outlives;
mod packages;
mod people;
mod place;
mod progress;
mod queue;
mod reversals;
mod setup;
mod starts;
mod statements;
mod stops;
mod together;
mod web;
