//! That person numbers of an extract lead back to people: asked for by somebody who
//! works with them, agreed to by one person and done by another (EHDS articles 61(5),
//! 66(3)). Folded from its entries; whom the numbers lead to is in none of them.

use ledger::{Entry, Event, Record};
use model::{AccountId, ExtractId, PermitId, ReversalId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Person numbers of one request at the most.
pub const MOST_PERSONS: usize = 10;

/// What can happen to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum ReversalEvent {
    /// Somebody on the permit found something that matters for these people.
    Asked {
        /// The permit.
        permit: PermitId,
        /// The extract whose numbers they are.
        extract: ExtractId,
        /// The register whose holder is to be told.
        source: SourceId,
        /// The numbers, rising.
        persons: Vec<i32>,
        /// What was found, in a few words.
        why: String,
    },
    /// The access body agrees.
    Agreed {
        /// Why.
        why: String,
    },
    /// It does not.
    Refused {
        /// Why.
        why: String,
    },
    /// The holder is told. Written before anything is shown, and shown once.
    Done {
        /// How many of the numbers are people of the register.
        found: u64,
    },
}

impl Event for ReversalEvent {
    const KIND: &'static str = "reversal";

    fn act(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Agreed { .. } => "agreed",
            Self::Refused { .. } => "refused",
            Self::Done { .. } => "done",
        }
    }
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReversalState {
    /// It waits for the access body.
    Asked,
    /// It waits for the holder.
    Agreed,
    /// The access body said no.
    Refused,
    /// The holder was told.
    Done,
}

impl ReversalState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Asked, Self::Agreed, Self::Refused, Self::Done];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Agreed => "agreed",
            Self::Refused => "refused",
            Self::Done => "done",
        }
    }
}

/// From which state which act leads where.
pub const LIFECYCLE: &[(Option<ReversalState>, &str, ReversalState)] = &[
    (None, "asked", ReversalState::Asked),
    (Some(ReversalState::Asked), "agreed", ReversalState::Agreed),
    (Some(ReversalState::Asked), "refused", ReversalState::Refused),
    (Some(ReversalState::Agreed), "done", ReversalState::Done),
];

fn next(from: Option<ReversalState>, act: &str) -> Result<ReversalState, String> {
    let found = LIFECYCLE.iter().find(|(state, word, _)| *state == from && *word == act);
    found.map(|(.., to)| *to).ok_or_else(|| match from {
        None => format!("a reversal begins with `asked`, not with `{act}`"),
        Some(state) => format!("`{act}` does not happen to a reversal that is {}", state.as_str()),
    })
}

/// A request that person numbers lead back to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reversal {
    /// Its id.
    pub id: ReversalId,
    /// Where it stands.
    pub state: ReversalState,
    /// The permit.
    pub permit: PermitId,
    /// The extract whose numbers they are.
    pub extract: ExtractId,
    /// The register whose holder is to be told.
    pub source: SourceId,
    /// The numbers, rising.
    pub persons: Vec<i32>,
    /// What was found.
    pub why: String,
    /// Who asked.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Timestamp,
    /// What the access body decided.
    pub decision: Option<ReversalDecision>,
    /// What was done.
    pub done: Option<ReversalDone>,
}

/// What the access body decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReversalDecision {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: AccountId,
    /// Why.
    pub why: String,
}

/// That the holder was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReversalDone {
    /// When.
    pub at: Timestamp,
    /// Who was told.
    pub by: AccountId,
    /// How many of the numbers are people of the register.
    pub found: u64,
}

impl Record for Reversal {
    type Event = ReversalEvent;

    fn begin(id: &str, event: ReversalEvent, entry: &Entry) -> Result<Self, String> {
        let state = next(None, event.act())?;
        let ReversalEvent::Asked { permit, extract, source, persons, why } = event else {
            return Err("a reversal begins with `asked`".to_owned());
        };
        Ok(Self {
            id: id.parse().map_err(|error: model::IdError| error.to_string())?,
            state,
            permit,
            extract,
            source,
            persons,
            why,
            asked_by: entry.actor.clone(),
            asked_at: entry.at,
            decision: None,
            done: None,
        })
    }

