//! What the centre needs from below, as traits: the program wires the vault,
//! the lake, the store and the sandbox behind them.
//!
//! The blocking ones say so; the centre calls them on a thread of its own.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use ingress::{Inspection, LinkError, Linked};
use ledger::{BookError, Draft, Entry};
use linkage::reversal::Revealed;
use linkage::review::{Outcome, Shown};
use linkage::{Extract, ExtractManifest};
use model::{
    AccountId, ExtractId, ImportId, Lang, PairId, PermitId, RoomId, RunId, Secret, SourceId, Text,
};
use permit::{ActivePermit, Strictness};
use room::{LogSink, WorkName};
use source::{Contract, FIRST_REASONS, ImportManifest, ReasonLine, SourceRecord};

/// How far long work has come. Called often, from any thread.
pub trait Progress: Send + Sync {
    /// `done` of `total` steps of the phase; `total` is 0 when it is not known.
    fn at(&self, phase: &str, done: u64, total: u64);

    /// Whether whoever waits for the work has given it up. It is undone then, unless
    /// its end is nearer than its beginning.
    fn is_given_up(&self) -> bool {
        false
    }
}

/// Progress that nobody watches.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn at(&self, _phase: &str, _done: u64, _total: u64) {}
}

/// Password hashes, kept beside the ledger where they can be erased.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// The PHC string of an account's password, if it has one.
    async fn password(&self, account: &AccountId) -> Result<Option<Secret<String>>, BookError>;

    /// Writes `drafts` and the account's new password hash, or nothing.
    async fn set_password(
        &self,
        account: &AccountId,
        phc: Secret<String>,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Entry>, BookError>;
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivered {
    /// It was taken in; nothing of it counts before the ledger says so.
    TakenIn(Box<ImportManifest>),
    /// The same files under the same contract were taken in before.
    Already(ImportId),
}

/// What a delivery that was not taken in failed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The files themselves: the source's timeline tells of it.
    Delivery,
    /// Another delivery to the source is at work.
    Busy,
    /// The machine, or whoever named the files.
    Machine,
}

/// Why a delivery was not taken in.
#[derive(Debug)]
pub struct NotDelivered {
    /// In words, with file and place; without values.
    pub why: Text,
    /// What it failed on.
    pub blame: Blame,
    /// The first reasons for which rows were unfit, where rows are to blame.
    pub reasons: Vec<ReasonLine>,
    /// The list of all of them, if it was kept.
    pub list: Option<PathBuf>,
}

impl std::error::Error for NotDelivered {}

impl std::fmt::Display for NotDelivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.why.get(Lang::En))?;
        for reason in self.reasons.iter().take(FIRST_REASONS) {
            write!(f, "\n  {reason}")?;
        }
        match &self.list {
            Some(list) => write!(f, "\nthe list of reasons is `{}`", list.display()),
            None => Ok(()),
        }
    }
}

/// How a delivery would go.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What it would come to.
    pub manifest: ImportManifest,
    /// The first reasons for which rows would be kept aside, at most
    /// [`MOST_REASONS`].
    pub reasons: Vec<ReasonLine>,
}

/// So many reasons a check tells; a delivery may have any number of unfit rows.
pub const MOST_REASONS: usize = 1000;

/// The right to deliver to one source, until it is dropped. Whoever has it alone
/// reads the source's record, takes files in and has that written down.
pub trait Turn: Send {
    /// Reads, validates, splits, sorts and stages the files. `source` was read
    /// while the turn was held.
    fn take_in(
        &self,
        source: &SourceRecord,
        import: &ImportId,
        files: &[PathBuf],
        progress: &dyn Progress,
    ) -> Result<Delivered, NotDelivered>;

    /// Removes what [`Turn::take_in`] made of `import`, which is not in `source`:
    /// it could not be written down.
    fn undo(&self, source: &SourceRecord, import: &ImportId) -> Result<(), String>;
}

/// Takes deliveries into vault and lake. Blocking.
pub trait Deliveries: Send + Sync {
    /// Takes the source's turn, or says at once that somebody else has it.
    fn turn(&self, source: &SourceId) -> Result<Box<dyn Turn>, NotDelivered>;

    /// Removes what no entry of the ledger speaks of.
    fn recover(&self, sources: &[SourceRecord]) -> Result<(), String>;

    /// Checks files against the contract and says how it would go; keeps nothing.
    fn check(
        &self,
        contract: &Contract,
        files: &[PathBuf],
        progress: &dyn Progress,
    ) -> Result<Checked, NotDelivered>;

