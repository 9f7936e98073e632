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
    /// How full it was when the command began: one that finds it full can make room.
    at_first: AtFirst,
    next: Instant,
}

/// What a command found when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtFirst {
    /// A file system of its own, with so many bytes and files free.
    Image { free: u64, files: u64 },
    /// A folder with so much in it.
    Folder(Usage),
}

impl DiskWatch {
    pub(crate) fn new(work: PathBuf, image: bool, limits: &Limits) -> Self {
        let most = Usage { bytes: limits.disk, files: limits.files, unseen: 0 };
        let at_first = if image {
            let (free, files) = free_of_image(&work).unwrap_or((u64::MAX, u64::MAX));
            AtFirst::Image { free, files }
        } else {
            let everything = Usage { bytes: u64::MAX, files: limits.files * 2, unseen: 0 };
            let folder = WorkFolder::open(&work).map_err(io::Error::other);
            AtFirst::Folder(folder.and_then(|it| it.usage(everything)).unwrap_or_default())
        };
        Self { work, image, most, at_first, next: Instant::now() }
    }

    /// Lets the next look be one.
    pub(crate) fn look_again(&mut self) {
        self.next = Instant::now();
    }

    /// Whether the folder is full now. `processes` are those of the room.
    pub(crate) fn is_full(&mut self, processes: &dyn Fn() -> BTreeSet<i32>) -> bool {
        if self.image {
            return self.is_image_full().unwrap_or(false);
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
        // More than there may be, and more than there was.
        let AtFirst::Folder(first) = self.at_first else { return Ok(false) };
        Ok(usage.bytes > self.most.bytes.max(first.bytes)
            || usage.files > self.most.files.max(first.files)
            || usage.unseen > first.unseen
            || super::free(&self.work)? < RESERVE)
    }

    /// Whether nothing is left, and something was when the command began.
    fn is_image_full(&self) -> io::Result<bool> {
        let AtFirst::Image { free: free_first, files: files_first } = self.at_first else {
            return Ok(false);
        };
        let (free, files) = free_of_image(&self.work)?;
        let last = super::image::LAST;
        Ok((free < last && free_first >= last) || (files == 0 && files_first > 0))
    }
}

/// Bytes and files that are free.
fn free_of_image(work: &Path) -> io::Result<(u64, u64)> {
    Ok((super::free(work)?, rustix::fs::statvfs(work)?.f_ffree))
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
