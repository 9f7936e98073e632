//! The folder that the rooms are in.

use std::io;
use std::path::{Path, PathBuf};

use room::Stuck;
use rustix::fs::FlockOperation;

use crate::recover;
use crate::state::lock;

/// Lets go of what the rooms in a folder hold of the machine while nothing runs
/// in them, without opening anything there: for a folder that is to be removed.
pub fn let_go(rooms: &Path) -> Vec<Stuck> {
    if !rooms.exists() {
        return Vec::new();
    }
    let released = lock(&rooms.join(".lock"), FlockOperation::LockExclusive)
        .and_then(|_turn| recover::let_go(rooms));
    released.unwrap_or_else(|error| {
        let room = rooms.display().to_string();
        vec![Stuck { room, why: format!("the folder of the rooms cannot be read: {error}") }]
    })
}

pub(crate) fn private_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

/// The folder for rooms, made and shut to others.
pub(crate) fn make_rooms(path: &Path) -> io::Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    path.canonicalize()
}
