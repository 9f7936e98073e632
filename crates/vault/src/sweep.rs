//! Removing what a crash left behind. Only names that this crate gives are
//! touched; what others put into the folder stays.

use std::fs;
use std::io;
use std::path::Path;

use model::{ExtractId, ImportId, PairId, SourceId};

use crate::disk::{self, At, FileError, UNFINISHED};
use crate::{crosswalk, pairs, quarantine, segment};

/// Removes unfinished files and those of imports that do not count.
pub(crate) fn imports(
    sources: &Path,
    counts: &dyn Fn(&SourceId, &ImportId) -> bool,
) -> Result<u64, FileError> {
    in_folders(sources, |folder, file| match (folder.parse(), import_of(file)) {
        (Ok(source), Some(import)) => !counts(&source, &import),
        _ => false,
    })
}

/// The same of one source, whose folder this is.
pub(crate) fn imports_of(
    source: &Path,
    counts: &dyn Fn(&ImportId) -> bool,
) -> Result<u64, FileError> {
    in_folder(source, |file| import_of(file).is_some_and(|import| !counts(&import)))
}

/// The import whose names or rows kept aside a file holds.
fn import_of(file: &str) -> Option<ImportId> {
    [segment::EXTENSION, quarantine::EXTENSION]
        .iter()
        .find_map(|extension| file.strip_suffix(extension))
        .and_then(|import| import.parse().ok())
}

/// Removes unfinished files and those of extracts that do not count.
pub(crate) fn crosswalks(
    permits: &Path,
    counts: &dyn Fn(&ExtractId) -> bool,
) -> Result<u64, FileError> {
    in_folders(permits, |_, file| {
        file.strip_suffix(crosswalk::EXTENSION)
            .and_then(|extract| extract.parse().ok())
            .is_some_and(|extract| !counts(&extract))
    })
}

/// Removes unfinished files and those of pairs that do not count.
pub(crate) fn pairs(dir: &Path, counts: &dyn Fn(&PairId) -> bool) -> Result<u64, FileError> {
    in_folder(dir, |file| {
        file.strip_suffix(pairs::EXTENSION)
            .and_then(|pair| pair.parse().ok())
            .is_some_and(|pair| !counts(&pair))
    })
}

/// Removes the files two levels below `root` that are unfinished or that
/// `doomed` says so of, by the names of folder and file.
fn in_folders(root: &Path, doomed: impl Fn(&str, &str) -> bool) -> Result<u64, FileError> {
    let mut removed = 0;
    for folder in names(root)? {
        removed += in_folder(&root.join(&folder), |file| doomed(&folder, file))?;
    }
    Ok(removed)
}

/// The same of the files of one folder.
fn in_folder(dir: &Path, doomed: impl Fn(&str) -> bool) -> Result<u64, FileError> {
    let mut removed = 0;
    for file in names(dir)? {
        if file.ends_with(UNFINISHED) || doomed(&file) {
            disk::remove(&dir.join(&file))?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn names(dir: &Path) -> Result<Vec<String>, FileError> {
    let entries = match fs::read_dir(dir) {
        Err(why)
            if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(Vec::new());
        }
        entries => entries.at("read", dir)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.at("read", dir)?.file_name();
        names.extend(name.into_string().ok());
    }
    Ok(names)
}
