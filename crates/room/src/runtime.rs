//! The machine that keeps a room shut, as the rest of the house sees it.
//!
//! Everything here blocks: an async caller uses a blocking thread. A command
//! may run for seconds or for days; the handle of one that runs can be kept,
//! asked and stopped from any thread.
//!
//! A runtime keeps no truth. What rooms there are is in the ledger; a runtime
//! is told, and [`Runtime::recover`] removes what no entry speaks of.

mod refused;

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::{AccountId, RoomId, RunId, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::refused::{BringError, CloseError, NotRestored, OpenError, RecoverError, StartError};
use crate::packages::Installed;
use crate::versions::Version;
use crate::work::{Usage, WorkError, WorkFolder};
use crate::{
    Copied, Holds, Limits, Listing, Outcome, Packages, RoomEvent, Script, Spec, Statements,
    TableRead,
};

/// Opens rooms, runs commands in them, closes them.
pub trait Runtime: Send + Sync {
    /// Makes the room: its work folder, and nothing that runs. All of it or
    /// nothing. Says what makes its limits hold.
    fn open(&self, spec: &Spec) -> Result<Holds, OpenError>;

    /// Starts a command in a room, beside what runs there: all of it together stays
    /// within the room's limits, and none of it sees more of another than what they
    /// share of the work folder.
    fn start(
        &self,
        room: &RoomId,
        run: &RunId,
        command: Command,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError>;

    /// Who takes down the statements of a run, told before it is started. A runtime
    /// whose rooms have no SQL lets it be.
    fn hear_statements(&self, run: &RunId, statements: Arc<dyn Statements>) {
        let _ = (run, statements);
    }

    /// From now on, what is started goes on when this program is killed, where the
    /// runtime can do that: for a program that comes again and looks after it.
    fn outlive(&self) {}

    /// Takes over a command that goes on though the program that started it is gone.
    /// Who takes down what it asks for was told before. Every line of its log is told
    /// again from the first, to what `log` opens. Nothing,
    /// when nobody minds it any more, or another program hears of it.
    fn adopt(
        &self,
        room: &RoomId,
        run: &RunId,
        log: &dyn Fn() -> io::Result<Arc<dyn LogSink>>,
    ) -> io::Result<Option<Arc<dyn Running>>> {
        let _ = (room, run, log);
        Ok(None)
    }

    /// Forgets how the commands of a room ended, all but those of `keep`: it is written
    /// down.
    fn forget_others(&self, room: &RoomId, keep: &[RunId]) -> io::Result<()> {
        let _ = (room, keep);
        Ok(())
    }

    /// Who says what a run may fetch from the mirror and takes down what it does,
    /// told before it is started. A runtime without a mirror lets it be.
    fn hear_packages(&self, run: &RunId, packages: Arc<dyn Packages>) {
        let _ = (run, packages);
    }

    /// Whether its rooms have a mirror of packages.
    fn has_mirror(&self) -> bool {
        false
    }

    /// The packages that every room has, read from what is installed.
    fn installed(&self) -> Vec<Installed> {
        Vec::new()
    }

    /// Which tables of the room's extract are opened from now on; nothing where the
    /// machine does not tell.
    fn opens(&self, room: &RoomId) -> Option<Box<dyn Opens>> {
        let _ = room;
        None
    }

    /// Whether its rooms have a notebook server. One that says so has the next two.
    fn has_notebooks(&self) -> bool {
        false
    }

    /// Starts a notebook server in a room. It answers on its socket soon after, at
    /// paths below `/ROOM/`.
    fn start_notebook(
        &self,
        room: &RoomId,
        run: &RunId,
        stay: Stay,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        let _ = (room, run, stay, log);
        Err(StartError::NoNotebooks)
    }

    /// A connection to a notebook server of a room: to whatever listens in its place
    /// in what it was started in, and to nothing else in the room or outside of it.
    fn reach(&self, room: &RoomId, run: &RunId) -> io::Result<UnixStream> {
        let _ = (room, run);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether its rooms have a desktop. One that says so has the next two.
    fn has_desktops(&self) -> bool {
        false
    }

    /// Starts a desktop in a room. It speaks RFB (RFC 6143) on its socket soon after,
    /// and asks for no password.
    fn start_desktop(
        &self,
        room: &RoomId,
        run: &RunId,
        stay: Stay,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        let _ = (room, run, stay, log);
        Err(StartError::NoDesktops)
    }

    /// A connection to a desktop of a room, as [`Runtime::reach`].
    fn reach_desktop(&self, room: &RoomId, run: &RunId) -> io::Result<UnixStream> {
        let _ = (room, run);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether a living process, this one or another, minds a command. What nobody
    /// minds was ended with the process that did.
    fn is_minded(&self, room: &RoomId, run: &RunId) -> bool {
        self.running(room).iter().any(|running| running.run() == run)
    }

    /// How much memory is held by what runs in the room, whichever process minds it,
    /// bytes; what can be had back of it at once is left out. Nothing, when that
    /// cannot be told.
    fn held(&self, room: &RoomId) -> Option<u64> {
        let held = self.running(room).iter().map(|running| running.memory()).sum();
        (held > 0).then_some(held)
    }

    /// Says to other processes that this one waits for a place for the room, until
    /// what is returned is dropped or this process is gone. Nothing, when another
    /// waits for it already.
    fn wait_for_place(&self, room: &RoomId) -> io::Result<Option<Waits>> {
        let _ = room;
        Ok(Some(Box::new(())))
    }

    /// Whether a living process, this one or another, waits for a place for the room.
    fn is_waited_for(&self, room: &RoomId) -> bool {
        let _ = room;
        true
    }

    /// The commands that this process runs in the room, the oldest first.
    fn running(&self, room: &RoomId) -> Vec<Arc<dyn Running>>;

    /// How full the room is.
    fn standing(&self, room: &RoomId) -> Result<Standing, WorkError>;

    /// What the people of the room share of the work folder, to be listed and read.
    fn work(&self, room: &RoomId) -> Result<WorkFolder, WorkError>;

    /// The work folder as one person has it: what is shared, and at
    /// [`crate::PRIVATE`] their own. A runtime in whose rooms nobody has files of
    /// their own lets it be.
    fn work_of(&self, room: &RoomId, person: &AccountId) -> Result<WorkFolder, WorkError> {
        let _ = person;
        self.work(room)
    }

    /// The work folder with everybody's files, by account below
    /// [`crate::PRIVATE`]: to be counted, and shown to nobody.
    fn work_of_all(&self, room: &RoomId) -> Result<WorkFolder, WorkError> {
        self.work(room)
    }

    /// Keeps what has changed in the work folder since it was kept last, everybody's
    /// files included, and lets go of what has been kept for its time. Never more than
    /// [`crate::versions::Bounds`] says. A runtime that keeps nothing lets it be.
    fn keep_versions(&self, room: &RoomId, now: Timestamp) -> io::Result<()> {
        let _ = (room, now);
        Ok(())
    }

    /// The versions that are kept of everybody's files, oldest first.
    fn versions(&self, room: &RoomId) -> io::Result<Vec<Version>> {
        let _ = room;
        Ok(Vec::new())
    }

    /// Makes a file again what it was. What it is now is kept first.
    fn restore(&self, room: &RoomId, version: &Version, now: Timestamp) -> Result<(), NotRestored> {
        let _ = (room, now);
        Err(NotRestored::Gone(version.number))
    }

    /// Copies every file of `from` into what the room sees as `/in` and cannot
    /// change: all of them or none. What is there by the same name is replaced.
    /// Says what came in.
    fn bring(&self, room: &RoomId, from: &WorkFolder) -> Result<Listing, BringError> {
        let _ = from;
        Err(BringError::NoRoom(room.clone()))
    }

    /// Copies what is in a room, everybody's files, their earlier versions and what was
    /// brought in, into the folder `to`, which is made: for a backup. What is no plain file
    /// or folder is left out and counted.
    fn copy_out(&self, room: &RoomId, to: &Path) -> io::Result<Copied> {
        let _ = (room, to);
        Ok(Copied::default())
    }

    /// Makes a room again whose folder is not there, with what [`Runtime::copy_out`] copied
    /// of it and a restored backup brought. `false`: nothing of it was.
    fn make_again(&self, room: &RoomId, limits: &Limits, data: &Path) -> Result<bool, OpenError> {
        let _ = (room, limits, data);
        Ok(false)
    }

    /// Stops what runs in the room, whichever process minds it, and waits until
    /// nothing of it is left. The room stays.
    fn quiet(&self, room: &RoomId) -> Result<(), CloseError>;

    /// Stops what runs in the room and removes the room with its work folder.
    /// A room that is gone is closed.
    fn close(&self, room: &RoomId) -> Result<(), CloseError>;

    /// Ends and removes what a stopped centre left behind: commands that no
    /// living process minds, and rooms that are not among `open`.
    /// What cannot be removed is named and left for the next time.
    fn recover(&self, open: &[RoomId]) -> Result<Recovered, RecoverError>;

    /// Lets go of what rooms hold of the machine while nothing runs in them
    /// (mounts), so that a program that stops leaves nothing. They stay open,
    /// and take it again when they are used. Says what could not be let go.
    fn let_go(&self) -> Vec<Stuck> {
        Vec::new()
    }
}

/// Kept as long as a process waits for a place for a room.
pub type Waits = Box<dyn Send + Sync>;

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// A script that the program finds at [`Script::path`].
    pub script: Option<Script>,
    /// When it is ended at the latest: see [`Spec::wall`].
    pub wall: Duration,
    /// Whose private folder it sees; nobody's, when it is nobody's command.
    pub person: Option<AccountId>,
}

/// How long a notebook or a desktop is there, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// When it is ended at the latest.
    pub wall: Duration,
    /// Whose private folder it shows; nobody's, when several people are to be in it.
    pub person: Option<AccountId>,
}

/// A command that was started.
pub trait Running: Send + Sync {
    /// Which.
    fn run(&self) -> &RunId;

    /// Ends it and everything it started. Returns at once; see [`Running::wait`].
    fn stop(&self);

    /// How it ended, if it has.
    fn ended(&self) -> Option<Ended>;

    /// Waits until nothing of it is left.
    fn wait(&self) -> Ended;

    /// Memory held now, bytes.
    fn memory(&self) -> u64;

    /// Its end is written down: the runtime need not keep it any more.
    fn noted(&self) {}
}

/// What is seen of the tables of an extract.
pub trait Opens: Send + Sync {
    /// The tables whose files were opened since this was asked last, by name, whoever
    /// opened them, but for what answers statements.
    fn take(&mut self) -> Vec<String>;
}

/// Where the lines go that a command prints.
pub trait LogSink: Send + Sync {
    /// A line was printed. Called from another thread than the one that started
    /// the command; slow sinks slow the command down.
    fn line(&self, line: LogLine<'_>);

    /// The command ended, and nothing of it is left. Called once, after the
    /// last line.
    fn ended(&self, ended: &Ended) {
        let _ = ended;
    }
}

/// A line that a command printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// Where.
    pub stream: Stream,
    /// Without its end, and without control characters.
    pub text: &'a str,
}

/// Where a line was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// What the program returned, 128 + n when signal n ended it; `None` when it
    /// was killed from outside or never began.
    pub exit: Option<i32>,
    /// How long it ran.
    pub wall: Duration,
    /// Processor time of all its processes.
    pub cpu: Duration,
    /// The most memory it held at once, bytes, file cache included where a
    /// control group counted it.
    pub peak_memory: u64,
    /// How much of what it printed went to the sink, bytes.
    pub log_kept: u64,
    /// How much of what it printed did not, because the log was full.
    pub log_dropped: u64,
    /// The tables of the extract whose files were opened while it ran, by name, but for
    /// what answered statements; nothing where the machine does not tell. Told of all
    /// that runs on the extract at that time.
    #[serde(default)]
    pub opened: Option<Vec<String>>,
}

impl Ended {
    /// The end of a run that nobody saw.
    pub const LOST: Self = Self {
        outcome: Outcome::Lost,
        exit: None,
        wall: Duration::ZERO,
        cpu: Duration::ZERO,
        peak_memory: 0,
        log_kept: 0,
        log_dropped: 0,
        opened: None,
    };

    /// The end as the ledger keeps it, with what is in the work folder now, and how many
    /// rows the tables have that were opened.
    pub fn event(
        &self,
        run: &RunId,
        listing: &Listing,
        opened: Option<Vec<TableRead>>,
    ) -> RoomEvent {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        RoomEvent::RunEnded {
            run: run.clone(),
            outcome: self.outcome,
            exit: self.exit,
            wall_ms: milliseconds(self.wall),
            cpu_ms: milliseconds(self.cpu),
            peak_memory: self.peak_memory,
            files_total: listing.total(),
            files_bytes: listing.bytes(),
            files_sha256: listing.digest(),
            opened,
        }
    }
}

/// How full a room is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What runs of what this process started, the oldest first.
    pub running: Vec<RunId>,
    /// Memory held now by all that runs, bytes.
    pub memory: u64,
    /// Processes and threads of all that runs, where the machine counts them.
    pub processes: Option<u64>,
    /// Processors at work, in hundredths of one, since the room was looked at before;
    /// nothing when it was not.
    pub cpu_percent: Option<u32>,
    /// What is in the work folder.
    pub work: Usage,
}

/// What recovery did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Commands that were ended because no process minded them any more.
    pub ended: Vec<RunId>,
    /// Commands that another living process minds: left alone.
    pub minded: Vec<RunId>,
    /// Rooms that no entry speaks of: removed.
    pub removed: Vec<RoomId>,
    /// Rooms of the ledger that have no folder: their work is gone.
    pub missing: Vec<RoomId>,
    /// What could not be ended or removed.
    pub stuck: Vec<Stuck>,
}

/// A room that the machine does not let go of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// Which, or what is left of which.
    pub room: String,
    /// What was tried, and what the machine said.
    pub why: String,
}

impl std::fmt::Display for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.room, self.why)
    }
}
