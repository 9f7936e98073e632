//! The ledger.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An entry.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryBody {
    /// Its place: the first is 0.
    seq: u64,
    /// When it was written.
    #[schema(format = DateTime)]
    at: String,
    /// Who did it.
    actor: String,
    /// `kind.act`.
    act: String,
    /// `kind/id`.
    subject: String,
    /// What happened.
    #[schema(value_type = Object)]
    body: serde_json::Value,
    /// The hash of the entry before.
    previous: String,
    /// The hash of this entry (RFC 6962 section 2.1).
    hash: String,
}

/// Part of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryPage {
    /// The entries.
    #[schema(value_type = Vec<EntryBody>)]
    pub(crate) items: Vec<serde_json::Value>,
    /// How many pass the filter altogether.
    pub(crate) total: u64,
}

/// What came of verifying the whole ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerificationBody {
    /// Whether nothing is wrong.
    pub(crate) sound: bool,
    /// How many entries there are.
    pub(crate) entries: u64,
    /// How many are covered by a signed checkpoint.
    pub(crate) signed: u64,
    /// The root of the tree over them.
    pub(crate) root: String,
    /// What is wrong, in words that name the entry.
    pub(crate) faults: Vec<String>,
    /// How many more faults there are.
    pub(crate) unlisted: u64,
}
