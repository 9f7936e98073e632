//! Which person of an extract a subject is, per source: the way back from an
//! extract to people. Encrypted under the permit's key; destroying that key
//! ends the way.

use std::fmt;
use std::path::Path;

use model::{Entropy, ExtractId, PermitId, SourceId};
use source::SubjectKey;

use crate::disk::{FileError, Finished};
use crate::key::Key;
use crate::keyring::KeyringError;
use crate::stream::{StreamError, StreamReader, StreamWriter};

/// What a crosswalk's name ends with.
pub(crate) const EXTENSION: &str = ".crosswalk";

pub(crate) fn file_name(extract: &ExtractId) -> String {
    format!("{extract}{EXTENSION}")
}

fn what<'a>(permit: &'a PermitId, extract: &'a ExtractId) -> [&'a [u8]; 3] {
    [b"crosswalk", permit.as_str().as_bytes(), extract.as_str().as_bytes()]
}

/// Why a crosswalk cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CrosswalkError {
    /// The permit's key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyringError),
    /// The file cannot be read.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Writes one extract's crosswalk: source after source, each sorted by subject.
pub struct CrosswalkWriter(StreamWriter);

/// A crosswalk that is wholly on the disk and has no name yet.
#[must_use = "a crosswalk that is not published is removed"]
pub struct UnpublishedCrosswalk(Finished);

impl CrosswalkWriter {
    pub(crate) fn create(
        dir: &Path,
        permit: &PermitId,
        extract: &ExtractId,
        key: &Key,
        entropy: &dyn Entropy,
    ) -> Result<Self, FileError> {
        let path = dir.join(file_name(extract));
        Ok(Self(StreamWriter::create(&path, key, &what(permit, extract), entropy)?))
    }

    /// Writes all people of `source`, sorted by subject key.
    pub fn source(
        &mut self,
        source: &SourceId,
        people: &[(SubjectKey, i32)],
    ) -> Result<(), CrosswalkError> {
        let name = source.as_str().as_bytes();
        // Source ids have at most 63 bytes.
        self.0.write(&[u8::try_from(name.len()).unwrap_or(u8::MAX)])?;
        self.0.write(name)?;
        self.0.write(&(people.len() as u64).to_le_bytes())?;
        for (subject, person) in people {
            self.0.write(&subject.0)?;
            self.0.write(&person.to_le_bytes())?;
        }
        Ok(())
    }

    /// Brings everything to the disk. The file has its name only after
    /// [`UnpublishedCrosswalk::publish`].
    pub fn finish(self) -> Result<UnpublishedCrosswalk, CrosswalkError> {
        Ok(UnpublishedCrosswalk(self.0.finish()?))
    }
}

impl UnpublishedCrosswalk {
    /// Gives the file its name.
    pub fn publish(self) -> Result<(), CrosswalkError> {
        Ok(self.0.publish()?)
    }
}

/// Reads one extract's crosswalk, from front to back.
pub struct CrosswalkReader {
    stream: StreamReader,
    /// People of the present source not yet read.
    left: u64,
}

impl CrosswalkReader {
    pub(crate) fn open(
        dir: &Path,
        permit: &PermitId,
        extract: &ExtractId,
        key: &Key,
    ) -> Result<Self, StreamError> {
        let path = dir.join(file_name(extract));
        let stream = StreamReader::open(&path, key, &what(permit, extract))?;
        Ok(Self { stream, left: 0 })
    }

    /// Steps over what is left of the present source to the next; `None` after
    /// the last. With it comes how many people it has.
    pub fn next_source(&mut self) -> Result<Option<(SourceId, u64)>, CrosswalkError> {
        while self.next_person()?.is_some() {}
        let Some([length]) = self.stream.take::<1>()? else { return Ok(None) };
        let name = self.stream.take_vec(length.into(), 63)?;
        let count = self.stream.take::<8>()?.ok_or_else(|| self.stream.nonsense())?;
        self.left = u64::from_le_bytes(count);
        let source = std::str::from_utf8(&name).ok().and_then(|name| name.parse().ok());
        Ok(Some((source.ok_or_else(|| self.stream.nonsense())?, self.left)))
    }

    /// The next person of the present source, sorted by subject key.
    pub fn next_person(&mut self) -> Result<Option<(SubjectKey, i32)>, CrosswalkError> {
        if self.left == 0 {
            return Ok(None);
        }
        let item = self.stream.take::<20>()?.ok_or_else(|| self.stream.nonsense())?;
        let (subject, person) =
            item.split_first_chunk::<16>().ok_or_else(|| self.stream.nonsense())?;
        let person = person.try_into().map_err(|_| self.stream.nonsense())?;
        self.left -= 1;
        Ok(Some((SubjectKey(*subject), i32::from_le_bytes(person))))
    }
}

macro_rules! opaque_debug {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

opaque_debug!(CrosswalkWriter UnpublishedCrosswalk CrosswalkReader);
