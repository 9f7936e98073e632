//! What the policy is asked about, with the facts it needs.

use std::collections::HashMap;

use cedar_policy::RestrictedExpression;
use model::{
    AccountId, IngressId, OrganisationId, OutputId, PackageRequestId, PairId, ReleaseId,
    ReversalId, RoomId, SourceId, Timestamp,
};

use super::{set, text};
use crate::{Application, Inactive, Permit, Standing};

/// A thing and its facts, as `policies/schema.cedarschema` describes them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Thing {
    kind: &'static str,
    id: String,
    words: Vec<(&'static str, String)>,
    sets: Vec<(&'static str, Vec<String>)>,
    inactive: Option<Inactive>,
}

/// The fact about a thing that says where its permit stands.
const STANDING: &str = "standing";

fn strings<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

impl Thing {
    fn new(kind: &'static str, id: impl ToString) -> Self {
        Self { kind, id: id.to_string(), words: vec![], sets: vec![], inactive: None }
    }

    /// It also depends on where `permit` stands at `now`.
    fn under(mut self, permit: &Permit, now: Timestamp) -> Self {
        self.words.push((STANDING, permit.standing(now).as_str().to_owned()));
        self.inactive = permit.inactive(now);
        self
    }

    /// What it would be if its permit were active, and why the permit is not.
    pub(super) fn if_active(&self) -> Option<(Self, Inactive)> {
        let inactive = self.inactive.clone()?;
        let mut thing = Self { inactive: None, ..self.clone() };
        for (key, word) in &mut thing.words {
            if *key == STANDING {
                Standing::Active.as_str().clone_into(word);
            }
        }
        Some((thing, inactive))
    }

    /// The centre itself.
    pub fn centre() -> Self {
        Self::new("Centre", "centre")
    }

    /// A source and who holds it.
    pub fn source(id: &SourceId, holder: &OrganisationId) -> Self {
        Self { words: vec![("holder", holder.to_string())], ..Self::new("Source", id) }
    }

    /// An application. `holders` are those whose data it asks for; before it is
    /// submitted it has none.
    pub fn application(application: &Application) -> Self {
        Self {
            words: vec![
                ("applicant", application.applicant.to_string()),
                ("organisation", application.organisation.to_string()),
                ("state", application.state.as_str().to_owned()),
            ],
            sets: vec![
                ("holders", strings(application.holders.keys())),
                ("people", strings(&application.terms.people)),
            ],
            ..Self::new("Application", &application.id)
        }
    }

    /// A permit as it stands at `now`, with the holders of its data.
    pub fn permit(permit: &Permit, holders: &[OrganisationId], now: Timestamp) -> Self {
        Self {
            words: vec![("organisation", permit.grant.data_user.to_string())],
            sets: vec![
                ("holders", strings(holders)),
                ("people", strings(&permit.grant.terms.people)),
            ],
            ..Self::new("Permit", &permit.id)
        }
        .under(permit, now)
    }

    /// A room in lifecycle state `state`, on `permit` as it stands at `now`.
    pub fn room(id: &RoomId, state: &str, permit: &Permit, now: Timestamp) -> Self {
        Self {
            words: vec![("state", state.to_owned())],
            sets: vec![("people", strings(&permit.grant.terms.people))],
            ..Self::new("Room", id)
        }
        .under(permit, now)
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
            words: vec![("askedBy", asked_by.to_string()), ("state", state.to_owned())],
            sets: vec![("people", strings(&permit.grant.terms.people))],
            ..Self::new("Ingress", id)
        }
        .under(permit, now)
    }

    /// A request of `asked_by` for a package in rooms, made on `permit`.
    pub fn package(
        id: &PackageRequestId,
        state: &str,
        asked_by: &AccountId,
        permit: &Permit,
    ) -> Self {
        Self {
            words: vec![("askedBy", asked_by.to_string()), ("state", state.to_owned())],
            sets: vec![("people", strings(&permit.grant.terms.people))],
            ..Self::new("Package", id)
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
            words: vec![
                ("organisation", permit.grant.data_user.to_string()),
                ("state", state.to_owned()),
            ],
            sets: vec![
                ("people", strings(&permit.grant.terms.people)),
                ("answered", strings(answered)),
            ],
            ..Self::new("Pair", id)
        }
        .under(permit, now)
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
            words: vec![
                ("askedBy", asked_by.to_string()),
                ("agreedBy", agreed_by.map(ToString::to_string).unwrap_or_default()),
                ("holder", holder.to_string()),
                ("organisation", permit.grant.data_user.to_string()),
                ("state", state.to_owned()),
            ],
            sets: vec![("people", strings(&permit.grant.terms.people))],
            ..Self::new("Reversal", id)
        }
    }

    /// An output in lifecycle state `state` from a room on `permit`.
    pub fn output(id: &OutputId, state: &str, requested_by: &AccountId, permit: &Permit) -> Self {
        Self {
            words: vec![("requestedBy", requested_by.to_string()), ("state", state.to_owned())],
            sets: vec![("people", strings(&permit.grant.terms.people))],
            ..Self::new("Output", id)
        }
    }

    /// A package that left a room on `permit`.
    pub fn release(id: &ReleaseId, permit: &Permit) -> Self {
        Self {
            sets: vec![("people", strings(&permit.grant.terms.people))],
            ..Self::new("Release", id)
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
