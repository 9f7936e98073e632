//! The life of a room, folded from its entries.

use std::fmt;

use ledger::{Entry, Hash, Record};
use model::{AccountId, ExtractId, PermitId, RoomId, RunId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Clock, Closing, Holds, Limits, Outcome, Removed, RoomEvent};

/// Where a room stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing runs in it.
    Open,
    /// Nothing runs in it: a command waits until the machine has a place for it.
    Waiting,
    /// One command or several run in it.
    Running,
    /// Nothing runs in it and nobody enters it; its files stay for a while.
    Frozen,
    /// It is gone.
    Closed,
}

impl State {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Frozen => "frozen",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// From which state which act leads where. What is not here does not happen: what runs
/// ends before its room does, and what waits gives up its place. A room stays `running`
/// until the last of its commands has ended.
pub const LIFECYCLE: &[(Option<State>, &str, State)] = &[
    (None, "opened", State::Open),
    (Some(State::Open), "run-started", State::Running),
    (Some(State::Open), "run-queued", State::Waiting),
    (Some(State::Waiting), "run-started", State::Running),
    (Some(State::Waiting), "run-given-up", State::Open),
    // Beside what runs there: the place is the room's.
    (Some(State::Running), "run-started", State::Running),
    (Some(State::Running), "run-ended", State::Open),
    (Some(State::Running), "entered", State::Running),
    (Some(State::Running), "cell-run", State::Running),
    (Some(State::Running), "cell-ended", State::Running),
    (Some(State::Running), "statement-run", State::Running),
    (Some(State::Running), "statement-ended", State::Running),
    (Some(State::Running), "package-fetched", State::Running),
    (Some(State::Running), "saved", State::Running),
    (Some(State::Open), "restored", State::Open),
    (Some(State::Waiting), "restored", State::Waiting),
    (Some(State::Running), "restored", State::Running),
    (Some(State::Running), "pasted", State::Running),
    (Some(State::Running), "withheld", State::Running),
    (Some(State::Running), "left", State::Running),
    // The notebook may be shut before it is left.
    (Some(State::Open), "left", State::Open),
    (Some(State::Open), "cell-ended", State::Open),
    (Some(State::Open), "statement-ended", State::Open),
    (Some(State::Waiting), "left", State::Waiting),
    (Some(State::Waiting), "cell-ended", State::Waiting),
    (Some(State::Waiting), "statement-ended", State::Waiting),
    (Some(State::Open), "withheld", State::Open),
    (Some(State::Waiting), "withheld", State::Waiting),
    (Some(State::Open), "looked", State::Open),
    (Some(State::Waiting), "looked", State::Waiting),
    (Some(State::Running), "looked", State::Running),
    (Some(State::Open), "frozen", State::Frozen),
    // What waited in it does not begin.
    (Some(State::Waiting), "frozen", State::Frozen),
    (Some(State::Frozen), "thawed", State::Open),
    // What was going on when it was shut is told a moment later.
    (Some(State::Frozen), "left", State::Frozen),
    (Some(State::Frozen), "cell-ended", State::Frozen),
    (Some(State::Frozen), "statement-ended", State::Frozen),
    (Some(State::Frozen), "counted", State::Frozen),
    (Some(State::Frozen), "closed", State::Closed),
    // Its work folder was gone.
    (Some(State::Open), "closed", State::Closed),
    (Some(State::Waiting), "closed", State::Closed),
];

fn next(from: Option<State>, act: &str) -> Result<State, String> {
    LIFECYCLE
        .iter()
        .find(|(state, word, _)| *state == from && *word == act)
        .map(|(_, _, to)| *to)
        .ok_or_else(|| match from {
            None => format!("a room begins with `opened`, not with `{act}`"),
            Some(State::Open) => format!("`{act}` does not happen to a room with nothing running"),
            Some(State::Waiting) => format!("`{act}` does not happen while a command waits"),
            Some(State::Running) => format!("`{act}` does not happen while a command runs"),
            Some(State::Frozen) => format!("`{act}` does not happen to a room that is frozen"),
            Some(State::Closed) => "the room is closed".to_owned(),
        })
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Where it stands.
    pub state: State,
    /// The permit it was opened on.
    pub permit: PermitId,
    /// The extract it was opened on.
    pub extract: ExtractId,
    /// How large it is.
    pub limits: Limits,
    /// What makes the limits hold.
    pub holds: Holds,
    /// Who opened it.
    pub opened_by: AccountId,
    /// When.
    pub opened_at: Timestamp,
    /// What was run, newest last: the last [`Room::KEPT`], and all that runs. Their
    /// scripts and files are in the entries.
    pub runs: Vec<Run>,
    /// How many commands were run altogether.
    pub runs_total: u64,
    /// How long it was used altogether.
    #[serde(default)]
    pub clock: Clock,
    /// What waits in it for a place on the machine, if anything does.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// Until when its files stay, while it is frozen.
    #[serde(default)]
    pub frozen_until: Option<Timestamp>,
    /// What was in it when it was removed.
    #[serde(default)]
    pub removed: Option<Removed>,
    /// When it was closed, if it was.
    pub closed_at: Option<Timestamp>,
    /// Why it was shut or closed, if it was.
    pub closed: Option<Closing>,
}

/// A command that ran or runs in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Who asked for it.
    pub by: AccountId,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The name of the script it was given.
    pub script: Option<String>,
    /// SHA-256 of that script.
    pub script_sha256: Option<Hash>,
    /// Whether it is the room's notebook server.
    #[serde(default)]
    pub notebook: bool,
    /// Whether it is the room's desktop.
    #[serde(default)]
    pub desktop: bool,
    /// Whether it sees the private folder of who asked for it.
    #[serde(default)]
    pub private: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// How it ended, if it has.
    pub ended: Option<RunEnd>,
}

