//! What can happen to a room, as the ledger keeps it.
//!
//! Whole numbers only: an entry is hashed as text, and a fraction can be
//! written in more than one way.

use std::fmt;

use ledger::{Event, Hash};
use model::{AccountId, CellId, ExtractId, PermitId, RunId, StatementId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Fetched, Holds, Limits, Script, StatementEnd, TableRead, VersionNumber};

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
        /// Whether it is the room's notebook server.
        #[serde(default, skip_serializing_if = "is_false")]
        notebook: bool,
        /// Whether it is the room's desktop.
        #[serde(default, skip_serializing_if = "is_false")]
        desktop: bool,
        /// Whether it sees the private folder of who asked for it. Nobody else is in
        /// such a notebook or at such a desktop.
        #[serde(default, skip_serializing_if = "is_false")]
        private: bool,
    },
    /// A command waits until the machine has a place for it. What it is is said
    /// here, so that it can be begun by a later program.
    RunQueued {
        /// The id it will have.
        run: RunId,
        /// Who asked for it.
        by: AccountId,
        /// The program and its arguments.
        command: Vec<String>,
        /// The script it was given, word for word.
        script: Option<Script>,
        /// Whether it is the room's notebook server.
        #[serde(default, skip_serializing_if = "is_false")]
        notebook: bool,
        /// Whether it is the room's desktop.
        #[serde(default, skip_serializing_if = "is_false")]
        desktop: bool,
        /// Whether it will see the private folder of who asked for it.
        #[serde(default, skip_serializing_if = "is_false")]
        private: bool,
        /// Whether it keeps its place when the program that took it in is gone.
        #[serde(default, skip_serializing_if = "is_false")]
        stays: bool,
    },
    /// A command that waited is not waited for any more, and does not begin.
    RunGivenUp {
        /// Which.
        run: RunId,
        /// Why.
        why: GivenUp,
    },
    /// Somebody came into the notebook or to the desktop.
    Entered {
        /// Who.
        by: AccountId,
        /// The notebook or desktop; nothing in entries from when a room had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
    },
    /// Somebody left it, or lost the connection to it.
    Left {
        /// Who.
        by: AccountId,
        /// How long they were in it, milliseconds.
        wall_ms: u64,
        /// How much they were shown, bytes.
        shown: u64,
    },
    /// A cell of a notebook, or other code, was given to a kernel to be executed.
    /// Written before the kernel gets it. What comes of it is not kept.
    CellRun {
        /// Its id.
        cell: CellId,
        /// Who sent it.
        by: AccountId,
        /// The notebook or desktop; nothing in entries from when a room had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// The kernel's name as the room calls it, such as `python3` or `ir`.
        kernel: String,
        /// Every word of it.
        code: String,
    },
    /// A kernel answered.
    CellEnded {
        /// Its id.
        cell: CellId,
        /// How.
        outcome: CellOutcome,
        /// From when it was sent until the answer, milliseconds.
        wall_ms: u64,
        /// The tables whose files were opened meanwhile, by whatever runs on the extract,
        /// with the rows that are in them; nothing where the machine does not tell. What
        /// answers statements says by itself what it reads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opened: Option<Vec<TableRead>>,
    },
    /// A program in the room asked something of its tables in SQL. Written before
    /// it is answered. What the answer was is not kept.
    StatementRun {
        /// Its id.
        statement: StatementId,
        /// The run it came from.
        run: RunId,
        /// Every word of it, and what was bound to it.
        sql: String,
    },
    /// It was answered, or was not.
    StatementEnded {
        /// Its id.
        statement: StatementId,
        /// How.
        #[serde(flatten)]
        end: StatementEnd,
    },
    /// A program in the room fetched a file of a package from the mirror. Written
    /// before it gets it.
    PackageFetched {
        /// The run it came from.
        run: RunId,
        /// What.
        #[serde(flatten)]
        fetched: Fetched,
    },
    /// A notebook or a text was saved from the browser.
    Saved {
        /// Who.
        by: AccountId,
        /// The notebook or desktop; nothing in entries from when a room had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// Its name below the work folder.
        file: String,
        /// How much was sent, bytes.
        bytes: u64,
        /// SHA-256 of what was sent.
        sha256: Hash,
    },
    /// A text was put on the desktop's clipboard from the browser. Written before it
    /// is there.
    Pasted {
        /// By whom.
        by: AccountId,
        /// The notebook or desktop; nothing in entries from when a room had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// How long it is, bytes.
        bytes: u64,
        /// SHA-256 of it.
        sha256: Hash,
    },
    /// A file was made again what it was earlier. Written before it is.
    Restored {
        /// Who asked for it.
        by: AccountId,
        /// Its name below the work folder.
        file: String,
        /// The number of the version.
        version: VersionNumber,
        /// When that was kept.
        kept_at: Timestamp,
        /// How long it is, bytes.
        bytes: u64,
        /// SHA-256 of it.
        sha256: Hash,
    },
    /// More was to be shown in the browser than may be shown in a minute: the
    /// rest was withheld.
    Withheld {
        /// From whom.
        by: AccountId,
        /// How much was held back first, bytes.
        bytes: u64,
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
        /// How many files were in the work folder afterwards. Not their names:
        /// auditors read the ledger, and only the room's people see its files.
        files_total: u64,
        /// How long they were together, bytes.
        files_bytes: u64,
        /// SHA-256 over the list of them: see [`crate::Listing::digest`].
        files_sha256: Hash,
        /// The tables whose files were opened meanwhile, by whatever runs on the extract,
        /// with the rows that are in them; nothing where the machine does not tell. What
        /// answers statements says by itself what it reads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opened: Option<Vec<TableRead>>,
    },
    /// Somebody looked at a file of the work folder from outside.
    Looked {
        /// Who.
        by: AccountId,
        /// Its name below the work folder.
        file: String,
        /// How much was shown, bytes.
        bytes: u64,
        /// SHA-256 of what was shown.
        sha256: Hash,
    },
    /// It was shut: nothing runs in it and nobody enters it. Its files stay as they
    /// are for a while.
    Frozen {
        /// Why.
        why: Closing,
        /// Until when its files stay.
        until: Timestamp,
    },
    /// It was opened again, with everything as it was.
    Thawed {
        /// Who opened it.
        by: AccountId,
    },
    /// What is in its work folder was counted, to be removed now.
    Counted(Removed),
    /// It was closed, and its work folder removed.
    Closed {
        /// Why.
        why: Closing,
    },
}

