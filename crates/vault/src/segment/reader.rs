//! Reading a segment: as a stream, in parts, or one person at a time.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hmac::Mac;
use model::{ImportId, NationalId, SourceId};
use sha2::{Digest, Sha256};
use source::{Identity, SubjectKey};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    BLOCK_RECORDS, FOOTER_BYTES, INDEX_ENTRY_BYTES, SegmentKeys, header, identity, split_record,
};
use crate::disk::{At, FileError};
use crate::key::Key;
use crate::keyring::KeyringError;

/// Why identities cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// The segment is not there.
    #[error("no segment of identities at `{}`: restore it from a backup", .0.display())]
    Missing(PathBuf),
    /// A record is not as it was written.
    #[error("record {record} of `{}` is damaged: restore the file from a backup", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        record: u64,
    },
    /// Something around the records is not as it was written.
    #[error("`{}` is damaged ({what}): restore the file from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
    /// The key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyringError),
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// One import's identities, open for reading. Cheap to clone.
#[derive(Clone)]
pub struct Segment(Arc<Opened>);

struct Opened {
    path: PathBuf,
    file: File,
    keys: SegmentKeys,
    persons: u64,
    blocks: Vec<Block>,
    /// Where the last block ends.
    end: u64,
}

struct Block {
    first: SubjectKey,
    offset: u64,
    sha256: [u8; 32],
}

impl Segment {
    pub(crate) fn open(
        path: &Path,
        source: &SourceId,
        import: &ImportId,
        key: &Key,
    ) -> Result<Self, SegmentError> {
        let file = match File::open(path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                return Err(SegmentError::Missing(path.to_owned()));
            }
            file => file.at("read", path)?,
        };
        let keys = SegmentKeys::new(key, source, import);
        let damaged = |what| SegmentError::Damaged { path: path.to_owned(), what };
        let read = |from: u64, to: u64| -> Result<Vec<u8>, SegmentError> {
            let length = to.checked_sub(from).and_then(|l| usize::try_from(l).ok());
            let mut bytes = vec![0; length.ok_or_else(|| damaged("lengths"))?];
            file.read_exact_at(&mut bytes, from).at("read", path)?;
            Ok(bytes)
        };
        let size = file.metadata().at("read", path)?.len();
        let expected = header(source, import);
        let start = expected.len() as u64;
        let footer_at = size
            .checked_sub(FOOTER_BYTES as u64)
            .filter(|at| *at >= start)
            .ok_or_else(|| damaged("it was cut short"))?;
        if read(0, start)? != expected {
            return Err(damaged("its header is not of this source and import"));
        }
        let footer = read(footer_at, size)?;
        let mut rest = footer.as_slice();
        let persons = take_u64(&mut rest).ok_or_else(|| damaged("footer"))?;
        let end = take_u64(&mut rest)
            .filter(|end| (start..=footer_at).contains(end))
            .ok_or_else(|| damaged("its footer, or it was cut short"))?;
        let index = read(end, footer_at)?;
        let mac = keys.authenticator(&expected, &index, persons, end).finalize().into_bytes();
        if !bool::from(mac.as_slice().ct_eq(rest)) {
            return Err(damaged("its index or footer, or it was cut short"));
        }
        // From here on the index is as it was written: what is left to check is
        // that the records fit it.
        let blocks: Option<Vec<Block>> = index.chunks(INDEX_ENTRY_BYTES).map(read_block).collect();
        let blocks = blocks.ok_or_else(|| damaged("index"))?;
        let path = path.to_owned();
        Ok(Self(Arc::new(Opened { path, file, keys, persons, blocks, end })))
    }

    /// How many people have a record.
    pub fn persons(&self) -> u64 {
        self.0.persons
    }

    /// Every identity, sorted by subject key.
    pub fn identities(&self) -> Identities {
        Identities(Stream::over(self, 0, self.0.blocks.len()))
    }

    /// Subject keys and identity numbers in `parts` streams that together are
    /// all of them and each sorted, for as many threads. Who has no number that
    /// holds comes without.
    pub fn national_ids(&self, parts: usize) -> Vec<NationalIds> {
        let (blocks, parts) = (self.0.blocks.len(), parts.max(1));
        (0..parts)
            .map(|part| Stream::over(self, blocks * part / parts, blocks * (part + 1) / parts))
            .map(NationalIds)
            .collect()
    }

    /// Who `subject` is. `None`: nobody of this import.
    pub fn lookup(&self, subject: SubjectKey) -> Result<Option<Identity>, SegmentError> {
        let after = self.0.blocks.partition_point(|block| block.first <= subject);
        let Some(at) = after.checked_sub(1) else { return Ok(None) };
        let mut stream = Stream::over(self, at, after);
        while let Some(found) = stream.advance()? {
            if found == subject {
                return stream.identity().map(Some);
            }
        }
        Ok(None)
    }
}