    /// The rows of an import that were kept aside, whole; of an import that was
    /// refused, which keeps no row, the list of reasons.
    fn quarantine(
        &self,
        source: &SourceRecord,
        import: &ImportId,
    ) -> Result<Vec<QuarantinedRow>, String>;
}

/// A row that was kept aside, as its holder reads it.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct QuarantinedRow {
    /// Which file.
    pub file: String,
    /// Which row: the first after the header is 1.
    pub row: u64,
    /// What is wrong with it.
    pub faults: Vec<source::Fault>,
    /// The row as delivered; what is no UTF-8 is replaced. `None`: the import
    /// was refused, and no row of it is kept.
    pub text: Option<String>,
}

impl std::fmt::Debug for QuarantinedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QuarantinedRow")
            .field("file", &self.file)
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

/// Why an extract was not built.
#[derive(Debug, thiserror::Error)]
pub enum NotBuilt {
    /// What the permit asks for and what the sources have do not fit.
    #[error("{0}")]
    Unfitting(String),
    /// The machine.
    #[error("{0}")]
    Machine(String),
}

/// Why a table was not linked.
#[derive(Debug, thiserror::Error)]
pub enum NotLinked {
    /// The table is not one that can be.
    #[error(transparent)]
    Table(#[from] LinkError),
    /// The machine.
    #[error("{0}")]
    Machine(String),
}

/// What an extract is to know of clerks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownPairs {
    /// Pairs that were put up before, with what they came to; `None`: they wait.
    pub known: Vec<(PairId, Option<Outcome>)>,
    /// How many more may be put up.
    pub most: usize,
}

/// What an extract is built on.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// The permit's extracts before it, newest first.
    pub extracts: &'a [Extract],
    /// What clerks said of people in doubt.
    pub pairs: &'a KnownPairs,
}

/// Which extract is to be built.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What it will be called.
    pub extract: &'a ExtractId,
    /// Which of the permit's.
    pub strictness: Strictness,
}

/// The right to have extracts of one permit built, until it is dropped. Whoever has it
/// alone reads which there are, has one built and has that written down.
pub struct ExtractTurn(
    #[expect(dead_code, reason = "held, and let go by being dropped")] Box<dyn Send>,
);

impl ExtractTurn {
    /// A turn that lasts as long as `held`.
    pub fn new(held: impl Send + 'static) -> Self {
        Self(Box::new(held))
    }
}

/// What was built.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// The extract.
    pub manifest: ExtractManifest,
    /// Pairs that it puts up for clerks. The vault knows who they are; they count once
    /// the ledger has them.
    pub put_up: Vec<PairId>,
    /// Known pairs of whom the registers say something else now.
    pub stale: Vec<PairId>,
}

impl From<ExtractManifest> for Built {
    fn from(manifest: ExtractManifest) -> Self {
        Self { manifest, put_up: Vec::new(), stale: Vec::new() }
    }
}

/// Which person numbers are to lead back to people, and in which register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// The permit.
    pub permit: PermitId,
    /// The extract whose numbers they are.
    pub extract: ExtractId,
    /// The register.
    pub source: SourceId,
    /// The segment of its identities that the extract was made from.
    pub segment: String,
    /// The numbers, rising.
    pub persons: Vec<i32>,
}

/// Why person numbers do not lead back to people.
#[derive(Debug, thiserror::Error)]
pub enum NotReversed {
    /// The key of the numbers was destroyed.
    #[error("the key of the numbers is gone")]
    Destroyed,
    /// The machine.
    #[error("{0}")]
    Machine(String),
}

/// Makes the data of a permit, and shows clerks the people of it who are in doubt.
/// Blocking.
pub trait Extracts: Send + Sync {
    /// A stand-in for what `permit` would have, as a zip archive: files like an
    /// extract's about people who do not exist.
    fn stand_in(
        &self,
        permit: &ActivePermit,
        sources: &[SourceRecord],
    ) -> Result<Vec<u8>, NotBuilt>;

    /// Takes the permit's turn, or says at once that somebody else has it.
    fn turn(&self, permit: &PermitId) -> Result<ExtractTurn, NotBuilt>;

    /// Links, numbers, selects and writes: all of it or nothing. People
    /// keep the numbers that they had before, and what clerks said counts, where the
    /// permit has more than equal identity numbers count. `before` was read while the
    /// turn was held: what there is of other extracts of the permit was left by somebody
    /// who was killed, and goes.
    fn build(
        &self,
        turn: &ExtractTurn,
        permit: &ActivePermit,
        sources: &[SourceRecord],
        before: Before<'_>,
        wanted: Wanted<'_>,
        progress: &dyn Progress,
    ) -> Result<Built, NotBuilt>;

    /// What a clerk is shown of a pair: see [`linkage::review::shown`].
    fn show_pair(&self, pair: &PairId, whole: bool) -> Result<Shown, String>;

