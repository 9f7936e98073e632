//! The extract, as a room needs it: readable for a user who is nobody.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Why an extract cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExtractError {
    #[error("{0}")]
    Machine(#[from] io::Error),
    #[error("it is no folder")]
    NoFolder,
    #[error("`{0}` in it is neither a plain file nor a folder")]
    NotPlain(String),
}

/// Checks the folder and gives its real place. When rooms run as other users,
/// everything in it is made readable for them: who may reach it is said by the
/// folders above it, which are the server's alone, and by what a room is shown.
pub(crate) fn check(path: &Path, others: bool) -> Result<PathBuf, ExtractError> {
    let path = path.canonicalize()?;
    if !path.is_dir() {
        return Err(ExtractError::NoFolder);
    }
    check_inside(&path, others)?;
    Ok(path)
}

fn check_inside(folder: &Path, others: bool) -> Result<(), ExtractError> {
    give(folder, others, 0o005)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = path.symlink_metadata()?.file_type();
        if kind.is_dir() {
            check_inside(&path, others)?;
        } else if kind.is_file() {
            give(&path, others, 0o004)?;
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(ExtractError::NotPlain(name));
        }
    }
    Ok(())
}

fn give(path: &Path, others: bool, bits: u32) -> io::Result<()> {
    let mode = path.metadata()?.permissions().mode();
    if others && mode & bits != bits {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode | bits))?;
    }
    Ok(())
}
