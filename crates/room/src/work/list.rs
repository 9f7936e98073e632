//! What is in a work folder.

use ledger::Hash;
use rustix::fs::{FileType, Stat};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::folder::{Found, Step, WorkError, WorkFolder};
use super::name::{NameError, WorkName, check_part, shown};

/// What is in a work folder: the files that can be asked for, and what cannot,
/// with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Plain files with names that can be asked for, by name.
    pub files: Vec<WorkFile>,
    /// Everything else but folders, by name.
    pub refused: Vec<Refused>,
    /// Whether there is more than was asked for.
    pub more: bool,
}

/// A plain file in a work folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkFile {
    /// Its name below the work folder.
    pub name: WorkName,
    /// How long it is.
    pub bytes: u64,
    /// When it was last written, seconds since 1970 UTC, as the room says.
    pub modified: i64,
    /// What tells it from what it was before.
    pub stamp: Stamp,
}

/// What tells a file from what it was before without reading it. The change time
/// cannot be set back by whoever owns the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its number on the disk.
    pub inode: u64,
    /// How long it is.
    pub bytes: u64,
    /// When it was changed last, seconds and nanoseconds.
    pub changed: (i64, u64),
}

impl Stamp {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            inode: stat.st_ino,
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            changed: (stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}

/// Something in a work folder that cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its name, with what cannot be shown replaced.
    pub shown: String,
    /// Why.
    pub why: Refusal,
}

/// Why something in a work folder cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It may point to anything.
    #[error("it is a symbolic link: copy the file itself")]
    SymbolicLink,
    /// It has another name somewhere.
    #[error("it has {0} hard links: copy the file")]
    HardLink(u64),
    /// A device.
    #[error("it is a device")]
    Device,
    /// A named pipe.
    #[error("it is a named pipe")]
    Pipe,
    /// A socket.
    #[error("it is a socket")]
    Socket,
    /// Its name begins with a dot.
    #[error("it is hidden: its name, or a folder's, begins with a dot")]
    Hidden,
    /// Its name is not to be trusted.
    #[error("its name is refused: {0}")]
    Name(NameError),
}

/// Why this thing cannot be asked for, going by its kind.
pub(super) fn kind_refusal(mode: u32, links: u64) -> Option<Refusal> {
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile if links > 1 => Some(Refusal::HardLink(links)),
        FileType::RegularFile => None,
        FileType::Symlink => Some(Refusal::SymbolicLink),
        FileType::Fifo => Some(Refusal::Pipe),
        FileType::Socket => Some(Refusal::Socket),
        _ => Some(Refusal::Device),
    }
}

fn name_refusal(path: &[u8]) -> Result<WorkName, Refusal> {
    let text = str::from_utf8(path).map_err(|_| {
        let lossy = String::from_utf8_lossy(path);
        Refusal::Name(NameError::Character { shown: shown(&lossy), character: '\u{fffd}' })
    })?;
    if text.split('/').any(|part| part.starts_with('.')) {
        return Err(Refusal::Hidden);
    }
    text.parse().map_err(Refusal::Name)
}

impl WorkFolder {
    /// What is in the folder: at most [`Listing::MOST`] files and as many refusals.
    pub fn list(&self) -> Result<Listing, WorkError> {
        self.list_at_most(Listing::MOST)
    }

    /// What is in the folder, at most `at_most` files and as many refusals.
    /// Hidden folders (caches, settings) are one refusal each and not entered.
    pub fn list_at_most(&self, at_most: usize) -> Result<Listing, WorkError> {
        let mut listing = Listing::default();
        self.walk(&mut |found| listing.see(&found, at_most))
            .map_err(|source| self.failed(source))?;
        listing.files.sort_by(|a, b| a.name.cmp(&b.name));
        listing.refused.sort_by(|a, b| a.shown.cmp(&b.shown));
        Ok(listing)
    }
}

impl Listing {
    /// How many files a listing holds when nothing else is said.
    pub const MOST: usize = 1000;

    fn see(&mut self, found: &Found, at_most: usize) -> Step {
        if self.files.len() >= at_most || self.refused.len() >= at_most {
            self.more = true;
            return Step::Stop;
        }
        let name = name_refusal(&found.path);
        if FileType::from_raw_mode(found.stat.st_mode) == FileType::Directory {
            let last = found.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            if str::from_utf8(last).is_ok_and(|last| check_part(last).is_ok()) {
                return Step::On;
            }
            if let Err(why) = name {
                self.refuse(found, why);
            }
            return Step::Past;
        }
        let kind = kind_refusal(found.stat.st_mode, found.stat.st_nlink);
        match (kind, name) {
            (Some(why), _) | (None, Err(why)) => self.refuse(found, why),
            (None, Ok(name)) => self.files.push(WorkFile {
                name,
                bytes: u64::try_from(found.stat.st_size).unwrap_or(0),
                modified: found.stat.st_mtime,
                stamp: Stamp::of(&found.stat),
            }),
        }
        Step::On
    }

    fn refuse(&mut self, found: &Found, why: Refusal) {
        let shown = shown(&String::from_utf8_lossy(&found.path));
        self.refused.push(Refused { shown, why });
    }

    /// SHA-256 over the files, each as `<bytes> <name>` and a line feed, by name:
    /// what the ledger keeps, so that a list can be told from another without
    /// being read there.
    pub fn digest(&self) -> Hash {
        let mut hasher = Sha256::new();
        for file in &self.files {
            // No name has a line feed in it (`WorkName`).
            hasher.update(format!("{} {}\n", file.bytes, file.name));
        }
        Hash(hasher.finalize().into())
    }

    /// How long the files are together, bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }

    /// How many files there are.
    pub fn total(&self) -> u64 {
        u64::try_from(self.files.len()).unwrap_or(u64::MAX)
    }
}