    /// Forgets pairs that were never written down.
    fn forget_pairs(&self, pairs: &[PairId]);

    /// The folder of an extract.
    fn folder(&self, extract: &ExtractId) -> PathBuf;

    /// The columns of an extract, for disclosure to recognise copies of them:
    /// made with the extract, gone with it.
    fn sketches(&self, extract: &ExtractId) -> Result<Vec<disclosure::Sketch>, String>;

    /// A table of somebody's own with its column of national identity numbers
    /// replaced by the person numbers of this extract, if it is about `least` of its
    /// people: see [`ingress::link`].
    fn link_table(
        &self,
        permit: &PermitId,
        extract: &ExtractId,
        table: &[u8],
        column: &str,
        least: u64,
    ) -> Result<(Vec<u8>, Linked), NotLinked>;

    /// Whom person numbers lead to in one register, by number. Numbers of people whom
    /// the register does not have lead to nobody.
    fn reveal(&self, behind: &Behind) -> Result<Vec<Revealed>, NotReversed>;

    /// Removes the data, and the key by which its numbers lead back to people.
    fn destroy(&self, permit: &PermitId, extract: &ExtractId) -> Result<(), String>;

    /// Removes extracts, and what the vault keeps of imports, extracts and pairs, that
    /// no entry of the ledger speaks of.
    fn recover(
        &self,
        sources: &[SourceRecord],
        extracts: &[ExtractId],
        pairs: &[PairId],
    ) -> Result<(), String>;
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What.
    pub inspection: Inspection,
    /// Whether a scanner for malware looked too.
    pub scanned: bool,
}

/// What came into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// How many files.
    pub files: u64,
    /// SHA-256 over the list of them: see [`room::Listing::digest`].
    pub sha256: ledger::Hash,
}

/// Why something did not come into a room.
#[derive(Debug, thiserror::Error)]
pub enum NotPlaced {
    /// It is not fit for the room, or the room is gone.
    #[error("{0}")]
    Unfit(String),
    /// The machine: it is tried again.
    #[error("{0}")]
    Machine(String),
}

/// Where files come into rooms. Whatever is in them is kept from doing harm while
/// it is looked at. Blocking.
pub trait Gate: Send + Sync {
    /// The most bytes that may be sent at once.
    fn most(&self) -> u64;

    /// Looks into a file. An error says that nobody did.
    fn look(&self, bytes: &[u8], name: &WorkName) -> Result<Looked, String>;

    /// The beginning of each text that would come into a room, by name: what a person
    /// reads before deciding.
    fn texts(&self, bytes: &[u8], name: &WorkName) -> Result<Vec<(String, String)>, String>;

    /// Puts a file into a room, unpacked where it is an archive: all of it or
    /// nothing. Doing it twice is no error.
    fn place(&self, room: &RoomId, bytes: &[u8], name: &WorkName) -> Result<Placed, NotPlaced>;
}

/// Keeps what commands print: for the people of the room alone. Blocking.
pub trait RunLogs: Send + Sync {
    /// Where the lines of a run go.
    fn open(&self, room: &RoomId, run: &RunId) -> Result<Arc<dyn LogSink>, String>;

    /// The same for a run that goes on and tells its lines again from the first: what
    /// was kept of them is put in their place.
    fn reopen(&self, room: &RoomId, run: &RunId) -> Result<Arc<dyn LogSink>, String>;

    /// What a run has printed so far.
    fn read(&self, room: &RoomId, run: &RunId) -> Result<String, String>;

    /// Removes the logs of a room.
    fn remove(&self, room: &RoomId) -> Result<(), String>;
}

/// Keeps bytes under their SHA-256: outputs and packages. Blocking.
pub trait Blobs: Send + Sync {
    /// Keeps the bytes; the same bytes are kept once.
    fn put(&self, bytes: &[u8]) -> Result<ledger::Hash, String>;

    /// The bytes, checked against their hash.
    fn get(&self, hash: &ledger::Hash) -> Result<Vec<u8>, String>;

    /// Removes bytes that were kept for nothing: no entry of the ledger speaks of
    /// them. Nothing to remove is fine too.
    fn remove(&self, hash: &ledger::Hash) -> Result<(), String>;

    /// Removes the bytes that are not `named`: what a stopped program kept, and no
    /// entry of the ledger speaks of.
    fn keep_only(&self, named: &HashSet<ledger::Hash>) -> Result<(), String>;

    /// Where the bytes lie.
    fn path(&self, hash: &ledger::Hash) -> PathBuf;

    /// The folder they are in.
    fn folder(&self) -> &Path;
}
