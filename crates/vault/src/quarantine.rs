//! Rows that were kept aside, whole: they hold identifiers, so they are
//! encrypted under a key of their source.

use std::fmt;
use std::path::Path;

use model::{Entropy, ImportId, SourceId};
use source::{Fault, QuarantineSink, QuarantinedRow, SinkError};
use zeroize::Zeroizing;

use crate::disk::Finished;
use crate::key::Key;
use crate::stream::{StreamError, StreamReader, StreamWriter};

/// What a file of rows that were kept aside ends with.
pub(crate) const EXTENSION: &str = ".quarantine";
/// A row longer than this is cut: the readers of files allow no longer record.
const MOST_BYTES: usize = 64 << 20;

pub(crate) fn file_name(import: &ImportId) -> String {
    format!("{import}{EXTENSION}")
}

fn what<'a>(source: &'a SourceId, import: &'a ImportId) -> [&'a [u8]; 3] {
    [b"quarantine", source.as_str().as_bytes(), import.as_str().as_bytes()]
}

/// Writes the rows that one import kept aside. Implements [`QuarantineSink`].
pub struct QuarantineWriter {
    stream: StreamWriter,
    rows: u64,
}

/// Rows that are wholly on the disk and whose file has no name yet.
#[must_use = "a file that is not published is removed"]
pub struct UnpublishedQuarantine {
    file: Finished,
    rows: u64,
}

/// A row that was kept aside, read again by its holder.
pub struct RefusedRow {
    /// The file's name, without its folder.
    pub file: String,
    /// Which row of the file: the first after the header is 1.
    pub row: u64,
    /// The line it begins on; the header is on line 1.
    pub line: u64,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// The row as delivered.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl QuarantineWriter {
    pub(crate) fn create(
        dir: &Path,
        source: &SourceId,
        import: &ImportId,
        key: &Key,
        entropy: &dyn Entropy,
    ) -> Result<Self, SinkError> {
        let path = dir.join(file_name(import));
        let stream = StreamWriter::create(&path, key, &what(source, import), entropy)?;
        Ok(Self { stream, rows: 0 })
    }

    fn part(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        let bytes = bytes.get(..MOST_BYTES).unwrap_or(bytes);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.stream.write(&length.to_le_bytes())?;
        Ok(self.stream.write(bytes)?)
    }

    /// Brings every row to the disk. The file has its name only after
    /// [`UnpublishedQuarantine::publish`].
    pub fn finish(self) -> Result<UnpublishedQuarantine, SinkError> {
        Ok(UnpublishedQuarantine { file: self.stream.finish()?, rows: self.rows })
    }
}

impl QuarantineSink for QuarantineWriter {
    fn put(&mut self, row: &QuarantinedRow<'_>) -> Result<(), SinkError> {
        let faults = serde_json::to_vec(row.faults).map_err(|error| SinkError::Failed {
            what: "keeping a row aside".to_owned(),
            why: error.to_string(),
        })?;
        self.stream.write(&row.row.to_le_bytes())?;
        self.stream.write(&row.line.to_le_bytes())?;
        self.part(row.file.as_bytes())?;
        self.part(&faults)?;
        self.part(row.bytes)?;
        self.rows += 1;
        Ok(())
    }
}

impl UnpublishedQuarantine {
    /// How many rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Gives the file its name.
    pub fn publish(self) -> Result<(), SinkError> {
        Ok(self.file.publish()?)
    }
}

/// Reads the rows that one import kept aside, in the order they were refused.
pub struct QuarantineReader {
    stream: StreamReader,
    over: bool,
}

impl QuarantineReader {
    pub(crate) fn open(
        dir: &Path,
        source: &SourceId,
        import: &ImportId,
        key: &Key,
    ) -> Result<Self, StreamError> {
        let path = dir.join(file_name(import));
        let stream = StreamReader::open(&path, key, &what(source, import))?;
        Ok(Self { stream, over: false })
    }

    fn part(&mut self) -> Result<Zeroizing<Vec<u8>>, StreamError> {
        let length = self.stream.take::<4>()?.ok_or_else(|| self.stream.nonsense())?;
        self.stream.take_vec(u32::from_le_bytes(length), MOST_BYTES)
    }

    fn row(&mut self) -> Result<Option<RefusedRow>, StreamError> {
        let Some(row) = self.stream.take::<8>()? else { return Ok(None) };
        let line = self.stream.take::<8>()?.ok_or_else(|| self.stream.nonsense())?;
        let file = String::from_utf8(self.part()?.to_vec());
        let faults = self.part()?;
        Ok(Some(RefusedRow {
            file: file.map_err(|_| self.stream.nonsense())?,
            row: u64::from_le_bytes(row),
            line: u64::from_le_bytes(line),
            faults: serde_json::from_slice(&faults).map_err(|_| self.stream.nonsense())?,
            bytes: self.part()?,
        }))
    }
}

impl Iterator for QuarantineReader {
    type Item = Result<RefusedRow, StreamError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let row = self.row().transpose();
        self.over = !matches!(row, Some(Ok(_)));
        row
    }
}

impl fmt::Debug for QuarantineWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuarantineWriter").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl fmt::Debug for UnpublishedQuarantine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnpublishedQuarantine").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl fmt::Debug for QuarantineReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuarantineReader(..)")
    }
}

impl fmt::Debug for RefusedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefusedRow")
            .field("file", &self.file)
            .field("row", &self.row)
            .field("line", &self.line)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
