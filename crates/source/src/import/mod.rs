//! Taking a delivery in: read, validate, split, count.

mod fault;

pub use fault::{Fault, Reason};
