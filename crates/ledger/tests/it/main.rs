//! The ledger from the outside.

mod lamp;
mod memory;
mod tree;
