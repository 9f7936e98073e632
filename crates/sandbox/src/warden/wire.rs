//! What a server and a warden say to each other: a JSON line each.

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::time::Duration;

use model::{AccountId, RoomId, RunId, StatementId};
use room::packages::{Allowed, Fetched};
use room::statement::next_line_of;
use room::{Ended, StartError, StatementEnd, Stay, Stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bubblewrap::Bubblewrap;
use crate::config::{CgroupPlace, Config, DiskHold};
use crate::doors::Askers;
use crate::packages::Mirror;
use crate::state::RoomDir;
use crate::walls::Setting;
use crate::{desktop, notebook};

/// What a warden is told first. It holds no secret.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub room: RoomId,
    pub run: RunId,
    pub errand: Errand,
    /// Whose private folder it sees.
    pub person: Option<AccountId>,
    pub wall: Duration,
    /// Whether statements of it are taken down.
    pub has_statements: bool,
    /// Whether what it fetches is.
    pub has_packages: bool,
    mirror: Mirror,
    rooms: PathBuf,
    python: Option<PathBuf>,
    bwrap: PathBuf,
    first_uid: Option<u32>,
    cgroup: CgroupPlace,
    disk: DiskHold,
    /// The words of what answers statements.
    pub sql: Option<Vec<String>>,
}

impl Order {
    pub(super) fn new(
        runtime: &Bubblewrap,
        room: &RoomId,
        run: &RunId,
        errand: Errand,
        stay: Stay,
        askers: &Askers,
    ) -> Self {
        let config = &runtime.config;
        Self {
            room: room.clone(),
            run: run.clone(),
            errand,
            person: stay.person,
            wall: stay.wall,
            has_statements: askers.statements.is_some(),
            has_packages: askers.packages.is_some(),
            mirror: runtime.config.mirror.clone(),
            rooms: runtime.rooms.clone(),
            python: config.python.clone(),
            bwrap: config.bwrap.clone(),
            first_uid: config.first_uid,
            cgroup: config.cgroup.clone(),
            disk: config.disk,
            sql: config.sql.as_ref().map(|sql| sql.words.clone()),
        }
    }

    pub(super) fn dir(&self) -> RoomDir {
        RoomDir(self.rooms.join(self.room.as_str()))
    }

    /// The configuration of the server, without what is opened.
    pub(super) fn config(&self) -> Config {
        Config {
            python: self.python.clone(),
            bwrap: self.bwrap.clone(),
            first_uid: self.first_uid,
            cgroup: self.cgroup.clone(),
            disk: self.disk,
            mirror: self.mirror.clone(),
            ..Config::new(self.rooms.clone())
        }
    }
}

/// What is to be run in a room.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Errand {
    /// A command, and a script by its path in the room.
    Command { words: Vec<String>, script: Option<(String, String)> },
    /// The notebook server.
    Notebook,
    /// The desktop.
    Desktop,
}

impl Errand {
    /// Its words, and what it finds in the room.
    pub(crate) fn setting(
        self,
        room: &RoomId,
        person: Option<AccountId>,
    ) -> (Vec<String>, Setting) {
        let (words, setting) = match self {
            Self::Command { words, script } => {
                (words, Setting { texts: script.into_iter().collect(), ..Setting::default() })
            }
            Self::Notebook => (notebook::words(), notebook::setting(room, person.as_ref())),
            Self::Desktop => (desktop::words(), desktop::setting()),
        };
        (words, Setting { person, ..setting })
    }
}

/// What a warden says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "told", content = "is", rename_all = "kebab-case")]
pub(super) enum Told {
    /// The command began. Said first, to every server.
    Started,
    /// It did not, and the warden is gone.
    NotStarted(Refused),
    /// It printed a line.
    Line { stream: Stream, text: String },
    /// It holds so many bytes of memory now.
    Memory(u64),
    /// The command asks for something, which waits for the answer.
    Asks { number: u64, ask: Ask },
    /// A statement has ended.
    StatementEnded { statement: StatementId, end: StatementEnd },
    /// The command has ended. Said last.
    Ended(Ended),
}

/// What a command asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ask {
    /// This statement is about to be run.
    Statement(String),
    /// Which packages may be fetched.
    Allowed,
    /// This file is about to be sent.
    Fetched(Fetched),
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// The statement is written down by this id.
    Statement(StatementId),
    /// These packages.
    Allowed(Vec<Allowed>),
    /// It is written down.
    Noted,
}

/// The next line that is said; nothing at the end. Both ends are this program: the
/// bound is for what went wrong.
pub(super) fn next_line<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    next_line_of(LONGEST_LINE, from)
}

/// The longest line, bytes: an allow-list of every package that there is.
const LONGEST_LINE: u64 = 64 << 20;

/// Why a command did not begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Refused {
    NoRoom,
    Busy,
    Machine(String),
}

impl From<StartError> for Refused {
    fn from(error: StartError) -> Self {
        match error {
            StartError::NoRoom(_) => Self::NoRoom,
            StartError::Busy(_) => Self::Busy,
            StartError::Machine { what, why, .. } => Self::Machine(format!("{what}: {why}")),
            other => Self::Machine(other.to_string()),
        }
    }
}

/// What a warden is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tells", rename_all = "kebab-case")]
pub(super) enum Tells {
    /// The command is to end.
    Stop,
    /// What was asked for is had, or is not to be done.
    Answer { number: u64, answer: Result<Answer, String> },
    /// The end of the command is written down.
    Noted,
}
