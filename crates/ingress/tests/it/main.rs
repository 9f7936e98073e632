//! What is let through a gate and what is not, on files as people and attackers
//! make them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod archives;
mod bundles;
mod hostile;
mod life;
mod office;
mod plain;
mod support;
