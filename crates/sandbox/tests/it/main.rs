//! Rooms, from inside: every attempt to get out is made for real, and beside it
//! stands the same attempt made outside, where it succeeds.

mod analysis;
mod bench;
mod files;
mod life;
mod limits;
mod network;
mod ordinary;
mod processes;
