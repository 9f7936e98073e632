//! Extracts and rooms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The data made for a permit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ExtractBody {
    /// Its id.
    id: String,
    /// What is in it: people, tables, how the sources were linked.
    #[schema(value_type = Object)]
    manifest: BTreeMap<String, serde_json::Value>,
    /// When it was made.
    #[schema(format = DateTime)]
    built_at: String,
    /// Who had it made.
    built_by: String,
    /// How long that took.
    milliseconds: u64,
    /// When it was destroyed, if it was.
    #[schema(format = DateTime)]
    destroyed_at: Option<String>,
}

/// A room.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RoomBody {
    /// Its id.
    id: String,
    /// `open`, `waiting`, `running`, `frozen` or `closed`.
    state: String,
    /// The permit it was opened on.
    permit: String,
    /// The extract it was opened on.
    extract: String,
    /// How large it is.
    limits: LimitsBody,
    /// What makes the limits hold.
    #[schema(value_type = Object)]
    holds: serde_json::Value,
    /// Who opened it.
    opened_by: String,
    /// When.
    #[schema(format = DateTime)]
    opened_at: String,
    /// The last commands, newest last.
    runs: Vec<RunBody>,
    /// How many there were altogether.
    runs_total: u64,
    /// How long it was used altogether.
    clock: ClockBody,
    /// What waits in it for a place on the machine; where in line: `room_queue`.
    waiting: Option<WaitingBody>,
    /// Until when what is in it stays, while it is frozen.
    #[schema(format = DateTime)]
    frozen_until: Option<String>,
    /// What was in it when it was removed.
    removed: Option<RemovedBody>,
    /// When it was closed, if it was.
    #[schema(format = DateTime)]
    closed_at: Option<String>,
    /// Why: `by-person`, `permit-expired`, `permit-revoked`, `extract-destroyed`
    /// or `lost`.
    closed: Option<String>,
}

/// How long anything ran in a room: what runs at once counts once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ClockBody {
    /// Until nothing ran any more the last time, milliseconds.
    used_ms: u64,
    /// Since when something has been running without a break.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Up to when what has ended since then ran.
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// What waits for a place on the machine.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WaitingBody {
    /// The id that it will have.
    run: String,
    /// Who asked for it.
    by: String,
    /// The program and its arguments.
    command: Vec<String>,
    /// The name of the script it was given.
    script: Option<String>,
    /// Whether it is the room's notebook server.
    notebook: bool,
    /// Whether it is the room's desktop.
    desktop: bool,
    /// Whether it keeps its place when the program that took it in is gone.
    stays: bool,
    /// Since when it waits.
    #[schema(format = DateTime)]
    asked_at: String,
    /// The entry of the ledger that it waits by.
    seq: u64,
}

/// Where something stands in the queue for places on the machine.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct PlaceBody {
    /// The id that it will have.
    pub(crate) run: String,
    /// Who asked for it.
    pub(crate) by: String,
    /// How manieth it is: 1 is next.
    pub(crate) number: usize,
    /// How many wait altogether.
    pub(crate) of: usize,
    /// Since when it waits.
    #[schema(format = DateTime)]
    pub(crate) asked_at: String,
}

impl PlaceBody {
    pub(crate) fn of(place: &centre::rooms::Place) -> Self {
        Self {
            run: place.waiting.run.to_string(),
            by: place.waiting.by.to_string(),
            number: place.number,
            of: place.of,
            asked_at: place.waiting.asked_at.to_string(),
        }
    }
}

/// How it stands with the notebook or the desktop of a room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SittingBody {
    /// Whether it is open.
    pub(crate) open: bool,
    /// Whether it answers: one that was just opened takes a moment.
    pub(crate) answers: bool,
    /// The run that it is.
    pub(crate) run: Option<String>,
    /// Who opened it.
    pub(crate) by: Option<String>,
    /// Whether it is open for everybody in the room.
    pub(crate) together: bool,
    /// Since when.
    #[schema(format = DateTime)]
    pub(crate) since: Option<String>,
    /// Where it stands in the queue, when the machine has no place for it.
    pub(crate) place: Option<PlaceBody>,
}

