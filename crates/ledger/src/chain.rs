//! Verification: entries as they are stored go in one by one, and everything
//! that is wrong with them comes out, by entry.
//!
//! What is hashed are the stored bytes themselves. Nothing is written anew and
//! compared, so what a later version writes differently cannot make an old
//! ledger look wrong.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::checkpoint::Checkpoint;
use crate::tree::Tree;
use crate::{Entry, Hash};

/// Only so many faults are listed; the rest are counted.
pub const MOST_FAULTS: usize = 10_000;

/// What the canonical text of an entry says, the body left unread.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<'a> {
    /// `kind.act`.
    #[serde(borrow)]
    pub act: Cow<'a, str>,
    /// Who did it.
    #[serde(borrow)]
    pub actor: Cow<'a, str>,
    /// When, as written.
    #[serde(borrow)]
    pub at: Cow<'a, str>,
    /// What happened; only known to be JSON.
    pub body: IgnoredAny,
    /// The hash of the entry before, 64 hex digits, as written.
    #[serde(borrow)]
    pub previous: Cow<'a, str>,
    /// Its place.
    pub seq: u64,
    /// What it is about, `kind/id`.
    #[serde(borrow)]
    pub subject: Cow<'a, str>,
}

/// An entry as it is stored, hashed and read, but not yet held against its
/// neighbours. Making these needs nothing but the entry: it can be spread over
/// processors.
#[derive(Debug, Clone)]
pub struct Examined<'a> {
    /// The hash of the stored text.
    pub computed: Hash,
    /// The hash stored beside it, as written.
    pub stated: &'a str,
    /// What the text says; `Err` says why it cannot be read.
    pub line: Result<Line<'a>, String>,
}

impl<'a> Examined<'a> {
    /// Looks at the canonical text of an entry and the hash stored beside it.
    pub fn new(text: &'a str, stated: &'a str) -> Self {
        Self {
            computed: Hash::of_leaf(text.as_bytes()),
            stated,
            line: serde_json::from_str(text).map_err(|error| error.to_string()),
        }
    }
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// At which place in the ledger.
    pub seq: u64,
    /// `kind.act` of the entry there, when it can be read.
    pub act: Option<String>,
    /// What the entry there is about, when it can be read.
    pub subject: Option<String>,
    /// What is wrong.
    pub flaw: Flaw,
}

impl Fault {
    fn at(seq: u64, line: &Line<'_>, flaw: Flaw) -> Self {
        Self { seq, act: Some(line.act.to_string()), subject: Some(line.subject.to_string()), flaw }
    }
}

/// What can be wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The stored text is no entry.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Text and hash do not belong together.
    #[error("was changed after it was written: its hash is {computed}, recorded was {stated}")]
    Changed {
        /// The hash of the text.
        computed: Hash,
        /// The hash stored beside it.
        stated: String,
    },
    /// It names another hash than that of the entry before it.
    #[error("does not follow entry {before}: that one was replaced, or this one was put in")]
    Unchained {
        /// The entry before it.
        before: u64,
    },
    /// Entries are missing before it.
    #[error("{0} before it")]
    Gap(Missing),
    /// It stands behind an entry with a higher number.
    #[error("is out of order or there twice: it stands behind entry {behind}")]
    Misplaced {
        /// The entry it stands behind.
        behind: u64,
    },
    /// A column of the database says something else than the text.
    #[error("has `{column}` altered: the entry says `{text}`, the column says `{stored}`")]
    Column {
        /// Which column.
        column: &'static str,
        /// What the hashed text says.
        text: String,
        /// What the column says.
        stored: String,
    },
    /// The tree is another than the one that was signed.
    #[error(
        "is not what was signed, or one before it down to entry {after} is not: the checkpoint of {size} entries has root {signed}, the entries give {computed}"
    )]
    Checkpoint {
        /// The size of the checkpoint.
        size: u64,
        /// The size of the last checkpoint that was right, or 0: the first entry
        /// that may be wrong.
        after: u64,
        /// The root that was signed.
        signed: Hash,
        /// The root over the entries.
        computed: Hash,
    },
    /// Entries that were signed for are gone from the end.
    #[error("{0} at the end: a checkpoint was signed over them")]
    Cut(Missing),
    /// The last entries were removed.
    #[error("{0} at the end: the head of the ledger names them")]
    Headless(Missing),
    /// The head of the ledger is not that of its last entry.
    #[error("is not where the head of the ledger says it ends: {0}")]
    Head(String),
    /// Nobody signed for these entries.
    #[error("and those after it are covered by no checkpoint")]
    Unsigned,
    /// A checkpoint cannot be taken.
    #[error("has a checkpoint after it that cannot be taken: {0}")]
    BadCheckpoint(String),
    /// The entry is no part of the format.
    #[error("is followed by something that is no part of an export: {0}")]
    Foreign(String),
}

