//! The data permit (EHDS article 68): an object that the machine enforces, not
//! a document that people carry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use ledger::{Entry, Event, Record};
use model::{
    AccountId, ApplicationId, Date, ExtractId, OrganisationId, OutputId, PermitId, SourceId,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::Terms;

/// What is signed begins with this, so that the signature of a permit is never
/// taken for the signature of something else.
const DOMAIN: &[u8] = b"helserom permit v1\n";

/// A permit as issued. Whether it is good *now* is asked with [`Permit::activate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Permit {
    /// Its id.
    pub id: PermitId,
    /// What it allows, for whom, and from which application.
    pub grant: Grant,
    /// Ed25519 over the grant, base64.
    pub signature: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Who issued it for the access body.
    pub issued_by: AccountId,
    /// When and why it was taken back, if it was.
    pub revoked: Option<Revocation>,
    /// When people of its sources last turned out to be one, or several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned_out_at: Option<Timestamp>,
}

/// The part of a permit that is signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Grant {
    /// The permit it is the grant of.
    pub permit: PermitId,
    /// The application it answers.
    pub application: ApplicationId,
    /// The data user (EHDS article 2(2)(u)).
    pub data_user: OrganisationId,
    /// What it allows.
    pub terms: Terms,
}

/// When and why a permit was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Revocation {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: AccountId,
    /// Why, for everyone to read.
    pub why: String,
}

/// What can happen to a permit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum PermitEvent {
    /// It was issued and signed.
    Issued {
        /// What it allows.
        grant: Box<Grant>,
        /// Ed25519 over the grant, base64.
        signature: String,
    },
    /// It was taken back (EHDS article 63(2)).
    Revoked {
        /// Why.
        why: String,
    },
    /// An output left its rooms. Written in the same breath as the decision, so
    /// that two decisions under one permit never pass each other unseen.
    OutputReleased {
        /// Which.
        output: OutputId,
    },
    /// Its people have numbers in a new extract, and those of earlier ones kept theirs
    /// as far as they are still the same. Written in the same breath as the extract, so
    /// that two extracts under one permit never number people unseen by each other.
    PeopleNumbered {
        /// In which extract.
        extract: ExtractId,
        /// People who have the number that they had.
        kept: u64,
        /// People who are new.
        new: u64,
        /// Numbers whose people turned out to be others who have numbers too.
        merged: u64,
        /// Numbers whose people turned out to be several.
        split: u64,
    },
    /// People of its sources turned out to be one, or several, in an extract of another
    /// permit: its own next extract will have them so.
    PeopleTurnedOut {
        /// The sources.
        sources: Vec<SourceId>,
    },
}

impl Event for PermitEvent {
    const KIND: &'static str = "permit";

    fn act(&self) -> &'static str {
        match self {
            Self::Issued { .. } => "issued",
            Self::Revoked { .. } => "revoked",
            Self::OutputReleased { .. } => "output-released",
            Self::PeopleNumbered { .. } => "people-numbered",
            Self::PeopleTurnedOut { .. } => "people-turned-out",
        }
    }
}

/// Where a permit stands on a given day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Its first day is still to come.
    NotYet,
    /// It is good today.
    Active,
    /// Its last day is past.
    Expired,
    /// It was taken back.
    Revoked,
}

impl Standing {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotYet => "not-yet",
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// Why a permit gives nothing now.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Inactive {
    /// Its first day is still to come.
    #[error("permit `{0}` is good from {1} on, not before")]
    NotYet(PermitId, Date),
    /// Its last day is past.
    #[error("permit `{0}` expired after {1}: apply for an extension")]
    Expired(PermitId, Date),
    /// It was taken back.
    #[error("permit `{0}` was revoked: {1}")]
    Revoked(PermitId, String),
    /// The signature does not fit the grant.
    #[error("permit `{0}` is not as it was signed: its grant was changed after it was issued")]
    Forged(PermitId),
}