    fn apply(&mut self, event: ReversalEvent, entry: &Entry) -> Result<(), String> {
        let (by, at) = (entry.actor.clone(), entry.at);
        if by == self.asked_by {
            return Err("whoever asked neither agrees nor does it".to_owned());
        }
        let state = next(Some(self.state), event.act())?;
        match event {
            ReversalEvent::Asked { .. } => return Err("it was asked for already".to_owned()),
            ReversalEvent::Agreed { why } | ReversalEvent::Refused { why } => {
                self.decision = Some(ReversalDecision { at, by, why });
            }
            ReversalEvent::Done { found } => {
                if self.decision.as_ref().is_none_or(|decision| decision.by == by) {
                    return Err("it takes two people".to_owned());
                }
                self.done = Some(ReversalDone { at, by, found });
            }
        }
        self.state = state;
        Ok(())
    }

    fn state(&self) -> &'static str {
        self.state.as_str()
    }

    fn parent(&self) -> Option<String> {
        Some(self.permit.to_string())
    }
}

/// Whom a person number leads to in one register: shown once, to the register's holder.
/// Its memory is wiped when it is dropped, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "kebab-case")]
pub struct Revealed {
    /// The number.
    pub person: i32,
    /// The national identity number, where the register has one that holds.
    pub national_id: Option<String>,
    /// Else the register's own number.
    pub own_number: Option<String>,
}

impl std::fmt::Debug for Revealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Revealed(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(actor: &str, event: &ReversalEvent) -> Entry {
        let draft = ledger::Draft::new(&actor.parse().unwrap(), "reversal-1", event).unwrap();
        Entry::seal(draft, 1, Timestamp::UNIX_EPOCH, ledger::Hash::default()).unwrap()
    }

    fn happens(to: &mut Reversal, actor: &str, event: ReversalEvent) -> Result<(), String> {
        let entry = entry(actor, &event);
        to.apply(event, &entry)
    }

    #[test]
    fn it_takes_two_people_neither_of_whom_asked_and_is_done_once() {
        let asked = ReversalEvent::Asked {
            permit: "permit-1".parse().unwrap(),
            extract: "extract-1".parse().unwrap(),
            source: "laboratory".parse().unwrap(),
            persons: vec![7],
            why: "x".to_owned(),
        };
        let begun =
            || Reversal::begin("reversal-1", asked.clone(), &entry("researcher", &asked)).unwrap();
        let agreed = || ReversalEvent::Agreed { why: "it matters".to_owned() };
        let done = || ReversalEvent::Done { found: 1 };
        let mut reversal = begun();
        assert!(happens(&mut reversal, "holder", done()).is_err(), "nobody agreed");
        assert!(happens(&mut reversal, "researcher", agreed()).is_err(), "the asker agreed");
        happens(&mut reversal, "caseworker", agreed()).unwrap();
        assert!(happens(&mut reversal, "caseworker", done()).is_err(), "one person alone");
        assert!(happens(&mut reversal, "researcher", done()).is_err(), "the asker did it");
        happens(&mut reversal, "holder", done()).unwrap();
        assert!(happens(&mut reversal, "holder", done()).is_err(), "done twice");
        let mut refused = begun();
        happens(&mut refused, "caseworker", ReversalEvent::Refused { why: "x".into() }).unwrap();
        assert!(happens(&mut refused, "caseworker", agreed()).is_err());
        assert!(happens(&mut refused, "holder", done()).is_err());
    }

    #[test]
    fn whom_a_number_leads_to_is_not_printed() {
        let revealed =
            Revealed { person: 7, national_id: Some("01810112345".to_owned()), own_number: None };
        assert_eq!(format!("{revealed:?}"), "Revealed(..)");
    }
}
