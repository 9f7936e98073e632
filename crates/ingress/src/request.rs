//! A file that somebody asks to bring into a room, from the asking until it is
//! there.

use ledger::{Entry, Event, Hash, Record};
use model::{AccountId, IngressId, PermitId, RoomId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::link::Linked;
use crate::{Finding, Inspection};

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IngressState {
    /// It was asked for and waits to be looked into.
    Asked,
    /// It was looked into and waits for a person.
    Inspected,
    /// It may come in, and is not there yet.
    Admitted,
    /// It is in the room.
    Placed,
    /// It stays out.
    Refused,
}

impl IngressState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Asked, Self::Inspected, Self::Admitted, Self::Placed, Self::Refused];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Inspected => "inspected",
            Self::Admitted => "admitted",
            Self::Placed => "placed",
            Self::Refused => "refused",
        }
    }
}

/// In which state which act may come, and what state follows.
pub const LIFECYCLE: &[(Option<IngressState>, &str, IngressState)] = &[
    (None, "asked", IngressState::Asked),
    (Some(IngressState::Asked), "inspected", IngressState::Inspected),
    (Some(IngressState::Inspected), "admitted", IngressState::Admitted),
    (Some(IngressState::Inspected), "refused", IngressState::Refused),
    (Some(IngressState::Admitted), "placed", IngressState::Placed),
    // What was admitted does not fit the room, or the room was closed.
    (Some(IngressState::Admitted), "refused", IngressState::Refused),
    (Some(IngressState::Asked), "refused", IngressState::Refused),
];

/// What it is said to be by who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Declared {
    /// Programs and notebooks.
    Code,
    /// Data that are about no single person: code lists, reference rates.
    Reference,
    /// Data about people.
    People,
}

impl Declared {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Code, Self::Reference, Self::People];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Reference => "reference",
            Self::People => "people",
        }
    }
}

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The rules of the permit: code with nothing in it that a person must see,
    /// or a file with something in it that keeps it out.
    Rule,
    /// A person.
    Person,
}

/// What can happen to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum IngressEvent {
    /// Somebody asked to bring a file in.
    Asked {
        /// Into which room.
        room: RoomId,
        /// On which permit.
        permit: PermitId,
        /// The name it is to have there.
        name: String,
        /// What it is said to be.
        declared: Declared,
        /// Where it is from.
        origin: String,
        /// What it is for.
        why: String,
        /// SHA-256 of its bytes with random ones before them.
        sealed: Hash,
        /// Its size.
        bytes: u64,
        /// What became of its identity numbers, if it had a column of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        linked: Option<Linked>,
    },
    /// It was looked into.
    Inspected {
        /// What was found.
        #[serde(flatten)]
        inspection: Inspection,
        /// Whether a scanner for malware looked too.
        scanned: bool,
    },
    /// It may come in.
    Admitted {
        /// By whose word.
        by: By,
        /// Why.
        why: String,
    },
    /// It stays out.
    Refused {
        /// By whose word.
        by: By,
        /// Why; nothing where what was found says it.
        why: String,
    },
    /// It is in the room.
    Placed {
        /// How many files.
        files: u64,
        /// SHA-256 over the list of them: see [`room::Listing::digest`].
        sha256: Hash,
    },
}

impl Event for IngressEvent {
    const KIND: &'static str = "ingress";

    fn act(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Inspected { .. } => "inspected",
            Self::Admitted { .. } => "admitted",
            Self::Refused { .. } => "refused",
            Self::Placed { .. } => "placed",
        }
    }
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// By whose word.
    pub by: By,
    /// Who, where it was a person.
    pub who: Option<AccountId>,
    /// Whether it may come in.
    pub admitted: bool,
    /// Why.
    pub why: String,
}

