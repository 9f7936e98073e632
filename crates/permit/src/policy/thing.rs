//! What the policy is asked about, with the facts it needs.

use std::collections::HashMap;

use cedar_policy::RestrictedExpression;
use model::{
    AccountId, IngressId, OrganisationId, OutputId, PackageRequestId, PairId, ReleaseId,
    ReversalId, RoomId, SourceId, Timestamp,
};

use super::{set, text};
use crate::{Application, Permit};

/// A thing and its facts, as `policies/schema.cedarschema` describes them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Thing {
    kind: &'static str,
    id: String,
    words: Vec<(&'static str, String)>,
    sets: Vec<(&'static str, Vec<String>)>,
}

fn strings<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

impl Thing {
    /// The centre itself.
    pub fn centre() -> Self {
        Self { kind: "Centre", id: "centre".into(), words: vec![], sets: vec![] }
    }

    /// A source and who holds it.
    pub fn source(id: &SourceId, holder: &OrganisationId) -> Self {
        Self {
            kind: "Source",
            id: id.to_string(),
            words: vec![("holder", holder.to_string())],
            sets: vec![],
        }
    }

    /// An application. `holders` are those whose data it asks for; before it is
    /// submitted it has none.
    pub fn application(application: &Application) -> Self {
        Self {
            kind: "Application",
            id: application.id.to_string(),
            words: vec![
                ("applicant", application.applicant.to_string()),
                ("organisation", application.organisation.to_string()),
                ("state", application.state.as_str().to_owned()),
            ],
            sets: vec![
                ("holders", strings(application.holders.keys())),
                ("people", strings(&application.terms.people)),
            ],
        }
    }

    /// A permit as it stands at `now`, with the holders of its data.
    pub fn permit(permit: &Permit, holders: &[OrganisationId], now: Timestamp) -> Self {
        Self {
            kind: "Permit",
            id: permit.id.to_string(),
            words: vec![
                ("organisation", permit.grant.data_user.to_string()),
                ("standing", permit.standing(now).as_str().to_owned()),
            ],
            sets: vec![
                ("holders", strings(holders)),
                ("people", strings(&permit.grant.terms.people)),
            ],
        }
    }

    /// A room in lifecycle state `state`, on `permit` as it stands at `now`.
    pub fn room(id: &RoomId, state: &str, permit: &Permit, now: Timestamp) -> Self {
        Self {
            kind: "Room",
            id: id.to_string(),
            words: vec![
                ("standing", permit.standing(now).as_str().to_owned()),
                ("state", state.to_owned()),
            ],
            sets: vec![("people", strings(&permit.grant.terms.people))],
        }
    }

    /// A file that `asked_by` asks to bring into a room on `permit`, as both stand
    /// at `now`.
    pub fn ingress(
        id: &IngressId,
        state: &str,
        asked_by: &AccountId,
        permit: &Permit,
        now: Timestamp,
    ) -> Self {
        Self {
            kind: "Ingress",
            id: id.to_string(),
            words: vec![
                ("askedBy", asked_by.to_string()),
                ("standing", permit.standing(now).as_str().to_owned()),
                ("state", state.to_owned()),
            ],
            sets: vec![("people", strings(&permit.grant.terms.people))],
        }
    }

    /// A request of `asked_by` for a package in rooms, made on `permit`.
    pub fn package(
        id: &PackageRequestId,
        state: &str,
        asked_by: &AccountId,
        permit: &Permit,
    ) -> Self {
        Self {
            kind: "Package",
            id: id.to_string(),
            words: vec![("askedBy", asked_by.to_string()), ("state", state.to_owned())],
            sets: vec![("people", strings(&permit.grant.terms.people))],
        }
    }

    /// Two records that linkage on `permit` leaves in doubt, and who said already what
    /// they think of them.
    pub fn pair<'a>(
        id: &PairId,
        state: &str,
        answered: impl IntoIterator<Item = &'a AccountId>,
        permit: &Permit,
        now: Timestamp,
    ) -> Self {
        Self {
            kind: "Pair",
            id: id.to_string(),
            words: vec![
                ("organisation", permit.grant.data_user.to_string()),
                ("standing", permit.standing(now).as_str().to_owned()),
                ("state", state.to_owned()),
            ],
            sets: vec![
                ("people", strings(&permit.grant.terms.people)),
                ("answered", strings(answered)),
            ],
        }
    }

    /// A request that person numbers of an extract on `permit` lead back to people of a
    /// register, with who asked and, once somebody has, who agreed.
    pub fn reversal(
        id: &ReversalId,
        state: &str,
        (asked_by, agreed_by): (&AccountId, Option<&AccountId>),
        holder: &OrganisationId,
        permit: &Permit,
    ) -> Self {
        Self {
            kind: "Reversal",
            id: id.to_string(),
            words: vec![
                ("askedBy", asked_by.to_string()),
                ("agreedBy", agreed_by.map(ToString::to_string).unwrap_or_default()),
                ("holder", holder.to_string()),
                ("organisation", permit.grant.data_user.to_string()),
                ("state", state.to_owned()),
            ],
            sets: vec![("people", strings(&permit.grant.terms.people))],
        }
    }

    /// An output in lifecycle state `state` from a room on `permit`.
    pub fn output(id: &OutputId, state: &str, requested_by: &AccountId, permit: &Permit) -> Self {
        Self {
            kind: "Output",
            id: id.to_string(),
            words: vec![("requestedBy", requested_by.to_string()), ("state", state.to_owned())],
            sets: vec![("people", strings(&permit.grant.terms.people))],
        }
    }

    /// A package that left a room on `permit`.
    pub fn release(id: &ReleaseId, permit: &Permit) -> Self {
        Self {
            kind: "Release",
            id: id.to_string(),
            words: vec![],
            sets: vec![("people", strings(&permit.grant.terms.people))],
        }
    }

    /// The kind, as the policies name it.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The id within the kind.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn attributes(&self) -> HashMap<String, RestrictedExpression> {
        let words = self.words.iter().map(|(key, word)| ((*key).to_owned(), text(word.clone())));
        let sets =
            self.sets.iter().map(|(key, words)| ((*key).to_owned(), set(words.iter().cloned())));
        words.chain(sets).collect()
    }
}
