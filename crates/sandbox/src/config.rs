//! What the runtime is told about the machine it is on.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::packages::Mirror;
use crate::sql::SqlProgram;
use crate::warden::WardenProgram;

/// Where rooms live and what they are made with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that holds one folder per room. Made if it is not there.
    pub rooms: PathBuf,
    /// A Python environment shown in every room at `/opt/room-python`.
    pub python: Option<PathBuf>,
    /// The bubblewrap program.
    pub bwrap: PathBuf,
    /// The first of the user ids that rooms run as when the server runs as
    /// root; chosen when nothing is said (decision 0041).
    pub first_uid: Option<u32>,
    /// Where control groups for rooms are made.
    pub cgroup: CgroupPlace,
    /// What holds the size of a work folder.
    pub disk: DiskHold,
    /// What answers statements; without it rooms have no SQL.
    pub sql: Option<SqlProgram>,
    /// What minds commands that are to outlive this program, once it has said that
    /// they are ([`room::Runtime::outlive`]); without it none does.
    pub warden: Option<WardenProgram>,
    /// Where packages are fetched from.
    pub mirror: Mirror,
}

/// Where control groups for rooms are made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CgroupPlace {
    /// Below the server's own, or, as root, below the top.
    #[default]
    Own,
    /// In this folder of a version 2 hierarchy that was handed to the server.
    Below(PathBuf),
    /// Nowhere: limits are held process by process, and watched.
    Nowhere,
}

/// What holds the size of a work folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskHold {
    /// A file system of that size where one can be mounted, else watching.
    #[default]
    Best,
    /// Watching only.
    Watched,
}

impl Config {
    /// Rooms in `rooms`, everything else as found on the machine.
    pub fn new(rooms: PathBuf) -> Self {
        Self {
            rooms,
            python: None,
            bwrap: PathBuf::from("/usr/bin/bwrap"),
            first_uid: None,
            cgroup: CgroupPlace::default(),
            disk: DiskHold::default(),
            sql: None,
            warden: None,
            mirror: Mirror::default(),
        }
    }
}