/// A file that is asked to be brought in, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ingress {
    /// Its id.
    pub id: IngressId,
    /// Where it stands.
    pub state: IngressState,
    /// Into which room.
    pub room: RoomId,
    /// On which permit.
    pub permit: PermitId,
    /// The name it is to have there.
    pub name: String,
    /// What it is said to be.
    pub declared: Declared,
    /// Where it is from.
    pub origin: String,
    /// What it is for.
    pub why: String,
    /// SHA-256 of its bytes with random ones before them.
    pub sealed: Hash,
    /// Its size.
    pub bytes: u64,
    /// What became of its identity numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<Linked>,
    /// Who asked.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Timestamp,
    /// What was found in it.
    pub inspection: Option<Inspection>,
    /// Whether a scanner for malware looked too.
    pub scanned: bool,
    /// What was decided.
    pub decided: Option<Decided>,
    /// When it came in.
    pub placed_at: Option<Timestamp>,
}

impl Ingress {
    /// What was found in it, what refuses it first.
    pub fn findings(&self) -> &[Finding] {
        self.inspection.as_ref().map_or(&[], |inspection| &inspection.findings)
    }

    /// Whether its bytes are still kept for it: until it is in the room, or
    /// stays out.
    pub const fn is_kept(&self) -> bool {
        matches!(self.state, IngressState::Asked | IngressState::Inspected | IngressState::Admitted)
    }

    fn decide(&mut self, admitted: bool, by: By, why: String, entry: &Entry) -> Result<(), String> {
        if by == By::Person && entry.actor == self.asked_by {
            return Err("nobody decides on what they ask to bring in themselves".to_owned());
        }
        let who = (by == By::Person).then(|| entry.actor.clone());
        self.decided = Some(Decided { at: entry.at, by, who, admitted, why });
        Ok(())
    }
}

fn next(from: Option<IngressState>, act: &str) -> Result<IngressState, String> {
    LIFECYCLE
        .iter()
        .find(|(state, by, _)| *state == from && *by == act)
        .map(|(_, _, to)| *to)
        .ok_or_else(|| match from {
            None => format!("an ingress begins with `asked`, not with `{act}`"),
            Some(state) => format!("the ingress is {}", state.as_str()),
        })
}

impl Record for Ingress {
    type Event = IngressEvent;

    fn begin(id: &str, event: IngressEvent, entry: &Entry) -> Result<Self, String> {
        let state = next(None, event.act())?;
        let IngressEvent::Asked {
            room,
            permit,
            name,
            declared,
            origin,
            why,
            sealed,
            bytes,
            linked,
        } = event
        else {
            return Err("an ingress begins with `asked`".to_owned());
        };
        Ok(Self {
            id: id.parse().map_err(|error: model::IdError| error.to_string())?,
            state,
            room,
            permit,
            name,
            declared,
            origin,
            why,
            sealed,
            bytes,
            linked,
            asked_by: entry.actor.clone(),
            asked_at: entry.at,
            inspection: None,
            scanned: false,
            decided: None,
            placed_at: None,
        })
    }

    fn apply(&mut self, event: IngressEvent, entry: &Entry) -> Result<(), String> {
        let state = next(Some(self.state), event.act())?;
        match event {
            IngressEvent::Asked { .. } => return Err("it was asked for before".to_owned()),
            IngressEvent::Inspected { inspection, scanned } => {
                self.inspection = Some(inspection);
                self.scanned = scanned;
            }
            IngressEvent::Admitted { by, why } => {
                if self.inspection.as_ref().is_none_or(Inspection::refuses) {
                    return Err("something in it keeps it out".to_owned());
                }
                self.decide(true, by, why, entry)?;
            }
            IngressEvent::Refused { by, why } => self.decide(false, by, why, entry)?,
            IngressEvent::Placed { .. } => self.placed_at = Some(entry.at),
        }
        self.state = state;
        Ok(())
    }

    fn state(&self) -> &'static str {
        self.state.as_str()
    }

    fn parent(&self) -> Option<String> {
        Some(self.room.to_string())
    }
}
