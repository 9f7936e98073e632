//! The one way to write: append entries. Tables are the shadow of the entries.
//!
//! A *record* is the present state of one subject, folded from its entries. The
//! flow crates own the fold; a [`Book`] keeps the results where they can be
//! found by id and by a few indexed fields.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use model::{AccountId, Timestamp};
use serde::de::DeserializeOwned;

use crate::{Draft, Entry, Event, Subject};

/// What must still be so when entries are written, else nothing is written.
#[derive(Debug, Clone)]
pub enum Guard {
    /// Nothing happened to the subject since entry `seq`.
    Unchanged(Subject, u64),
    /// The record of the subject passes a test, whatever happened to it meanwhile: for
    /// what many write about one subject at once.
    Fits(Subject, Test),
    /// Nothing ever happened to the subject.
    Absent(Subject),
    /// No entry of this act, such as `room.run-started`, was written at `seq` or
    /// after it, about whatever: for what is decided on all subjects of a kind
    /// together, read when the ledger had so many entries.
    NoneSince(&'static str, u64),
}

impl Guard {
    /// The record `id` passes `test`.
    pub fn fits<R: Record>(id: &str, test: impl Fn(&R) -> bool + Send + Sync + 'static) -> Self {
        let test = Test(Arc::new(move |row| Ok(test(&row.read()?))));
        Self::Fits(Subject::new(R::Event::KIND, id), test)
    }
}

/// A question to a record, answered while nobody else writes.
#[derive(Clone)]
pub struct Test(Arc<Question>);

type Question = dyn Fn(&Row) -> Result<bool, BookError> + Send + Sync;

impl Test {
    /// Whether the record passes.
    pub fn passes(&self, row: &Row) -> Result<bool, BookError> {
        (self.0)(row)
    }
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Test(..)")
    }
}

/// Why entries were not written, or state not read.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Somebody else was faster. Read again and decide again.
    #[error("`{0}` changed while this was being decided: look at it again")]
    Changed(Subject),
    /// The subject is there already.
    #[error("`{0}` exists already")]
    Exists(Subject),
    /// The event does not fit the state of its subject.
    #[error("entry `{act}` does not fit the state of `{subject}`: {why}")]
    Unfitting {
        /// `kind.act`.
        act: String,
        /// What it is about.
        subject: Subject,
        /// In words.
        why: String,
    },
    /// The draft cannot become an entry.
    #[error("entry `{act}` about `{subject}` cannot be written: {why}")]
    Unwritable {
        /// What the draft called it.
        act: String,
        /// What it is about.
        subject: Subject,
        /// Why not.
        why: Box<crate::SealError>,
    },
    /// A stored entry or record cannot be read back.
    #[error("stored {what} cannot be read: {why}")]
    Damaged {
        /// Which entry or record.
        what: String,
        /// In words.
        why: String,
    },
    /// The database did not do as asked.
    #[error("the metadata database failed: {0}")]
    Database(String),
}

/// The present state of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is the state of.
    pub subject: Subject,
    /// The lifecycle state, as the flow crate names it.
    pub state: String,
    /// The entry that changed it last.
    pub seq: u64,
    /// The indexed field `parent`, if the record has one.
    pub parent: Option<String>,
    /// The whole record, as the flow crate serialises it: JSON.
    pub document: String,
}

impl Row {
    /// The record as its own type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, BookError> {
        serde_json::from_str(&self.document).map_err(|error| BookError::Damaged {
            what: format!("record `{}`", self.subject),
            why: error.to_string(),
        })
    }
}

/// Which way a list runs, by the entry that changed each record last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// Changed last comes first.
    #[default]
    NewestFirst,
    /// Changed first comes first.
    OldestFirst,
    /// By id.
    ById,
}

/// Which records of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RecordFilter {
    /// Only those in one of these states; all when empty.
    pub states: Vec<String>,
    /// Only those whose indexed field `parent` is this: the application of a
    /// permit, the permit of an extract and of a room, the room of an output.
    pub parent: Option<String>,
    /// Which way.
    pub order: Order,
    /// How many at the most; 0 means 1,000.
    pub limit: u32,
    /// How many to pass over.
    pub offset: u32,
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// How many there are altogether.
    pub total: u64,
}

