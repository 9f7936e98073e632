//! A disk that a test can fill.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// Says to this program that it has namespaces of its own.
const APART: &str = "HELSEROM_TEST_APART";

/// A small file system of its own, unmounted when dropped.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// A small disk for the test of this name, in user and mount namespaces, where
    /// anybody may mount one: the test runs once more in them. `None`: it did, and it
    /// held.
    pub(crate) fn mount(test: &str) -> Option<Self> {
        let namespaces = ["--user", "--map-root-user", "--mount"];
        if std::env::var_os(APART).is_none() {
            let may = Command::new("unshare").args(namespaces).arg("true").status();
            if !may.is_ok_and(|may| may.success()) {
                println!("skipped: there are no user namespaces to mount a small disk in");
                return None;
            }
            let status = Command::new("unshare")
                .args(namespaces)
                .arg(std::env::current_exe().unwrap())
                .args([test, "--exact", "--nocapture"])
                .env(APART, "")
                .status()
                .unwrap();
            assert!(status.success());
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(mounted.success());
        Some(Self(folder))
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
