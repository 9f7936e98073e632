//! What the centre needs from below, put behind its ports.

mod extracting;
mod files;
mod importing;
mod passwords;
#[cfg(test)]
mod small_disk;
pub(crate) mod web;

pub(crate) use extracting::Extracting;
pub(crate) use files::{BlobFiles, LogFiles};
pub(crate) use importing::Importing;
pub(crate) use passwords::Passwords;
