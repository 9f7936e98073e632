//! A disk that a test can fill.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// A small file system of its own, unmounted when dropped.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    pub(crate) fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(folder.path())
            .status();
        match mounted {
            Ok(status) if status.success() => Some(Self(folder)),
            other => {
                println!("skipped: a small file system needs the right to mount one ({other:?})");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it but for so many bytes.
    pub(crate) fn fill(&self, but: usize) {
        let full = fs::write(self.path().join("filler"), vec![0; 1 << 20]).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        if but > 0 {
            let filler =
                fs::OpenOptions::new().write(true).open(self.path().join("filler")).unwrap();
            filler.set_len(filler.metadata().unwrap().len() - but as u64).unwrap();
        }
    }

    pub(crate) fn make_room(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}
