//! The ledger from the outside.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects by panicking"
)]

mod export;
mod lamp;
mod memory;
mod note;
mod tree;