/// How many entries are missing, from which on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The first.
    pub from: u64,
    /// The first that is there again.
    pub to: u64,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to - self.from {
            1 => write!(f, "entry {} is missing", self.from),
            count => write!(f, "{count} entries from {} to {} are missing", self.from, self.to - 1),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}", self.seq)?;
        if let (Some(act), Some(subject)) = (&self.act, &self.subject) {
            write!(f, " (`{act}` about `{subject}`)")?;
        }
        match &self.flaw {
            Flaw::Gap(_) | Flaw::Cut(_) | Flaw::Headless(_) => write!(f, ": {}", self.flaw),
            flaw => write!(f, " {flaw}"),
        }
    }
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many entries there are.
    pub entries: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// How many of the entries, from the first on, are covered by a checkpoint
    /// whose root is right (and whose signature is, where a key was given).
    pub signed: u64,
    /// What is wrong, in the order found.
    pub faults: Vec<Fault>,
    /// How many more faults there are than are listed.
    pub unlisted: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Holds entry after entry against the chain, the tree and the checkpoints.
#[derive(Debug, Default)]
pub struct Chain {
    tree: Tree,
    // The number that the next entry should have.
    next: u64,
    // The stated hash of the entry that the next should follow, and of the one
    // that came last. They differ when that one was out of place.
    previous: String,
    latest: String,
    // Up to where checkpoints were right, and up to where there were any.
    signed: u64,
    covered: Option<u64>,
    faults: Vec<Fault>,
    unlisted: u64,
}

impl Chain {
    /// A chain that begins with entry 0.
    pub fn new() -> Self {
        Self { previous: Hash::default().to_string(), ..Self::default() }
    }

    /// How many entries went in.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The number that the next entry should have.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The next entry, in the order of the ledger.
    pub fn take(&mut self, entry: &Examined<'_>) {
        self.tree.push(entry.computed);
        let stated = entry.stated.chars().take(80).collect();
        match &entry.line {
            Err(why) => {
                let flaw = Flaw::Unreadable(why.clone());
                self.fault(Fault { seq: self.next, act: None, subject: None, flaw });
                self.follow(self.next, entry.stated);
            }
            // What a changed text says of its place is worth nothing.
            Ok(line) if HexHash::of(&entry.computed).as_str() != entry.stated => {
                let flaw = Flaw::Changed { computed: entry.computed, stated };
                self.fault(Fault::at(self.next, line, flaw));
                self.follow(self.next, entry.stated);
            }
            Ok(line) => self.link(line, entry.stated),
        }
        entry.stated.clone_into(&mut self.latest);
    }

