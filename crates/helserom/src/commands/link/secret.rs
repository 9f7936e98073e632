//! The secret that two centres share: read from a file that nobody else reads.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::answer::Stop;

/// More is no secret that people agreed on.
const MOST_BYTES: usize = 64 * 1024;

/// The bytes of the file, without one line end at their end.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed();
    let named = path.display();
    let cannot = |error| Stop::refused(format!("the secret `{named}` cannot be read: {error}"));
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(cannot)?;
    // What is checked is the open file, not the name: nobody can swap it in between.
    check(&file, path)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 1));
    file.by_ref().take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() > MOST_BYTES {
        return Err(Stop::refused(format!(
            "the secret `{named}` has more than {MOST_BYTES} bytes"
        )));
    }
    for end in [b'\n', b'\r'] {
        if bytes.last() == Some(&end) {
            bytes.pop();
        } else {
            break;
        }
    }
    if bytes.is_empty() {
        return Err(Stop::refused(format!("the secret `{named}` is empty")));
    }
    Ok(bytes)
}

fn check(file: &File, path: &Path) -> Result<(), Stop> {
    let path = path.display();
    let found = file
        .metadata()
        .map_err(|error| Stop::refused(format!("the secret `{path}` cannot be read: {error}")))?;
    let refused = |why: String| Err(Stop::refused(format!("the secret `{path}` {why}")));
    if !found.is_file() {
        return refused("is no regular file".to_owned());
    }
    let us = rustix::process::geteuid().as_raw();
    if found.uid() != us {
        return refused(format!("belongs to user {}, not to {us} who runs this", found.uid()));
    }
    let mode = found.mode() & 0o7777;
    if mode != 0o600 {
        return refused(format!("has mode {mode:04o}: give it mode 0600 with `chmod 600`"));
    }
    Ok(())
}
