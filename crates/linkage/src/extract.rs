//! The data made for one permit, as the ledger keeps it.

use std::collections::BTreeMap;

use ledger::{Entry, Event, Record};
use model::{AccountId, ExtractId, PermitId, SourceId, Text, Timestamp, ValueType};
use permit::Strictness;
use serde::{Deserialize, Serialize};

use crate::earlier::Changed;
use crate::found::Found;

pub use ledger::Hash;

/// What was made. The same document lies beside the tables as `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExtractManifest {
    /// Which extract.
    pub extract: ExtractId,
    /// For which permit.
    pub permit: PermitId,
    /// Which of the permit's extracts: that of a permit of one does not say it.
    #[serde(default, skip_serializing_if = "Strictness::is_strict")]
    pub strictness: Strictness,
    /// How many people: their numbers are 1 to this.
    pub persons: u64,
    /// The tables, by name: the source's id.
    pub tables: BTreeMap<SourceId, TableManifest>,
    /// How the people were found, by source.
    pub linkage: BTreeMap<SourceId, SourceLinkage>,
    /// By which stages, and how far that is to be doubted; nothing where equal identity
    /// numbers alone count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// The highest person number, where people keep those of an earlier extract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest: Option<u64>,
    /// What became of the people of earlier extracts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Changed>,
    /// Which extract that is told against: the one before it that is as strict, and where
    /// there is none the other's newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<ExtractId>,
}

/// One table of an extract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TableManifest {
    /// How many rows.
    pub rows: u64,
    /// People with at least one row.
    pub persons: u64,
    /// The columns after `person`, in order.
    pub columns: Vec<ExtractColumn>,
    /// The snapshot of the source it was made from: the version in the lake.
    pub lake_version: u64,
    /// SHA-256 of the Parquet file.
    pub sha256: Hash,
    /// Its size.
    pub bytes: u64,
}

/// One column of an extract's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExtractColumn {
    /// Its name.
    pub name: String,
    /// What kind of value.
    pub value_type: ValueType,
    /// What people call it.
    pub title: Text,
    /// The unit, in UCUM.
    pub unit: Option<String>,
    /// The code system.
    pub code_system: Option<String>,
    /// The only values it may have, with what they mean.
    #[serde(default)]
    pub codes: BTreeMap<String, Text>,
}

/// How the people of one source were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SourceLinkage {
    /// People in the source's snapshot.
    pub persons: u64,
    /// Of these, in the extract.
    pub in_extract: u64,
    /// Of those, found in another of the extract's tables as well.
    pub matched: u64,
}

/// What can happen to an extract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "one is made for each extract")]
pub enum ExtractEvent {
    /// It was made.
    Built {
        /// What was made.
        manifest: ExtractManifest,
        /// How long it took, milliseconds.
        milliseconds: u64,
    },
    /// Its data and the key of its numbers were removed.
    Destroyed {
        /// Why.
        why: String,
    },
}

impl Event for ExtractEvent {
    const KIND: &'static str = "extract";

    fn act(&self) -> &'static str {
        match self {
            Self::Built { .. } => "built",
            Self::Destroyed { .. } => "destroyed",
        }
    }
}

/// An extract as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Extract {
    /// Its id.
    pub id: ExtractId,
    /// What was made.
    pub manifest: ExtractManifest,
    /// When.
    pub built_at: Timestamp,
    /// On whose word.
    pub built_by: AccountId,
    /// How long it took, milliseconds.
    pub milliseconds: u64,
    /// When its data were removed, if they were.
    pub destroyed_at: Option<Timestamp>,
}

impl Extract {
    /// Whether people turned out to be one, or several, since `other`, which it is compared
    /// with. That a generous extract differs from the strict one is what it is for.
    pub fn has_news(&self, other: Option<&Self>) -> bool {
        let changed = self.manifest.changed;
        changed.is_some_and(|changed| changed.merged + changed.split > 0)
            && other.is_none_or(|other| other.manifest.strictness == self.manifest.strictness)
    }

    /// Whether it was made from the same deliveries as another.
    pub fn is_as_new_as(&self, other: &Self) -> bool {
        let versions = |of: &Self| -> Vec<u64> {
            of.manifest.tables.values().map(|table| table.lake_version).collect()
        };
        versions(self) == versions(other)
    }
}

impl Record for Extract {
    type Event = ExtractEvent;

    fn begin(id: &str, event: ExtractEvent, entry: &Entry) -> Result<Self, String> {
        match event {
            ExtractEvent::Built { manifest, milliseconds } if manifest.extract.as_str() == id => {
                Ok(Self {
                    id: manifest.extract.clone(),
                    manifest,
                    built_at: entry.at,
                    built_by: entry.actor.clone(),
                    milliseconds,
                    destroyed_at: None,
                })
            }
            ExtractEvent::Built { .. } => Err("the manifest is of another extract".to_owned()),
            ExtractEvent::Destroyed { .. } => Err("the extract was never built".to_owned()),
        }
    }

    fn apply(&mut self, event: ExtractEvent, entry: &Entry) -> Result<(), String> {
        match event {
            ExtractEvent::Built { .. } => Err("the extract is built already".to_owned()),
            ExtractEvent::Destroyed { .. } if self.destroyed_at.is_some() => {
                Err("the extract is destroyed already".to_owned())
            }
            ExtractEvent::Destroyed { .. } => {
                self.destroyed_at = Some(entry.at);
                Ok(())
            }
        }
    }

    fn state(&self) -> &'static str {
        if self.destroyed_at.is_some() { "destroyed" } else { "built" }
    }

    fn parent(&self) -> Option<String> {
        Some(self.manifest.permit.to_string())
    }
}