    fn link(&mut self, line: &Line<'_>, stated: &str) {
        let before = self.next.saturating_sub(1);
        if line.seq < self.next {
            self.fault(Fault::at(line.seq, line, Flaw::Misplaced { behind: before }));
            // When it follows the one that came last, it was that one that
            // claimed too high a number: go on from here.
            if line.previous == self.latest {
                self.follow(line.seq, stated);
            }
            return;
        }
        if line.seq > self.next {
            let missing = Missing { from: self.next, to: line.seq };
            self.fault(Fault::at(line.seq, line, Flaw::Gap(missing)));
        } else if line.previous != self.previous {
            self.fault(Fault::at(line.seq, line, Flaw::Unchained { before }));
        }
        self.follow(line.seq, stated);
    }

    fn follow(&mut self, seq: u64, stated: &str) {
        self.next = seq.saturating_add(1);
        stated.clone_into(&mut self.previous);
    }

    /// A checkpoint over the entries that went in so far.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        self.covered = self.covered.max(Some(checkpoint.size));
        let (here, size) = (self.next, checkpoint.size);
        let flaw = match size.cmp(&here) {
            Ordering::Greater => Flaw::Cut(Missing { from: here, to: size }),
            Ordering::Less => {
                Flaw::BadCheckpoint(format!("it is over {size} entries and stands behind {here}"))
            }
            Ordering::Equal => {
                let (computed, signed) = (self.tree.root(), checkpoint.root);
                if computed == signed && self.tree.size() == size {
                    self.signed = size;
                    return;
                }
                Flaw::Checkpoint { size, after: self.signed, signed, computed }
            }
        };
        self.fault_at_end(flaw);
    }

    /// A checkpoint that cannot be taken.
    pub fn bad_checkpoint(&mut self, why: String) {
        self.covered = self.covered.max(Some(self.next));
        self.fault_at_end(Flaw::BadCheckpoint(why));
    }

    /// Asks that the entries be covered by a checkpoint to the last.
    pub fn expect_covered(&mut self) {
        if self.covered.is_none_or(|covered| covered < self.next) {
            let seq = self.covered.unwrap_or(0);
            self.fault(Fault { seq, act: None, subject: None, flaw: Flaw::Unsigned });
        }
    }

    /// Something that is wrong at the place of the entry that went in last.
    pub fn fault_at_end(&mut self, flaw: Flaw) {
        let seq = self.next.saturating_sub(1);
        self.fault(Fault { seq, act: None, subject: None, flaw });
    }

    /// Something else that was found to be wrong.
    pub fn fault(&mut self, fault: Fault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        } else {
            self.unlisted += 1;
        }
    }

    /// The first thing that was found to be wrong.
    pub fn first_fault(&self) -> Option<&Fault> {
        self.faults.first()
    }

    /// The tree over the entries that went in.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The hash that the next entry should name as that of the one before it.
    pub fn previous(&self) -> &str {
        &self.previous
    }

    /// What was found.
    pub fn finish(self) -> Report {
        Report {
            entries: self.tree.size(),
            root: self.tree.root(),
            signed: self.signed,
            faults: self.faults,
            unlisted: self.unlisted,
        }
    }
}

/// A hash as its 64 hex digits, without going through the allocator: there is
/// one per entry.
struct HexHash([u8; 64]);

impl HexHash {
    fn of(hash: &Hash) -> Self {
        let mut digits = [b'0'; 64];
        // INVARIANT: 32 bytes are 64 digits, so this cannot fail.
        let encoded = hex::encode_to_slice(hash.0, &mut digits);
        debug_assert!(encoded.is_ok(), "32 bytes are 64 digits");
        Self(digits)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Entry {
    /// The entry that a stored text and hash say. What is wrong with them is for
    /// [`Chain`] to say.
    pub fn read(text: &str, hash: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Written {
            act: String,
            actor: model::AccountId,
            at: model::Timestamp,
            body: serde_json::Value,
            previous: Hash,
            seq: u64,
            subject: crate::Subject,
        }
        let hash = hash.parse().map_err(|error| format!("its hash is no hash: {error}"))?;
        let Written { act, actor, at, body, previous, seq, subject } =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        Ok(Self { seq, at, actor, act, subject, body, previous, hash })
    }
}
