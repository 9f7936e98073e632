//! A file that somebody asks to take out of a room, from the asking to the
//! decision.

use disclosure::finding::{self, Finding};
use disclosure::{Changes, Kind, Rule};
use ledger::{Entry, Event, Hash, Record};
use model::{AccountId, OutputId, PermitId, ReleaseId, RoomId, RunId, Timestamp};
use serde::{Deserialize, Serialize};

/// Where an output stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputState {
    /// It was asked for and waits for the check.
    Requested,
    /// It was checked and waits for a person.
    Checked,
    /// A person wants something changed first.
    Held,
    /// It does not leave.
    Refused,
    /// It may leave.
    Released,
}

impl OutputState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Requested, Self::Checked, Self::Held, Self::Refused, Self::Released];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Checked => "checked",
            Self::Held => "held",
            Self::Refused => "refused",
            Self::Released => "released",
        }
    }
}

/// Whom an output in some state waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The machine.
    Check,
    /// A checker.
    Checker,
    /// Who asked.
    Researcher,
    /// Nobody: it is over.
    Nobody,
}

/// Whom an output waits for, by state.
pub const OWNERS: &[(OutputState, Owner)] = &[
    (OutputState::Requested, Owner::Check),
    (OutputState::Checked, Owner::Checker),
    (OutputState::Held, Owner::Researcher),
    (OutputState::Refused, Owner::Nobody),
    (OutputState::Released, Owner::Nobody),
];

/// In which state which act may come, and what state follows.
pub const LIFECYCLE: &[(Option<OutputState>, &str, OutputState)] = &[
    (None, "requested", OutputState::Requested),
    (None, "mended", OutputState::Requested),
    (Some(OutputState::Requested), "checked", OutputState::Checked),
    // Again, against what has left since.
    (Some(OutputState::Checked), "checked", OutputState::Checked),
    (Some(OutputState::Checked), "released", OutputState::Released),
    (Some(OutputState::Checked), "held", OutputState::Held),
    (Some(OutputState::Checked), "refused", OutputState::Refused),
    (Some(OutputState::Held), "refused", OutputState::Refused),
    (Some(OutputState::Released), "packed", OutputState::Released),
];

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It may leave.
    Released,
    /// Something must be changed first.
    Held,
    /// It does not leave.
    Refused,
}

impl Verdict {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Held => "held",
            Self::Refused => "refused",
        }
    }
}

/// What can happen to an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum OutputEvent {
    /// Somebody asked to take a file out.
    Requested {
        /// From which room.
        room: RoomId,
        /// On which permit.
        permit: PermitId,
        /// The last run in the room before.
        run: Option<RunId>,
        /// Its name in the work folder.
        name: String,
        /// What it is said to be. Without [`disclosure::Contributions`]: they are
        /// single people's, and this is read by many.
        declared: Kind,
        /// For a figure: the output that holds the table it is drawn from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        table: Option<OutputId>,
        /// SHA-256 of the contributions that were told to the check alone, as
        /// they are [sealed](crate::sealed).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contributions: Option<Hash>,
        /// SHA-256 of its bytes as they are [sealed](crate::sealed).
        sealed: Hash,
        /// Its size.
        bytes: u64,
        /// What it is for.
        note: String,
    },
    /// It was made from another output so that it can leave.
    Mended {
        /// From which.
        of: OutputId,
        /// From which room.
        room: RoomId,
        /// On which permit.
        permit: PermitId,
        /// Its name.
        name: String,
        /// What it is said to be.
        declared: Kind,
        /// For a figure: the output that holds the table it is drawn from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        table: Option<OutputId>,
        /// SHA-256 of its bytes as they are [sealed](crate::sealed).
        sealed: Hash,
        /// Its size.
        bytes: u64,
        /// What was done.
        #[serde(default)]
        changes: Changes,
        /// What was done, in words.
        note: String,
        /// Who asked for the file it was made from.
        requested_by: AccountId,
    },
    /// The rules were applied.
    Checked {
        /// What the rules suggest.
        verdict: finding::Verdict,
        /// What was found.
        findings: Vec<Finding>,
        /// What the file was taken for.
        #[serde(default)]
        read_as: String,
        /// The rules it was held against, broken or not.
        #[serde(default)]
        tried: Vec<Rule>,
    },
    /// A checker let it out.
    Released {
        /// Why.
        why: String,
        /// SHA-256 of its bytes: from now on others may know them.
        sha256: Hash,
    },
    /// It was put into a package.
    Packed {
        /// Which.
        release: ReleaseId,
    },
    /// A checker wants something changed first.
    Held {
        /// What.
        why: String,
    },
    /// A checker keeps it in.
    Refused {
        /// Why.
        why: String,
    },
}

