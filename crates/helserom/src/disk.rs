//! What the system says about a file, in words that say what to do.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Why nothing came of `path`.
pub(crate) fn in_words(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("the disk that holds `{}` is full: make room and try again", path.display())
        }
        _ => format!("`{}`: {error}", path.display()),
    }
}

/// A file that nobody sees under its name until it is whole: whatever stops the program
/// before leaves nothing that would be in the way of the next try.
pub(crate) struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Begins a file that is to be called `path`, which nothing may be yet.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // As readable as any other new file.
        let file = tempfile::Builder::new()
            .prefix(".helserom-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder(path))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// What is written to.
    pub(crate) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Gives it its name, if nothing has taken that meanwhile.
    pub(crate) fn end(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.path).map_err(|error| error.error)?;
        File::open(folder(&self.path))?.sync_all()
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_new_file_has_its_name_when_it_is_whole_and_takes_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.jsonl");
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let mut given_up = NewFile::begin(&path).unwrap();
        given_up.file().write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(given_up);
        assert_eq!(names(), 0);
        let mut whole = NewFile::begin(&path).unwrap();
        let late = NewFile::begin(&path).unwrap();
        whole.file().write_all(b"whole").unwrap();
        whole.end().unwrap();
        assert_eq!(late.end().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(NewFile::begin(&path).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(names(), 1);
    }
}
