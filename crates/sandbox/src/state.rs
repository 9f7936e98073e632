//! What the runtime keeps of a room, beside its work folder.
//!
//! ```text
//! <rooms>/room-7k3m9q2x4d/
//!     room.json    what it was made with
//!     run.lock     locked by the process that minds a command
//!     run.json     how to find what runs, while it runs
//!     line.lock    locked by the process that waits for a place for it
//!     work.img     the file system of the room's disk, where one can be mounted
//!     work/        the room's disk
//!         shared/      the work folder, as its people share it
//!         private/     by account, what each has alone
//!         versions/    what files were earlier
//!     in/          what was brought in
//!     sql/         the socket for statements
//!     wardens/     where those are reached who mind its commands apart
//!     packages/    the socket for packages
//! ```

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use model::{AccountId, RoomId, RunId};
use room::{Holds, Limits};
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

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

    pub(crate) fn sql(&self) -> PathBuf {
        self.0.join("sql")
    }

    pub(crate) fn wardens(&self) -> PathBuf {
        self.0.join("wardens")
    }

    /// What is there of the warden of a run: `sock` or `lock`.
    pub(crate) fn warden(&self, run: &RunId, what: &str) -> PathBuf {
        self.wardens().join(format!("{run}.{what}"))
    }

    pub(crate) fn packages(&self) -> PathBuf {
        self.0.join("packages")
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

    pub(crate) fn run(&self) -> io::Result<Option<RunState>> {
        read(&self.0.join("run.json"))
    }

    pub(crate) fn put_run(&self, state: &RunState) -> io::Result<()> {
        // What it says is over when the machine stops, so it need not be on the
        // disk before it does.
        write(&self.0.join("run.json"), state, false)
    }

    pub(crate) fn forget_run(&self) {
        let _ = std::fs::remove_file(self.0.join("run.json"));
    }

    /// Takes the lock of the room's one command. `None` when a living process
    /// has it.
    pub(crate) fn lock(&self) -> io::Result<Option<Lock>> {
        lock(&self.0.join("run.lock"), FlockOperation::NonBlockingLockExclusive)
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
