//! What the system says about a file, in words that say what to do.

use std::io;
use std::path::Path;

/// Why nothing came of `path`.
pub(crate) fn in_words(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("the disk that holds `{}` is full: make room and try again", path.display())
        }
        _ => format!("`{}`: {error}", path.display()),
    }
}
