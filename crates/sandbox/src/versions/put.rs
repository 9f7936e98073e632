//! Putting a file into a work folder from outside. Whatever runs in the room may put
//! links and folders in its way at any moment: every folder is opened from the one
//! above it, through no link, and the file takes its place whole.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};

use room::{BENEATH, NotRestored, Version};
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use super::place_of;
use crate::state::{RoomDir, RoomState};

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Makes the file of `version` these bytes.
pub(super) fn put(
    dir: &RoomDir,
    state: &RoomState,
    version: &Version,
    bytes: &[u8],
) -> Result<(), NotRestored> {
    let name = || version.name.clone();
    put_at(dir, state, version, bytes).map_err(|errno| match errno {
        Errno::NOSPC | Errno::DQUOT => NotRestored::Full(name()),
        Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::XDEV | Errno::EXIST => {
            NotRestored::InTheWay(name())
        }
        other => NotRestored::Machine { name: name(), source: other.into() },
    })
}

fn put_at(dir: &RoomDir, state: &RoomState, version: &Version, bytes: &[u8]) -> Result<(), Errno> {
    let (top, path) = place_of(dir, version).ok_or(Errno::INVAL)?;
    let mut folder = rustix::fs::open(&top, FOLDER, Mode::empty())?;
    let mut parts: Vec<&str> = path.split('/').collect();
    let last = parts.pop().ok_or(Errno::INVAL)?;
    for part in parts {
        folder = below(&folder, part, state.uid)?;
    }
    let new = format!(".restored-{}", version.number);
    // What an earlier attempt left.
    let _ = rustix::fs::unlinkat(&folder, &new, AtFlags::empty());
    let how = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&folder, &new, how, Mode::from_raw_mode(0o644))?;
    let placed = fill(file, state.uid, bytes)
        .and_then(|()| rustix::fs::renameat(&folder, &new, &folder, last));
    if placed.is_err() {
        let _ = rustix::fs::unlinkat(&folder, &new, AtFlags::empty());
    }
    placed
}

fn fill(file: OwnedFd, uid: Option<u32>, bytes: &[u8]) -> Result<(), Errno> {
    give(&file, uid)?;
    let mut file = File::from(file);
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| errno(&error))
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error)
}

/// The folder `part` in `above`, made when it is not there.
fn below(above: &OwnedFd, part: &str, uid: Option<u32>) -> Result<OwnedFd, Errno> {
    let open = || rustix::fs::openat2(above, part, FOLDER, Mode::empty(), BENEATH);
    match open() {
        Err(Errno::NOENT) => {
            rustix::fs::mkdirat(above, part, Mode::from_raw_mode(0o755))?;
            let made = open()?;
            give(&made, uid)?;
            Ok(made)
        }
        opened => opened,
    }
}

fn give(it: &impl AsFd, uid: Option<u32>) -> Result<(), Errno> {
    let Some(uid) = uid else { return Ok(()) };
    rustix::fs::fchown(it, Some(Uid::from_raw(uid)), Some(Gid::from_raw(uid)))
}
