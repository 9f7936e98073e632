//! The application for a data permit (EHDS article 67), from the first draft
//! to the access body's decision.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use ledger::{Entry, Event, Record};
use model::{AccountId, ApplicationId, Date, OrganisationId, PermitId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Terms;

pub use self::missing::{Knowledge, KnownColumn, KnownSource, Missing, Problem};

mod missing;

/// Within how long the access body decides (EHDS article 68(4)).
fn statutory_clock() -> Span {
    3.months()
}

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The applicant is writing it.
    Draft,
    /// The holders and the access body are looking at it.
    Submitted,
    /// There is a permit.
    Granted,
    /// There is none, and the decision says why.
    Refused,
    /// The applicant took it back.
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Draft, Self::Submitted, Self::Granted, Self::Refused, Self::Withdrawn];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The lifecycle: in which state which event may come, and what state follows.
/// What is not listed is refused.
const LIFECYCLE: &[(State, &str, State)] = &[
    (State::Draft, "saved", State::Draft),
    (State::Draft, "commented", State::Draft),
    (State::Draft, "submitted", State::Submitted),
    (State::Draft, "withdrawn", State::Withdrawn),
    (State::Submitted, "commented", State::Submitted),
    (State::Submitted, "returned", State::Draft),
    (State::Submitted, "holder-reviewed", State::Submitted),
    (State::Submitted, "withdrawn", State::Withdrawn),
    (State::Submitted, "granted", State::Granted),
    (State::Submitted, "refused", State::Refused),
];

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Refuse,
}

impl Verdict {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refuse => "refuse",
        }
    }
}

/// What one holder said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HolderReview {
    /// Yes or no.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
    /// Who said it.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
}

/// What the access body decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// Yes or no.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
    /// Who decided.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
    /// The permit, when the answer is yes.
    pub permit: Option<PermitId>,
}

/// A remark on one field or on the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comment {
    /// Who.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
    /// Which field of the terms, such as `legal-basis`; empty: the whole.
    pub field: String,
    /// What.
    pub text: String,
}

/// An application as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Who applies.
    pub applicant: AccountId,
    /// For which institution: the data user.
    pub organisation: OrganisationId,
    /// What is asked for.
    pub terms: Terms,
    /// Where it stands.
    pub state: State,
    /// When it was begun.
    pub began_at: Timestamp,
    /// When it was submitted last.
    pub submitted_at: Option<Timestamp>,
    /// When the access body must have decided.
    pub due: Option<Date>,
    /// The holders whose data are asked for, and what they said.
    pub holders: BTreeMap<OrganisationId, Option<HolderReview>>,
    /// What was remarked, oldest first.
    pub comments: Vec<Comment>,
    /// What the access body decided.
    pub decision: Option<Decision>,
}

impl Application {
    /// The holders who have not answered yet.
    pub fn awaited(&self) -> impl Iterator<Item = &OrganisationId> {
        self.holders.iter().filter(|(_, review)| review.is_none()).map(|(holder, _)| holder)
    }

    /// Whether every holder has answered.
    pub fn is_ready_for_decision(&self) -> bool {
        self.state == State::Submitted && self.awaited().next().is_none()
    }
}

/// What can happen to an application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum ApplicationEvent {
    /// It was begun.
    Drafted {
        /// For which institution.
        organisation: OrganisationId,
        /// What is asked for so far.
        terms: Terms,
    },
    /// The applicant wrote on.
    Saved {
        /// What is asked for so far.
        terms: Terms,
    },
    /// The applicant is done.
    Submitted {
        /// The holders of the sources that are asked for.
        holders: Vec<OrganisationId>,
    },
    /// The access body gave it back to be completed (EHDS article 68(3)).
    Returned {
        /// What is missing.
        why: String,
    },
    /// A holder said yes or no.
    HolderReviewed {
        /// Which holder.
        holder: OrganisationId,
        /// Yes or no.
        verdict: Verdict,
        /// Why.
        why: String,
    },
    /// Somebody remarked something.
    Commented {
        /// On which field; empty: on the whole.
        field: String,
        /// What.
        text: String,
    },
    /// The access body said yes.
    Granted {
        /// Why.
        why: String,
        /// The permit.
        permit: PermitId,
    },
    /// The access body said no.
    Refused {
        /// Why.
        why: String,
    },
    /// The applicant took it back.
    Withdrawn {
        /// Why.
        why: String,
    },
}

impl Event for ApplicationEvent {
    const KIND: &'static str = "application";

    fn act(&self) -> &'static str {
        match self {
            Self::Drafted { .. } => "drafted",
            Self::Saved { .. } => "saved",
            Self::Submitted { .. } => "submitted",
            Self::Returned { .. } => "returned",
            Self::HolderReviewed { .. } => "holder-reviewed",
            Self::Commented { .. } => "commented",
            Self::Granted { .. } => "granted",
            Self::Refused { .. } => "refused",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}

impl Record for Application {
    type Event = ApplicationEvent;

    fn begin(id: &str, event: ApplicationEvent, entry: &Entry) -> Result<Self, String> {
        let ApplicationEvent::Drafted { organisation, terms } = event else {
            return Err("an application is drafted first".into());
        };
        Ok(Self {
            id: id.parse().map_err(|error: model::IdError| error.to_string())?,
            applicant: entry.actor.clone(),
            organisation,
            terms,
            state: State::Draft,
            began_at: entry.at,
            submitted_at: None,
            due: None,
            holders: BTreeMap::new(),
            comments: Vec::new(),
            decision: None,
        })
    }

