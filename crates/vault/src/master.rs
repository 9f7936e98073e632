//! The master key: 32 random bytes in a file that only we can read.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use model::Entropy;
use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::disk::{self, At, FileError};
use crate::key::{KEY_BYTES, Key};

/// The key that wraps every other key of the vault. Kept in a file of its own,
/// away from the data folder and its backups.
pub struct MasterKey(pub(crate) Key);

/// Why a file is not taken as the master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// There is no file.
    #[error(
        "no master key at `{}`: put the key file back, or give its place in the config; a new key opens nothing that an old one closed", .0.display()
    )]
    Missing(PathBuf),
    /// The name leads somewhere else.
    #[error("the master key `{}` is a symbolic link: give the file itself", .0.display())]
    Link(PathBuf),
    /// A folder, a pipe, a device.
    #[error("the master key `{}` is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// Others could read or change it, or we could not.
    #[error(
        "the master key `{}` has mode {mode:04o}: run `chmod 600` on it, and rotate it if others could read it", path.display()
    )]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error(
        "the master key `{}` belongs to user {owner}, this program runs as user {us}: run `chown {us}` on it", path.display()
    )]
    Owner {
        /// The file.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// Our user id.
        us: u32,
    },
    /// It has more than one name: somebody keeps a second way to it.
    #[error("the master key `{}` has {links} names (hard links): keep one", path.display())]
    ManyNames {
        /// The file.
        path: PathBuf,
        /// How many.
        links: u64,
    },
    /// It does not hold 32 bytes.
    #[error(
        "the master key `{}` has {bytes} bytes, a key has {KEY_BYTES}: it is another file, or was cut short", path.display()
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// How many it holds.
        bytes: u64,
    },
    /// A new key would take the place of one that is there.
    #[error("there is a file at `{}` already: a master key is never overwritten", .0.display())]
    Exists(PathBuf),
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

impl MasterKey {
    /// Reads the key at `path`. Refuses anything but a regular file of ours,
    /// mode 0600, one name, 32 bytes.
    pub fn load(path: &Path) -> Result<Self, MasterKeyError> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed();
        let mut file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(file) => file,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                return Err(MasterKeyError::Missing(path.to_owned()));
            }
            Err(why) if why.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(MasterKeyError::Link(path.to_owned()));
            }
            Err(why) => return Err(FileError::of("read", path, why).into()),
        };
        // What is checked is the open file, not the name: nobody can swap it in between.
        check(&file, path)?;
        let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
        file.read_exact(bytes.as_mut()).at("read", path)?;
        Ok(Self(Key::taken_from(&mut bytes)))
    }

    /// Draws a key from `entropy` and writes it to `path`, where nothing may be yet.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, MasterKeyError> {
        let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
        {
            Ok(file) => file,
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
                return Err(MasterKeyError::Exists(path.to_owned()));
            }
            Err(why) => return Err(FileError::of("create", path, why).into()),
        };
        let key = Key::random(entropy);
        let written = file.write_all(key.reveal()).and_then(|()| file.sync_all()).at("write", path);
        if let Err(error) = written {
            // Half a key is worse than none: the next start would refuse it.
            let _ = disk::remove(path);
            return Err(error.into());
        }
        disk::sync_dir(&folder_of(path))?;
        Ok(Self(key))
    }

    /// A key that is in no file, for tests and for programs that keep it elsewhere.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(Key::random(entropy))
    }

    /// Whether the two are the same key, in constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.0.is(&other.0)
    }
}

/// The folder in which `path` is a name.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn check(file: &File, path: &Path) -> Result<(), MasterKeyError> {
    let path = || path.to_owned();
    let found = file.metadata().at("read", &path())?;
    if !found.is_file() {
        return Err(MasterKeyError::NotAFile(path()));
    }
    let us = rustix::process::geteuid().as_raw();
    if found.uid() != us {
        return Err(MasterKeyError::Owner { path: path(), owner: found.uid(), us });
    }
    let mode = found.mode() & 0o7777;
    if mode != 0o600 {
        return Err(MasterKeyError::Mode { path: path(), mode });
    }
    if found.nlink() != 1 {
        return Err(MasterKeyError::ManyNames { path: path(), links: found.nlink() });
    }
    if found.len() != KEY_BYTES as u64 {
        return Err(MasterKeyError::Length { path: path(), bytes: found.len() });
    }
    Ok(())
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([redacted])")
    }
}
