//! Files that are there whole or not at all, for nobody's eyes but ours.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use source::SinkError;

/// A file or folder of the vault could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.in_words())]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    #[source]
    why: io::Error,
}

impl FileError {
    pub(crate) fn of(action: &'static str, path: &Path, why: io::Error) -> Self {
        Self { action, path: path.to_owned(), why }
    }

    fn in_words(&self) -> String {
        let Self { action, path, why } = self;
        match self.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                format!("the disk that holds `{}` is full: make room and try again", path.display())
            }
            _ => format!("cannot {action} `{}`: {why}", path.display()),
        }
    }

    /// Why the system refused.
    pub fn kind(&self) -> io::ErrorKind {
        self.why.kind()
    }
}

/// Says which file an I/O error is about.
pub(crate) trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, FileError>;
}

impl From<FileError> for SinkError {
    fn from(error: FileError) -> Self {
        Self::io(error.action, &error.path, &error.why)
    }
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|why| FileError::of(action, path, why))
    }
}

/// What unfinished files end with.
pub(crate) const UNFINISHED: &str = ".tmp";

/// Where the file that will be at `target` is being written.
pub(crate) fn unfinished(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(UNFINISHED);
    target.with_file_name(name)
}

/// Makes `dir` and what is above it, closed to others (0700).
pub(crate) fn make_dir(dir: &Path) -> Result<(), FileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).at("make the folder", dir)
}

/// Makes the names in `dir` as durable as the files they name.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), FileError> {
    File::open(dir).and_then(|dir| dir.sync_all()).at("write", dir)
}

/// Removes `path`; nothing to remove is fine too.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.at("remove", path),
    }
}

/// Removes `dir` and all in it; nothing to remove is fine too.
pub(crate) fn remove_dir(dir: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(dir) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.at("remove", dir),
    }
}

/// A file being written beside the place it will have (mode 0600). Dropping it
/// removes what was written; a crash leaves a name that ends in `.tmp`.
pub(crate) struct Unfinished {
    file: BufWriter<File>,
    written_at: PathBuf,
    target: PathBuf,
    kept: bool,
}

/// A file whose bytes are on the disk, without its name.
pub(crate) struct Finished(Unfinished);

impl Unfinished {
    pub(crate) fn create(target: &Path) -> Result<Self, FileError> {
        let written_at = unfinished(target);
        // Left by a crash: nobody else writes here, the caller holds the name.
        remove(&written_at)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&written_at)
            .at("create", &written_at)?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 17, file),
            written_at,
            target: target.to_owned(),
            kept: false,
        })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file.write_all(bytes).at("write", &self.written_at)
    }

    /// Where it is being written.
    pub(crate) fn path(&self) -> &Path {
        &self.written_at
    }

    /// A second handle on what was written so far, for reading it back.
    pub(crate) fn reopen(&mut self) -> Result<File, FileError> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().try_clone())
            .at("read back", &self.written_at)
    }

    /// Brings everything to the disk.
    pub(crate) fn finish(mut self) -> Result<Finished, FileError> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .at("write", &self.written_at)?;
        Ok(Finished(self))
    }
}

impl Finished {
    /// Gives the file its name. After this it survives a power cut.
    pub(crate) fn publish(mut self) -> Result<(), FileError> {
        let Unfinished { written_at, target, .. } = &self.0;
        fs::rename(written_at, target).at("rename to", target)?;
        let dir = target.parent().unwrap_or(Path::new("/")).to_owned();
        self.0.kept = true;
        sync_dir(&dir)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.written_at);
        }
    }
}

/// Puts `bytes` where `target` is, wholly or not at all.
pub(crate) fn replace(target: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = Unfinished::create(target)?;
    file.write(bytes)?;
    file.finish()?.publish()
}

/// Waits for its turn to change what `path` stands for, among all programs on
/// this vault. The turn is over when the file is dropped.
pub(crate) fn lock(path: &Path) -> Result<File, FileError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .at("open", path)?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(io::Error::from)
        .at("lock", path)?;
    Ok(file)
}

/// Writes zeros over a file that has lost its name. What a disk that never
/// writes in place keeps is out of our reach; it is wrapped under the master key.
pub(crate) fn wipe(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    file.rewind()?;
    io::copy(&mut io::repeat(0).take(length), file)?;
    file.sync_all()
}

/// Wipes and removes `path`; nothing to remove is fine too.
pub(crate) fn discard(path: &Path) -> Result<(), FileError> {
    match OpenOptions::new().write(true).open(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => wipe(&mut file.at("open", path)?).at("wipe", path)?,
    }
    remove(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("file");
        let mut file = Unfinished::create(&target).unwrap();
        file.write(b"whole").unwrap();
        let finished = file.finish().unwrap();
        assert!(!target.exists());
        finished.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_full_disk_is_told_apart_from_other_failures() {
        let full = |kind: io::ErrorKind| {
            SinkError::from(FileError::of("write", Path::new("/vault/x"), kind.into()))
        };
        assert!(matches!(full(io::ErrorKind::StorageFull), SinkError::DiskFull { .. }));
        assert!(matches!(full(io::ErrorKind::PermissionDenied), SinkError::Failed { .. }));
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        Unfinished::create(&dir.path().join("file")).unwrap().write(b"half").unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_crash_left_does_not_stop_the_next_attempt() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("file");
        fs::write(dir.path().join("file.tmp"), b"left behind").unwrap();
        replace(&target, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }
}
