use std::io::{Cursor, Write as _};
use std::path::Path;

use ingress::{Bounds, Inspection, inspect};
use model::{Date, NationalId};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

pub(crate) const BOUNDS: Bounds = Bounds { bytes: 4 << 20, files: 50 };

/// A file that was looked into, and the folder of what came of it.
pub(crate) struct Looked {
    pub(crate) found: Inspection,
    pub(crate) folder: TempDir,
}

pub(crate) fn look(name: &str, bytes: &[u8]) -> Looked {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, bytes).unwrap();
    let into = folder.path().join("files");
    std::fs::create_dir(&into).unwrap();
    let found = inspect(&file, &name.parse().unwrap(), &into, BOUNDS).unwrap();
    Looked { found, folder }
}

impl Looked {
    /// The rules that found something, each once.
    pub(crate) fn rules(&self) -> Vec<&'static str> {
        let mut rules: Vec<_> =
            self.found.findings.iter().map(|found| found.fault.as_str()).collect();
        rules.dedup();
        rules
    }

    /// Every file that came of it, by name, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let root = self.folder.path().join("files");
        let mut files = Vec::new();
        walk(&root, &root, &mut files);
        files.sort();
        files
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("files").join(name)).unwrap()
    }

    /// Nothing lies beside the file and the folder.
    pub(crate) fn stayed_inside(&self) {
        let beside: Vec<_> = std::fs::read_dir(self.folder.path()).unwrap().collect();
        assert_eq!(beside.len(), 2, "{beside:?}");
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = std::fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            walk(root, &path, files);
        } else {
            assert!(kind.is_file(), "{}", path.display());
            files.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}

/// A zip of plain files.
pub(crate) fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A tar whose entries are what `with` adds.
pub(crate) fn tar_of(with: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    with(&mut builder);
    builder.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Synthetic identity numbers.
pub(crate) fn ids(count: usize) -> Vec<String> {
    (0..1000)
        .filter_map(|n| NationalId::synthetic(Date::constant(1961, 7, 2), n))
        .take(count)
        .map(|id| String::from_utf8(id.reveal().to_vec()).unwrap())
        .collect()
}

/// A table with a column of identity numbers.
pub(crate) fn table_of_people() -> String {
    format!("id;score\n{};7\n", ids(20).join(";7\n"))
}