/// Which entries of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct EntryFilter {
    /// Only those about this subject.
    pub subject: Option<Subject>,
    /// Only those by this account.
    pub actor: Option<AccountId>,
    /// Only those whose `kind.act` begins with one of these; of any when empty.
    pub acts: Vec<String>,
    /// Only those with this number or a higher one.
    pub from: u64,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Only those with this text in them: in a script that was run, a reason that
    /// was given. Whether letters are small or capital makes no difference.
    pub text: Option<String>,
    /// Newest first when true.
    pub newest_first: bool,
    /// How many at the most; 0 means 1,000.
    pub limit: u32,
    /// How many to pass over.
    pub offset: u64,
}

impl EntryFilter {
    /// What `text` is in the line of an entry, in small letters: those of ASCII,
    /// and all of them, for databases that know only ASCII's.
    pub fn needles(text: &str) -> [String; 2] {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        // Between the quotes, as the canonical line has it (RFC 8785).
        let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        [inner.to_ascii_lowercase(), inner.to_lowercase()]
    }
}

/// Where entries are kept. Implemented by `store`; tests may use an in-memory one.
#[async_trait]
pub trait Book: Send + Sync {
    /// Writes all of `drafts` and the records that follow from them, or nothing.
    async fn append(&self, drafts: Vec<Draft>, guards: Vec<Guard>)
    -> Result<Vec<Entry>, BookError>;

    /// The present state of one subject.
    async fn record(&self, subject: &Subject) -> Result<Option<Row>, BookError>;

    /// The present states of all subjects of a kind that pass the filter.
    async fn records(&self, kind: &str, filter: &RecordFilter) -> Result<Page<Row>, BookError>;

    /// Entries that pass the filter.
    async fn entries(&self, filter: &EntryFilter) -> Result<Page<Entry>, BookError>;

    /// How many entries there are. Records and entries are the same for as long as
    /// this is.
    async fn length(&self) -> Result<u64, BookError>;
}

/// How the entries about one kind of subject become its record. Each flow crate
/// has one `const` of these per record; `store` lists them all.
#[derive(Debug, Clone, Copy)]
pub struct Projection {
    /// The kind of subject, and the name of the table.
    pub kind: &'static str,
    /// The next state from the present one (`None` before the first entry) and
    /// an entry. `Err` says in words why the entry does not fit.
    pub fold: fn(Option<&str>, &Entry) -> Result<Folded, String>,
}

/// What a fold gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    /// The lifecycle state.
    pub state: String,
    /// The indexed field `parent`, if the record has one.
    pub parent: Option<String>,
    /// The whole record: JSON.
    pub document: String,
}

/// A record type that is folded from its events.
pub trait Record: serde::Serialize + DeserializeOwned {
    /// What can happen to it.
    type Event: Event;

    /// The record after its first event; `Err` when this event cannot be first.
    fn begin(id: &str, event: Self::Event, entry: &Entry) -> Result<Self, String>;

    /// The record after a further event; `Err` when it does not fit the state.
    fn apply(&mut self, event: Self::Event, entry: &Entry) -> Result<(), String>;

    /// The lifecycle state.
    fn state(&self) -> &'static str;

    /// The indexed field `parent`.
    fn parent(&self) -> Option<String> {
        None
    }

    /// The projection of this record type.
    fn projection() -> Projection {
        Projection { kind: Self::Event::KIND, fold: fold::<Self> }
    }
}

fn fold<R: Record>(present: Option<&str>, entry: &Entry) -> Result<Folded, String> {
    let event: R::Event = entry.event().map_err(|error| error.to_string())?;
    let record = match present {
        None => R::begin(entry.subject.id(), event, entry)?,
        Some(document) => {
            let mut record: R =
                serde_json::from_str(document).map_err(|error| error.to_string())?;
            record.apply(event, entry)?;
            record
        }
    };
    Ok(Folded {
        state: record.state().to_owned(),
        parent: record.parent(),
        document: serde_json::to_string(&record).map_err(|error| error.to_string())?,
    })
}

/// Reads one record as its own type.
pub async fn load<R: Record>(book: &dyn Book, id: &str) -> Result<Option<(R, u64)>, BookError> {
    match book.record(&Subject::new(R::Event::KIND, id)).await? {
        Some(row) => Ok(Some((row.read()?, row.seq))),
        None => Ok(None),
    }
}

/// Reads the records that pass the filter as their own type.
pub async fn list<R: Record>(book: &dyn Book, filter: &RecordFilter) -> Result<Page<R>, BookError> {
    let page = book.records(R::Event::KIND, filter).await?;
    let items = page.items.iter().map(Row::read).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}
