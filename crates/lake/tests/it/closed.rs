//! Nobody but the centre's own account sees what the lake writes.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{lake, some_rows, take_in};

fn check(folder: &Path, looked_at: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{} has mode {mode:o}", path.display());
        *looked_at += 1;
        if path.is_dir() {
            check(&path, looked_at);
        }
    }
}

#[test]
fn folders_are_0700_and_files_0600() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("lake");
    let lake = lake(&root);
    take_in(&lake, "a", &some_rows(5, 5, 1), None).unwrap();
    let mut looked_at = 0;
    check(folder.path(), &mut looked_at);
    // The lake, its locks and work, the lock, the table, its log, an entry, rows.
    assert!(looked_at >= 8, "{looked_at}");
}
