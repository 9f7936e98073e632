//! One block of records in, validated columns out: the part that runs on every
//! field of every row, on as many threads as there are readers.

mod dictionary;
mod parse;
pub(crate) mod plan;
mod seen;
mod values;

pub(crate) use dictionary::hash;
pub(crate) use parse::{Parsed, Rejected, RowReader, Rows};
pub(crate) use plan::Plan;
pub(crate) use seen::SeenSubjects;
