//! What the centre needs from below, put behind its ports.

mod extracting;
mod files;
mod gate;
mod gauges;
mod importing;
mod passwords;
mod scanner;
#[cfg(test)]
mod small_disk;
pub(crate) mod web;

pub(crate) use extracting::Extracting;
pub(crate) use files::{BlobFiles, LogFiles};
pub(crate) use gate::RoomGate;
pub(crate) use importing::Importing;
pub(crate) use passwords::Passwords;
pub(crate) use scanner::Scanner;
