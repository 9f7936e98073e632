//! The work folder: made, mounted, watched, removed.
//!
//! Where the server may mount, the folder is an ext4 file system of the size
//! that the permit allows, in a file whose blocks are taken beforehand: the
//! kernel refuses what is too much, files that are deleted but still open
//! count, and a full room takes nothing from others. Elsewhere it is a plain
//! folder, and a watcher ends the run when it grows too large (decision 0043).

mod image;
mod remove;
mod watch;

pub(crate) use image::{attach, detach, is_mounted, make, release};
pub(crate) use remove::remove_tree;
pub(crate) use watch::DiskWatch;

use std::io;
use std::path::Path;

use room::Usage;

/// How much the disk under `path` has free for us, bytes.
pub(crate) fn free(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// How full the file system of a work folder is.
pub(crate) fn image_usage(work: &Path) -> io::Result<Usage> {
    let disk = rustix::fs::statvfs(work)?;
    Ok(Usage {
        bytes: disk.f_blocks.saturating_sub(disk.f_bfree).saturating_mul(disk.f_frsize),
        files: disk.f_files.saturating_sub(disk.f_ffree),
        unseen: 0,
    })
}
