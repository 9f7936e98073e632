//! Making sure that what was written is on the disk.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::LakeError;

/// Returns when the file or folder is on the disk.
pub(crate) fn sync(path: &Path) -> Result<(), LakeError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| LakeError::files("syncing", path, &error))
}

/// Makes a folder and what is above it, closed to others (0700).
pub(crate) fn make_folder(path: &Path) -> Result<(), LakeError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| LakeError::files("making the folder", path, &error))
}

/// A new file in the place of any other of its name, closed to others (0600).
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Closes to others what a library has written as its own habit is.
pub(crate) fn close_to_others(path: &Path) -> Result<(), LakeError> {
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(|error| LakeError::files("closing", path, &error))
}

/// Removes a file; that it is gone already is as good.
pub(crate) fn remove_file(path: &Path) -> Result<(), LakeError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LakeError::files("removing", path, &error))
        }
        _ => Ok(()),
    }
}

/// Removes a folder and what is in it; whether there was one.
pub(crate) fn remove_folder(path: &Path) -> Result<bool, LakeError> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(LakeError::files("removing", path, &error)),
    }
}

/// The names of the files in a folder, sorted; none if there is no folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, LakeError> {
    let fail = |error: std::io::Error| LakeError::files("listing", folder, &error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(fail)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(fail)?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}
