//! One thing that happened, as the ledger keeps it.

use std::fmt;
use std::str::FromStr;

use model::{AccountId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::canonical::{self, CanonicalError};

/// A SHA-256 hash, printed as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of a leaf of the tree: SHA-256 of the byte 0x00 and `bytes`
    /// (RFC 6962 section 2.1).
    pub fn of_leaf(bytes: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update([0_u8]);
        hasher.update(bytes);
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0_u8; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What an entry is about: a kind and an id, written `permit/permit-7k3m9q2x4d`.
/// One entry changes the state of its subject and of nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject {
    kind: String,
    id: String,
}

/// Why a text names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no subject: write `kind/id`, such as `source/laboratory`")]
pub struct SubjectError(String);

impl Subject {
    /// The subject of that kind and id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into() }
    }

    /// `source`, `application`, `permit`, …
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The id within the kind.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it can be written as `kind/id` and read back as the same.
    fn is_printable(&self) -> bool {
        !self.kind.is_empty()
            && self.kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            && !self.id.is_empty()
            && !self.id.contains(|c: char| c.is_control() || c.is_whitespace())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

impl TryFrom<String> for Subject {
    type Error = SubjectError;

    fn try_from(text: String) -> Result<Self, SubjectError> {
        match text.split_once('/') {
            Some((kind, id)) if !kind.is_empty() && !id.is_empty() => Ok(Self::new(kind, id)),
            _ => Err(SubjectError(text)),
        }
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

/// What can happen to one kind of subject. Each flow crate has one such enum
/// per record, tagged `#[serde(tag = "act", rename_all = "kebab-case")]`.
pub trait Event: Serialize + DeserializeOwned + Send + Sync {
    /// The kind of subject: `source`, `permit`, …
    const KIND: &'static str;

    /// `imported`, `issued`, …: the same word as the serde tag.
    fn act(&self) -> &'static str;
}

/// Something that is about to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Who did it.
    pub actor: AccountId,
    /// `kind.act`, such as `permit.issued`.
    pub act: String,
    /// What it is about.
    pub subject: Subject,
    /// What happened, in the words of the flow crate's event enum. Holds no
    /// direct identifier and no secret: it is exported to auditors.
    pub body: Value,
}

impl Draft {
    /// The draft that says `event` happened to the subject `id`, by `actor`.
    pub fn new<E: Event>(
        actor: &AccountId,
        id: &str,
        event: &E,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            actor: actor.clone(),
            act: format!("{}.{}", E::KIND, event.act()),
            subject: Subject::new(E::KIND, id),
            body: serde_json::to_value(event)?,
        })
    }
}

/// Something that happened. Immutable; field order here is the canonical order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The first entry is 0; no number is left out.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Who did it.
    pub actor: AccountId,
    /// `kind.act`.
    pub act: String,
    /// What it is about.
    pub subject: Subject,
    /// What happened.
    pub body: Value,
    /// The hash of the entry before; 64 zeros for the first.
    pub previous: Hash,
    /// The hash of this entry: see [`Entry::hash_of`].
    pub hash: Hash,
}

/// Why a draft cannot become an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The act is not `kind.act` with the kind of the subject.
    #[error("`{act}` is no act of a `{kind}`: write `{kind}.` and what happened")]
    Act {
        /// What the draft said.
        act: String,
        /// The kind of its subject.
        kind: String,
    },
    /// The subject's kind or id is empty or holds a character that has no place there.
    #[error(
        "`{0}` cannot be a subject: the kind is lower-case letters and hyphens, the id is printable"
    )]
    Subject(Subject),
    /// What happened cannot be written so that every reader reads the same.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

impl Entry {
    /// Puts `draft` at place `seq`, after the entry whose hash is `previous`.
    ///
    /// The time is kept to the microsecond, and the body as it reads back from
    /// the canonical text (`1.0` reads back as `1`), so that an entry that was
    /// just written and the same entry read later are equal.
    pub fn seal(draft: Draft, seq: u64, at: Timestamp, previous: Hash) -> Result<Self, SealError> {
        let Draft { actor, act, subject, body } = draft;
        if !subject.is_printable() {
            return Err(SealError::Subject(subject));
        }
        match act.strip_prefix(subject.kind()).and_then(|rest| rest.strip_prefix('.')) {
            Some(what) if !what.is_empty() && !what.contains(char::is_whitespace) => {}
            _ => return Err(SealError::Act { act, kind: subject.kind }),
        }
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        let body = serde_json::from_slice(&canonical::to_vec(&body)?)
            .map_err(|error| CanonicalError::NotJson(error.to_string()))?;
        let mut entry =
            Self { seq, at, actor, act, subject, body, previous, hash: Hash::default() };
        entry.hash = entry.hash_of()?;
        Ok(entry)
    }

    /// The bytes that are hashed: one line of JSON of every field but `hash`,
    /// in the one form that RFC 8785 gives it.
    pub fn canonical(&self) -> Result<Vec<u8>, CanonicalError> {
        let [act, actor, at, previous, subject] = [
            self.act.clone(),
            self.actor.to_string(),
            self.at.to_string(),
            self.previous.to_string(),
            self.subject.to_string(),
        ]
        .map(Value::from);
        canonical::object(vec![
            ("act", &act),
            ("actor", &actor),
            ("at", &at),
            ("body", &self.body),
            ("previous", &previous),
            ("seq", &Value::from(self.seq)),
            ("subject", &subject),
        ])
    }

    /// SHA-256 of the byte 0x00 and the canonical bytes: the leaf hash of RFC
    /// 6962 section 2.1, so that the chain and the tree speak of the same hashes.
    pub fn hash_of(&self) -> Result<Hash, CanonicalError> {
        Ok(Hash::of_leaf(&self.canonical()?))
    }

    /// The event, if it is one of `E`'s.
    pub fn event<E: Event>(&self) -> Result<E, serde_json::Error> {
        E::deserialize(&self.body)
    }
}
