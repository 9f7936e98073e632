//! What is brought into a room: a folder beside the work folder that the room
//! sees as `/in` and cannot change. So nothing is ever written where code of the
//! room could have put a trap.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use model::RoomId;
use room::{BringError, Listing, Usage, WorkFolder};

use crate::disk::remove_tree;
use crate::state::RoomDir;

/// The name it has while it is copied.
const UNFINISHED: &str = "in.new";

/// Makes the folder if it is not there: rooms from before have none.
pub(crate) fn make(dir: &RoomDir) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o755).create(dir.brought()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Whatever the process's mask says: the room's own user reads it.
        Ok(()) => fs::set_permissions(dir.brought(), Permissions::from_mode(0o755)),
        Err(error) => Err(error),
    }
}

/// Copies every file of `from` into what the room sees as `/in`: all of them or
/// none. What is there by the same name is replaced. At most `most` bytes may lie
/// there together.
pub(crate) fn bring(
    dir: &RoomDir,
    room: &RoomId,
    from: &WorkFolder,
    most: u64,
) -> Result<Listing, BringError> {
    let failed = |what| {
        move |error: io::Error| BringError::Machine {
            room: room.clone(),
            what,
            why: error.to_string(),
        }
    };
    let listing = from
        .list_at_most(usize::MAX)
        .map_err(|error| failed("it was listed")(io::Error::other(error)))?;
    if let Some(refused) = listing.refused.first() {
        return Err(BringError::Unfit(refused.shown.clone()));
    }
    make(dir).map_err(failed("its folder was made"))?;
    let there = WorkFolder::open(&dir.brought())
        .map_err(io::Error::other)
        .and_then(|there| there.usage(Usage { bytes: u64::MAX, files: u64::MAX, unseen: 0 }))
        .map_err(failed("what is there was counted"))?;
    // What is replaced makes room: another try after a stop finds its own copy.
    let there = there.bytes.saturating_sub(replaced(dir, &listing));
    if there.saturating_add(listing.bytes()) > most {
        let free = most.saturating_sub(there);
        return Err(BringError::Full { wanted: listing.bytes() >> 20, free: free >> 20 });
    }
    let unfinished = dir.0.join(UNFINISHED);
    remove_tree(&unfinished).map_err(failed("an unfinished copy was removed"))?;
    let copied =
        copy(from, &listing, &unfinished).and_then(|()| put_in_place(&unfinished, &dir.brought()));
    if let Err(error) = copied {
        let _ = remove_tree(&unfinished);
        return Err(failed("it was copied")(error));
    }
    Ok(listing)
}

/// How much lies there now by the names that are brought, bytes on the disk.
fn replaced(dir: &RoomDir, listing: &Listing) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let there = |file: &room::WorkFile| {
        let path = dir.brought().join(file.name.as_str());
        path.symlink_metadata().map_or(0, |file| file.blocks().saturating_mul(512))
    };
    listing.files.iter().map(there).sum()
}

fn copy(from: &WorkFolder, listing: &Listing, to: &Path) -> io::Result<()> {
    open_folder(to)?;
    for file in &listing.files {
        let taken = from.take(&file.name, file.bytes).map_err(io::Error::other)?;
        let path = to.join(file.name.as_str());
        let mut folder = to.to_owned();
        let parts: Vec<&str> = file.name.as_str().split('/').collect();
        for part in parts.iter().take(parts.len().saturating_sub(1)) {
            folder.push(part);
            open_folder(&folder)?;
        }
        let mut copy = File::create_new(&path)?;
        copy.write_all(&taken.bytes)?;
        copy.set_permissions(Permissions::from_mode(0o444))?;
        copy.sync_all()?;
    }
    Ok(())
}

/// A folder that everybody may look into.
fn open_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o755)),
        Err(error) => Err(error),
    }
}

fn put_in_place(unfinished: &Path, brought: &Path) -> io::Result<()> {
    for entry in fs::read_dir(unfinished)? {
        let entry = entry?;
        let place = brought.join(entry.file_name());
        // What another try left that was stopped in the middle.
        match fs::symlink_metadata(&place) {
            Ok(there) if there.is_dir() => remove_tree(&place)?,
            Ok(_) => fs::remove_file(&place)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        fs::rename(entry.path(), place)?;
    }
    fs::remove_dir(unfinished)
}