/// A command that waits for a place on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Waiting {
    /// The id it will have.
    pub run: RunId,
    /// Who asked for it.
    pub by: AccountId,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The name of the script it was given.
    pub script: Option<String>,
    /// Whether it is the room's notebook server.
    pub notebook: bool,
    /// Whether it is the room's desktop.
    pub desktop: bool,
    /// Whether it keeps its place when the program that took it in is gone.
    pub stays: bool,
    /// Since when it waits.
    pub asked_at: Timestamp,
    /// The number of the entry it waits by: who asked first has the lower.
    pub seq: u64,
}

impl Waiting {
    /// Whether people will be in it. Nobody waits for one whose page was closed.
    pub const fn is_session(&self) -> bool {
        self.notebook || self.desktop
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunEnd {
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// What the program returned.
    pub exit: Option<i32>,
    /// How long it ran, milliseconds.
    pub wall_ms: u64,
    /// Processor time, milliseconds.
    pub cpu_ms: u64,
    /// The most memory it held at once, bytes.
    pub peak_memory: u64,
    /// How many files were in the work folder afterwards.
    pub files_total: u64,
}

impl Run {
    /// Whether people are in it: it runs until it is stopped.
    pub const fn is_session(&self) -> bool {
        self.notebook || self.desktop
    }

    /// Whether it is one that this person may be in.
    pub fn takes_in(&self, person: &AccountId) -> bool {
        self.is_session() && (!self.private || self.by == *person)
    }
}

impl State {
    /// Of a room that has its work folder.
    pub const THERE: [Self; 4] = [Self::Open, Self::Waiting, Self::Running, Self::Frozen];
}

impl Room {
    /// Whether people may be in it: neither frozen nor closed.
    pub const fn is_entered(&self) -> bool {
        matches!(self.state, State::Open | State::Waiting | State::Running)
    }

    /// How many commands run at once in a room at the most.
    pub const AT_ONCE: usize = 16;

    /// How many rooms there are on one permit at the most.
    pub const OF_A_PERMIT: usize = 8;

    /// How many runs a record keeps. The entries keep them all.
    pub const KEPT: usize = 100;

    /// What runs now that people are in: notebook servers, or desktops.
    pub fn sessions(&self) -> impl Iterator<Item = &Run> {
        self.running().filter(|run| run.is_session())
    }

    /// What runs now that this person is in: their own, else the one that is for
    /// everybody in the room.
    pub fn session_of(&self, person: &AccountId) -> Option<&Run> {
        let of_theirs = || self.sessions().filter(|run| run.takes_in(person));
        of_theirs().find(|run| run.private).or_else(|| of_theirs().next())
    }

    /// The commands that run now, the newest last.
    pub fn running(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.ended.is_none())
    }

    /// Whether this command runs now.
    pub fn is_running(&self, run: &RunId) -> bool {
        self.running().any(|running| running.id == *run)
    }

    /// Forgets the oldest command that has ended when there are too many.
    fn keep_last_runs(&mut self) {
        if self.runs.len() >= Self::KEPT
            && let Some(oldest) = self.runs.iter().position(|run| run.ended.is_some())
        {
            self.runs.remove(oldest);
        }
    }
}

impl Record for Room {
    type Event = RoomEvent;

