//! The journal of a room: what was done in it, by whom, for how long, with every
//! script word for word (EHDS article 73(1)(e)). What came of it is not in here.

mod deeds;

use std::sync::Arc;

use ingress::IngressState;
use ledger::Hash;
use linkage::Extract;
use model::{AccountId, CellId, IngressId, OutputId, RoomId, RunId, StatementId, Timestamp};
use permit::policy::Action;
use release::OutputState;
use room::{
    CellOutcome, Closing, Fetched, GivenUp, Outcome, Removed, Room, Script, StatementEnd,
    TableRead, VersionNumber,
};
use serde::Serialize;

pub(crate) use self::deeds::Journals;
use crate::rooms::blind;
use crate::{Caller, Centre, Refused};

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: AccountId,
    /// In which notebook or desktop, if in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<RunId>,
    /// What.
    #[serde(flatten)]
    pub what: Done,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "did", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Done {
    /// The room was opened.
    Opened,
    /// A command was run.
    Ran(Box<Ran>),
    /// A command waited for a place on the machine.
    Waited {
        /// The id that it had, or would have had.
        run: RunId,
        /// For how long, milliseconds; nothing while it does.
        wall_ms: Option<u64>,
        /// Why it did not begin, if it did not.
        why: Option<GivenUp>,
    },
    /// Code was given to a kernel of the notebook.
    Cell(Box<Cell>),
    /// A program asked something of the tables in SQL.
    Statement(Box<Statement>),
    /// A program fetched a file of a package.
    Fetched(Box<Fetched>),
    /// Somebody was in the notebook.
    Entered {
        /// For how long, milliseconds; nothing while they are.
        wall_ms: Option<u64>,
        /// How much they were shown, bytes; nothing while they are.
        shown: Option<u64>,
    },
    /// A notebook or a text was saved.
    Saved {
        /// Its name.
        file: String,
        /// How much was sent, bytes.
        bytes: u64,
        /// SHA-256 of it.
        sha256: Hash,
    },
    /// A file was made again what it was earlier.
    Restored {
        /// Its name.
        file: String,
        /// The number of the version.
        version: VersionNumber,
        /// When that was kept.
        kept_at: Timestamp,
        /// SHA-256 of it.
        sha256: Hash,
    },
    /// A text was pasted into the desktop.
    Pasted {
        /// How long it is, bytes.
        bytes: u64,
        /// SHA-256 of it.
        sha256: Hash,
    },
    /// More was to be shown than may be in a minute, and was withheld.
    Withheld {
        /// How much was held back first, bytes.
        bytes: u64,
    },
    /// A file of the work folder was looked at.
    Looked {
        /// Its name.
        file: String,
        /// How much was shown, bytes.
        bytes: u64,
    },
    /// A file was asked in.
    AskedIn {
        /// The ingress.
        ingress: IngressId,
        /// The file's name.
        file: String,
        /// Where it stands now.
        state: IngressState,
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
    /// The room was shut; its files stay for a while.
    Frozen {
        /// Why.
        why: Closing,
        /// Until when its files stay.
        until: Timestamp,
    },
    /// The room was opened again.
    Thawed,
    /// What was in the room was counted, to be removed.
    Counted(Removed),
    /// The room was closed, and what was in it is gone.
    Closed {
        /// Why.
        why: Closing,
    },
}

impl Done {
    /// What can be done, as [`Done::as_str`] calls it.
    pub const KINDS: [&'static str; 20] = [
        "ran",
        "waited",
        "notebook",
        "desktop",
        "cell",
        "statement",
        "fetched",
        "entered",
        "saved",
        "restored",
        "pasted",
        "withheld",
        "looked",
        "asked-in",
        "asked-out",
        "opened",
        "frozen",
        "thawed",
        "counted",
        "closed",
    ];

    /// The word for its kind.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Ran(ran) if ran.notebook => "notebook",
            Self::Ran(ran) if ran.desktop => "desktop",
            Self::Ran(_) => "ran",
            Self::Waited { .. } => "waited",
            Self::Cell(_) => "cell",
            Self::Statement(_) => "statement",
            Self::Fetched(_) => "fetched",
            Self::Entered { .. } => "entered",
            Self::Saved { .. } => "saved",
            Self::Restored { .. } => "restored",
            Self::Pasted { .. } => "pasted",
            Self::Withheld { .. } => "withheld",
            Self::Looked { .. } => "looked",
            Self::AskedIn { .. } => "asked-in",
            Self::AskedOut { .. } => "asked-out",
            Self::Frozen { .. } => "frozen",
            Self::Thawed => "thawed",
            Self::Counted(_) => "counted",
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
    /// Whether it is the room's notebook server.
    pub notebook: bool,
    /// Whether it is the room's desktop.
    pub desktop: bool,
    /// How it ended; nothing while it runs.
    pub ended: Option<RanEnd>,
}

/// Code that was given to a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Its id.
    pub cell: CellId,
    /// The kernel's name, such as `python3` or `ir`.
    pub kernel: String,
    /// Every word of it.
    pub code: String,
    /// How the kernel answered; nothing while it has not.
    pub ended: Option<CellEnd>,
}

