//! What one import took in: the body of the ledger entry `source.imported`.

use std::collections::BTreeMap;

use ledger::Hash;
use model::ImportId;
use serde::{Deserialize, Serialize};

use crate::import::Reason;
use crate::profile::VariableProfile;

/// One delivered file, known by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeliveredFile {
    /// Its name, without the folder.
    pub name: String,
    /// Its size, as delivered.
    pub bytes: u64,
    /// SHA-256 of its bytes, as delivered.
    pub sha256: Hash,
}

/// One delivery that was taken in. It replaces the source's earlier snapshot;
/// the earlier one stays readable at its own version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImportManifest {
    /// Which import.
    pub import: ImportId,
    /// [`Contract::fingerprint`](crate::Contract::fingerprint) of the contract it was read under.
    pub contract: Hash,
    /// The files, in the order they were read.
    pub files: Vec<DeliveredFile>,
    /// Rows read: the sum of the two below.
    pub rows_read: u64,
    /// Rows in the lake.
    pub rows_kept: u64,
    /// Rows kept aside.
    pub rows_quarantined: u64,
    /// How many rows were kept aside for each reason; a row with two reasons
    /// counts under both.
    pub reasons: BTreeMap<Reason, u64>,
    /// People with at least one row in the lake.
    pub persons: u64,
    /// The version of the source's table in the lake.
    pub lake_version: u64,
    /// The vault's segment of identities.
    pub vault_segment: String,
    /// The variables, in the order of [`Contract::content_columns`](crate::Contract::content_columns).
    pub variables: Vec<VariableProfile>,
}
