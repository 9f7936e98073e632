//! What people are in until it is stopped, a notebook server or a desktop, and the
//! socket by which it is reached.
//!
//! The socket lies in a folder of the room's disk that one run sees and no other: who
//! reaches it is in the private folder of whoever opened it. So does what answers the
//! statements of a run have a folder that nothing else sees, for what it spills.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use model::{RoomId, RunId};

use crate::Bubblewrap;
use crate::disk::remove_tree;
use crate::place::private_dir;
use crate::socket;
use crate::state::{RoomDir, RoomState, entries, make};

/// Where a run sees its folder.
pub(crate) const FOLDER: &str = "/run/session";
/// What the socket in it is called.
pub(crate) const SOCKET: &str = "room.sock";

/// What is added to the name of a run for the folder of what answers its statements.
const SPILLS: &str = "sql";

/// Makes the folder of a run, and removes those of runs that are over.
pub(crate) fn open(dir: &RoomDir, state: &RoomState, run: &RunId) -> io::Result<PathBuf> {
    make(&dir.sessions())?;
    // First the folders and then the runs: what begins meanwhile has none among them.
    let there = entries(&dir.sessions())?;
    let runs = dir.runs()?;
    for entry in there {
        let path = entry?.path();
        if !runs.iter().any(|run| path.file_stem() == Some(OsStr::new(run.run.as_str()))) {
            remove_tree(&path)?;
        }
    }
    give(dir.sessions().join(run.as_str()), state)
}

/// Makes the folder anew in which what answers the statements of a run spills.
pub(crate) fn open_spills(dir: &RoomDir, state: &RoomState, run: &RunId) -> io::Result<PathBuf> {
    make(&dir.sessions())?;
    let folder = spills(dir, run);
    remove_tree(&folder)?;
    give(folder, state)
}

fn spills(dir: &RoomDir, run: &RunId) -> PathBuf {
    dir.sessions().join(format!("{run}.{SPILLS}"))
}

fn give(folder: PathBuf, state: &RoomState) -> io::Result<PathBuf> {
    private_dir(&folder)?;
    if let Some(uid) = state.uid {
        chown(&folder, Some(uid), Some(uid))?;
    }
    Ok(folder)
}

/// Removes the folders of a run. One that is left goes with the next that is made.
pub(crate) fn shut(dir: &RoomDir, run: &RunId) {
    let _ = remove_tree(&dir.sessions().join(run.as_str()));
    let _ = remove_tree(&spills(dir, run));
}

impl Bubblewrap {
    /// A connection to what people are in.
    pub(crate) fn reach_session(&self, room: &RoomId, run: &RunId) -> io::Result<UnixStream> {
        let dir = self.dir(room);
        let state = dir.state()?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        socket::connect(&dir.sessions(), (run.as_str(), SOCKET), state.uid)
    }
}
