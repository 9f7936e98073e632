//! What the one who asks says that a file is. A declaration helps to read the
//! file; nothing that is found without it is forgiven because of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a file is said to be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Kind {
    /// Nothing was said: it is inferred from what stands in the file.
    #[default]
    Unknown,
    /// How many people there are in each cell.
    FrequencyTable {
        /// The columns that name a cell.
        dimensions: Vec<String>,
        /// The columns that count people.
        counts: Vec<String>,
        /// Values of a dimension that are sums of others, besides totals: for
        /// each dimension, the sum and its parts.
        #[serde(default)]
        hierarchies: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    },
    /// Sums or means of a quantity in each cell.
    MagnitudeTable {
        /// The columns that name a cell.
        dimensions: Vec<String>,
        /// The column with the quantity.
        value: String,
        /// The column that counts the people behind it.
        count: String,
        /// The largest contributions to each cell: for the check alone, never
        /// in the file itself.
        #[serde(default)]
        contributions: Vec<Contributions>,
    },
    /// A Kaplan-Meier or similar curve as a table.
    SurvivalCurve {
        /// The column with the time.
        time: String,
        /// People at risk just before that time.
        at_risk: Option<String>,
        /// People with the event since the time before.
        events: Option<String>,
        /// The share that survives.
        survival: Option<String>,
        /// The columns that tell the curves apart.
        #[serde(default)]
        groups: Vec<String>,
    },
    /// A fitted model: a row for each term.
    Model {
        /// People, or events for a Cox model, that the model was fitted on.
        n: Option<u64>,
        /// Parameters that were estimated.
        parameters: Option<u64>,
        /// Residual degrees of freedom, if the program says so itself.
        residual_df: Option<u64>,
    },
    /// A picture drawn from a table that is asked for as well.
    Figure {
        /// The path of that table in the room.
        table: Option<String>,
    },
}

impl Kind {
    /// The same word as in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::FrequencyTable { .. } => "frequency-table",
            Self::MagnitudeTable { .. } => "magnitude-table",
            Self::SurvivalCurve { .. } => "survival-curve",
            Self::Model { .. } => "model",
            Self::Figure { .. } => "figure",
        }
    }
}

impl Kind {
    /// The declaration as others may read it, and the single people's
    /// contributions that it told the check.
    pub fn without_contributions(mut self) -> (Self, Vec<Contributions>) {
        let told = match &mut self {
            Self::MagnitudeTable { contributions, .. } => std::mem::take(contributions),
            _ => Vec::new(),
        };
        (self, told)
    }

    /// The declaration with contributions for the check to look at. Only a
    /// magnitude table has any.
    #[must_use]
    pub fn with_contributions(mut self, told: Vec<Contributions>) -> Self {
        if let Self::MagnitudeTable { contributions, .. } = &mut self {
            *contributions = told;
        }
        self
    }
}

/// The largest contributions to one cell of a magnitude table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Contributions {
    /// The values of the dimensions, in their order.
    pub cell: Vec<String>,
    /// The largest contributions by different people, the largest first.
    pub largest: Vec<f64>,
    /// The sum of all contributions, when the table does not show it (means).
    #[serde(default)]
    pub total: Option<f64>,
}