    fn apply(&mut self, event: ApplicationEvent, entry: &Entry) -> Result<(), String> {
        let act = event.act();
        let next = LIFECYCLE
            .iter()
            .find(|(from, by, _)| *from == self.state && *by == act)
            .map(|(_, _, to)| *to)
            .ok_or_else(|| format!("the application is {}", self.state.as_str()))?;
        let decided = |verdict, why, permit| {
            Some(Decision { verdict, why, by: entry.actor.clone(), at: entry.at, permit })
        };
        match event {
            ApplicationEvent::Drafted { .. } => {}
            ApplicationEvent::Saved { terms } => self.terms = terms,
            ApplicationEvent::Submitted { holders } => {
                self.submitted_at = Some(entry.at);
                let day = entry.at.to_zoned(TimeZone::UTC).date();
                self.due = day.checked_add(statutory_clock()).ok();
                self.holders = holders.into_iter().map(|holder| (holder, None)).collect();
            }
            ApplicationEvent::Returned { why } => {
                self.due = None;
                self.holders.clear();
                self.comments.push(Comment {
                    by: entry.actor.clone(),
                    at: entry.at,
                    field: String::new(),
                    text: why,
                });
            }
            ApplicationEvent::HolderReviewed { holder, verdict, why } => {
                let review = self
                    .holders
                    .get_mut(&holder)
                    .ok_or_else(|| format!("`{holder}` holds none of its data"))?;
                *review =
                    Some(HolderReview { verdict, why, by: entry.actor.clone(), at: entry.at });
            }
            ApplicationEvent::Commented { field, text } => {
                self.comments.push(Comment { by: entry.actor.clone(), at: entry.at, field, text });
            }
            ApplicationEvent::Granted { why, permit } => {
                if self.awaited().next().is_some() {
                    return Err("not every holder has answered".into());
                }
                self.decision = decided(Verdict::Approve, why, Some(permit));
            }
            ApplicationEvent::Refused { why } => {
                self.decision = decided(Verdict::Refuse, why, None);
            }
            ApplicationEvent::Withdrawn { .. } => {}
        }
        self.state = next;
        Ok(())
    }

    fn state(&self) -> &'static str {
        self.state.as_str()
    }

    fn parent(&self) -> Option<String> {
        Some(self.organisation.to_string())
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Draft, Hash};

    use super::*;

    fn entry(event: &ApplicationEvent) -> Entry {
        let draft = Draft::new(&"researcher".parse().unwrap(), "application-1", event).unwrap();
        Entry::seal(draft, 0, "2026-01-31T08:00:00Z".parse().unwrap(), Hash::default()).unwrap()
    }

    fn drafted() -> Application {
        let event = ApplicationEvent::Drafted {
            organisation: "university".parse().unwrap(),
            terms: Terms::default(),
        };
        Application::begin("application-1", event.clone(), &entry(&event)).unwrap()
    }

    fn then(application: &mut Application, event: ApplicationEvent) -> Result<(), String> {
        let entry = entry(&event);
        application.apply(event, &entry)
    }

    fn submit() -> ApplicationEvent {
        ApplicationEvent::Submitted { holders: vec!["hospital".parse().unwrap()] }
    }

    fn grant() -> ApplicationEvent {
        ApplicationEvent::Granted { why: "fits".into(), permit: "permit-1".parse().unwrap() }
    }

    #[test]
    fn no_permit_before_every_holder_has_answered() {
        let mut application = drafted();
        then(&mut application, submit()).unwrap();
        assert_eq!(then(&mut application, grant()).unwrap_err(), "not every holder has answered");
        let review = ApplicationEvent::HolderReviewed {
            holder: "hospital".parse().unwrap(),
            verdict: Verdict::Approve,
            why: "useful".into(),
        };
        then(&mut application, review).unwrap();
        then(&mut application, grant()).unwrap();
        assert_eq!(application.state, State::Granted);
    }

    #[test]
    fn a_stranger_to_the_data_has_no_say() {
        let mut application = drafted();
        then(&mut application, submit()).unwrap();
        let review = ApplicationEvent::HolderReviewed {
            holder: "elsewhere".parse().unwrap(),
            verdict: Verdict::Approve,
            why: String::new(),
        };
        assert!(then(&mut application, review).is_err());
    }

    #[test]
    fn what_was_submitted_is_not_changed_under_the_eyes_of_those_who_decide() {
        let mut application = drafted();
        then(&mut application, submit()).unwrap();
        let saved = ApplicationEvent::Saved { terms: Terms::default() };
        assert_eq!(then(&mut application, saved).unwrap_err(), "the application is submitted");
    }

    #[test]
    fn the_clock_runs_three_months_from_the_day_of_submission() {
        let mut application = drafted();
        then(&mut application, submit()).unwrap();
        assert_eq!(application.due, Some(Date::constant(2026, 4, 30)));
    }

    #[test]
    fn from_every_ended_state_nothing_follows() {
        for state in State::ALL {
            let onward = LIFECYCLE.iter().any(|(from, _, _)| *from == state);
            let ended = matches!(state, State::Granted | State::Refused | State::Withdrawn);
            assert_eq!(onward, !ended, "{state:?}");
        }
    }
}
