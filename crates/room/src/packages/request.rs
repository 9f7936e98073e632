//! That somebody asked for a package, folded from its entries.

use ledger::{Entry, Event, Record};
use model::{AccountId, PackageRequestId, PermitId, RoomId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Allowed, Language, PackageName, PackageVersion};

/// What can happen to a request for a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum PackageEvent {
    /// Somebody asked for it.
    Asked {
        /// In which room they want it.
        room: RoomId,
        /// On which permit.
        permit: PermitId,
        /// In which language.
        language: Language,
        /// Which.
        name: PackageName,
        /// Which version; any when not said.
        version: Option<PackageVersion>,
        /// What it is for.
        why: String,
        /// Who asked.
        by: AccountId,
    },
    /// Rooms may fetch it.
    Approved {
        /// Who decided.
        by: AccountId,
        /// Why.
        why: String,
    },
    /// They may not.
    Refused {
        /// Who decided.
        by: AccountId,
        /// Why.
        why: String,
    },
}

impl Event for PackageEvent {
    const KIND: &'static str = "package";

    fn act(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Approved { .. } => "approved",
            Self::Refused { .. } => "refused",
        }
    }
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageState {
    /// It waits for a decision.
    Asked,
    /// Rooms may fetch it.
    Approved,
    /// They may not.
    Refused,
}

impl PackageState {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }
}

/// From which state which act leads where. One that was approved may be taken
/// back, and one that was refused let in after all: both are decisions.
pub const REQUEST_LIFECYCLE: &[(Option<PackageState>, &str, PackageState)] = &[
    (None, "asked", PackageState::Asked),
    (Some(PackageState::Asked), "approved", PackageState::Approved),
    (Some(PackageState::Asked), "refused", PackageState::Refused),
    (Some(PackageState::Approved), "refused", PackageState::Refused),
    (Some(PackageState::Refused), "approved", PackageState::Approved),
];

fn next(from: Option<PackageState>, act: &str) -> Result<PackageState, String> {
    let found = REQUEST_LIFECYCLE.iter().find(|(state, word, _)| *state == from && *word == act);
    found.map(|(_, _, to)| *to).ok_or_else(|| match from {
        None => format!("a request for a package begins with `asked`, not with `{act}`"),
        Some(state) => format!("`{act}` does not happen to a request that is {}", state.as_str()),
    })
}

/// A request for a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageRequest {
    /// Its id.
    pub id: PackageRequestId,
    /// Where it stands.
    pub state: PackageState,
    /// In which room it is wanted.
    pub room: RoomId,
    /// On which permit.
    pub permit: PermitId,
    /// Which package.
    #[serde(flatten)]
    pub package: Allowed,
    /// What it is for.
    pub why: String,
    /// Who asked.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Timestamp,
    /// What was decided last, if anything was.
    pub decision: Option<PackageDecision>,
}

/// What was decided on a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageDecision {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: AccountId,
    /// Why.
    pub why: String,
}

impl Record for PackageRequest {
    type Event = PackageEvent;

    fn begin(id: &str, event: PackageEvent, entry: &Entry) -> Result<Self, String> {
        let state = next(None, event.act())?;
        let PackageEvent::Asked { room, permit, language, name, version, why, by } = event else {
            return Err("a request for a package begins with `asked`".into());
        };
        Ok(Self {
            id: id.parse().map_err(|error: model::IdError| error.to_string())?,
            state,
            room,
            permit,
            package: Allowed { language, name, version },
            why,
            asked_by: by,
            asked_at: entry.at,
            decision: None,
        })
    }

    fn apply(&mut self, event: PackageEvent, entry: &Entry) -> Result<(), String> {
        self.state = next(Some(self.state), event.act())?;
        match event {
            PackageEvent::Asked { .. } => return Err("it was asked for already".into()),
            PackageEvent::Approved { by, why } | PackageEvent::Refused { by, why } => {
                self.decision = Some(PackageDecision { at: entry.at, by, why });
            }
        }
        Ok(())
    }

    fn state(&self) -> &'static str {
        self.state.as_str()
    }

    fn parent(&self) -> Option<String> {
        Some(self.permit.to_string())
    }
}
