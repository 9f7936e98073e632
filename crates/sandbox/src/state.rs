//! What the runtime keeps of a room, beside its work folder.
//!
//! ```text
//! <rooms>/room-7k3m9q2x4d/
//!     room.json    what it was made with
//!     run.lock     shared by the processes that mind commands; held alone by who shuts it
//!     runs/        what runs
//!         run-….json   how to find it
//!         run-….lock   locked by the process that minds it
//!     line.lock    locked by the process that waits for a place for it
//!     work.img     the file system of the room's disk, where one can be mounted
//!     work/        the room's disk
//!         shared/      the work folder, as its people share it
//!         private/     by account, what each has alone
//!         versions/    what files were earlier
//!         sessions/    by run, the sockets of notebook servers and desktops
//!     in/          what was brought in
//!     sql/         by run, the socket for statements
//!     linked/      by run, the extract as what answers its statements reads it
//!     packages/    by run, the socket for packages
//!     wardens/     where those are reached who mind its commands apart
//! ```

use std::ffi::OsStr;
use std::fs::{DirEntry, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use model::{AccountId, RoomId, RunId};
use room::{Holds, Limits};
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::place::private_dir;

/// What a room was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RoomState {
    pub room: RoomId,
    /// The extract folder.
    pub data: PathBuf,
    pub limits: Limits,
    pub holds: Holds,
    /// The user id it runs as, when it has one of its own.
    pub uid: Option<u32>,
    /// Whether the work folder is a file system of its own.
    pub image: bool,
    /// Whether its disk has the parts that it has today: see `parts`.
    #[serde(default)]
    pub parted: bool,
}

/// How to find what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RunState {
    pub run: RunId,
    /// Process ids mean nothing after the machine started again.
    pub boot: String,
    /// The process id of bubblewrap, once it is known.
    pub pid: Option<i32>,
    /// When that process began, in the kernel's ticks: ids are used again.
    pub began: Option<u64>,
    /// The control groups.
    pub groups: Vec<PathBuf>,
}

/// The folder of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoomDir(pub PathBuf);

impl RoomDir {
    /// Its disk: no command sees all of it.
    pub(crate) fn disk(&self) -> PathBuf {
        self.0.join("work")
    }

    /// The work folder, as its people share it.
    pub(crate) fn work(&self) -> PathBuf {
        self.disk().join("shared")
    }

    /// The same, in a room whose disk may have no parts yet.
    pub(crate) fn work_in(&self, state: &RoomState) -> PathBuf {
        if state.parted { self.work() } else { self.disk() }
    }

    pub(crate) fn private_of_all(&self) -> PathBuf {
        self.disk().join("private")
    }

    pub(crate) fn private(&self, person: &AccountId) -> PathBuf {
        self.private_of_all().join(person.as_str())
    }

    pub(crate) fn versions(&self) -> PathBuf {
        self.disk().join("versions")
    }

    pub(crate) fn brought(&self) -> PathBuf {
        self.0.join("in")
    }

    pub(crate) fn sessions(&self) -> PathBuf {
        self.disk().join("sessions")
    }

    /// Where the socket is that this run finds for statements.
    pub(crate) fn sql(&self, run: &RunId) -> PathBuf {
        self.0.join("sql").join(run.as_str())
    }

    /// Where the socket is that this run finds for packages.
    pub(crate) fn packages(&self, run: &RunId) -> PathBuf {
        self.0.join("packages").join(run.as_str())
    }

    /// Where what answers the statements of this run finds the extract.
    pub(crate) fn linked(&self, run: &RunId) -> PathBuf {
        self.0.join("linked").join(run.as_str())
    }

    pub(crate) fn wardens(&self) -> PathBuf {
        self.0.join("wardens")
    }

    /// What is there of the warden of a run: `sock` or `lock`.
    pub(crate) fn warden(&self, run: &RunId, what: &str) -> PathBuf {
        self.wardens().join(format!("{run}.{what}"))
    }

    pub(crate) fn image(&self) -> PathBuf {
        self.0.join("work.img")
    }

    pub(crate) fn state(&self) -> io::Result<Option<RoomState>> {
        read(&self.0.join("room.json"))
    }

    pub(crate) fn put_state(&self, state: &RoomState) -> io::Result<()> {
        write(&self.0.join("room.json"), state, true)
    }

    fn run(&self, run: &RunId, what: &str) -> PathBuf {
        self.0.join("runs").join(format!("{run}.{what}"))
    }

    /// What runs, and what a process that was killed left of what ran.
    pub(crate) fn runs(&self) -> io::Result<Vec<RunState>> {
        let mut runs = Vec::new();
        for entry in entries(&self.0.join("runs"))? {
            let path = entry?.path();
            if path.extension() == Some(OsStr::new("json")) {
                // It may have ended meanwhile.
                runs.extend(read(&path)?);
            }
        }
        Ok(runs)
    }

    pub(crate) fn put_run(&self, state: &RunState) -> io::Result<()> {
        // What it says is over when the machine stops, so it need not be on the
        // disk before it does.
        write(&self.run(&state.run, "json"), state, false)
    }

    /// Removes what we keep of a run beside the work folder.
    pub(crate) fn forget_run(&self, run: &RunId) {
        let _ = std::fs::remove_dir_all(self.sql(run));
        let _ = std::fs::remove_dir_all(self.linked(run));
        let _ = std::fs::remove_dir_all(self.packages(run));
        let _ = std::fs::remove_file(self.run(run, "json"));
        let _ = std::fs::remove_file(self.run(run, "lock"));
    }

    /// Takes the lock of whoever minds a run. `None` when a living process has it.
    pub(crate) fn mind(&self, run: &RunId) -> io::Result<Option<Lock>> {
        make(&self.0.join("runs"))?;
        lock(&self.run(run, "lock"), FlockOperation::NonBlockingLockExclusive)
    }

    /// Whether a living process minds a run.
    pub(crate) fn is_minded(&self, run: &RunId) -> io::Result<bool> {
        Ok(self.run(run, "lock").exists() && self.mind(run)?.is_none())
    }

    /// Keeps the room from being shut. `None` when it is being.
    pub(crate) fn share(&self) -> io::Result<Option<Lock>> {
        lock(&self.0.join("run.lock"), FlockOperation::NonBlockingLockShared)
    }

    /// Takes the room for this process alone. `None` when something runs in it.
    pub(crate) fn seize(&self) -> io::Result<Option<Lock>> {
        lock(&self.0.join("run.lock"), FlockOperation::NonBlockingLockExclusive)
    }
}

/// Makes a folder of ours, unless it is there.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    match private_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// What is in a folder; nothing, when it is not there.
pub(crate) fn entries(folder: &Path) -> io::Result<Vec<io::Result<DirEntry>>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(entries.collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A lock on a file: gone when dropped, or when the process ends, however it
/// ends.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Said aloud: a command that is just being started on another thread has
        // a copy of the descriptor until it is bubblewrap, and closing ours alone
        // would leave the lock with it.
        let _ = rustix::fs::flock(&self.0, FlockOperation::Unlock);
    }
}

/// Locks the file at `path`. `None` when another holds it and we do not wait.
pub(crate) fn lock(path: &Path, how: FlockOperation) -> io::Result<Option<Lock>> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    match rustix::fs::flock(&file, how) {
        Ok(()) => Ok(Some(Lock(file))),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the whole file or leaves the one that is there.
fn write<T: Serialize>(path: &Path, value: &T, lasting: bool) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    if lasting {
        file.sync_all()?;
    }
    std::fs::rename(new, path)
}

/// The id of this start of the machine (random(4)).
pub(crate) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
