//! The bytes of outputs and packages, each in a file named by its SHA-256.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use ledger::Hash;
use sha2::{Digest as _, Sha256};

/// A folder of bytes that never change: `<folder>/ab/ab12….bin`.
#[derive(Debug, Clone)]
pub struct BlobFolder(PathBuf);

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
    /// The file holds something else than its name says.
    #[error("`{}` was changed since it was written: restore it from a backup", .0.display())]
    Changed(PathBuf),
}

fn at(path: &Path) -> impl Fn(io::Error) -> BlobError + '_ {
    move |why| BlobError::File { path: path.to_owned(), why }
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
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(at(folder))?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(at(&path))?;
        file.persist(&path).map_err(|error| at(&path)(error.error))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
        Ok(hash)
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
}
