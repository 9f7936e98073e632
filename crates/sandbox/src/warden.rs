//! A command that outlives the program that started it (decision 0078).
//!
//! The kernel ends what runs in a room with the process that started it. For a
//! server that process is not the server but a *warden*: this program once more, one
//! for each command, which minds it as any program would and tells the server what
//! comes of it through a socket beside the room. A server that was killed leaves
//! wardens and their rooms as they are; the next finds them by their sockets, hears
//! everything from the beginning, and goes on.
//!
//! ```text
//! <rooms>/room-7k3m9q2x4d/wardens/
//!     run-….sock   where the warden of that run is reached
//!     run-….lock   locked while it lives
//! ```

pub(crate) mod keep;
mod wire;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{RoomId, RunId};
use room::statement::line;
use room::{Ended, LogLine, LogSink, StartError, Stay};
use rustix::fs::FlockOperation;

use crate::bubblewrap::Bubblewrap;
use crate::doors::Askers;
use crate::recover;
use crate::run::Handle;
use crate::socket;
use crate::state::{RoomDir, entries, lock};
use wire::{Answer, Ask, Order, Refused, Tells, Told, next_line};

pub(crate) use wire::Errand;

/// How long a warden may take to say whether the command began.
const BEGINNING: Duration = Duration::from_secs(30);

/// How long what a warden left behind may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program that minds commands apart, and the words that make it do so.
#[derive(Debug, Clone)]
pub struct WardenProgram {
    /// The program.
    pub program: Arc<File>,
    /// Its words.
    pub words: Vec<String>,
}

/// The connection of a server to a warden, to tell it something.
pub(crate) struct Line(Mutex<UnixStream>);

impl Line {
    fn tell(&self, tells: &Tells) -> io::Result<()> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.write_all(&line(tells)?)
    }

    /// Asks for the end of the command.
    pub(crate) fn stop(&self) {
        // Gone is gone: who reads the other end hears of it.
        let _ = self.tell(&Tells::Stop);
    }

    /// Says that the end is written down: the warden need not keep it any more.
    pub(crate) fn noted(&self) {
        let _ = self.tell(&Tells::Noted);
    }
}

/// Starts a command under a warden.
pub(crate) fn start(
    runtime: &Bubblewrap,
    warden: &WardenProgram,
    (room, run): (&RoomId, &RunId),
    errand: Errand,
    stay: Stay,
    (log, askers): (Arc<dyn LogSink>, Askers),
) -> Result<Arc<Handle>, StartError> {
    let failed = |what| {
        move |error: io::Error| StartError::Machine {
            room: room.clone(),
            what,
            why: error.to_string(),
        }
    };
    let order = Order::new(runtime, room, run, errand, stay, &askers);
    let (child, stream) = send_off(warden, &order).map_err(failed("what minds it was started"))?;
    let mut said = BufReader::new(stream.try_clone().map_err(failed("it was begun"))?);
    stream.set_read_timeout(Some(BEGINNING)).map_err(failed("it was begun"))?;
    let begun = next_line::<Told>(&mut said);
    stream.set_read_timeout(None).map_err(failed("it was begun"))?;
    let refused = match begun {
        Ok(Some(Told::Started)) => None,
        Ok(Some(Told::NotStarted(Refused::NoRoom))) => Some(StartError::NoRoom(room.clone())),
        Ok(Some(Told::NotStarted(Refused::Busy))) => Some(StartError::Busy(room.clone())),
        Ok(Some(Told::NotStarted(Refused::Machine(why)))) => {
            Some(failed("it was begun")(io::Error::other(why)))
        }
        Ok(_) => Some(failed("it was begun")(io::Error::other("what minds it ended at once"))),
        Err(error) => Some(failed("it was begun")(error)),
    };
    if let Some(refused) = refused {
        end(child);
        return Err(refused);
    }
    let dir = runtime.dir(room);
    follow(dir, run, (stream, said), Some(child), (log, askers)).map_err(failed("it was followed"))
}

/// Takes over a command whose server is gone. Nothing, when no warden minds it, or
/// another server listens to that one.
pub(crate) fn adopt(
    dir: RoomDir,
    run: &RunId,
    log: &dyn Fn() -> io::Result<Arc<dyn LogSink>>,
    askers: Askers,
) -> io::Result<Option<Arc<Handle>>> {
    let Some(stream) = connect(&dir, run)? else { return Ok(None) };
    let mut said = BufReader::new(stream.try_clone()?);
    stream.set_read_timeout(Some(BEGINNING))?;
    // A warden that another server listens to hangs up.
    if next_line::<Told>(&mut said)? != Some(Told::Started) {
        return Ok(None);
    }
    stream.set_read_timeout(None)?;
    follow(dir, run, (stream, said), None, (log()?, askers)).map(Some)
}

/// Lets go of wardens that keep the end of a command for a server that has it
/// written down: all of a room but those of `keep`.
pub(crate) fn dismiss(dir: &RoomDir, keep: &[RunId]) -> io::Result<()> {
    for run in kept(dir)? {
        if !keep.contains(&run)
            && let Some(mut stream) = connect(dir, &run)?
        {
            stream.write_all(&line(&Tells::Noted)?)?;
        }
    }
    Ok(())
}

