//! Changing the master key, in an order that a crash anywhere leaves usable.
//!
//! 1. the new key is written to `KEY.next` and synced;
//! 2. the keyring is wrapped under it and takes the old one's place;
//! 3. `KEY.next` takes the place of `KEY`.
//!
//! Before step 2 the old file opens the vault and `KEY.next` is not needed;
//! after it `KEY.next` opens the vault. [`Vault::open_with_key_file`] tells the
//! two apart by trying, and finishes what was begun.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Entropy;

use crate::disk::{self, At, FileError};
use crate::keyring::KeyringError;
use crate::master::{MasterKey, MasterKeyError, folder_of};
use crate::vault::Vault;

const LOCK: &str = "rotation.lock";

/// Why the vault was not opened with its key file, or the master key not changed.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The key file is not taken.
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    /// The keyring cannot be opened or written.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The key file is not the one the vault was opened with.
    #[error("`{}` is not the key this vault is open with: it was changed meanwhile", .0.display())]
    OtherKey(PathBuf),
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

fn next_to(key_file: &Path) -> PathBuf {
    let mut name = key_file.as_os_str().to_owned();
    name.push(".next");
    PathBuf::from(name)
}

impl Vault {
    /// Opens the vault in `dir` with the master key in `key_file`, and puts in
    /// order what an interrupted rotation left.
    pub fn open_with_key_file(
        dir: &Path,
        key_file: &Path,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, RotationError> {
        if !dir.is_dir() {
            return Err(KeyringError::Missing(dir.to_owned()).into());
        }
        // Two programs take turns in putting key files in order.
        let _lock = disk::lock(&dir.join(LOCK))?;
        let next = next_to(key_file);
        match Self::open(dir, MasterKey::load(key_file)?, entropy.clone()) {
            Ok(vault) => {
                disk::remove(&next)?;
                Ok(vault)
            }
            Err(KeyringError::WrongMaster(_)) if next.exists() => {
                let vault = Self::open(dir, MasterKey::load(&next)?, entropy)?;
                take_place(&next, key_file)?;
                Ok(vault)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Draws a new master key and puts it in the place of the one in `key_file`.
    /// Whenever this is interrupted, [`Vault::open_with_key_file`] opens the
    /// vault; afterwards the old key opens nothing.
    pub fn rotate_key_file(&self, key_file: &Path) -> Result<(), RotationError> {
        let _lock = disk::lock(&self.dir().join(LOCK))?;
        let old = MasterKey::load(key_file)?;
        if !self.is_closed_by(&old) {
            return Err(RotationError::OtherKey(key_file.to_owned()));
        }
        let next = next_to(key_file);
        // The old key opens the vault, so what an earlier attempt left does not.
        disk::remove(&next)?;
        let new = MasterKey::create(&next, self.entropy())?;
        self.rotate(new)?;
        take_place(&next, key_file)?;
        Ok(())
    }
}

/// Renames `next` to `key_file` and wipes the key that was there.
fn take_place(next: &Path, key_file: &Path) -> Result<(), FileError> {
    let mut old = OpenOptions::new().write(true).open(key_file).at("open", key_file)?;
    fs::rename(next, key_file).at("rename to", key_file)?;
    disk::sync_dir(&folder_of(key_file))?;
    disk::wipe(&mut old).at("wipe the former", key_file)
}
