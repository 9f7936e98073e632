//! Pairs of records that linkage leaves in doubt.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What waits for me, and what I answered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PairsBody {
    /// Pairs that I may answer, those that wait longest first.
    waiting: Vec<WaitingPairBody>,
    /// Pairs that I answered, newest first.
    answered: Vec<AnsweredPairBody>,
}

/// A pair that waits for an answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WaitingPairBody {
    /// Its id.
    id: String,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// Whether I looked at it before.
    looked: bool,
}

/// A pair that I answered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AnsweredPairBody {
    /// Its id.
    id: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// `same`, `different` or `cannot-tell`.
    answer: String,
    /// What all answers came to, once enough were given: `same`, `different` or
    /// `undecided`.
    outcome: Option<String>,
}

/// As little of two records as tells whether they are of one person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ShownBody {
    /// What was compared.
    fields: Vec<ShownFieldBody>,
    /// Whether what differs stands there whole.
    whole: bool,
    /// The prior, then what each comparison weighed.
    steps: Vec<WeighedBody>,
    /// All of it together, bits.
    weight: f64,
    /// How likely they are one person by the model.
    probability: f64,
    /// Whether others are about as likely to be that person.
    competes: bool,
}

/// One thing that was compared.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ShownFieldBody {
    /// `given-name`, `surname`, `birth-date`, `sex`, `postcode`, `municipality` or
    /// `country-of-birth`.
    name: String,
    /// `same`, `swapped`, `at-some-time`, `differs`, `one-lacks` or `both-lack`.
    agreement: String,
    /// What differs, of the one and of the other; `•` stands for what is the same.
    values: Option<(String, String)>,
}

/// What one comparison weighed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WeighedBody {
    /// The comparison, or `prior`.
    name: String,
    /// On which level the two agree.
    level: String,
    /// Bits for one person, or against it.
    weight: f64,
    /// Bits more for a rare value.
    rarity: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::pairs::{sample_pairs, sample_shown};

    #[test]
    fn pairs_are_described_as_they_are() {
        let json = serde_json::to_value(sample_pairs()).unwrap();
        let described: PairsBody = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(described).unwrap(), json);
        let json = serde_json::to_value(sample_shown()).unwrap();
        let described: ShownBody = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(described).unwrap(), json);
    }
}
