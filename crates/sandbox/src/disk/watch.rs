//! Seeing that a work folder is full.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use room::{Limits, Usage, WorkFolder};

/// The disk under a watched folder keeps at least this much free, bytes.
const RESERVE: u64 = 64 << 20;

/// How often a watched folder is walked, at most; a walk that takes long makes
/// the next one wait ten times as long.
const OFTEN: Duration = Duration::from_millis(100);

/// Looks at one work folder while a command runs.
#[derive(Debug)]
pub(crate) struct DiskWatch {
    work: PathBuf,
    image: bool,
    most: Usage,
    next: Instant,
}

impl DiskWatch {
    pub(crate) fn new(work: PathBuf, image: bool, limits: &Limits) -> Self {
        let most = Usage { bytes: limits.disk, files: limits.files, unseen: 0 };
        Self { work, image, most, next: Instant::now() }
    }

    /// Lets the next look be one.
    pub(crate) fn look_again(&mut self) {
        self.next = Instant::now();
    }

    /// Whether the folder is full now. `processes` are those of the room.
    pub(crate) fn is_full(&mut self, processes: &dyn Fn() -> BTreeSet<i32>) -> bool {
        if self.image {
            return is_image_full(&self.work).unwrap_or(false);
        }
        let began = Instant::now();
        if began < self.next {
            return false;
        }
        // A folder that cannot be looked into cannot be said to be small.
        let full = self.is_folder_full(processes).unwrap_or(true);
        self.next = Instant::now() + OFTEN.max(began.elapsed() * 10);
        full
    }

    fn is_folder_full(&self, processes: &dyn Fn() -> BTreeSet<i32>) -> io::Result<bool> {
        let folder = WorkFolder::open(&self.work).map_err(io::Error::other)?;
        let mut usage = folder.usage(self.most)?;
        usage.bytes = usage.bytes.saturating_add(deleted(&self.work, &processes())?);
        Ok(usage.bytes > self.most.bytes
            || usage.files > self.most.files
            || usage.unseen > 0
            || super::free(&self.work)? < RESERVE)
    }
}

fn is_image_full(work: &Path) -> io::Result<bool> {
    let disk = rustix::fs::statvfs(work)?;
    Ok(super::free(work)? < super::image::LAST || disk.f_ffree == 0)
}

/// What files without a name take that these processes hold open, bytes.
fn deleted(work: &Path, processes: &BTreeSet<i32>) -> io::Result<u64> {
    let here = std::fs::metadata(work)?.dev();
    let mut seen = HashSet::new();
    let mut bytes = 0_u64;
    for pid in processes {
        let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        for file in open.flatten() {
            let Ok(file) = std::fs::metadata(file.path()) else { continue };
            if file.nlink() == 0 && file.dev() == here && seen.insert(file.ino()) {
                bytes = bytes.saturating_add(file.blocks().saturating_mul(512));
            }
        }
    }
    Ok(bytes)
}
