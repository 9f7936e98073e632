//! National identity numbers of the Nordic countries, as evidence of who a person
//! is.
//!
//! [`NationalId`] is the Norwegian number that imports and the vault work with.
//! [`Identifier`] is evidence for linkage: a number of any of the four countries,
//! with its series, what birth date and sex it states (if it states them), and how
//! it [relates](Identifier::relate) to another. None of them prints its digits.

mod denmark;
mod finland;
mod identifier;
mod norway;
mod relation;
mod sweden;
#[cfg(test)]
mod tests;

pub use identifier::{Birth, Check, Country, Identifier, Refused, Series, Sex};
pub use norway::{Kind, NationalId, NationalIdError};
pub use relation::{Relation, Slip};
