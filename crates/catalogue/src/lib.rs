//! What the sources hold, for everyone to see: datasets, variables, quality
//! (EHDS articles 77 to 79).
//!
//! Pure views of [`SourceRecord`](source::SourceRecord)s. Nothing here rests on
//! fewer people than the contract's smallest count: `source` saw to that when
//! it made the profiles, and this crate knows no row.

pub mod dataset;
pub mod dcat;
pub mod search;

pub use dataset::{Dataset, Freshness, Variable, VariableId};
pub use search::{Hit, search};