impl Event for OutputEvent {
    const KIND: &'static str = "output";

    fn act(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "requested",
            Self::Mended { .. } => "mended",
            Self::Checked { .. } => "checked",
            Self::Released { .. } => "released",
            Self::Packed { .. } => "packed",
            Self::Held { .. } => "held",
            Self::Refused { .. } => "refused",
        }
    }
}

/// What the rules said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// What the rules suggest.
    pub verdict: finding::Verdict,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What the file was taken for.
    pub read_as: String,
    /// The rules it was held against, broken or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Rule>,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: AccountId,
    /// What.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
}

/// An output as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Output {
    /// Its id.
    pub id: OutputId,
    /// Where it stands.
    pub state: OutputState,
    /// From which room.
    pub room: RoomId,
    /// On which permit.
    pub permit: PermitId,
    /// Its name in the work folder.
    pub name: String,
    /// What it is said to be, without single people's contributions.
    pub declared: Kind,
    /// For a figure: the output that holds the table it is drawn from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<OutputId>,
    /// SHA-256 of the contributions that were told to the check alone, as they
    /// are [sealed](crate::sealed).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contributions: Option<Hash>,
    /// SHA-256 of its bytes as they are [sealed](crate::sealed).
    pub sealed: Hash,
    /// SHA-256 of its bytes, once it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Hash>,
    /// Its size.
    pub bytes: u64,
    /// What it is for.
    pub note: String,
    /// Who asked.
    pub requested_by: AccountId,
    /// When.
    pub requested_at: Timestamp,
    /// The output it was made from.
    pub mends: Option<OutputId>,
    /// What was done to it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// What the rules said.
    pub checked: Option<Checked>,
    /// What a person decided, newest last.
    pub decided: Vec<Decided>,
    /// The package it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed: Option<ReleaseId>,
}

impl Output {
    /// Whom it waits for.
    pub fn owner(&self) -> Owner {
        OWNERS
            .iter()
            .find(|(state, _)| *state == self.state)
            .map_or(Owner::Nobody, |(_, owner)| *owner)
    }

    /// Why nobody may let it out as it is, if that is so: it breaks a rule, or
    /// nobody could look into it.
    pub fn why_not(&self) -> Option<String> {
        let Some(checked) = &self.checked else {
            return Some("an output is checked before it is let out".to_owned());
        };
        if checked.verdict == finding::Verdict::Refuse {
            return Some("the output breaks a rule: mend it, hold it or refuse it".to_owned());
        }
        let unread =
            |finding: &Finding| matches!(finding.rule, Rule::UnknownFormat | Rule::TooLarge);
        checked.findings.iter().any(unread).then(|| {
            "nobody can see what is in the output: ask for it in a format the check reads"
                .to_owned()
        })
    }

    fn decide(&mut self, verdict: Verdict, why: String, entry: &Entry) {
        self.decided.push(Decided { at: entry.at, by: entry.actor.clone(), verdict, why });
    }
}

