//! A package of outputs that left, as the ledger keeps it.

use ledger::{Entry, Event, Hash, Record};
use model::{AccountId, OutputId, PermitId, ReleaseId, RoomId, Timestamp};
use serde::{Deserialize, Serialize};

/// What can happen to a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum ReleaseEvent {
    /// The package was written and signed.
    Packaged {
        /// From which room.
        room: RoomId,
        /// On which permit.
        permit: PermitId,
        /// What is in it.
        outputs: Vec<OutputId>,
        /// SHA-256 of the package.
        sha256: Hash,
        /// Its size.
        bytes: u64,
    },
    /// Somebody fetched it.
    Fetched,
}

impl Event for ReleaseEvent {
    const KIND: &'static str = "release";

    fn act(&self) -> &'static str {
        match self {
            Self::Packaged { .. } => "packaged",
            Self::Fetched => "fetched",
        }
    }
}

/// A release as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// From which room.
    pub room: RoomId,
    /// On which permit.
    pub permit: PermitId,
    /// What is in it.
    pub outputs: Vec<OutputId>,
    /// SHA-256 of the package.
    pub sha256: Hash,
    /// Its size.
    pub bytes: u64,
    /// When it was written.
    pub packaged_at: Timestamp,
    /// On whose word.
    pub packaged_by: AccountId,
    /// How often it was fetched.
    pub fetched: u64,
}

impl Record for Release {
    type Event = ReleaseEvent;

    fn begin(id: &str, event: ReleaseEvent, entry: &Entry) -> Result<Self, String> {
        let ReleaseEvent::Packaged { room, permit, outputs, sha256, bytes } = event else {
            return Err("a release is packaged first".to_owned());
        };
        Ok(Self {
            id: id.parse().map_err(|error: model::IdError| error.to_string())?,
            room,
            permit,
            outputs,
            sha256,
            bytes,
            packaged_at: entry.at,
            packaged_by: entry.actor.clone(),
            fetched: 0,
        })
    }

    fn apply(&mut self, event: ReleaseEvent, _entry: &Entry) -> Result<(), String> {
        match event {
            ReleaseEvent::Packaged { .. } => Err("the release is packaged already".to_owned()),
            ReleaseEvent::Fetched => {
                self.fetched += 1;
                Ok(())
            }
        }
    }

    fn state(&self) -> &'static str {
        "packaged"
    }

    fn parent(&self) -> Option<String> {
        Some(self.permit.to_string())
    }
}
