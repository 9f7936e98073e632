//! The parts of a room's disk: what its people share, what each has alone, and what
//! is kept of earlier versions. One disk, so that one limit bounds all of it.
//!
//! A command sees what is shared at `/work`, and at `/work/private` the folder of
//! whoever runs it. Everything else of the disk lies outside of its walls.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use model::AccountId;
use room::PRIVATE;

use crate::state::{RoomDir, RoomState};

/// What the place of the private folder is called when a room from before there was
/// one has something there.
const BEFORE: &str = "private-before";

/// What everything is moved into before it is what is shared.
const PARTING: &str = ".parting";

/// Parts the disk, which is there to be written to. Nothing runs in the room. What a
/// room from before had on its disk becomes what is shared; a program that is killed
/// meanwhile leaves what the next can go on with.
pub(crate) fn part(dir: &RoomDir, state: &mut RoomState) -> io::Result<()> {
    let parting = dir.disk().join(PARTING);
    if !is_ours(&dir.disk(), state)? {
        if !is_ours_at(&parting)? {
            if parting.symlink_metadata().is_ok() {
                std::fs::rename(&parting, free_name(&dir.disk(), PARTING)?)?;
            }
            make_unless(&parting, 0o700)?;
        }
        own(&dir.disk())?;
    }
    // From here on nobody in the room reaches the top of the disk.
    if is_ours_at(&parting)? {
        for entry in std::fs::read_dir(dir.disk())? {
            let entry = entry?;
            if entry.path() != parting {
                std::fs::rename(entry.path(), parting.join(entry.file_name()))?;
            }
        }
        give(&parting, state.uid)?;
        std::fs::rename(&parting, dir.work())?;
    }
    keep_whole(dir, state)?;
    state.parted = true;
    Ok(())
}

/// Makes what lacks of the parts of a disk that was filled from a backup.
pub(crate) fn keep_whole(dir: &RoomDir, state: &RoomState) -> io::Result<()> {
    if make_unless(&dir.work(), 0o700)? {
        give(&dir.work(), state.uid)?;
    }
    keep_place(dir)?;
    for ours in [dir.private_of_all(), dir.versions()] {
        make_unless(&ours, 0o700)?;
    }
    Ok(())
}

/// Whether the top of the disk is out of the room's reach. Where rooms have no user
/// of their own, whether it has been parted.
fn is_ours(disk: &Path, state: &RoomState) -> io::Result<bool> {
    match state.uid {
        Some(_) => is_ours_at(disk),
        None => Ok(disk.join("versions").is_dir() || std::fs::read_dir(disk)?.next().is_none()),
    }
}

/// Whether there is a folder that the room could not have made.
fn is_ours_at(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(found) => Ok(found.is_dir() && found.uid() == rustix::process::geteuid().as_raw()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The private folder of a person, made when it is not there.
pub(crate) fn private(dir: &RoomDir, state: &RoomState, person: &AccountId) -> io::Result<PathBuf> {
    let path = dir.private(person);
    if make_unless(&path, 0o700)? {
        give(&path, state.uid)?;
    }
    Ok(path)
}

/// Makes sure that there is a folder of ours where private ones are shown: every
/// command has something mounted over it, and none can write there.
pub(crate) fn keep_place(dir: &RoomDir) -> io::Result<()> {
    let place = dir.work().join(PRIVATE);
    if is_ours_at(&place)? && is_empty(&place)? {
        return Ok(());
    }
    if place.symlink_metadata().is_ok() {
        std::fs::rename(&place, free_name(&dir.work(), BEFORE)?)?;
    }
    make_unless(&place, 0o555).map(drop)
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(std::fs::read_dir(folder)?.next().is_none())
}

fn free_name(folder: &Path, name: &str) -> io::Result<PathBuf> {
    (1..1000)
        .map(|n| folder.join(if n == 1 { name.to_owned() } else { format!("{name}-{n}") }))
        .find(|path| path.symlink_metadata().is_err())
        .ok_or_else(|| io::Error::other("a thousand folders are in the way"))
}

/// Says whether it was made now.
fn make_unless(path: &Path, mode: u32) -> io::Result<bool> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => {
            // Whatever the umask left of it.
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn give(path: &Path, uid: Option<u32>) -> io::Result<()> {
    uid.map_or(Ok(()), |uid| chown(path, Some(uid), Some(uid)))
}

fn own(path: &Path) -> io::Result<()> {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    chown(path, Some(user.as_raw()), Some(group.as_raw()))
}
