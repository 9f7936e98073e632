//! A delivered file: opened once, watched, hashed while it is read.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ledger::Hash;
use sha2::{Digest, Sha256};

use super::fault::FileFault;
use crate::manifest::DeliveredFile;

/// A file that is open and stays so until its import has ended.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) name: String,
    path: PathBuf,
    file: File,
    before: Stamp,
}

/// What tells whether a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Opened {
    pub(crate) fn open(path: &Path) -> Result<Self, FileFault> {
        // A pipe would wait here for a writer: look before opening.
        if !std::fs::metadata(path).map_err(FileFault::Unreadable)?.is_file() {
            return Err(FileFault::NotAFile);
        }
        let file = File::open(path).map_err(FileFault::Unreadable)?;
        let metadata = file.metadata().map_err(FileFault::Unreadable)?;
        if !metadata.is_file() {
            return Err(FileFault::NotAFile);
        }
        if metadata.len() == 0 {
            return Err(FileFault::Empty);
        }
        Ok(Self { name: name_of(path), path: path.to_owned(), before: Stamp::of(&metadata), file })
    }

    /// Whether both are the same file, under whatever names.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        (self.before.device, self.before.inode) == (other.before.device, other.before.inode)
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.before.bytes
    }

    /// Reads from the beginning. `read` counts the bytes on the way.
    pub(crate) fn reader(&self, read: Arc<AtomicU64>) -> Result<HashingReader, FileFault> {
        let mut file = self.file.try_clone().map_err(FileFault::Unreadable)?;
        file.rewind().map_err(FileFault::Unreadable)?;
        Ok(HashingReader { file, hasher: Sha256::new(), bytes: 0, read })
    }

    /// The open file, for formats that are not read from front to back.
    pub(crate) fn handle(&self) -> Result<File, FileFault> {
        let mut file = self.file.try_clone().map_err(FileFault::Unreadable)?;
        file.rewind().map_err(FileFault::Unreadable)?;
        Ok(file)
    }

    /// Whether the file is still what was opened: the same place, size and
    /// times, through the handle and by its path.
    pub(crate) fn unchanged(&self) -> Result<(), FileFault> {
        let open = self.file.metadata().map_err(FileFault::Unreadable)?;
        let named = std::fs::metadata(&self.path).map_err(|_| FileFault::Changed)?;
        let same = Stamp::of(&open) == self.before && Stamp::of(&named) == self.before;
        if same { Ok(()) } else { Err(FileFault::Changed) }
    }

    /// Reads the whole file for its hash alone.
    pub(crate) fn fingerprint(&self) -> Result<DeliveredFile, FileFault> {
        let reader = self.reader(Arc::default())?;
        reader.finish(self)
    }
}

/// The last part of the path: folders are nobody's business but the operator's.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Reads a file and hashes what it reads.
pub(crate) struct HashingReader {
    file: File,
    hasher: Sha256,
    bytes: u64,
    read: Arc<AtomicU64>,
}

impl Read for HashingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl HashingReader {
    /// Reads what is left and says what was read, if it is what was opened.
    pub(crate) fn finish(mut self, opened: &Opened) -> Result<DeliveredFile, FileFault> {
        let mut buffer = vec![0_u8; 1 << 18];
        while self.read(&mut buffer).map_err(FileFault::Unreadable)? > 0 {}
        opened.unchanged()?;
        if self.bytes != opened.bytes() {
            return Err(FileFault::Changed);
        }
        Ok(DeliveredFile {
            name: opened.name.clone(),
            bytes: self.bytes,
            sha256: Hash(self.hasher.finalize().into()),
        })
    }
}
