//! What is brought into rooms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file that somebody asks to bring into a room.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct IngressBody {
    /// Its id.
    id: String,
    /// `asked`, `inspected`, `admitted`, `placed` or `refused`.
    state: String,
    /// Into which room.
    room: String,
    /// On which permit.
    permit: String,
    /// The name it is to have there.
    name: String,
    /// What it is said to be: `code`, `reference` or `people`.
    declared: String,
    /// Where it is from.
    origin: String,
    /// What it is for.
    why: String,
    /// SHA-256 of its bytes with random ones before them.
    sealed: String,
    /// Its size, bytes.
    bytes: u64,
    /// What became of its identity numbers, if it was linked.
    linked: Option<LinkedBody>,
    /// Who asked.
    asked_by: String,
    /// When.
    #[schema(format = DateTime)]
    asked_at: String,
    /// What was found in it, once it was looked into.
    inspection: Option<InspectionBody>,
    /// Whether a scanner for malware looked too.
    scanned: bool,
    /// What was decided.
    decided: Option<IngressDecidedBody>,
    /// When it came in.
    #[schema(format = DateTime)]
    placed_at: Option<String>,
}

/// What became of a table's identity numbers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LinkedBody {
    /// How many rows there were.
    rows: u64,
    /// How many are about people of the permit: these are kept.
    kept: u64,
    /// About how many of its people.
    people: u64,
    /// How many rows have no right identity number.
    unreadable: u64,
    /// How many of the kept rows are like no other, but for the person.
    unique: u64,
}

/// What was found in a file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct InspectionBody {
    /// What the file is, told from its bytes.
    content: String,
    /// What is in it, how often.
    holds: BTreeMap<String, u64>,
    /// The names of the first files that came of it.
    names: Vec<String>,
    /// How many files came of it.
    files: u64,
    /// How large they are together, bytes.
    bytes: u64,
    /// What was found: `rule`, `place` where it is in one of several files, and
    /// what the rule has to say.
    #[schema(value_type = Vec<Object>)]
    findings: Vec<serde_json::Value>,
}

/// What was decided about a file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct IngressDecidedBody {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// `rule` or `person`.
    by: String,
    /// Who, where it was a person.
    who: Option<String>,
    /// Whether it may come in.
    admitted: bool,
    /// Why.
    why: String,
}
