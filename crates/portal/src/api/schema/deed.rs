//! What was done in rooms.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that was done in a room.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DeedBody {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who.
    by: String,
    /// In which notebook or desktop, if in one: the id of its run.
    session: Option<String>,
    /// `opened`, `waited`, `ran`, `cell`, `statement`, `fetched`, `entered`, `saved`,
    /// `restored`, `pasted`, `withheld`, `looked`, `asked-in`, `asked-out`, `frozen`,
    /// `thawed`, `counted` or `closed`. The notebook and the desktop were `ran`.
    did: String,
    /// What was run, or waited to be, or asked the statement: its id.
    run: Option<String>,
    /// The program and its arguments.
    command: Option<Vec<String>>,
    /// The script it was given.
    script: Option<ScriptBody>,
    /// Whether it is the room's notebook server.
    notebook: Option<bool>,
    /// Whether it is the room's desktop.
    desktop: Option<bool>,
    /// What a kernel was given: its id.
    cell: Option<String>,
    /// The kernel's name, as the room calls it.
    kernel: Option<String>,
    /// Every word of the cell.
    code: Option<String>,
    /// What was asked in SQL: its id.
    statement: Option<String>,
    /// Every word of the statement, and what was bound to it.
    sql: Option<String>,
    /// How it ended; nothing while it runs.
    ended: Option<DeedEndBody>,
    /// How long somebody was in the notebook or at the desktop, or something waited,
    /// milliseconds; nothing while they are or it does.
    wall_ms: Option<u64>,
    /// How much they were shown, bytes; nothing while they are.
    shown: Option<u64>,
    /// The file that was looked at, saved, restored, fetched, asked in or asked out.
    file: Option<String>,
    /// How much of it was shown, saved or fetched, or pasted or withheld, or is removed,
    /// bytes. Of what was pasted nothing else is kept.
    bytes: Option<u64>,
    /// SHA-256 of what was saved, restored, fetched or pasted.
    sha256: Option<String>,
    /// The package that was fetched: `python` or `r`.
    language: Option<String>,
    /// What it is called.
    name: Option<String>,
    /// Which version of it was fetched, in words; or the number of the version that a
    /// file was restored to.
    version: Option<VersionOf>,
    /// When the version that a file was restored to was kept.
    #[schema(format = DateTime)]
    kept_at: Option<String>,
    /// The ingress it was asked in as.
    ingress: Option<String>,
    /// The output it was asked out as.
    output: Option<String>,
    /// Where that stands now.
    state: Option<String>,
    /// Why the room was shut or closed, or what waited did not begin.
    why: Option<String>,
    /// Until when what is in it stays.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// How many files are removed with it.
    files: Option<u64>,
    /// SHA-256 over the list of them.
    files_sha256: Option<String>,
    /// How many earlier versions of files are removed with it.
    versions: Option<u64>,
    /// How much they take, bytes.
    versions_bytes: Option<u64>,
}

/// A version of a package, or of a file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
enum VersionOf {
    /// Of a file.
    File(u64),
    /// Of a package.
    Package(String),
}

/// A script as it was run.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ScriptBody {
    /// Its file name.
    name: String,
    /// SHA-256 of its text.
    sha256: String,
    /// Every word of it.
    text: String,
}

/// What was read of a table.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TableReadBody {
    /// The table.
    table: String,
    /// How many rows of it.
    rows: u64,
}

/// How a command, a cell or a statement of a journal ended.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DeedEndBody {
    /// As in the runs of a room; not of a statement.
    outcome: Option<String>,
    /// Whether a statement was answered to its end.
    answered: Option<bool>,
    /// How many rows a statement was answered with.
    rows: Option<u64>,
    /// How many rows it read of which table.
    read: Option<Vec<TableReadBody>>,
    /// The tables that were opened meanwhile by what runs on the extract, without SQL, and
    /// how many rows they have; nothing where the machine does not tell, and of statements.
    opened: Option<Vec<TableReadBody>>,
    /// What the program returned.
    exit: Option<i32>,
    /// How long it ran, milliseconds.
    wall_ms: u64,
    /// Processor time, milliseconds. Like what follows, of commands and not of cells.
    cpu_ms: Option<u64>,
    /// The most memory it held at once, bytes.
    peak_memory: Option<u64>,
    /// Files in the work folder afterwards.
    files: Option<u64>,
    /// SHA-256 over the list of them.
    files_sha256: Option<String>,
}
