//! Outputs and releases.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file that somebody asks to take out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct OutputBody {
    /// Its id.
    id: String,
    /// `requested`, `checked`, `held`, `refused` or `released`.
    state: String,
    /// From which room.
    room: String,
    /// On which permit.
    permit: String,
    /// Its name in the work folder.
    name: String,
    /// What it is said to be.
    #[schema(value_type = Object)]
    declared: serde_json::Value,
    /// For a figure: the output that holds the table it is drawn from.
    #[serde(default)]
    table: Option<String>,
    /// SHA-256 of 32 random bytes and the contributions that were told to the
    /// check alone.
    #[serde(default)]
    contributions: Option<String>,
    /// SHA-256 of 32 random bytes and its bytes.
    sealed: String,
    /// SHA-256 of its bytes, once it was released.
    #[serde(default)]
    sha256: Option<String>,
    /// Its size.
    bytes: u64,
    /// What it is for.
    note: String,
    /// Who asked.
    requested_by: String,
    /// When.
    #[schema(format = DateTime)]
    requested_at: String,
    /// The output it was made from.
    mends: Option<String>,
    /// What was withheld, left out or rounded then.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    changes: Option<serde_json::Value>,
    /// What the rules said.
    checked: Option<CheckedBody>,
    /// What people decided, newest last.
    decided: Vec<DecidedBody>,
    /// The package it is in.
    #[serde(default)]
    packed: Option<String>,
}

/// What the rules said.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CheckedBody {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// `pass`, `review` or `refuse`.
    verdict: String,
    /// What was found, the weightiest first: `rule`, `weight`, `places`, `why`.
    #[schema(value_type = Vec<Object>)]
    findings: Vec<serde_json::Value>,
    /// What the file was taken for.
    read_as: String,
    /// The rules it was held against, broken or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tried: Vec<String>,
}

/// What a person decided.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecidedBody {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who.
    by: String,
    /// `released`, `held` or `refused`.
    verdict: String,
    /// Why.
    why: String,
}

/// An output with the mend that is offered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewBody {
    /// The output.
    #[schema(value_type = OutputBody)]
    pub(crate) output: serde_json::Value,
    /// Its bytes, base64: for those who may check it, and once it was released.
    pub(crate) content: Option<String>,
    /// What a mend would do, in words. Missing: none is offered.
    pub(crate) mend: Option<String>,
    /// The mended bytes, base64.
    pub(crate) mended: Option<String>,
}

/// A package that left.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ReleaseBody {
    /// Its id.
    id: String,
    /// From which room.
    room: String,
    /// On which permit.
    permit: String,
    /// What is in it.
    outputs: Vec<String>,
    /// SHA-256 of the package.
    sha256: String,
    /// Its size.
    bytes: u64,
    /// When it was written.
    #[schema(format = DateTime)]
    packaged_at: String,
    /// On whose word.
    packaged_by: String,
    /// How often it was fetched.
    fetched: u64,
}

/// A package that left, as everyone may see it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ResultBody {
    /// The release.
    release: String,
    /// The permit it left under.
    permit: String,
    /// What the work is called.
    title: String,
    /// What was to be found out.
    summary: String,
    /// Who used the data.
    data_user: String,
    /// When the package was written.
    #[schema(format = DateTime)]
    packaged_at: String,
    /// How many files are in it.
    files: usize,
    /// Its size.
    bytes: u64,
    /// SHA-256 of it.
    sha256: String,
}
