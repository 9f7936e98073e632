//! Why a runtime did not do as asked: what it could not, and what to do.

use std::io;
use std::path::PathBuf;

use model::{RoomId, RunId};

use crate::versions::VersionNumber;
use crate::work::WorkName;

/// Why a room was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is one already.
    #[error("room `{0}` is open already")]
    Exists(RoomId),
    /// The extract is not there, or not as the room needs it.
    #[error("the extract folder `{}` cannot be shown in a room: {why}", path.display())]
    Extract {
        /// Which folder.
        path: PathBuf,
        /// In words.
        why: String,
    },
    /// Not enough room on the disk.
    #[error(
        "the disk has {free} MiB free and the work folder needs {wanted} MiB: \
         free some, or ask for a smaller room"
    )]
    DiskFull {
        /// MiB that are free.
        free: u64,
        /// MiB that are wanted.
        wanted: u64,
    },
    /// Every user id for rooms is taken.
    #[error("{0} rooms are open, and no more can be: close one")]
    TooMany(usize),
    /// The machine did not do as asked.
    #[error("room `{room}` could not be opened: {what}: {why}")]
    Machine {
        /// Which room.
        room: RoomId,
        /// What was tried.
        what: &'static str,
        /// What the machine said.
        why: String,
    },
}

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no such room.
    #[error("room `{0}` is not open here")]
    NoRoom(RoomId),
    /// It is being closed, or looked after, by another program.
    #[error("another program has room `{0}` to itself at this moment: try again in a moment")]
    Busy(RoomId),
    /// It runs already.
    #[error("`{0}` runs already")]
    Runs(RunId),
    /// The rooms' software has no notebook server.
    #[error(
        "rooms have no notebook server here: name a Python environment with JupyterLab in \
         `rooms.python`"
    )]
    NoNotebooks,
    /// The machine has no display server for rooms.
    #[error(
        "rooms have no desktop here: install the Debian packages `tigervnc-standalone-server`, \
         `jwm` and `xterm`"
    )]
    NoDesktops,
    /// There is nothing to run.
    #[error("no command was given")]
    NoCommand,
    /// The permit is over.
    #[error("no time is left in room `{0}`: its permit is over")]
    NoTime(RoomId),
    /// A word of the command cannot be passed on.
    #[error("a word of the command has a zero byte in it")]
    ZeroByte,
    /// The machine did not do as asked.
    #[error("the command could not be started in room `{room}`: {what}: {why}")]
    Machine {
        /// Which room.
        room: RoomId,
        /// What was tried.
        what: &'static str,
        /// What the machine said.
        why: String,
    },
}

/// Why something was not brought into a room.
#[derive(Debug, thiserror::Error)]
pub enum BringError {
    /// There is no such room.
    #[error("room `{0}` is not open here")]
    NoRoom(RoomId),
    /// There is something among it that is no plain file.
    #[error("`{0}` is no plain file, or has a name that cannot be kept")]
    Unfit(String),
    /// There is no place left.
    #[error(
        "it takes {wanted} MiB, and of what may be brought into the room {free} MiB are left: \
         the work folder's size is the measure"
    )]
    Full {
        /// MiB that are wanted.
        wanted: u64,
        /// MiB that are left.
        free: u64,
    },
    /// The machine did not do as asked.
    #[error("nothing could be brought into room `{room}`: {what}: {why}")]
    Machine {
        /// Which room.
        room: RoomId,
        /// What was tried.
        what: &'static str,
        /// What the machine said.
        why: String,
    },
}

/// Why a file was not made again what it was.
#[derive(Debug, thiserror::Error)]
pub enum NotRestored {
    /// It is not kept any more.
    #[error("version {0} is not kept any more")]
    Gone(VersionNumber),
    /// Its place is taken.
    #[error("`{0}` is a folder now, or lies where a link or a file stands: move that away first")]
    InTheWay(WorkName),
    /// There is no place left.
    #[error("the room's disk has no place for `{0}`: remove something first")]
    Full(WorkName),
    /// The machine did not do as asked.
    #[error("`{name}` could not be restored: {source}")]
    Machine {
        /// Which file.
        name: WorkName,
        /// What the machine said.
        source: io::Error,
    },
}

/// Why a room was not closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// What runs in it does not end.
    #[error("what runs in room `{0}` could not be ended")]
    Stuck(RoomId),
    /// The machine did not do as asked.
    #[error("room `{room}` could not be closed: {what}: {why}")]
    Machine {
        /// Which room.
        room: RoomId,
        /// What was tried.
        what: &'static str,
        /// What the machine said.
        why: String,
    },
}

/// Why recovery did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The folder of the rooms cannot be read.
    #[error("the folder of the rooms `{}` cannot be read: {why}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the machine said.
        why: String,
    },
}
