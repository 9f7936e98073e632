//! Where the parts of a delivered row go, as traits: the vault and the lake
//! implement them.

use arrow::record_batch::RecordBatch;

use crate::import::Fault;
use crate::subject::SubjectKey;

/// Why a sink could not take what it was given.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// No room left on the disk.
    #[error("the disk that holds `{place}` is full: make room and import again")]
    DiskFull {
        /// Which folder.
        place: String,
    },
    /// More rows of one person than can be compared with each other.
    #[error("one person has more than {most} rows")]
    TooManyOfOne {
        /// The first row beyond: its place in the delivery, the first is 0.
        row: u64,
        /// How many are allowed.
        most: usize,
    },
    /// The observer of the rows has seen enough.
    #[error("too many rows contradict each other")]
    SeenEnough,
    /// Whoever waits for it has given it up.
    #[error("it was stopped before it was done, and nothing of it is kept")]
    Stopped,
    /// Anything else that went wrong underneath.
    #[error("{what} failed: {why}")]
    Failed {
        /// What was being done.
        what: String,
        /// In words.
        why: String,
    },
}

impl SinkError {
    /// The error of an I/O operation on `place`.
    pub fn io(what: &str, place: &std::path::Path, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { place: place.display().to_string() }
            }
            _ => Self::Failed {
                what: format!("{what} `{}`", place.display()),
                why: error.to_string(),
            },
        }
    }
}

/// Rows that name nobody, in the order they were delivered or, on the way out,
/// sorted. All vectors have one element per row of `content`.
#[derive(Debug, Clone)]
pub struct ContentBatch {
    /// Whose row.
    pub subjects: Vec<SubjectKey>,
    /// Which row of the delivery, counted from 0 over all its files.
    pub rows: Vec<u64>,
    /// What the row says of who the person is, as salted digests that can only
    /// be compared. Empty unless the contract has a name or a birth date.
    pub marks: Vec<IdentityMark>,
    /// The columns of [`content_schema`](crate::content_schema), text as either
    /// `Utf8` or `Dictionary<Int32, Utf8>`.
    pub content: RecordBatch,
}

/// Digests of a row's birth date and name under a salt that lives as long as
/// the import. Zero: the row has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IdentityMark {
    /// Of the date of birth.
    pub birth_date: u64,
    /// Of the name.
    pub name: u64,
}

/// Where content goes. The lake implements it: sort by subject, time and row in
/// bounded memory, then write.
pub trait ContentSink: Send {
    /// What has been written and waits to be committed.
    type Staged;

    /// Takes rows in the order they were delivered.
    fn put(&mut self, batch: ContentBatch) -> Result<(), SinkError>;

    /// Sorts all rows, shows them to `observer`, writes those it keeps.
    fn finish(self, observer: &mut dyn SortedObserver) -> Result<Self::Staged, SinkError>;
}

/// Sees all rows once, sorted by subject, time and row.
pub trait SortedObserver: Send {
    /// Whether a chunk must hold whole persons. If not, a person's rows may be
    /// spread over two chunks.
    fn wants_whole_persons(&self) -> bool;

    /// Looks at a chunk. `None`: every row is kept; else one flag per row.
    fn observe(&mut self, chunk: &ContentBatch) -> Result<Option<Vec<bool>>, SinkError>;
}

/// Where rows that were refused go, whole. They hold identifiers: the vault
/// implements it and encrypts them.
pub trait QuarantineSink: Send {
    /// Takes one row.
    fn put(&mut self, row: &QuarantinedRow<'_>) -> Result<(), SinkError>;
}

/// A row that was kept aside.
#[derive(Clone, Copy)]
pub struct QuarantinedRow<'a> {
    /// The file's name, without its folder.
    pub file: &'a str,
    /// Which row of the file: the first after the header is 1.
    pub row: u64,
    /// The line it begins on; the header is on line 1.
    pub line: u64,
    /// What is wrong with it.
    pub faults: &'a [Fault],
    /// The row as delivered, or as much of it as a record may hold.
    pub bytes: &'a [u8],
}

impl std::fmt::Debug for QuarantinedRow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QuarantinedRow")
            .field("file", &self.file)
            .field("row", &self.row)
            .field("line", &self.line)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
