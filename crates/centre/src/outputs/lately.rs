//! Files of outputs that were read lately. Whoever checks a table turns its pages, and each
//! is cut from the whole file, whose hash is reckoned before a byte of it is believed.

use std::collections::VecDeque;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::Hash;

/// How much of them is held in memory at the most, bytes: some of the largest.
const MOST: usize = 64 << 20;

/// The files, the one that was read last at the end.
#[derive(Default)]
pub(crate) struct Lately(Mutex<VecDeque<Kept>>);

struct Kept {
    sealed: Hash,
    stamp: Stamp,
    bytes: Arc<Vec<u8>>,
}

/// By what it is seen that a file on the disk is the one that was read: its number, length
/// and when it was changed last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(u64, u64, i64, i64);

impl Stamp {
    /// That of the file at `path`; nothing, where there is none.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let of = |file: Metadata| Self(file.ino(), file.len(), file.ctime(), file.ctime_nsec());
        std::fs::symlink_metadata(path).ok().map(of)
    }
}

impl Lately {
    /// The file that is kept as `sealed`, if it was read lately and is there as it was.
    pub(super) fn get(&self, sealed: &Hash, stamp: Stamp) -> Option<Arc<Vec<u8>>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|kept| kept.sealed == *sealed && kept.stamp == stamp)?;
        let found = kept.remove(at)?;
        let bytes = Arc::clone(&found.bytes);
        kept.push_back(found);
        Some(bytes)
    }

    /// Holds a file that was read as it was at `stamp`.
    pub(super) fn put(&self, sealed: Hash, stamp: Stamp, bytes: Arc<Vec<u8>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.sealed != sealed);
        kept.push_back(Kept { sealed, stamp, bytes });
        let mut held: usize = kept.iter().map(|kept| kept.bytes.len()).sum();
        while held > MOST
            && let Some(oldest) = kept.pop_front()
        {
            held -= oldest.bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_had_again_as_long_as_it_is_there_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        std::fs::write(&path, "table").unwrap();
        let (lately, hash) = (Lately::default(), Hash([1; 32]));
        let stamp = Stamp::of(&path).unwrap();
        assert!(lately.get(&hash, stamp).is_none());
        lately.put(hash, stamp, Arc::new(b"table".to_vec()));
        assert_eq!(*lately.get(&hash, stamp).unwrap(), b"table");
        assert!(lately.get(&Hash([2; 32]), stamp).is_none());
        // Somebody changed it on the disk: it is read, and held against its hash, again.
        std::fs::write(&path, "forged").unwrap();
        assert!(lately.get(&hash, Stamp::of(&path).unwrap()).is_none());
        std::fs::remove_file(&path).unwrap();
        assert!(Stamp::of(&path).is_none());
    }

    #[test]
    fn no_more_is_held_than_may_be() {
        let lately = Lately::default();
        let stamp = Stamp(1, 1, 1, 1);
        for n in 0..20 {
            lately.put(Hash([n; 32]), stamp, Arc::new(vec![0; 8 << 20]));
        }
        let held = (0..20).filter(|n| lately.get(&Hash([*n; 32]), stamp).is_some()).count();
        assert_eq!(held, 8);
        assert!(lately.get(&Hash([19; 32]), stamp).is_some());
    }
}
