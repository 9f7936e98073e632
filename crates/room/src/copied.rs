//! What a backup copied of rooms.

use serde::{Deserialize, Serialize};

/// What was copied of rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Copied {
    /// How many files.
    pub files: u64,
    /// How long they are together, bytes.
    pub bytes: u64,
    /// How many things were left out: links, sockets, second names of files, files with
    /// holes, folders too deep to be looked into.
    pub left_out: u64,
}

impl std::ops::AddAssign for Copied {
    fn add_assign(&mut self, more: Self) {
        self.files += more.files;
        self.bytes += more.bytes;
        self.left_out += more.left_out;
    }
}
