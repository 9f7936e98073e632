//! The bytes of outputs and packages, each in a file named by its SHA-256.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use ledger::Hash;
use sha2::{Digest as _, Sha256};

/// A folder of bytes that never change: `<folder>/ab/ab12….bin`.
#[derive(Debug, Clone)]
pub struct BlobFolder(PathBuf);

/// How the name of a file begins that is not whole yet.
const HALF_WRITTEN: &str = ".half-";

/// Why bytes were not kept or not found.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The system refused.
    #[error("`{}`: {why}", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// What it said.
        #[source]
        why: io::Error,
    },
    /// No room left.
    #[error("the disk that holds `{}` is full: make room and try again", .0.display())]
    Full(PathBuf),
    /// The file holds something else than its name says.
    #[error("`{}` was changed since it was written: restore it from a backup", .0.display())]
    Changed(PathBuf),
}

fn at(path: &Path) -> impl Fn(io::Error) -> BlobError + '_ {
    move |why| match why.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            BlobError::Full(path.to_owned())
        }
        _ => BlobError::File { path: path.to_owned(), why },
    }
}

impl BlobFolder {
    /// The folder, made for its owner alone if it is not there.
    pub fn open(folder: &Path) -> Result<Self, BlobError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        Ok(Self(folder.to_owned()))
    }

    /// Where bytes of that hash lie.
    pub fn path(&self, hash: &Hash) -> PathBuf {
        let name = hash.to_string();
        let (shelf, _) = name.split_at(2);
        self.0.join(shelf).join(format!("{name}.bin"))
    }

    /// Keeps the bytes: wholly, or not at all. The same bytes are kept once.
    pub fn put(&self, bytes: &[u8]) -> Result<Hash, BlobError> {
        let hash = Hash(Sha256::digest(bytes).into());
        let path = self.path(&hash);
        if path.exists() && self.get(&hash).is_ok() {
            return Ok(hash);
        }
        let folder = path.parent().unwrap_or(&self.0);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        let mut file = tempfile::Builder::new()
            .prefix(HALF_WRITTEN)
            .tempfile_in(folder)
            .map_err(at(folder))?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(at(&path))?;
        file.persist(&path).map_err(|error| at(&path)(error.error))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
        Ok(hash)
    }

    /// Removes the bytes of that hash; nothing to remove is fine too.
    pub fn remove(&self, hash: &Hash) -> Result<(), BlobError> {
        let path = self.path(hash);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Removes whatever is not `named`: bytes that were kept by a program that
    /// stopped before an entry spoke of them, and files half written. Anything
    /// that was never ours is left alone. Gives how many files went.
    pub fn keep_only(&self, named: &HashSet<Hash>) -> Result<u64, BlobError> {
        let mut removed = 0;
        for shelf in fs::read_dir(&self.0).map_err(at(&self.0))? {
            let shelf = shelf.map_err(at(&self.0))?.path();
            if !shelf.is_dir() {
                continue;
            }
            for file in fs::read_dir(&shelf).map_err(at(&shelf))? {
                let path = file.map_err(at(&shelf))?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let whole = name.strip_suffix(".bin").and_then(|name| name.parse::<Hash>().ok());
                let idle = match whole {
                    Some(hash) => !named.contains(&hash),
                    None => name.starts_with(HALF_WRITTEN),
                };
                if idle {
                    fs::remove_file(&path).map_err(at(&path))?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }

    /// The bytes of that hash, checked against it.
    pub fn get(&self, hash: &Hash) -> Result<Vec<u8>, BlobError> {
        let path = self.path(hash);
        let mut bytes = Vec::new();
        File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(at(&path))?;
        if Hash(Sha256::digest(&bytes).into()) == *hash {
            Ok(bytes)
        } else {
            Err(BlobError::Changed(path))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_went_in_and_a_changed_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobFolder::open(&folder.path().join("blobs")).unwrap();
        let hash = blobs.put(b"table").unwrap();
        assert_eq!(blobs.put(b"table").unwrap(), hash);
        assert_eq!(blobs.get(&hash).unwrap(), b"table");
        fs::write(blobs.path(&hash), b"tabel").unwrap();
        assert!(matches!(blobs.get(&hash), Err(BlobError::Changed(_))));
        assert_eq!(blobs.put(b"table").unwrap(), hash);
        assert_eq!(blobs.get(&hash).unwrap(), b"table");
    }

    #[test]
    fn what_no_entry_names_goes_and_what_was_never_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobFolder::open(folder.path()).unwrap();
        let (named, idle) = (blobs.put(b"named").unwrap(), blobs.put(b"idle").unwrap());
        let shelf = blobs.path(&named).parent().unwrap().to_owned();
        let (half, note) = (shelf.join(".half-x1"), shelf.join("note.txt"));
        fs::write(&half, "ta").unwrap();
        fs::write(&note, "whose?").unwrap();
        assert_eq!(blobs.keep_only(&[named].into()).unwrap(), 2);
        assert_eq!(blobs.get(&named).unwrap(), b"named");
        assert!(blobs.get(&idle).is_err() && !half.exists() && note.exists());
    }
}
