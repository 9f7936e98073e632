//! What can happen to a room, as the ledger keeps it.
//!
//! Whole numbers only: an entry is hashed as text, and a fraction can be
//! written in more than one way.

use std::fmt;

use ledger::Event;
use model::{AccountId, ExtractId, PermitId, RunId};
use serde::{Deserialize, Serialize};

use crate::{Holds, Limits, Script};

/// What can happen to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum RoomEvent {
    /// It was opened on an extract.
    Opened {
        /// On which permit.
        permit: PermitId,
        /// On which extract.
        extract: ExtractId,
        /// How large.
        limits: Limits,
        /// What makes the limits hold on this machine.
        holds: Holds,
        /// Who opened it.
        by: AccountId,
    },
    /// A command began.
    RunStarted {
        /// Its id.
        run: RunId,
        /// Who asked for it.
        by: AccountId,
        /// The program and its arguments.
        command: Vec<String>,
        /// The script it was given, word for word.
        script: Option<Script>,
    },
    /// A command ended.
    RunEnded {
        /// Its id.
        run: RunId,
        /// How.
        outcome: Outcome,
        /// What the program returned, 128 + n when signal n ended it; nothing
        /// when it was killed from outside or never began.
        exit: Option<i32>,
        /// How long it ran, milliseconds.
        wall_ms: u64,
        /// Processor time of all its processes, milliseconds.
        cpu_ms: u64,
        /// The most memory it held at once, bytes.
        peak_memory: u64,
        /// The files in the work folder afterwards, by name: the first
        /// [`RoomEvent::LISTED`].
        files: Vec<ListedFile>,
        /// How many files there were altogether.
        files_total: u64,
    },
    /// It was closed, and its work folder removed.
    Closed {
        /// Why.
        why: Closing,
    },
}

impl RoomEvent {
    /// How many files an entry lists.
    pub const LISTED: usize = 200;
}

impl Event for RoomEvent {
    const KIND: &'static str = "room";

    fn act(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::RunStarted { .. } => "run-started",
            Self::RunEnded { .. } => "run-ended",
            Self::Closed { .. } => "closed",
        }
    }
}

/// A file as the ledger lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Its name below the work folder.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// By itself, with 0.
    Finished,
    /// By itself, with something else than 0.
    Failed,
    /// It wanted more memory than the room has.
    KilledMemory,
    /// It ran longer than allowed.
    KilledTime,
    /// The work folder was full.
    KilledDisk,
    /// It wanted more processes than the room has.
    KilledProcesses,
    /// Somebody stopped it, or the room was closed.
    Stopped,
    /// The centre stopped while it ran. How far it came is not known.
    Lost,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Finished,
        Self::Failed,
        Self::KilledMemory,
        Self::KilledTime,
        Self::KilledDisk,
        Self::KilledProcesses,
        Self::Stopped,
        Self::Lost,
    ];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::KilledMemory => "killed-memory",
            Self::KilledTime => "killed-time",
            Self::KilledDisk => "killed-disk",
            Self::KilledProcesses => "killed-processes",
            Self::Stopped => "stopped",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a room was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closing {
    /// Somebody closed it.
    ByPerson,
    /// The last day of its permit is past.
    PermitExpired,
    /// Its permit was taken back.
    PermitRevoked,
    /// Its extract was destroyed.
    ExtractDestroyed,
}

impl Closing {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByPerson => "by-person",
            Self::PermitExpired => "permit-expired",
            Self::PermitRevoked => "permit-revoked",
            Self::ExtractDestroyed => "extract-destroyed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_the_same_word_in_json() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }

    #[test]
    fn the_act_is_the_tag() {
        let event = RoomEvent::Closed { why: Closing::PermitExpired };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json, serde_json::json!({ "act": "closed", "why": "permit-expired" }));
        assert_eq!(json["act"], event.act());
    }
}
