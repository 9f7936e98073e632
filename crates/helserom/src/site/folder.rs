//! The data folder itself: whose it is, of which layout, and who has it open.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::answer::{Stop, say};
use crate::disk;

/// The version of the data folder's layout that this program reads and writes.
const LAYOUT: u32 = 1;

const VERSION: &str = "VERSION";
/// The file by whose lock a program holds the folder.
pub(crate) const LOCK: &str = "lock";

/// A data folder of a known layout, held open: by us alone, or shared with other
/// programs that have it open too.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    lock: File,
    alone: bool,
}

impl Folder {
    /// Opens the folder at `path`, made for its owner alone when it is not there.
    /// Ours alone if nobody else has it open.
    ///
    /// A program that is killed anywhere in here leaves a folder that the next
    /// one takes for a new one.
    pub(crate) fn open(path: &Path) -> Result<Self, Stop> {
        let path = make(path)?;
        check_layout(&path)?;
        let file = lock_file(&path)?;
        let alone = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        let mut folder = Self { path, lock: file, alone };
        if !folder.alone {
            folder.share()?;
        }
        if !folder.path.join(VERSION).exists() {
            // Whoever held it was stopped before it had made the folder.
            folder.be_alone()?;
            write_whole(&folder.path.join(VERSION), format!("{LAYOUT}\n").as_bytes())?;
        }
        for name in ["tmp", "logs"] {
            let inner = folder.path.join(name);
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&inner).map_err(at(&inner))?;
        }
        Ok(folder)
    }

    /// Goes on only if there is a data folder at `path`.
    pub(crate) fn must_be_there(path: &Path) -> Result<(), Stop> {
        if path.join(VERSION).exists() {
            return Ok(());
        }
        Err(Stop::usage(format!(
            "`{}` is no data folder: name the right one with `--data`; `helserom serve`, `account add` and `source add` begin a new one",
            path.display()
        )))
    }

    /// Whether no other program has it open.
    pub(crate) fn is_alone(&self) -> bool {
        self.alone
    }

    /// Lets other programs open it too.
    pub(crate) fn share(&mut self) -> Result<(), Stop> {
        rustix::fs::flock(&self.lock, FlockOperation::LockShared).map_err(unlocked)?;
        self.alone = false;
        Ok(())
    }

    /// Waits until no other program has it open.
    pub(crate) fn be_alone(&mut self) -> Result<(), Stop> {
        if !self.alone {
            rustix::fs::flock(&self.lock, FlockOperation::LockExclusive).map_err(unlocked)?;
            self.alone = true;
        }
        Ok(())
    }
}

/// A lock on the data folder at `path`, if no other program has it open. It has
/// to be a data folder; nothing of it is looked at.
pub(crate) fn hold_alone(path: &Path) -> Result<Option<File>, Stop> {
    let file = lock_file(path)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(unlocked(error)),
    }
}

pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> Stop + '_ {
    move |error| Stop::usage(disk::in_words(path, &error))
}

fn unlocked(error: rustix::io::Errno) -> Stop {
    Stop::usage(format!("the data folder's lock: {error}"))
}

fn lock_file(folder: &Path) -> Result<File, Stop> {
    let path = folder.join(LOCK);
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(at(&path))
}

/// The folder, for its owner alone. One that is there already is closed to
/// others if it is empty or a data folder; anything else is not ours to change.
fn make(path: &Path) -> Result<PathBuf, Stop> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))?;
    let path = path.canonicalize().map_err(at(path))?;
    let begun = path.join(VERSION).exists() || path.join(LOCK).exists();
    if !begun && fs::read_dir(&path).map_err(at(&path))?.next().is_some() {
        return Err(Stop::usage(format!(
            "`{}` has files in it and is no data folder: name an empty one with `--data`",
            path.display()
        )));
    }
    let mode = fs::metadata(&path).map_err(at(&path))?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(at(&path))?;
        say(&format!(
            "`{}` was open to others (mode {mode:04o}) and is now for its owner alone (0700)",
            path.display()
        ));
    }
    Ok(path)
}

/// Refuses a layout that this program does not know. None yet is fine.
fn check_layout(folder: &Path) -> Result<(), Stop> {
    let path = folder.join(VERSION);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text.map_err(at(&path))?,
    };
    match text.trim().parse::<u32>() {
        Ok(LAYOUT) => Ok(()),
        Ok(found) if found > LAYOUT => Err(Stop::usage(format!(
            "the data folder `{}` is of version {found}, and this program knows versions up to {LAYOUT}: run the newer program",
            folder.display()
        ))),
        _ => Err(Stop::usage(format!(
            "`{}` holds no version that this program knows: is it a data folder?",
            path.display()
        ))),
    }
}

/// Writes a file that has its name only when it is whole.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let unfinished = path.with_extension("unfinished");
    let folder = path.parent().unwrap_or(Path::new("."));
    File::create(&unfinished)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&unfinished, path))
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let kept = tempfile::tempdir().unwrap();
        let path = kept.path().join("data");
        (kept, path)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn why(stop: Stop) -> String {
        match stop {
            Stop::Usage(why) | Stop::Refused(why) => why,
        }
    }

    #[test]
    fn an_empty_folder_that_others_can_look_into_is_closed_to_them() {
        let (_kept, path) = folder();
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Folder::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn a_data_folder_that_was_opened_to_others_is_closed_again() {
        let (_kept, path) = folder();
        Folder::open(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        Folder::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn a_folder_of_something_else_is_refused_and_left_as_it_is() {
        let (_kept, path) = folder();
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(path.join("letter.txt"), "dear").unwrap();
        let told = why(Folder::open(&path).unwrap_err());
        assert!(told.contains("no data folder"), "{told}");
        assert_eq!(mode(&path), 0o755);
        assert!(!path.join(LOCK).exists());
    }

    #[test]
    fn a_folder_whose_making_was_stopped_is_made_to_its_end() {
        let (_kept, path) = folder();
        fs::create_dir(&path).unwrap();
        lock_file(&path).unwrap();
        fs::write(path.join("VERSION.unfinished"), "").unwrap();
        Folder::open(&path).unwrap();
        assert_eq!(fs::read_to_string(path.join(VERSION)).unwrap(), "1\n");
    }

    #[test]
    fn two_may_have_a_folder_open_but_only_one_alone() {
        let (_kept, path) = folder();
        let mut first = Folder::open(&path).unwrap();
        assert!(first.is_alone());
        assert!(hold_alone(&path).unwrap().is_none());
        first.share().unwrap();
        let second = Folder::open(&path).unwrap();
        assert!(!second.is_alone());
        assert!(hold_alone(&path).unwrap().is_none());
        drop((first, second));
        assert!(hold_alone(&path).unwrap().is_some());
    }
}