fn take_u64(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

fn read_block(entry: &[u8]) -> Option<Block> {
    let (subject, rest) = entry.split_first_chunk::<16>()?;
    let (offset, sha256) = rest.split_first_chunk::<8>()?;
    Some(Block {
        first: SubjectKey(*subject),
        offset: u64::from_le_bytes(*offset),
        sha256: sha256.try_into().ok()?,
    })
}

/// Steps over the records of some blocks. A block is compared with the index
/// before any of it is handed out.
struct Stream {
    segment: Segment,
    next_block: usize,
    end_block: usize,
    bytes: Vec<u8>,
    /// Where in `bytes` the next record begins.
    at: usize,
    /// Number of the record that `plain` is of, counted from 1.
    record: u64,
    plain: Zeroizing<Vec<u8>>,
}

impl Stream {
    fn over(segment: &Segment, from: usize, to: usize) -> Self {
        Self {
            segment: segment.clone(),
            next_block: from,
            end_block: to,
            bytes: Vec::new(),
            at: 0,
            record: from as u64 * BLOCK_RECORDS,
            plain: Zeroizing::new(Vec::with_capacity(256)),
        }
    }

    fn damaged_record(&self, record: u64) -> SegmentError {
        SegmentError::Record { path: self.segment.0.path.clone(), record }
    }

    /// Reads the next block; false after the last.
    fn load_block(&mut self) -> Result<bool, SegmentError> {
        let opened = Arc::clone(&self.segment.0);
        if self.next_block >= self.end_block {
            return Ok(false);
        }
        let Some(block) = opened.blocks.get(self.next_block) else { return Ok(false) };
        let end = opened.blocks.get(self.next_block + 1).map_or(opened.end, |next| next.offset);
        // Both offsets are under the index's HMAC and in order.
        let length = usize::try_from(end.saturating_sub(block.offset)).unwrap_or(0);
        self.bytes.resize(length, 0);
        opened.file.read_exact_at(&mut self.bytes, block.offset).at("read", &opened.path)?;
        if Sha256::digest(&self.bytes).as_slice() != block.sha256 {
            return Err(self.damaged_record(self.first_damaged()));
        }
        self.next_block += 1;
        self.at = 0;
        Ok(true)
    }

    /// Which record of the loaded block is not as it was written.
    fn first_damaged(&self) -> u64 {
        let mut rest = self.bytes.as_slice();
        let mut record = self.next_block as u64 * BLOCK_RECORDS + 1;
        let mut plain = Zeroizing::new(Vec::new());
        while let Some(raw) = split_record(&mut rest) {
            if self.segment.0.keys.open(&raw, &mut plain).is_err() {
                break;
            }
            record += 1;
        }
        record.min((self.next_block as u64 + 1) * BLOCK_RECORDS).min(self.segment.0.persons)
    }

    /// Decrypts the next record; its subject, or `None` after the last.
    fn advance(&mut self) -> Result<Option<SubjectKey>, SegmentError> {
        while self.at >= self.bytes.len() {
            if !self.load_block()? {
                return Ok(None);
            }
        }
        self.record += 1;
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(raw) = split_record(&mut rest) else {
            return Err(self.damaged_record(self.record));
        };
        let subject = raw.subject;
        if self.segment.0.keys.open(&raw, &mut self.plain).is_err() {
            return Err(self.damaged_record(self.record));
        }
        self.at = self.bytes.len() - rest.len();
        Ok(Some(subject))
    }

    fn identity(&self) -> Result<Identity, SegmentError> {
        identity::unpack(&self.plain).ok_or_else(|| self.damaged_record(self.record))
    }

    fn national_id(&self) -> Result<Option<NationalId>, SegmentError> {
        identity::unpack_id(&self.plain).ok_or_else(|| self.damaged_record(self.record))
    }

    /// The next record read with `read`; ends after an error.
    fn next_with<T>(
        &mut self,
        read: impl FnOnce(&Self) -> Result<T, SegmentError>,
    ) -> Option<Result<(SubjectKey, T), SegmentError>> {
        let next = match self.advance() {
            Ok(None) => return None,
            Ok(Some(subject)) => read(self).map(|value| (subject, value)),
            Err(error) => Err(error),
        };
        if next.is_err() {
            self.next_block = self.end_block;
            self.at = self.bytes.len();
        }
        Some(next)
    }
}

/// Streams identities: see [`Segment::identities`].
pub struct Identities(Stream);

impl Iterator for Identities {
    type Item = Result<(SubjectKey, Identity), SegmentError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_with(Stream::identity)
    }
}

/// Streams identity numbers: see [`Segment::national_ids`].
pub struct NationalIds(Stream);

impl Iterator for NationalIds {
    type Item = Result<(SubjectKey, Option<NationalId>), SegmentError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_with(Stream::national_id)
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("path", &self.0.path)
            .field("persons", &self.0.persons)
            .finish_non_exhaustive()
    }
}

macro_rules! debug_of_stream {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("segment", &self.0.segment)
                    .finish_non_exhaustive()
            }
        }
    )*};
}

debug_of_stream!(Identities NationalIds);