/// What was removed with a room.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RemovedBody {
    /// How many files were in the work folder.
    files: u64,
    /// How long they were together, bytes.
    bytes: u64,
    /// SHA-256 over the list of them.
    files_sha256: String,
    /// How many earlier versions of files were kept.
    #[serde(default)]
    versions: u64,
    /// How much they took, bytes.
    #[serde(default)]
    versions_bytes: u64,
}

/// A version of a file of a room.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct VersionBody {
    /// Its number.
    version: u64,
    /// The file's name below the work folder.
    file: String,
    /// When it was kept.
    #[schema(format = DateTime)]
    kept_at: String,
    /// Until when it is kept; nothing, while it is what the file is.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// How long it is.
    bytes: u64,
    /// SHA-256 of it.
    sha256: String,
}

impl VersionBody {
    pub(crate) fn of(version: &room::Version) -> Self {
        Self {
            version: version.number.get(),
            file: version.name.to_string(),
            kept_at: version.kept_at.to_string(),
            until: version.until().map(|until| until.to_string()),
            bytes: version.bytes,
            sha256: version.sha256.to_string(),
        }
    }
}

/// How large a room is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LimitsBody {
    /// Memory, bytes.
    memory: u64,
    /// Processors, in hundredths of one.
    cpu_percent: u32,
    /// Processes and threads at once.
    processes: u32,
    /// The work folder, bytes.
    disk: u64,
    /// Files in the work folder.
    files: u64,
    /// How long one command may run, seconds.
    wall_seconds: u64,
    /// How long the room may be used altogether, seconds. Not said: as long as the permit
    /// lasts.
    total_seconds: Option<u64>,
    /// `/tmp` and `/dev/shm`, bytes each.
    scratch: u64,
    /// How much of what a command prints is kept, bytes.
    log: u64,
}

/// A command that ran or runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RunBody {
    /// Its id.
    id: String,
    /// Who asked for it.
    by: String,
    /// The program and its arguments.
    command: Vec<String>,
    /// The name of the script it was given.
    script: Option<String>,
    /// SHA-256 of that script.
    script_sha256: Option<String>,
    /// Whether it is the room's notebook server.
    notebook: bool,
    /// Whether it is the room's desktop.
    desktop: bool,
    /// Whether it sees the private folder of who asked for it.
    private: bool,
    /// When it began.
    #[schema(format = DateTime)]
    started_at: String,
    /// How it ended, if it has.
    ended: Option<RunEndBody>,
}

/// How a command ended.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RunEndBody {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// `finished`, `failed`, `killed-memory`, `killed-time`, `killed-disk`,
    /// `killed-processes`, `stopped` or `lost`.
    outcome: String,
    /// What the program returned.
    exit: Option<i32>,
    /// How long it ran, milliseconds.
    wall_ms: u64,
    /// Processor time, milliseconds.
    cpu_ms: u64,
    /// The most memory it held at once, bytes.
    peak_memory: u64,
    /// Files in the work folder afterwards.
    files_total: u64,
}

/// How full a room is, and what is in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RoomInside {
    /// The runs that go on, the oldest first.
    pub(crate) running: Vec<String>,
    /// Memory in use, bytes.
    pub(crate) memory: u64,
    /// Processes and threads, where the machine counts them.
    pub(crate) processes: Option<u64>,
    /// Processors in use, in hundredths of one, since the room was looked at before.
    pub(crate) cpu_percent: Option<u32>,
    /// The work folder in use, bytes.
    pub(crate) disk: u64,
    /// The files that can be asked for.
    pub(crate) files: Vec<FileBody>,
    /// What lies there and cannot be asked for: name, and why.
    pub(crate) refused: Vec<(String, String)>,
    /// What programs in the room handed over, to be asked out: as it is asked for.
    #[schema(value_type = Vec<Object>)]
    pub(crate) handed_over: Vec<serde_json::Value>,
}

/// A file in a work folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileBody {
    /// Its name below the work folder.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// When it was written last, seconds since 1970 UTC.
    pub(crate) modified: i64,
}
