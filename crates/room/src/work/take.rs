//! Reading one file out of a work folder.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;

use ledger::Hash;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::folder::WorkFolder;
use super::list::{Refusal, kind_refusal};
use super::name::WorkName;

/// A file as it was when it was read. The bytes are ours: nothing in the room
/// can change them any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What it was asked for as.
    pub name: WorkName,
    /// Every byte of it.
    pub bytes: Vec<u8>,
    /// Their SHA-256.
    pub sha256: Hash,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// There is none of that name.
    #[error("there is no file `{0}` in the work folder")]
    Absent(WorkName),
    /// A part of its path is a link, or leads elsewhere.
    #[error("`{0}` leads through a link or to another place: copy the file itself")]
    LeadsElsewhere(WorkName),
    /// It is a folder.
    #[error("`{0}` is a folder: ask for the files in it")]
    Folder(WorkName),
    /// It is no plain file.
    #[error("`{name}` cannot be read: {why}")]
    Refused {
        /// Which file.
        name: WorkName,
        /// Why.
        why: Refusal,
    },
    /// It is too large.
    #[error("`{name}` has {bytes} bytes, and at most {most} can be taken out at once")]
    TooLarge {
        /// Which file.
        name: WorkName,
        /// How long it is.
        bytes: u64,
        /// How long it may be.
        most: u64,
    },
    /// Something in the room wrote to it meanwhile.
    #[error("`{0}` changed while it was read: wait until the command has ended")]
    Changed(WorkName),
    /// The machine did not do as asked.
    #[error("`{name}` cannot be read: {source}")]
    Machine {
        /// Which file.
        name: WorkName,
        /// What the machine said.
        source: io::Error,
    },
}

/// Below the folder, through no link of any kind, to no other mount.
pub const BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// Reading only; a named pipe opens at once and is then refused, a lease held
/// by the room does not keep us waiting.
pub const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

impl WorkFolder {
    /// Reads the file `name`, if it is a plain file of at most `most` bytes and
    /// stays the same while it is read.
    pub fn take(&self, name: &WorkName, most: u64) -> Result<Taken, TakeError> {
        let machine = |source: io::Error| TakeError::Machine { name: name.clone(), source };
        let (folder, inner) = self.place(name.as_str());
        let file =
            rustix::fs::openat2(folder, inner, READ, Mode::empty(), BENEATH).map_err(|errno| {
                match errno {
                    Errno::NOENT | Errno::NOTDIR => TakeError::Absent(name.clone()),
                    Errno::LOOP | Errno::XDEV => TakeError::LeadsElsewhere(name.clone()),
                    Errno::AGAIN => TakeError::Changed(name.clone()),
                    // A socket or a device without a driver.
                    Errno::NXIO | Errno::NODEV => {
                        TakeError::Refused { name: name.clone(), why: Refusal::Socket }
                    }
                    other => machine(other.into()),
                }
            })?;
        let before = rustix::fs::fstat(&file).map_err(|errno| machine(errno.into()))?;
        if FileType::from_raw_mode(before.st_mode) == FileType::Directory {
            return Err(TakeError::Folder(name.clone()));
        }
        if let Some(why) = kind_refusal(before.st_mode, before.st_nlink) {
            return Err(TakeError::Refused { name: name.clone(), why });
        }
        let size = u64::try_from(before.st_size).unwrap_or(u64::MAX);
        if size > most {
            return Err(TakeError::TooLarge { name: name.clone(), bytes: size, most });
        }
        let mut file = File::from(file);
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        // One byte more than there should be, to see that it grew.
        (&mut file).take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(machine)?;
        let after = rustix::fs::fstat(file.as_fd()).map_err(|errno| machine(errno.into()))?;
        if bytes.len() as u64 != size || !same(&before, &after) {
            return Err(TakeError::Changed(name.clone()));
        }
        let sha256 = Hash(Sha256::digest(&bytes).into());
        Ok(Taken { name: name.clone(), bytes, sha256 })
    }
}

/// Whether nothing was written between two looks. The change time cannot be set
/// back by whoever owns the file, unlike the time of modification.
fn same(a: &Stat, b: &Stat) -> bool {
    (a.st_size, a.st_mtime, a.st_mtime_nsec, a.st_ctime, a.st_ctime_nsec, a.st_nlink)
        == (b.st_size, b.st_mtime, b.st_mtime_nsec, b.st_ctime, b.st_ctime_nsec, b.st_nlink)
}