    fn begin(id: &str, event: RoomEvent, entry: &Entry) -> Result<Self, String> {
        let state = next(None, ledger::Event::act(&event))?;
        let RoomEvent::Opened { permit, extract, limits, holds, by } = event else {
            return Err("a room begins with `opened`".into());
        };
        Ok(Self {
            id: id.parse().map_err(|error: model::IdError| error.to_string())?,
            state,
            permit,
            extract,
            limits,
            holds,
            opened_by: by,
            opened_at: entry.at,
            runs: Vec::new(),
            runs_total: 0,
            clock: Clock::default(),
            waiting: None,
            frozen_until: None,
            removed: None,
            closed_at: None,
            closed: None,
        })
    }

    fn apply(&mut self, event: RoomEvent, entry: &Entry) -> Result<(), String> {
        let mut state = next(Some(self.state), ledger::Event::act(&event))?;
        match event {
            RoomEvent::Opened { .. } => return Err("the room is open already".into()),
            RoomEvent::RunQueued { run, by, command, script, notebook, desktop, stays, .. } => {
                self.waiting = Some(Waiting {
                    run,
                    by,
                    command,
                    script: script.map(|script| script.name().to_owned()),
                    notebook,
                    desktop,
                    stays,
                    asked_at: entry.at,
                    seq: entry.seq,
                });
            }
            RoomEvent::RunGivenUp { run, .. } => {
                self.waiting
                    .take_if(|waiting| waiting.run == run)
                    .ok_or_else(|| format!("`{run}` is not what waits in this room"))?;
            }
            RoomEvent::RunStarted { run, by, command, script, notebook, desktop, private } => {
                if self.waiting.take().is_some_and(|waiting| waiting.run != run) {
                    return Err("another command waits in this room".into());
                }
                if self.runs.iter().any(|known| known.id == run) {
                    return Err(format!("`{run}` has run in this room already"));
                }
                self.keep_last_runs();
                self.runs.push(Run {
                    id: run,
                    by,
                    command,
                    script_sha256: script.as_ref().map(crate::Script::sha256),
                    script: script.map(|script| script.name().to_owned()),
                    notebook,
                    desktop,
                    private,
                    started_at: entry.at,
                    ended: None,
                });
                self.runs_total += 1;
                self.clock.begins(entry.at);
            }
            RoomEvent::RunEnded {
                run,
                outcome,
                exit,
                wall_ms,
                cpu_ms,
                peak_memory,
                files_total,
                ..
            } => {
                let running = self
                    .runs
                    .iter_mut()
                    .find(|running| running.id == run && running.ended.is_none())
                    .ok_or_else(|| format!("`{run}` does not run in this room"))?;
                let (at, started) = (entry.at, running.started_at);
                running.ended =
                    Some(RunEnd { at, outcome, exit, wall_ms, cpu_ms, peak_memory, files_total });
                let others_run = self.running().next().is_some();
                self.clock.ends(started, wall_ms, others_run);
                if others_run {
                    state = State::Running;
                }
            }
            // In the ledger, for those who ask who did and saw what.
            RoomEvent::Entered { .. }
            | RoomEvent::Left { .. }
            | RoomEvent::CellRun { .. }
            | RoomEvent::CellEnded { .. }
            | RoomEvent::StatementRun { .. }
            | RoomEvent::StatementEnded { .. }
            | RoomEvent::PackageFetched { .. }
            | RoomEvent::Saved { .. }
            | RoomEvent::Restored { .. }
            | RoomEvent::Pasted { .. }
            | RoomEvent::Withheld { .. }
            | RoomEvent::Looked { .. } => {}
            RoomEvent::Frozen { why, until } => {
                self.waiting = None;
                self.closed = Some(why);
                self.frozen_until = Some(until);
            }
            RoomEvent::Thawed { .. } => {
                self.closed = None;
                self.frozen_until = None;
            }
            RoomEvent::Counted(removed) => self.removed = Some(removed),
            RoomEvent::Closed { why } => {
                self.waiting = None;
                self.frozen_until = None;
                self.closed_at = Some(entry.at);
                self.closed = Some(why);
            }
        }
        self.state = state;
        Ok(())
    }

    fn state(&self) -> &'static str {
        self.state.as_str()
    }

    fn parent(&self) -> Option<String> {
        Some(self.permit.to_string())
    }
}
