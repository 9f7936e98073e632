//! What kind of value a column holds, and how much care it wants.

use serde::{Deserialize, Serialize};

/// The type of a column's values, as contracts, catalogue and extracts name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueType {
    /// Free or coded text, UTF-8.
    Text,
    /// A code of a code system or of a closed list.
    Code,
    /// A whole number, 64 bits.
    Integer,
    /// A number with a fraction, IEEE 754 binary64.
    Decimal,
    /// A calendar date.
    Date,
    /// Yes or no.
    Boolean,
}

/// How much care a column wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// Says nothing of a person's health: an administrative value.
    Ordinary,
    /// Helps to recognise a person when combined: age, sex, municipality.
    Quasi,
    /// About a person's health.
    Health,
    /// About health, and of the kind that harms most when known: article 77
    /// and national law may ask for more (psychiatry, genetics, abuse).
    HighlySensitive,
    /// Names the person by itself. Lives in the vault, never in the lake.
    Direct,
}
