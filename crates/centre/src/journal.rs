//! The journal of a room: what was done in it, by whom, for how long, with every
//! script word for word (EHDS article 73(1)(e)). What came of it is not in here.

use std::collections::HashMap;

use ledger::{Entry, Hash};
use model::{AccountId, OutputId, RoomId, RunId, Timestamp};
use permit::policy::Action;
use release::OutputState;
use room::{Closing, Outcome, Room, RoomEvent, Script};
use serde::Serialize;

use crate::{Caller, Centre, Refused};

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: AccountId,
    /// What.
    #[serde(flatten)]
    pub what: Done,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "did", rename_all = "kebab-case")]
pub enum Done {
    /// The room was opened.
    Opened,
    /// A command was run.
    Ran(Box<Ran>),
    /// A file of the work folder was looked at.
    Looked {
        /// Its name.
        file: String,
        /// How much was shown, bytes.
        bytes: u64,
    },
    /// A file was asked out.
    AskedOut {
        /// The output.
        output: OutputId,
        /// The file's name.
        file: String,
        /// Where it stands now.
        state: OutputState,
    },
    /// The room was closed.
    Closed {
        /// Why.
        why: Closing,
    },
}

impl Done {
    /// What can be done, as [`Done::as_str`] calls it.
    pub const KINDS: [&'static str; 5] = ["ran", "looked", "asked-out", "opened", "closed"];

    /// The word for its kind.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Ran(_) => "ran",
            Self::Looked { .. } => "looked",
            Self::AskedOut { .. } => "asked-out",
            Self::Closed { .. } => "closed",
        }
    }
}

/// A command that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// Its id.
    pub run: RunId,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The script it was given, word for word.
    pub script: Option<Script>,
    /// How it ended; nothing while it runs.
    pub ended: Option<RanEnd>,
}

impl Ran {
    /// The name of the script, else the command.
    pub fn title(&self) -> String {
        match &self.script {
            Some(script) => script.name().to_owned(),
            None => self.command.join(" "),
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RanEnd {
    /// How.
    pub outcome: Outcome,
    /// What the program returned.
    pub exit: Option<i32>,
    /// How long it ran, milliseconds.
    pub wall_ms: u64,
    /// Processor time of all its processes, milliseconds.
    pub cpu_ms: u64,
    /// The most memory it held at once, bytes.
    pub peak_memory: u64,
    /// How many files were in the work folder afterwards.
    pub files: u64,
    /// SHA-256 over the list of them.
    pub files_sha256: Hash,
}

impl Centre {
    /// What was done in a room, oldest first, for its people and for auditors.
    pub async fn journal(&self, caller: &Caller, id: &RoomId) -> Result<Vec<Deed>, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        self.require(caller, Action::ReadJournal, &self.room_thing(&room).await?)?;
        let mut deeds = deeds(&self.timeline("room", id.as_str()).await?)?;
        // A mended one was not asked for: it is the checker's, and stands with theirs.
        let asked = self.every_output(&[], Some(id)).await?.into_iter();
        deeds.extend(asked.filter(|output| output.mends.is_none()).map(|output| Deed {
            at: output.requested_at,
            by: output.requested_by,
            what: Done::AskedOut { output: output.id, file: output.name, state: output.state },
        }));
        deeds.sort_by_key(|deed| deed.at);
        Ok(deeds)
    }
}

/// The entries of a room as deeds: the end of a run is put to its beginning.
fn deeds(entries: &[Entry]) -> Result<Vec<Deed>, Refused> {
    let mut deeds: Vec<Deed> = Vec::new();
    let mut begun: HashMap<RunId, usize> = HashMap::new();
    for entry in entries {
        let event: RoomEvent =
            entry.event().map_err(|error| Refused::failed("reading the journal", error))?;
        let what = match event {
            RoomEvent::Opened { .. } => Done::Opened,
            RoomEvent::RunStarted { run, command, script, .. } => {
                begun.insert(run.clone(), deeds.len());
                Done::Ran(Box::new(Ran { run, command, script, ended: None }))
            }
            RoomEvent::RunEnded {
                run,
                outcome,
                exit,
                wall_ms,
                cpu_ms,
                peak_memory,
                files_total: files,
                files_sha256,
                ..
            } => {
                let at = begun.get(&run).and_then(|at| deeds.get_mut(*at));
                if let Some(Deed { what: Done::Ran(ran), .. }) = at {
                    ran.ended = Some(RanEnd {
                        outcome,
                        exit,
                        wall_ms,
                        cpu_ms,
                        peak_memory,
                        files,
                        files_sha256,
                    });
                }
                continue;
            }
            RoomEvent::Looked { file, bytes, .. } => Done::Looked { file, bytes },
            RoomEvent::Closed { why } => Done::Closed { why },
        };
        deeds.push(Deed { at: entry.at, by: entry.actor.clone(), what });
    }
    Ok(deeds)
}