impl Cell {
    /// Its first line that says something.
    pub fn title(&self) -> String {
        first_line(&self.code)
    }
}

/// Something that a program asked of the tables in SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Its id.
    pub statement: StatementId,
    /// The run it came from.
    pub run: RunId,
    /// Every word of it, and what was bound to it.
    pub sql: String,
    /// What came of it; nothing while it is answered, or when nobody saw.
    pub ended: Option<StatementEnd>,
}

impl Statement {
    /// Its first line that says something.
    pub fn title(&self) -> String {
        first_line(&self.sql)
    }
}

/// How much of a first line stands for the whole, characters.
const TITLE: usize = 80;

fn first_line(text: &str) -> String {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match first.char_indices().nth(TITLE) {
        Some((at, _)) => format!("{}…", first.get(..at).unwrap_or_default()),
        None => first.to_owned(),
    }
}

/// How a kernel answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CellEnd {
    /// How.
    pub outcome: CellOutcome,
    /// After how long, milliseconds.
    pub wall_ms: u64,
    /// The tables that were opened meanwhile, with the rows in them; nothing where the
    /// machine does not tell.
    pub opened: Option<Vec<TableRead>>,
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
    /// The tables that were opened meanwhile, with the rows in them; nothing where the
    /// machine does not tell.
    pub opened: Option<Vec<TableRead>>,
}

impl Centre {
    /// How many rows there are in tables of a room's extract that were opened. What is no
    /// table of it is left out.
    pub(crate) async fn rows_of(
        &self,
        id: &RoomId,
        opened: Option<Vec<String>>,
    ) -> Result<Option<Vec<TableRead>>, Refused> {
        let Some(opened) = opened else { return Ok(None) };
        if opened.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let (extract, _) = self.load::<Extract>(room.extract.as_str()).await?;
        let tables = extract.manifest.tables.iter();
        let tables =
            tables.map(|(table, is)| TableRead { table: table.to_string(), rows: is.rows });
        Ok(Some(tables.filter(|table| opened.contains(&table.table)).collect()))
    }

    /// What was done in a room, oldest first, for its people and for auditors.
    pub async fn journal(&self, caller: &Caller, id: &RoomId) -> Result<Vec<Arc<Deed>>, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        self.require(caller, Action::ReadJournal, &self.room_thing(&room).await?)?;
        let mut deeds = self.deeds(id).await?;
        let asked = self.every_ingress(&[], Some(id)).await?.into_iter();
        deeds.extend(asked.map(|ingress| {
            let (at, by) = (ingress.asked_at, ingress.asked_by.clone());
            let (ingress, file, state) = (ingress.id.clone(), ingress.name.clone(), ingress.state);
            let what = Done::AskedIn { ingress, file, state };
            Arc::new(Deed { at, by, session: None, what })
        }));
        // A mended one was not asked for: it is the checker's, and stands with theirs.
        let asked = self.every_output(&[], Some(id)).await?.into_iter();
        deeds.extend(asked.filter(|output| output.mends.is_none()).map(|output| {
            let (at, by) = (output.requested_at, output.requested_by.clone());
            let (output, file, state) = (output.id.clone(), output.name.clone(), output.state);
            let what = Done::AskedOut { output, file, state };
            Arc::new(Deed { at, by, session: None, what })
        }));
        deeds.sort_by_key(|deed| deed.at);
        let permit = self.permit_of(&room).await?;
        if blind::is_blind(&permit, caller) {
            blind::dim_journal(&mut deeds);
        }
        self.tell_statements(&permit, caller, id, &mut deeds);
        Ok(deeds)
    }
}
