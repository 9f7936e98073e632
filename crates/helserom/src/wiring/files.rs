//! Outputs, packages and the logs of runs, as files of the data folder.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use centre::ports::{Blobs, RunLogs};
use ledger::Hash;
use model::{RoomId, RunId};
use release::BlobFolder;
use room::{Ended, LogLine, LogSink};

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
    move |error| format!("`{}`: {error}", path.display())
}

impl RunLogs for LogFiles {
    fn open(&self, room: &RoomId, run: &RunId) -> Result<Arc<dyn LogSink>, String> {
        let path = self.path(room, run);
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        }
        let file = fs::OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        Ok(Arc::new(LogFile(Mutex::new(file))))
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

struct LogFile(Mutex<File>);

impl LogSink for LogFile {
    fn line(&self, line: LogLine<'_>) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(file, "{}", line.text) {
            tracing::warn!(%error, "a line of a run's log was not kept");
        }
    }

    fn ended(&self, ended: &Ended) {
        if ended.log_dropped > 0 {
            let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = writeln!(file, "[{} bytes more were printed and not kept]", ended.log_dropped);
        }
    }
}
