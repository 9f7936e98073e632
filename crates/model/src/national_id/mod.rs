//! National identity numbers of the Nordic countries, as evidence of who a person
//! is.
//!
//! [`NationalId`] is a number as imports and the vault work with it: equal, or not.
//! [`Identifier`] is what it says as evidence: its series, what birth date and sex it
//! states (if it states them), and how it [relates](Identifier::relate) to another.
//! Neither prints its digits.

mod denmark;
mod finland;
mod identifier;
mod kept;
mod norway;
mod relation;
mod sweden;
#[cfg(test)]
mod tests;

pub use identifier::{Birth, Check, Country, Identifier, Refused, Series, Sex};
pub use kept::{NationalId, NationalIdError};
pub use relation::{Relation, Slip};
