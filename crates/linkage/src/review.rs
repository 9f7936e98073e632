//! Clerical review: pairs of records that the model leaves in doubt, and what people
//! say of them.
//!
//! What a pair says of anybody is read from the vault when a clerk looks ([`Shown`]),
//! and is in no entry and no file but those of the vault. The ledger has the pair's id,
//! who looked, and what was answered ([`Pair`]).

mod kept;
mod mask;
mod record;
mod shown;

pub(crate) use kept::Known;
pub use kept::{Decided, KeptPair, Side, Weighed};
pub use record::{Answer, Given, Outcome, Pair, PairEvent, PairState};
pub use shown::{Agreement, Shown, ShownField, shown};

use serde::{Deserialize, Serialize};

/// Pairs of one permit that wait for clerks at once, at most: what two people answer in
/// some hours.
pub const MOST_OPEN: usize = 50;

/// A pair is in doubt whose odds are no further from the threshold's than this, bits:
/// between a sixteenth of them and sixteen times as high.
pub const GREY_BITS: f64 = 4.0;

/// Everything that is compared of two records, and what is shown of it.
pub const COMPARED: [&str; 9] = [
    "prior",
    "name",
    "given-name",
    "surname",
    "birth-date",
    "sex",
    "postcode",
    "municipality",
    "country-of-birth",
];

/// Every level on which two records can agree in it.
pub fn levels() -> Vec<String> {
    crate::probabilistic::extract_labels()
}

/// What an extract knows of clerks.
#[derive(Debug, Default)]
pub struct Review {
    /// Pairs that were put up before: those that are settled, and those that wait.
    pub decided: Vec<Decided>,
    /// How many more may be put up.
    pub most: usize,
}

/// What clerks decided of the pairs of an extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reviewed {
    /// Pairs that are one person by their word. What is not told rests on too few.
    pub same: Option<u64>,
    /// Pairs that are two.
    pub different: Option<u64>,
    /// Pairs whose decision rests on what the registers do not say any more, or that
    /// numbers for life forbid: it does not count.
    pub set_aside: Option<u64>,
    /// Pairs that were put up for clerks with this extract.
    pub put_up: Option<u64>,
}
