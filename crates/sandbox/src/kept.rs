//! What a backup holds of a room, and a room made again from it.
//!
//! The files of a room are its people's and may be anything: they are read through no
//! link, and what is no plain file is left out. What comes back is put into a room in
//! which nothing has run yet.
//!
//! ```text
//! <backup>/rooms/room-7k3m9q2x4d/
//!     shared/  private/  versions/    what is on its disk
//!     in/                             what was brought in
//! ```

use std::collections::HashSet;
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use model::RoomId;
use room::{Copied, Limits, OpenError, PRIVATE};
use rustix::fs::{AtFlags, Dir, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid};
use rustix::io::Errno;

use crate::bubblewrap::Bubblewrap;
use crate::disk::{self, remove_tree};
use crate::extract;
use crate::identity::Identity;
use crate::place::private_dir;
use crate::state::{RoomDir, RoomState};

/// What the folder is called, before the room's id, that a restored backup brought.
pub(crate) const RESTORED: &str = ".restored-";

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A named pipe opens at once, and is then seen to be none.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// A folder deeper than this is left out: open folders are held two per level.
const DEEPEST: usize = 64;

/// A file that is so much longer than what it takes of the disk has holes, bytes.
const HOLES: u64 = 1 << 20;

/// Copies what a backup holds of rooms to where a restored centre looks for it.
pub fn bring_back(backup: &Path, rooms: &Path) -> io::Result<()> {
    let entries = match std::fs::read_dir(backup) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    std::fs::create_dir_all(rooms)?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(room) = name.to_str().filter(|name| name.parse::<RoomId>().is_ok()) else {
            continue;
        };
        Copying::default().folder(&entry.path(), &rooms.join(format!("{RESTORED}{room}")), None)?;
    }
    Ok(())
}

/// A copy of folders under way.
#[derive(Default)]
struct Copying {
    copied: Copied,
    /// Files with several names that were copied by one of them.
    seen: HashSet<(u64, u64)>,
}

impl Copying {
    /// Copies the folder `from`, if it is there, to `to`, for that user if there is one.
    fn folder(&mut self, from: &Path, to: &Path, uid: Option<u32>) -> io::Result<()> {
        let from = match rustix::fs::open(from, FOLDER, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(()),
            opened => opened?,
        };
        private_dir(to)?;
        let to = rustix::fs::open(to, FOLDER, Mode::empty())?;
        self.inside(&from, &to, uid, 0)?;
        given(&to, uid)
    }

    fn inside(
        &mut self,
        from: &OwnedFd,
        to: &OwnedFd,
        uid: Option<u32>,
        depth: usize,
    ) -> io::Result<()> {
        for entry in Dir::read_from(from)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            // It may be gone by now.
            let Ok(stat) = rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory if depth < DEEPEST => {
                    let Ok(inner) = rustix::fs::openat(from, name, FOLDER, Mode::empty()) else {
                        self.copied.left_out += 1;
                        continue;
                    };
                    rustix::fs::mkdirat(to, name, Mode::RWXU)?;
                    let there = rustix::fs::openat(to, name, FOLDER, Mode::empty())?;
                    self.inside(&inner, &there, uid, depth + 1)?;
                    dressed(&there, &stat, uid)?;
                }
                FileType::RegularFile => self.file(from, to, name, uid)?,
                _ => self.copied.left_out += 1,
            }
        }
        Ok(())
    }

    fn file(
        &mut self,
        from: &OwnedFd,
        to: &OwnedFd,
        name: &CStr,
        uid: Option<u32>,
    ) -> io::Result<()> {
        let file = match rustix::fs::openat(from, name, READ, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(()),
            Err(Errno::LOOP) => {
                self.copied.left_out += 1;
                return Ok(());
            }
            Err(errno) => return Err(errno.into()),
        };
        let stat = rustix::fs::fstat(&file)?;
        let takes = u64::try_from(stat.st_blocks).unwrap_or_default().saturating_mul(512);
        let length = u64::try_from(stat.st_size).unwrap_or_default();
        let is_plain = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let is_new = stat.st_nlink < 2 || self.seen.insert((stat.st_dev, stat.st_ino));
        if !is_plain || !is_new || length > takes.saturating_add(HOLES) {
            self.copied.left_out += 1;
            return Ok(());
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut copy = File::from(rustix::fs::openat(to, name, flags, Mode::RUSR | Mode::WUSR)?);
        // No more than it was long when it was looked at: it may grow for ever.
        let bytes = io::copy(&mut io::Read::take(File::from(file), length), &mut copy)?;
        copy.sync_all()?;
        dressed(&OwnedFd::from(copy), &stat, uid)?;
        self.copied.files += 1;
        self.copied.bytes += bytes;
        Ok(())
    }
}

