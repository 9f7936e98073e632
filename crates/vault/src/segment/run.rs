//! Sorted runs of encrypted records on disk, for imports of more people than
//! memory should hold. They are never published and go away with the writer.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use source::SubjectKey;

use super::{MAX_CIPHERTEXT, RECORD_HEAD_BYTES, split_record};
use crate::disk::{At, FileError, Unfinished};

/// A run being written, in the order of its subjects.
pub(super) struct Run(Unfinished);

/// A run being read back.
pub(super) struct RunReader {
    file: BufReader<File>,
    /// Keeps the file until the merge is over, then removes it.
    run: Unfinished,
    record: Vec<u8>,
}

impl Run {
    /// The run `number` of the segment at `segment`.
    pub(super) fn create(segment: &Path, number: usize) -> Result<Self, FileError> {
        let mut name = segment.as_os_str().to_owned();
        name.push(format!(".run{number}"));
        Ok(Self(Unfinished::create(Path::new(&name))?))
    }

    pub(super) fn write(&mut self, record: &[u8]) -> Result<(), FileError> {
        self.0.write(record)
    }

    pub(super) fn read_back(mut self) -> Result<RunReader, FileError> {
        let mut file = self.0.reopen()?;
        file.seek(SeekFrom::Start(0)).at("read", self.0.path())?;
        Ok(RunReader {
            file: BufReader::with_capacity(1 << 17, file),
            run: self.0,
            record: Vec::new(),
        })
    }
}

impl RunReader {
    /// Steps to the next record; its subject, or `None` after the last.
    pub(super) fn advance(&mut self) -> Result<Option<SubjectKey>, FileError> {
        self.record.clear();
        let path = self.run.path();
        let head = (&mut self.file)
            .take(RECORD_HEAD_BYTES as u64)
            .read_to_end(&mut self.record)
            .at("read", path)?;
        if head == 0 {
            return Ok(None);
        }
        let damaged = || FileError::of("read", path, std::io::ErrorKind::InvalidData.into());
        let length = self
            .record
            .last_chunk::<4>()
            .filter(|_| head == RECORD_HEAD_BYTES)
            .map(|length| u64::from(u32::from_le_bytes(*length)))
            .filter(|length| *length <= MAX_CIPHERTEXT as u64)
            .ok_or_else(damaged)?;
        (&mut self.file).take(length).read_to_end(&mut self.record).at("read", path)?;
        let record = split_record(&mut self.record.as_slice()).ok_or_else(damaged)?;
        Ok(Some(record.subject))
    }

    /// The record that [`RunReader::advance`] stepped to.
    pub(super) fn record(&self) -> &[u8] {
        &self.record
    }
}
