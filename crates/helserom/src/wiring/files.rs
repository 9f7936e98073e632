//! Outputs, packages and the logs of runs, as files of the data folder.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use centre::ports::{Blobs, RunLogs};
use ledger::Hash;
use model::{RoomId, RunId};
use release::BlobFolder;
use room::{Ended, LogLine, LogSink};

use crate::disk;

/// Outputs and packages, each under its SHA-256.
pub(crate) struct BlobFiles {
    blobs: BlobFolder,
    folder: PathBuf,
}

impl BlobFiles {
    /// The folder, made if it is not there.
    pub(crate) fn open(folder: &Path) -> Result<Self, String> {
        let blobs = BlobFolder::open(folder).map_err(|error| error.to_string())?;
        Ok(Self { blobs, folder: folder.to_owned() })
    }
}

impl Blobs for BlobFiles {
    fn put(&self, bytes: &[u8]) -> Result<Hash, String> {
        self.blobs.put(bytes).map_err(|error| error.to_string())
    }

    fn get(&self, hash: &Hash) -> Result<Vec<u8>, String> {
        self.blobs.get(hash).map_err(|error| error.to_string())
    }

    fn remove(&self, hash: &Hash) -> Result<(), String> {
        self.blobs.remove(hash).map_err(|error| error.to_string())
    }

    fn keep_only(&self, named: &HashSet<Hash>) -> Result<(), String> {
        self.blobs.keep_only(named).map(drop).map_err(|error| error.to_string())
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        self.blobs.path(hash)
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}

/// What commands print, one file a run: `<room>/<run>.log`.
pub(crate) struct LogFiles {
    pub(crate) folder: PathBuf,
}

/// No log is longer than this when it is read, bytes: the runtime keeps less.
const LONGEST: u64 = 8 << 20;

impl LogFiles {
    fn path(&self, room: &RoomId, run: &RunId) -> PathBuf {
        self.folder.join(room.as_str()).join(format!("{run}.log"))
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> String + '_ {
    move |error| disk::in_words(path, &error)
}

impl RunLogs for LogFiles {
    fn open(&self, room: &RoomId, run: &RunId) -> Result<Arc<dyn LogSink>, String> {
        let path = self.path(room, run);
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        }
        let file = fs::OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        if let Err(error) = set_aside_room(&file) {
            let _ = fs::remove_file(&path);
            return Err(at(&path)(error));
        }
        Ok(Arc::new(LogFile(Mutex::new(Kept { file, path, whole: 0, lost: 0 }))))
    }

    fn reopen(&self, room: &RoomId, run: &RunId) -> Result<Arc<dyn LogSink>, String> {
        let path = self.path(room, run);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path)(error)),
            _ => self.open(room, run),
        }
    }

    fn read(&self, room: &RoomId, run: &RunId) -> Result<String, String> {
        let path = self.path(room, run);
        let mut bytes = Vec::new();
        match File::open(&path) {
            Ok(file) => file.take(LONGEST).read_to_end(&mut bytes).map_err(at(&path))?,
            // A run that could not be started printed nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(at(&path)(error)),
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn remove(&self, room: &RoomId) -> Result<(), String> {
        let folder = self.folder.join(room.as_str());
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&folder)(error)),
            _ => Ok(()),
        }
    }
}

/// Room for a few lines, so that a log can always say why it ends: on a disk that
/// is full already the command is not started.
fn set_aside_room(file: &File) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, 4096) {
        // A file system that cannot set room aside.
        Err(rustix::io::Errno::OPNOTSUPP) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

struct LogFile(Mutex<Kept>);

/// Whole lines. When the disk is full the log says how many it has not, where
/// they would stand.
struct Kept {
    file: File,
    path: PathBuf,
    /// How long the lines are that are whole, bytes.
    whole: u64,
    /// Lines that came since and were not kept.
    lost: u64,
}

/// More than the longest line of a log, and what is said of lost lines.
const TAIL: u64 = 16 << 10;

impl Kept {
    fn line(&mut self, text: &str) {
        let said = if self.lost > 0 {
            self.say_lost().and_then(|()| self.add(text))
        } else {
            self.add(text)
        };
        if let Err(error) = said {
            if self.lost == 0 {
                let why = disk::in_words(&self.path, &error);
                tracing::error!(%why, "lines of a run's log are not kept");
            }
            self.lost += 1;
        }
    }

    /// Adds a line, wholly or not at all.
    fn add(&mut self, text: &str) -> io::Result<()> {
        let line = format!("{text}\n");
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            self.file.set_len(self.whole)?;
            return Err(error);
        }
        self.whole += line.len() as u64;
        Ok(())
    }

    fn lost_in_words(&self) -> String {
        format!(
            "[{} lines were printed here and not kept: the disk that holds the logs was full; make room and run it again]",
            self.lost
        )
    }

    /// Says how many lines are missing here.
    fn say_lost(&mut self) -> io::Result<()> {
        self.add(&self.lost_in_words())?;
        self.lost = 0;
        Ok(())
    }

    /// The same on a disk that is still full, where the last lines were.
    fn say_lost_instead_of_lines(&mut self) -> io::Result<()> {
        let needed = self.lost_in_words().len() as u64 + 16;
        let from = self.whole.saturating_sub(TAIL);
        let mut tail = vec![0; usize::try_from(self.whole - from).unwrap_or_default()];
        self.file.read_exact_at(&mut tail, from)?;
        let most = tail.len().saturating_sub(usize::try_from(needed).unwrap_or(usize::MAX));
        let before = tail.get(..most).unwrap_or_default();
        let end = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let cut = tail.get(end..).unwrap_or_default();
        self.lost += cut.split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.whole = from + end as u64;
        self.file.set_len(self.whole)?;
        self.say_lost()
    }
}

impl LogSink for LogFile {
    fn line(&self, line: LogLine<'_>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).line(line.text);
    }

    fn ended(&self, ended: &Ended) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.log_dropped > 0 {
            kept.line(&format!("[{} bytes more were printed and not kept]", ended.log_dropped));
        }
        if kept.lost > 0
            && let Err(error) = kept.say_lost().or_else(|_| kept.say_lost_instead_of_lines())
        {
            let why = disk::in_words(&kept.path, &error);
            tracing::error!(%why, "a run's log does not say that it lacks lines");
        }
    }
}

#[cfg(test)]
mod tests;