/// Gives a copy the times, the permissions and the owner that it is to have.
fn dressed(copy: &OwnedFd, stat: &Stat, uid: Option<u32>) -> io::Result<()> {
    let mode = Mode::from_raw_mode(stat.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
    rustix::fs::fchmod(copy, mode | Mode::RUSR | Mode::WUSR)?;
    let written = Timespec { tv_sec: stat.st_mtime, tv_nsec: stat.st_mtime_nsec.cast_signed() };
    rustix::fs::futimens(copy, &Timestamps { last_access: written, last_modification: written })?;
    given(copy, uid)
}

fn given(copy: &OwnedFd, uid: Option<u32>) -> io::Result<()> {
    let Some(uid) = uid else { return Ok(()) };
    Ok(rustix::fs::fchown(copy, Some(Uid::from_raw(uid)), Some(Gid::from_raw(uid)))?)
}

impl Bubblewrap {
    /// See [`room::Runtime::copy_out`].
    pub(crate) fn copy_room(&self, room: &RoomId, to: &Path) -> io::Result<Copied> {
        let dir = self.dir(room);
        let Some(state) = dir.state()? else { return Ok(Copied::default()) };
        self.attach(&dir, &state)?;
        private_dir(to)?;
        let mut copying = Copying::default();
        copying.folder(&dir.work_in(&state), &to.join("shared"), None)?;
        if state.parted {
            copying.folder(&dir.private_of_all(), &to.join("private"), None)?;
            copying.folder(&dir.versions(), &to.join("versions"), None)?;
        }
        copying.folder(&dir.brought(), &to.join("in"), None)?;
        Ok(copying.copied)
    }

    /// See [`room::Runtime::make_again`].
    pub(crate) fn make_room_again(
        &self,
        room: &RoomId,
        limits: &Limits,
        data: &Path,
    ) -> Result<bool, OpenError> {
        let failed = |what| {
            move |error: io::Error| OpenError::Machine {
                room: room.clone(),
                what,
                why: error.to_string(),
            }
        };
        let restored = self.rooms.join(format!("{RESTORED}{room}"));
        if !restored.is_dir() {
            return Ok(false);
        }
        let _turn = self.lock_rooms().map_err(failed("the rooms were locked"))?;
        let others = matches!(self.identity, Identity::Each { .. });
        let data = extract::check(data, others)
            .map_err(|why| OpenError::Extract { path: data.to_owned(), why: why.to_string() })?;
        self.make_with(room, limits, data, &|dir, state| put_in(&restored, dir, state))?;
        remove_tree(&restored).map_err(failed("the copy it was made from was removed"))?;
        Ok(true)
    }

    /// Removes what a restored backup brought of a room that is there, or closed.
    pub(crate) fn forget_restored(&self, name: &str, open: &[RoomId]) -> io::Result<()> {
        let room = name.strip_prefix(RESTORED).and_then(|room| room.parse::<RoomId>().ok());
        let is_waited_for =
            room.is_some_and(|room| open.contains(&room) && !self.dir(&room).0.exists());
        if is_waited_for { Ok(()) } else { remove_tree(&self.rooms.join(name)) }
    }
}

/// Fills the disk of a room that is being made.
fn put_in(restored: &Path, dir: &RoomDir, state: &RoomState) -> io::Result<()> {
    let from = |part: &str| restored.join(part);
    disk::attach(dir, state)?;
    let filled = (|| {
        // The place where private folders are shown is made for each room.
        remove_tree(&from("shared").join(PRIVATE))?;
        let parts: [(PathBuf, PathBuf, Option<u32>); 2] =
            [(from("shared"), dir.work(), state.uid), (from("versions"), dir.versions(), None)];
        for (from, to, uid) in parts {
            remove_tree(&to)?;
            Copying::default().folder(&from, &to, uid)?;
        }
        for person in std::fs::read_dir(from("private")).into_iter().flatten() {
            let person = person?;
            let to = dir.private_of_all().join(person.file_name());
            Copying::default().folder(&person.path(), &to, state.uid)?;
        }
        crate::parts::keep_whole(dir, state)
    })();
    let detached = disk::detach(dir);
    filled.and(detached)?;
    remove_tree(&dir.brought())?;
    Copying::default().folder(&from("in"), &dir.brought(), None)?;
    crate::brought::make(dir)?;
    // What was brought in is for the room's own user to read, as it was before.
    rustix::fs::chmod(dir.brought(), Mode::from_raw_mode(0o755))?;
    Ok(())
}
