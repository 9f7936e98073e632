//! One import of a source at a time, and one extract of a permit, over all processes.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use model::{PermitId, SourceId};
use rustix::fs::{FlockOperation, flock};

use crate::error::LakeError;
use crate::place::Lake;

/// The right to write to one source's table. The kernel takes it back when the
/// process ends, however it ends.
#[derive(Debug)]
pub struct SourceLock {
    source: SourceId,
    _file: File,
}

impl SourceLock {
    /// Which source.
    pub const fn source(&self) -> &SourceId {
        &self.source
    }

    /// INVARIANT: whoever writes to a table holds its lock.
    pub(crate) fn check(&self, source: &SourceId) -> Result<(), LakeError> {
        if &self.source == source {
            return Ok(());
        }
        Err(LakeError::WrongLock { held: self.source.to_string(), wanted: source.to_string() })
    }
}

/// The right to build extracts of one permit. The kernel takes it back when the
/// process ends, however it ends.
#[derive(Debug)]
pub struct PermitLock {
    _file: File,
}

impl Lake {
    /// Takes the source's lock, or says at once that somebody else has it.
    ///
    /// Hold it from before the import until the ledger names its version: then
    /// nobody else's import can come between.
    pub fn lock(&self, source: &SourceId) -> Result<SourceLock, LakeError> {
        let busy = || LakeError::Busy { source_id: source.to_string() };
        let file = hold(&self.lock_file(source))?.ok_or_else(busy)?;
        Ok(SourceLock { source: source.clone(), _file: file })
    }

    /// Takes the permit's lock, or says at once that somebody else has it.
    ///
    /// Hold it from before the extract is built until the ledger names it.
    pub fn lock_permit(&self, permit: &PermitId) -> Result<PermitLock, LakeError> {
        let busy = || LakeError::BusyPermit { permit: permit.to_string() };
        let file = hold(&self.permit_lock_file(permit))?.ok_or_else(busy)?;
        Ok(PermitLock { _file: file })
    }
}

/// Locks a file, which is made if it is not there; `None`: somebody else has it.
fn hold(path: &Path) -> Result<Option<File>, LakeError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| LakeError::files("opening the lock", path, &error))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(LakeError::files("locking", path, &std::io::Error::from(errno))),
    }
}
