//! What a source's variables look like, for the catalogue.
//!
//! Nothing here rests on fewer people than the contract's smallest count `k`:
//! values, years and shares that do are left out, the ends of a range are the
//! values beyond which at least `k` people lie, and counts are rounded to the
//! nearest `k` so that what was left out cannot be worked out from the rest.

use model::{Date, ValueType};
use serde::{Deserialize, Serialize};

/// One variable of one snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VariableProfile {
    /// The column's name.
    pub name: String,
    /// What kind of value.
    pub value_type: ValueType,
    /// Which share of the rows has a value, from 0 to 1, three decimals.
    /// `None`: fewer than `k` people have one. 1 also when some lack one, but
    /// fewer than `k` people.
    pub filled: Option<f64>,
    /// How many people have a value, rounded. `None`: fewer than `k`.
    pub persons: Option<u64>,
    /// Where the values lie. `None`: they have no order, or too few people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<ValueRange>,
    /// The 5th, 25th, 50th, 75th and 95th percentile of the rows' values, three
    /// significant digits, from a sample of at most 65,536 rows. Empty: no
    /// numbers, or too few people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<Quantile>,
    /// The commonest values, most rows first, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<TopValue>,
    /// Dates: how many rows each year has. Years of fewer than `k` people are
    /// left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub years: Vec<YearCount>,
}

impl VariableProfile {
    /// What may be said when the smallest count has been raised to `k` since the
    /// figures were made: what rests on counted values is left out, as nobody
    /// knows any more what would have to be left out beside it. The next
    /// delivery brings it back.
    #[must_use]
    pub fn under_larger_count(self, k: u64) -> Self {
        let enough = self.persons.is_some_and(|persons| persons >= k);
        Self {
            filled: self.filled.filter(|_| enough),
            persons: self.persons.filter(|_| enough),
            range: None,
            quantiles: Vec::new(),
            top: Vec::new(),
            years: Vec::new(),
            ..self
        }
    }
}

/// Both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "of")]
pub enum ValueRange {
    /// Of numbers.
    Numbers {
        /// At least `k` people have a value here or below.
        low: f64,
        /// At least `k` people have a value here or above.
        high: f64,
    },
    /// Of dates.
    Dates {
        /// At least `k` people have a date here or earlier.
        low: Date,
        /// At least `k` people have a date here or later.
        high: Date,
    },
}

/// A value below which a share of the rows lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quantile {
    /// From 0 to 1.
    pub share: f64,
    /// Three significant digits.
    pub value: f64,
}

/// A value that at least `k` people have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TopValue {
    /// As written in the files.
    pub value: String,
    /// How many rows, rounded.
    pub rows: u64,
    /// How many people, rounded.
    pub persons: u64,
}

/// One year's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct YearCount {
    /// The year.
    pub year: i16,
    /// How many rows, rounded.
    pub rows: u64,
    /// How many people, rounded.
    pub persons: u64,
}
