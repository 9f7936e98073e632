//! Removing a folder that somebody else filled.

use std::ffi::CString;
use std::io;
use std::path::Path;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Removes the folder at `path` and everything in it, following no link. The
/// folder may be as deep as its maker could dig: folders inside folders are
/// first moved up, so that two are open at once and never more. Nothing may
/// work in it any more. A folder that is not there is removed.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    let top = match rustix::fs::open(path, FOLDER, Mode::empty()) {
        Ok(top) => top,
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    };
    let mut moved = 0_u64;
    while let Some(entries) = Some(entries(&top)?).filter(|entries| !entries.is_empty()) {
        for (name, is_folder) in entries {
            if is_folder {
                empty(&top, &name, &mut moved)?;
                rustix::fs::unlinkat(&top, &name, AtFlags::REMOVEDIR)?;
            } else {
                rustix::fs::unlinkat(&top, &name, AtFlags::empty())?;
            }
        }
    }
    rustix::fs::rmdir(path)?;
    Ok(())
}

/// Empties the folder `name` in `top`: its files go, its folders move to `top`.
fn empty(top: &OwnedFd, name: &CString, moved: &mut u64) -> io::Result<()> {
    // Its owner may have locked itself out.
    rustix::fs::chmodat(top, name, Mode::RWXU, AtFlags::empty())?;
    let folder = rustix::fs::openat(top, name, FOLDER, Mode::empty())?;
    for (inner, is_folder) in entries(&folder)? {
        if !is_folder {
            rustix::fs::unlinkat(&folder, &inner, AtFlags::empty())?;
            continue;
        }
        // Moving a folder writes its `..`, which its own mode can forbid.
        rustix::fs::chmodat(&folder, &inner, Mode::RWXU, AtFlags::empty())?;
        loop {
            *moved += 1;
            let new = format!(".removed-{moved}");
            match rustix::fs::renameat_with(
                &folder,
                &inner,
                top,
                new.as_str(),
                rustix::fs::RenameFlags::NOREPLACE,
            ) {
                Err(Errno::EXIST) => {}
                done => break done?,
            }
        }
    }
    Ok(())
}

fn entries(folder: impl AsFd) -> io::Result<Vec<(CString, bool)>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(&folder)? {
        let entry = entry?;
        let name = entry.file_name().to_owned();
        if matches!(name.as_bytes(), b"." | b"..") {
            continue;
        }
        let stat = rustix::fs::statat(&folder, &name, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        found.push((name, is_folder));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_folder_deeper_than_any_path_is_removed_and_what_links_lead_to_is_not() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("kept"), "kept").unwrap();
        let deep = dir.path().join("deep");
        std::fs::create_dir(&deep).unwrap();
        symlink("../kept", deep.join("link")).unwrap();
        symlink("..", deep.join("up")).unwrap();
        std::fs::write(deep.join(".removed-1"), "in the way").unwrap();
        let mut here = rustix::fs::open(&deep, FOLDER, Mode::empty()).unwrap();
        // More levels than a process has descriptors by default (1,024), and a
        // path longer than the kernel takes (4,096).
        for _ in 0..1100 {
            rustix::fs::mkdirat(&here, c"inside", Mode::RWXU).unwrap();
            here = rustix::fs::openat(&here, c"inside", FOLDER, Mode::empty()).unwrap();
        }
        rustix::fs::mkdirat(&here, c"shut", Mode::empty()).unwrap();
        std::fs::set_permissions(&deep, std::fs::Permissions::from_mode(0o700)).unwrap();
        remove_tree(&deep).unwrap();
        assert!(!deep.exists());
        assert_eq!(std::fs::read_to_string(dir.path().join("kept")).unwrap(), "kept");
        remove_tree(&deep).unwrap();
    }
}