fn next(from: Option<OutputState>, act: &str) -> Result<OutputState, String> {
    LIFECYCLE
        .iter()
        .find(|(state, by, _)| *state == from && *by == act)
        .map(|(_, _, to)| *to)
        .ok_or_else(|| match from {
            None => format!("an output begins with `requested`, not with `{act}`"),
            Some(state) => format!("the output is {}", state.as_str()),
        })
}

impl Record for Output {
    type Event = OutputEvent;

    fn begin(id: &str, event: OutputEvent, entry: &Entry) -> Result<Self, String> {
        let state = next(None, event.act())?;
        let id = id.parse().map_err(|error: model::IdError| error.to_string())?;
        let requested_at = entry.at;
        match event {
            OutputEvent::Requested {
                room,
                permit,
                name,
                declared,
                table,
                contributions,
                sealed,
                bytes,
                note,
                ..
            } => Ok(Self {
                id,
                state,
                room,
                permit,
                name,
                declared,
                table,
                contributions,
                sealed,
                sha256: None,
                bytes,
                note,
                requested_by: entry.actor.clone(),
                requested_at,
                mends: None,
                changes: None,
                checked: None,
                decided: Vec::new(),
                packed: None,
            }),
            OutputEvent::Mended {
                of,
                room,
                permit,
                name,
                declared,
                table,
                sealed,
                bytes,
                changes,
                note,
                requested_by,
            } => Ok(Self {
                id,
                state,
                room,
                permit,
                name,
                declared,
                table,
                contributions: None,
                sealed,
                sha256: None,
                bytes,
                note,
                requested_by,
                requested_at,
                mends: Some(of),
                changes: Some(changes),
                checked: None,
                decided: Vec::new(),
                packed: None,
            }),
            _ => Err("an output is asked for first".to_owned()),
        }
    }

    fn apply(&mut self, event: OutputEvent, entry: &Entry) -> Result<(), String> {
        let state = next(Some(self.state), event.act())?;
        let may_decide = entry.actor != self.requested_by;
        match event {
            OutputEvent::Requested { .. } | OutputEvent::Mended { .. } => {}
            OutputEvent::Checked { verdict, findings, read_as, tried } => {
                self.checked = Some(Checked { at: entry.at, verdict, findings, read_as, tried });
            }
            OutputEvent::Released { .. }
            | OutputEvent::Held { .. }
            | OutputEvent::Refused { .. }
                if !may_decide =>
            {
                return Err("who asked for an output does not decide on it".to_owned());
            }
            OutputEvent::Released { why, sha256 } => {
                if let Some(why_not) = self.why_not() {
                    return Err(why_not);
                }
                self.sha256 = Some(sha256);
                self.decide(Verdict::Released, why, entry);
            }
            OutputEvent::Packed { release } => {
                if let Some(packed) = &self.packed {
                    return Err(format!("the output is in `{packed}` already"));
                }
                self.packed = Some(release);
            }
            OutputEvent::Held { why } => self.decide(Verdict::Held, why, entry),
            OutputEvent::Refused { why } => self.decide(Verdict::Refused, why, entry),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_an_owner_and_every_owned_state_a_way_on() {
        for state in OutputState::ALL {
            let owner = OWNERS.iter().find(|(s, _)| *s == state).map(|(_, owner)| *owner);
            let onward = LIFECYCLE.iter().any(|(from, _, to)| *from == Some(state) && *to != state);
            assert_eq!(owner, Some(owner.unwrap()), "{state:?}");
            assert_eq!(onward, owner != Some(Owner::Nobody), "{state:?}");
        }
    }

    #[test]
    fn nothing_is_let_out_that_was_not_checked() {
        let into_released: Vec<_> = LIFECYCLE
            .iter()
            .filter(|(_, _, to)| *to == OutputState::Released)
            .map(|(from, _, _)| *from)
            .collect();
        // A released one that is packed stays released.
        assert_eq!(into_released, [Some(OutputState::Checked), Some(OutputState::Released)]);
    }
}
