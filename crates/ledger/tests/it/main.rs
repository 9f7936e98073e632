//! The ledger from the outside.

mod export;
mod lamp;
mod memory;
mod note;
mod tree;