/// What is removed with a room. Not the names: auditors read the ledger, and only
/// the room's people see its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Removed {
    /// How many files were in the work folder.
    pub files: u64,
    /// How long they were together, bytes.
    pub bytes: u64,
    /// SHA-256 over the list of them: see [`crate::Listing::digest`].
    pub files_sha256: Hash,
    /// How many earlier versions of files were kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub versions: u64,
    /// How much they took, bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub versions_bytes: u64,
}

impl RoomEvent {
    /// The notebook or desktop that somebody did it in.
    pub const fn session(&self) -> Option<&RunId> {
        match self {
            Self::Entered { run, .. }
            | Self::CellRun { run, .. }
            | Self::Saved { run, .. }
            | Self::Pasted { run, .. } => run.as_ref(),
            _ => None,
        }
    }
}

impl Event for RoomEvent {
    const KIND: &'static str = "room";

    fn act(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::RunStarted { .. } => "run-started",
            Self::RunQueued { .. } => "run-queued",
            Self::RunGivenUp { .. } => "run-given-up",
            Self::Entered { .. } => "entered",
            Self::Left { .. } => "left",
            Self::CellRun { .. } => "cell-run",
            Self::CellEnded { .. } => "cell-ended",
            Self::StatementRun { .. } => "statement-run",
            Self::StatementEnded { .. } => "statement-ended",
            Self::PackageFetched { .. } => "package-fetched",
            Self::Saved { .. } => "saved",
            Self::Restored { .. } => "restored",
            Self::Pasted { .. } => "pasted",
            Self::Withheld { .. } => "withheld",
            Self::RunEnded { .. } => "run-ended",
            Self::Looked { .. } => "looked",
            Self::Frozen { .. } => "frozen",
            Self::Thawed { .. } => "thawed",
            Self::Counted(_) => "counted",
            Self::Closed { .. } => "closed",
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// How a kernel answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellOutcome {
    /// It ran to its end.
    Ok,
    /// It ended with an error.
    Error,
    /// It was not begun, because one before it failed.
    Aborted,
    /// Nobody heard: the page was closed, or the notebook was.
    Unheard,
}

impl CellOutcome {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Aborted => "aborted",
            Self::Unheard => "unheard",
        }
    }
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

/// Why a command that waited for a place did not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GivenUp {
    /// Somebody gave its place up.
    ByPerson,
    /// Nobody waited for it any longer: the page was closed.
    NobodyWaits,
    /// When its turn came, who asked for it might not do it any more.
    NotAllowed,
    /// The program that waited for it was gone.
    ProgramGone,
}

impl GivenUp {
    /// Every reason.
    pub const ALL: [Self; 4] =
        [Self::ByPerson, Self::NobodyWaits, Self::NotAllowed, Self::ProgramGone];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByPerson => "by-person",
            Self::NobodyWaits => "nobody-waits",
            Self::NotAllowed => "not-allowed",
            Self::ProgramGone => "program-gone",
        }
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
    /// Its work folder was gone: the centre was stopped while it closed the
    /// room, or came back from a backup without it.
    Lost,
}

impl Closing {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByPerson => "by-person",
            Self::PermitExpired => "permit-expired",
            Self::PermitRevoked => "permit-revoked",
            Self::ExtractDestroyed => "extract-destroyed",
            Self::Lost => "lost",
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
    fn every_reason_to_give_up_has_the_same_word_in_json() {
        for why in GivenUp::ALL {
            assert_eq!(serde_json::to_value(why).unwrap(), why.as_str());
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
