//! The folder, held open.

use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};

/// How a folder of a room is opened: itself, never what a link points to.
const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A work folder that is held open: renaming it or putting another in its place
/// changes nothing for the holder.
#[derive(Debug)]
pub struct WorkFolder {
    folder: OwnedFd,
    path: PathBuf,
    /// What lies at [`PRIVATE`] in it, for one person.
    private: Option<OwnedFd>,
}

/// Where a person's own files lie in their work folder. What others share has
/// nothing there.
pub const PRIVATE: &str = "private";

/// Why a work folder cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// There is no such room.
    #[error("room `{0}` is not open here")]
    NoRoom(model::RoomId),
    /// The machine did not do as asked.
    #[error("the work folder `{}` cannot be read: {source}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the machine said.
        source: io::Error,
    },
}

/// How full a work folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes on the disk.
    pub bytes: u64,
    /// Files, folders, links and whatever else has a name.
    pub files: u64,
    /// Folders that could not be looked into: too deep, or shut.
    pub unseen: u64,
}

/// One thing in the folder.
pub(super) struct Found {
    /// Its name below the work folder; bytes, because it may be no text.
    pub path: Vec<u8>,
    pub stat: Stat,
    /// A folder that cannot be looked into.
    pub shut: bool,
}

/// What a walk does with a thing it finds.
pub(super) enum Step {
    /// Go on, into it if it is a folder.
    On,
    /// Go on, not into it.
    Past,
    /// Go no further.
    Stop,
}

/// A folder deeper than this is not looked into: open folders are held one per
/// level, and nobody needs more.
const DEEPEST: usize = 64;

impl WorkFolder {
    /// The work folder at `path`.
    pub fn open(path: &Path) -> Result<Self, WorkError> {
        let folder = rustix::fs::open(path, FOLDER, Mode::empty())
            .map_err(|error| WorkError::Folder { path: path.to_owned(), source: error.into() })?;
        Ok(Self { folder, path: path.to_owned(), private: None })
    }

    /// The same with the folder at `path` in the place of [`PRIVATE`].
    pub fn with_private(mut self, path: &Path) -> Result<Self, WorkError> {
        let private = rustix::fs::open(path, FOLDER, Mode::empty())
            .map_err(|error| WorkError::Folder { path: path.to_owned(), source: error.into() })?;
        self.private = Some(private);
        Ok(self)
    }

    /// Which folder a name is looked for in, and by what.
    pub(super) fn place<'a>(&'a self, name: &'a str) -> (BorrowedFd<'a>, &'a str) {
        let inner = name.strip_prefix(PRIVATE).and_then(|rest| rest.strip_prefix('/'));
        match (&self.private, inner) {
            (Some(private), Some(inner)) => (private.as_fd(), inner),
            _ => (self.folder.as_fd(), name),
        }
    }

    /// A folder in it, not through a link.
    pub fn below(&self, name: &str) -> Result<Self, WorkError> {
        let path = self.path.join(name);
        let folder = rustix::fs::openat(&self.folder, name, FOLDER, Mode::empty())
            .map_err(|error| WorkError::Folder { path: path.clone(), source: error.into() })?;
        Ok(Self { folder, path, private: None })
    }

    pub(super) fn failed(&self, source: io::Error) -> WorkError {
        WorkError::Folder { path: self.path.clone(), source }
    }

    /// How full the folder is. Stops counting soon after more than `enough`: a
    /// watcher needs to know that a limit is passed, not by how much.
    pub fn usage(&self, enough: Usage) -> io::Result<Usage> {
        let mut usage = Usage::default();
        let mut linked = HashSet::new();
        self.walk(&mut |found| {
            usage.files += 1;
            usage.unseen += u64::from(found.shut);
            // A file with two names takes its place once.
            if found.stat.st_nlink < 2
                || FileType::from_raw_mode(found.stat.st_mode) == FileType::Directory
                || linked.insert(found.stat.st_ino)
            {
                // POSIX: st_blocks counts in 512 bytes whatever the block size.
                let blocks = u64::try_from(found.stat.st_blocks).unwrap_or(0);
                usage.bytes = usage.bytes.saturating_add(blocks.saturating_mul(512));
            }
            if usage.bytes > enough.bytes || usage.files > enough.files {
                Step::Stop
            } else {
                Step::On
            }
        })?;
        Ok(usage)
    }

    /// Visits everything in the folder. What vanishes meanwhile is passed over.
    pub(super) fn walk(&self, visit: &mut dyn FnMut(Found) -> Step) -> io::Result<()> {
        let Some(private) = &self.private else {
            return walk_in(&self.folder, Vec::new(), visit);
        };
        let mut stopped = false;
        walk_in(&self.folder, Vec::new(), &mut |found| {
            // In its place is the folder of one person.
            if found.path == PRIVATE.as_bytes() {
                return Step::Past;
            }
            let step = visit(found);
            stopped |= matches!(step, Step::Stop);
            step
        })?;
        if stopped { Ok(()) } else { walk_in(private, PRIVATE.into(), visit) }
    }
}

fn walk_in(
    folder: &OwnedFd,
    above: Vec<u8>,
    visit: &mut dyn FnMut(Found) -> Step,
) -> io::Result<()> {
    // Through "." and not by duplicating: a duplicate shares the place
    // where the reading of the folder stands.
    let top = rustix::fs::openat(folder, c".", FOLDER, Mode::empty())?;
    let mut open = vec![(Dir::new(top)?, above)];
    while let Some((dir, above)) = open.last_mut() {
        let Some(entry) = dir.read() else {
            open.pop();
            continue;
        };
        let name: CString = entry?.file_name().to_owned();
        if name.as_bytes() == b"." || name.as_bytes() == b".." {
            continue;
        }
        let here = dir.fd()?;
        let Ok(stat) = rustix::fs::statat(here, &name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        let path = joined(above, &name);
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        let inside =
            if is_folder && open.len() < DEEPEST { open_below(&open, &name) } else { None };
        let shut = is_folder && inside.is_none();
        match visit(Found { path: path.clone(), stat, shut }) {
            Step::Stop => return Ok(()),
            Step::Past => {}
            Step::On => open.extend(inside.map(|inside| (inside, path))),
        }
    }
    Ok(())
}

fn joined(above: &[u8], name: &CStr) -> Vec<u8> {
    let mut path = above.to_vec();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name.to_bytes());
    path
}

fn open_below(open: &[(Dir, Vec<u8>)], name: &CStr) -> Option<Dir> {
    let (above, _) = open.last()?;
    let fd = rustix::fs::openat(above.fd().ok()?, name, FOLDER, Mode::empty()).ok()?;
    Dir::new(fd).ok()
}