/// The runs that have a warden, or had one that was killed: what that one left is
/// removed.
pub(crate) fn kept(dir: &RoomDir) -> io::Result<Vec<RunId>> {
    let mut kept = Vec::new();
    for entry in entries(&dir.wardens())? {
        let path = entry?.path();
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        if path.extension() != Some(OsStr::new("lock")) {
            continue;
        }
        let Ok(run) = name.parse::<RunId>() else { continue };
        if is_alive(dir, &run)? {
            kept.push(run);
        } else {
            let _ = std::fs::remove_file(dir.warden(&run, "sock"));
            let _ = std::fs::remove_file(path);
        }
    }
    Ok(kept)
}

/// Whether the warden of a run lives.
pub(crate) fn is_alive(dir: &RoomDir, run: &RunId) -> io::Result<bool> {
    let path = dir.warden(run, "lock");
    Ok(path.exists() && lock(&path, FlockOperation::NonBlockingLockExclusive)?.is_none())
}

/// Starts a warden and gives it its order, on the socket that is its standard input
/// and stays its line to us.
fn send_off(warden: &WardenProgram, order: &Order) -> io::Result<(Child, UnixStream)> {
    let (mut ours, theirs) = UnixStream::pair()?;
    let program = format!("/proc/self/fd/{}", warden.program.as_raw_fd());
    let child = Command::new(program)
        .args(&warden.words)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        // It outlives whoever reads ours.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    match line(order).and_then(|order| ours.write_all(&order)) {
        Ok(()) => Ok((child, ours)),
        Err(error) => {
            end(child);
            Err(error)
        }
    }
}

fn end(mut child: Child) {
    // It ends what it minds when it goes.
    let _ = child.kill();
    let _ = child.wait();
}

/// A connection to the warden of a run; nothing, when it has none.
fn connect(dir: &RoomDir, run: &RunId) -> io::Result<Option<UnixStream>> {
    let reached = socket::In::open(&dir.wardens())
        .and_then(|folder| UnixStream::connect(folder.path(&format!("{run}.sock"))));
    match reached {
        Ok(stream) => Ok(Some(stream)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Listens to a warden on a thread of its own, to the end of the command.
fn follow(
    dir: RoomDir,
    run: &RunId,
    (stream, said): (UnixStream, BufReader<UnixStream>),
    child: Option<Child>,
    (log, askers): (Arc<dyn LogSink>, Askers),
) -> io::Result<Arc<Handle>> {
    let hung_up = stream.try_clone()?;
    let to = Arc::new(Line(Mutex::new(stream)));
    let handle = Arc::new(Handle::afar(run.clone(), Arc::clone(&to)));
    let (told, run) = (Arc::clone(&handle), run.clone());
    std::thread::Builder::new().name(format!("warden-{run}")).spawn(move || {
        let ended = listen(said, &to, &told, &*log, &askers);
        let ended = ended.unwrap_or_else(|| {
            let _ = hung_up.shutdown(Shutdown::Both);
            // The kernel ended what it minded with it; this sees to the rest.
            match recover::end_run(&dir, &run, PATIENCE) {
                Ok(true) => {}
                Ok(false) => {
                    tracing::error!(%run, "what minded a command is gone and the command is not");
                }
                Err(error) => {
                    tracing::error!(%run, %error, "a command that nobody minds could not be ended");
                }
            }
            Ended::LOST
        });
        log.ended(&ended);
        told.end(ended);
        // Its child no longer, when it has been told that it may go.
        if let Some(mut child) = child {
            let _ = child.wait();
        }
    })?;
    Ok(handle)
}

/// Passes on what a warden says until the command has ended; nothing, when it goes
/// before that.
fn listen(
    mut said: BufReader<UnixStream>,
    to: &Line,
    handle: &Handle,
    log: &dyn LogSink,
    askers: &Askers,
) -> Option<Ended> {
    loop {
        match next_line::<Told>(&mut said).ok()?? {
            Told::Line { stream, text } => log.line(LogLine { stream, text: &text }),
            Told::Memory(bytes) => handle.hold(bytes),
            Told::Asks { number, ask } => {
                to.tell(&Tells::Answer { number, answer: answer(ask, askers) }).ok()?;
            }
            Told::StatementEnded { statement, end } => {
                if let Some(statements) = &askers.statements {
                    statements.ended(statement, end);
                }
            }
            Told::Ended(ended) => return Some(ended),
            Told::Started | Told::NotStarted(_) => {}
        }
    }
}

/// What the centre says to what a command asks.
fn answer(ask: Ask, askers: &Askers) -> Result<Answer, String> {
    let nobody = || "what this command asks for is taken down nowhere".to_owned();
    match ask {
        Ask::Statement(sql) => {
            let statements = askers.statements.as_ref().ok_or_else(nobody)?;
            statements.begin(sql).map(Answer::Statement)
        }
        Ask::Allowed => askers.packages.as_ref().ok_or_else(nobody)?.allowed().map(Answer::Allowed),
        Ask::Fetched(fetched) => {
            let packages = askers.packages.as_ref().ok_or_else(nobody)?;
            packages.fetched(fetched).map(|()| Answer::Noted)
        }
    }
}
