//! What has happened to a source, and what it is now.

use ledger::{Entry, Event, Hash, Record};
use model::{ImportId, SourceId, Text, Timestamp};
use serde::{Deserialize, Serialize};

use crate::contract::Contract;
use crate::manifest::ImportManifest;

/// What can happen to a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum SourceEvent {
    /// Its holder's contract was accepted.
    Registered {
        /// The contract.
        contract: Box<Contract>,
    },
    /// The holder and the centre agreed on another contract. Earlier imports
    /// keep the one they were read under.
    ContractReplaced {
        /// The new contract.
        contract: Box<Contract>,
    },
    /// A delivery was taken in.
    Imported {
        /// What came of it.
        manifest: Box<ImportManifest>,
    },
    /// A delivery was refused as a whole; nothing of it was kept.
    ImportRefused {
        /// Which import.
        import: ImportId,
        /// Why, in words without values.
        why: Text,
    },
}

impl Event for SourceEvent {
    const KIND: &'static str = "source";

    fn act(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "registered",
            Self::ContractReplaced { .. } => "contract-replaced",
            Self::Imported { .. } => "imported",
            Self::ImportRefused { .. } => "import-refused",
        }
    }
}

/// A source as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SourceRecord {
    /// Which source.
    pub source: SourceId,
    /// The contract that holds.
    pub contract: Contract,
    /// When it was registered.
    pub registered: Timestamp,
    /// Every import, the oldest first. The last is the one that counts.
    pub imports: Vec<Imported>,
    /// The refusals since the last import that was taken in, the oldest first.
    pub refused: Vec<Refused>,
}

/// An import that was taken in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Imported {
    /// When.
    pub at: Timestamp,
    /// What.
    pub manifest: ImportManifest,
    /// The contract it was read under.
    pub contract: Contract,
}

/// An import that was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub import: ImportId,
    /// Why.
    pub why: Text,
}

impl SourceRecord {
    /// The import that counts: the last that was taken in.
    pub fn current(&self) -> Option<&Imported> {
        self.imports.last()
    }

    /// The lake's version that counts.
    pub fn lake_version(&self) -> Option<u64> {
        self.current().map(|imported| imported.manifest.lake_version)
    }

    /// The import that counts, if it took in exactly these files under the
    /// contract that holds: the same delivery again.
    pub fn already_imported(&self, hashes: &[Hash]) -> Option<&ImportId> {
        let manifest = &self.current()?.manifest;
        let sorted = |mut hashes: Vec<Hash>| {
            hashes.sort_unstable_by_key(|hash| hash.0);
            hashes
        };
        let before = sorted(manifest.files.iter().map(|file| file.sha256).collect());
        (manifest.contract == self.contract.fingerprint() && before == sorted(hashes.to_vec()))
            .then_some(&manifest.import)
    }
}

impl Record for SourceRecord {
    type Event = SourceEvent;

    fn begin(id: &str, event: SourceEvent, entry: &Entry) -> Result<Self, String> {
        let SourceEvent::Registered { contract } = event else {
            return Err("the source was never registered".to_owned());
        };
        if contract.source.as_str() != id {
            return Err(format!("the contract is for `{}`", contract.source));
        }
        Ok(Self {
            source: contract.source.clone(),
            contract: *contract,
            registered: entry.at,
            imports: Vec::new(),
            refused: Vec::new(),
        })
    }

    fn apply(&mut self, event: SourceEvent, entry: &Entry) -> Result<(), String> {
        match event {
            SourceEvent::Registered { .. } => Err("the source is registered already".to_owned()),
            SourceEvent::ContractReplaced { contract } => {
                if contract.source != self.source {
                    return Err(format!("the contract is for `{}`", contract.source));
                }
                self.contract = *contract;
                Ok(())
            }
            SourceEvent::Imported { manifest } => {
                if manifest.contract != self.contract.fingerprint() {
                    return Err("it was read under another contract than holds now".to_owned());
                }
                if manifest.rows_read != manifest.rows_kept + manifest.rows_quarantined {
                    return Err("rows read, kept and quarantined do not add up".to_owned());
                }
                if self.lake_version().is_some_and(|before| manifest.lake_version <= before) {
                    return Err("its snapshot is not newer than the one before".to_owned());
                }
                self.refused.clear();
                self.imports.push(Imported {
                    at: entry.at,
                    manifest: *manifest,
                    contract: self.contract.clone(),
                });
                Ok(())
            }
            SourceEvent::ImportRefused { import, why, .. } => {
                self.refused.push(Refused { at: entry.at, import, why });
                Ok(())
            }
        }
    }

    fn state(&self) -> &'static str {
        if self.imports.is_empty() { "registered" } else { "imported" }
    }

    fn parent(&self) -> Option<String> {
        Some(self.contract.holder.to_string())
    }
}
