//! Why a machine cannot have rooms.

use std::path::PathBuf;

use crate::seccomp;

/// Why no room can be opened on this machine.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The folder for rooms cannot be made or read.
    #[error("the folder for rooms `{}` cannot be used: {why}", path.display())]
    Rooms {
        /// Which folder.
        path: PathBuf,
        /// What the machine said.
        why: String,
    },
    /// The Python environment is not there.
    #[error(
        "the rooms' Python environment `{}` cannot be used: {why}: make it with \
         `cargo xtask setup`, or set another in the configuration",
        path.display()
    )]
    Python {
        /// Which folder.
        path: PathBuf,
        /// What the machine said.
        why: String,
    },
    /// There are no user ids for rooms.
    #[error("{0}")]
    Users(String),
    /// There is no filter for this processor.
    #[error(transparent)]
    Filter(#[from] seccomp::FilterError),
    /// bubblewrap cannot make a room here.
    #[error("no room can be opened on this machine: {0}")]
    Machine(String),
}
