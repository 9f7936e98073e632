//! What can be wrong with a row, in words that hold no value of it.

use model::NationalIdError;
use serde::{Deserialize, Serialize};

/// One thing that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fault {
    /// Which column; `None`: the row as a whole.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: Reason,
    /// In words, with what was expected. Never holds the value.
    pub why: String,
}

/// The kinds of faults, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// More or fewer fields than columns: a line cut short, a stray delimiter.
    FieldCount,
    /// Larger than a record may be: often a quote that was never closed.
    TooLarge,
    /// A quote where none may stand, or one that was never closed.
    Quote,
    /// Bytes that are no text in the contract's encoding, or a NUL.
    Encoding,
    /// A required value is missing.
    Missing,
    /// The national identity number is none.
    NationalId,
    /// No whole number.
    Integer,
    /// No number.
    Decimal,
    /// No date.
    Date,
    /// Neither yes nor no.
    Boolean,
    /// A date that has not come yet.
    FutureDate,
    /// A date before the earliest one allowed.
    EarlyDate,
    /// Not one of the allowed values.
    NotAllowed,
    /// Smaller than the contract allows.
    BelowMin,
    /// Larger than the contract allows.
    AboveMax,
    /// Text that a spreadsheet would run as a formula.
    Formula,
    /// A later date before an earlier one: no years between them.
    Order,
    /// The same row as one before it, where the key may stand in one row only.
    Repeated,
    /// The same key as another row that says something else.
    DuplicateKey,
    /// The same national identity number as a row about somebody else.
    TwoPeople,
}

impl Reason {
    /// The word the counts use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FieldCount => "field-count",
            Self::TooLarge => "too-large",
            Self::Quote => "quote",
            Self::Encoding => "encoding",
            Self::Missing => "missing",
            Self::NationalId => "national-id",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::Boolean => "boolean",
            Self::FutureDate => "future-date",
            Self::EarlyDate => "early-date",
            Self::NotAllowed => "not-allowed",
            Self::BelowMin => "below-min",
            Self::AboveMax => "above-max",
            Self::Formula => "formula",
            Self::Order => "order",
            Self::Repeated => "repeated",
            Self::DuplicateKey => "duplicate-key",
            Self::TwoPeople => "two-people",
        }
    }
}

impl Fault {
    /// `reason` in `column`, in words.
    pub fn new(column: &str, reason: Reason, why: impl Into<String>) -> Self {
        Self { column: Some(column.to_owned()), reason, why: why.into() }
    }

    /// `reason` about the whole row, in words.
    pub fn of_row(reason: Reason, why: impl Into<String>) -> Self {
        Self { column: None, reason, why: why.into() }
    }

    /// A national identity number that failed its check.
    pub fn national_id(column: &str, error: NationalIdError) -> Self {
        Self::new(
            column,
            Reason::NationalId,
            format!("is no national identity number: {error}; look it up and correct it"),
        )
    }
}
