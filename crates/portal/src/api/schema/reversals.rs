//! Findings that matter for a person.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A finding that was reported. Whom it is about is not in it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ReversalBody {
    /// Its id.
    id: String,
    /// `asked`, `agreed`, `refused` or `done`.
    state: String,
    /// On which permit.
    permit: String,
    /// The extract whose numbers they are.
    extract: String,
    /// The register that is to be told.
    source: String,
    /// The person numbers.
    persons: Vec<i32>,
    /// What was found.
    why: String,
    /// Who asked.
    asked_by: String,
    /// When.
    #[schema(format = DateTime)]
    asked_at: String,
    /// What the access body decided.
    decision: Option<ReversalDecidedBody>,
    /// That the register was told.
    done: Option<ReversalDoneBody>,
}

/// What the access body decided.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ReversalDecidedBody {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// By whom.
    by: String,
    /// Why.
    why: String,
}

/// That the register was told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ReversalDoneBody {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who was told.
    by: String,
    /// How many of the numbers are people of the register.
    found: u64,
}

/// Whom a person number leads to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RevealedBody {
    /// The number.
    person: i32,
    /// The national identity number, where the register has one that holds.
    national_id: Option<String>,
    /// Else the register's own number.
    own_number: Option<String>,
}

#[cfg(test)]
mod tests {
    use linkage::reversal::{Revealed, ReversalDecision, ReversalDone};

    use super::*;
    use crate::pages::reversals::sample_reversal;
    use crate::sample::literal;

    #[test]
    fn a_request_and_what_comes_of_it_are_described_as_they_are() {
        let mut reversal = sample_reversal();
        let (at, by) = (reversal.asked_at, literal("caseworker"));
        reversal.decision = Some(ReversalDecision { at, by, why: "it matters".to_owned() });
        reversal.done = Some(ReversalDone { at, by: literal("holder"), found: 2 });
        let json = serde_json::to_value(reversal).unwrap();
        let described: ReversalBody = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(described).unwrap(), json);
        let revealed =
            Revealed { person: 7, national_id: None, own_number: Some("p-7".to_owned()) };
        let json = serde_json::to_value(&revealed).unwrap();
        let described: RevealedBody = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(described).unwrap(), json);
    }
}