impl Serialize for Inactive {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A permit that is good now: the authority to build an extract, open a room,
/// ask for outputs. Only [`Permit::activate`] makes one (invariant 4).
#[derive(Debug, Clone, PartialEq)]
pub struct ActivePermit {
    grant: Grant,
    ends: Option<Date>,
}

impl ActivePermit {
    /// The permit's id.
    pub const fn id(&self) -> &PermitId {
        &self.grant.permit
    }

    /// What it allows.
    pub const fn terms(&self) -> &Terms {
        &self.grant.terms
    }

    /// The data user it was issued to.
    pub const fn data_user(&self) -> &OrganisationId {
        &self.grant.data_user
    }

    /// The last day it is good, if it has one.
    pub const fn ends(&self) -> Option<Date> {
        self.ends
    }

    /// Whether `account` may work under it.
    pub fn names(&self, account: &AccountId) -> bool {
        self.grant.terms.people.contains(account)
    }
}

/// The bytes a signature is over. Field order is the struct's, so they do not
/// depend on how a JSON library orders maps.
fn signed_bytes(grant: &Grant) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = DOMAIN.to_vec();
    serde_json::to_writer(&mut bytes, grant)?;
    Ok(bytes)
}

impl Grant {
    /// Signs the grant for the access body: Ed25519 (RFC 8032), base64.
    pub fn sign(&self, key: &SigningKey) -> Result<String, serde_json::Error> {
        Ok(BASE64.encode(key.sign(&signed_bytes(self)?).to_bytes()))
    }

    /// Whether `signature` is `key`'s over this grant.
    pub fn is_signed_by(&self, key: &VerifyingKey, signature: &str) -> bool {
        let Ok(bytes) = signed_bytes(self) else { return false };
        BASE64
            .decode(signature)
            .ok()
            .and_then(|signature| Signature::from_slice(&signature).ok())
            .is_some_and(|signature| key.verify(&bytes, &signature).is_ok())
    }
}

impl Permit {
    /// Where it stands at `now`; days are UTC days.
    pub fn standing(&self, now: Timestamp) -> Standing {
        if self.revoked.is_some() {
            return Standing::Revoked;
        }
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let valid = self.grant.terms.valid;
        if valid.from.is_some_and(|from| today < from) {
            Standing::NotYet
        } else if valid.until.is_some_and(|until| until < today) {
            Standing::Expired
        } else {
            Standing::Active
        }
    }

    /// Why it gives nothing at `now`, if so, whoever signed it.
    pub fn inactive(&self, now: Timestamp) -> Option<Inactive> {
        let id = || self.id.clone();
        let valid = self.grant.terms.valid;
        let since = |day: Option<Date>, why: fn(PermitId, Date) -> Inactive| {
            // It stands so because of that day.
            Some(day.map_or_else(|| Inactive::Forged(id()), |day| why(id(), day)))
        };
        match self.standing(now) {
            Standing::Active => None,
            Standing::NotYet => since(valid.from, Inactive::NotYet),
            Standing::Expired => since(valid.until, Inactive::Expired),
            Standing::Revoked => {
                let why = self.revoked.as_ref().map(|revoked| revoked.why.clone());
                Some(Inactive::Revoked(id(), why.unwrap_or_default()))
            }
        }
    }

    /// The permit as authority, if it is good at `now` and as it was signed by `key`.
    pub fn activate(&self, now: Timestamp, key: &VerifyingKey) -> Result<ActivePermit, Inactive> {
        if self.id != self.grant.permit || !self.grant.is_signed_by(key, &self.signature) {
            return Err(Inactive::Forged(self.id.clone()));
        }
        match self.inactive(now) {
            Some(inactive) => Err(inactive),
            None => {
                Ok(ActivePermit { grant: self.grant.clone(), ends: self.grant.terms.valid.until })
            }
        }
    }
}

impl Record for Permit {
    type Event = PermitEvent;

    fn begin(id: &str, event: PermitEvent, entry: &Entry) -> Result<Self, String> {
        match event {
            PermitEvent::Issued { grant, signature } if grant.permit.as_str() == id => Ok(Self {
                id: grant.permit.clone(),
                grant: *grant,
                signature,
                issued_at: entry.at,
                issued_by: entry.actor.clone(),
                revoked: None,
                turned_out_at: None,
            }),
            PermitEvent::Issued { .. } => Err("the grant is for another permit".into()),
            PermitEvent::Revoked { .. }
            | PermitEvent::OutputReleased { .. }
            | PermitEvent::PeopleNumbered { .. }
            | PermitEvent::PeopleTurnedOut { .. } => Err("a permit is issued first".into()),
        }
    }

    fn apply(&mut self, event: PermitEvent, entry: &Entry) -> Result<(), String> {
        match event {
            PermitEvent::Issued { .. } => Err("the permit is issued already".into()),
            PermitEvent::Revoked { .. } if self.revoked.is_some() => {
                Err("the permit is revoked already".into())
            }
            PermitEvent::Revoked { why } => {
                self.revoked = Some(Revocation { at: entry.at, by: entry.actor.clone(), why });
                Ok(())
            }
            // What left is kept by the outputs, and who has which number by extracts;
            // here it only moves the permit on.
            PermitEvent::OutputReleased { .. } | PermitEvent::PeopleNumbered { .. } => Ok(()),
            PermitEvent::PeopleTurnedOut { .. } => {
                self.turned_out_at = Some(entry.at);
                Ok(())
            }
        }
    }

    fn state(&self) -> &'static str {
        if self.revoked.is_some() { "revoked" } else { "issued" }
    }

    fn parent(&self) -> Option<String> {
        Some(self.grant.application.to_string())
    }
}

#[cfg(test)]
mod tests {
    use model::SeededEntropy;

    use super::*;
    use crate::Period;

    fn permit(key: &SigningKey) -> Permit {
        let entropy = SeededEntropy::new(1);
        let id = PermitId::mint(&entropy);
        let grant = Grant {
            permit: id.clone(),
            application: ApplicationId::mint(&entropy),
            data_user: "university".parse().unwrap(),
            terms: Terms {
                people: vec!["researcher".parse().unwrap()],
                valid: Period {
                    from: Some(Date::constant(2026, 1, 10)),
                    until: Some(Date::constant(2026, 1, 20)),
                },
                ..Terms::default()
            },
        };
        let signature = grant.sign(key).unwrap();
        Permit {
            id,
            grant,
            signature,
            issued_at: at("2026-01-01T00:00:00Z"),
            issued_by: "caseworker".parse().unwrap(),
            revoked: None,
            turned_out_at: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_permit_is_good_on_its_first_and_last_day_and_on_no_other() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let permit = permit(&key);
        let activate = |now: &str| permit.activate(at(now), &key.verifying_key());
        assert!(matches!(activate("2026-01-09T23:59:59Z"), Err(Inactive::NotYet(..))));
        assert!(activate("2026-01-10T00:00:00Z").is_ok());
        assert!(activate("2026-01-20T23:59:59Z").is_ok());
        assert!(matches!(activate("2026-01-21T00:00:00Z"), Err(Inactive::Expired(..))));
    }

    #[test]
    fn a_permit_with_one_more_person_than_was_signed_gives_nothing() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let mut permit = permit(&key);
        permit.grant.terms.people.push("stranger".parse().unwrap());
        let activated = permit.activate(at("2026-01-15T00:00:00Z"), &key.verifying_key());
        assert!(matches!(activated, Err(Inactive::Forged(_))));
    }

    #[test]
    fn a_permit_signed_by_another_key_gives_nothing() {
        let permit = permit(&SigningKey::from_bytes(&[7; 32]));
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
        assert!(permit.activate(at("2026-01-15T00:00:00Z"), &other).is_err());
    }

    #[test]
    fn a_revoked_permit_gives_nothing_and_says_why() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let mut permit = permit(&key);
        permit.revoked = Some(Revocation {
            at: at("2026-01-12T00:00:00Z"),
            by: "caseworker".parse().unwrap(),
            why: "the study was stopped".into(),
        });
        let refused = permit.activate(at("2026-01-15T00:00:00Z"), &key.verifying_key());
        assert!(refused.unwrap_err().to_string().ends_with("revoked: the study was stopped"));
    }
}
