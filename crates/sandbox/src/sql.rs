//! The server of a room's SQL socket: started in a room of its own beside the
//! command, with the same folders and in the same control groups, when somebody
//! in the room connects first; ended with the command (decision 0075).
//!
//! The room sees a folder with the socket in it and cannot change it. The server
//! is another process tree that the room neither sees nor can signal.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use room::statement::{Heard, Said, line, next_line};
use room::{Limits, StatementEnd, Statements};
use rustix::event::{PollFd, PollFlags};

use crate::process;
use crate::socket;
use crate::spawn::{Before, spawn};
use crate::state::make;
use crate::wait::somebody_waits;

/// Where the room sees the folder with the socket.
pub(crate) const FOLDER: &str = "/run/postgresql";
/// What tools call it there (port 5432).
const SOCKET: &str = ".s.PGSQL.5432";

/// How long a server that ended by itself is let lie before the next is started.
const BREATH: Duration = Duration::from_millis(500);
/// How long what was killed may take to go.
const PATIENCE: Duration = Duration::from_secs(5);

/// The program that answers statements, and the words that make it do so. Three
/// follow: how much it may hold in memory and may spill, in bytes, and how many
/// threads it may keep busy. It accepts on its standard input, and says each
/// statement to its standard output (`room::statement`).
#[derive(Debug, Clone)]
pub struct SqlProgram {
    /// The program.
    pub program: Arc<File>,
    /// Its first words.
    pub words: Vec<String>,
}

/// The variables by which tools find the socket.
pub(crate) fn variables() -> Vec<(&'static str, String)> {
    [("PGHOST", FOLDER), ("PGDATABASE", "extract"), ("PGUSER", "room")]
        .map(|(name, value)| (name, value.to_owned()))
        .into()
}

/// Makes the folder of the socket, and the socket anew.
pub(crate) fn listen(folder: &Path) -> io::Result<UnixListener> {
    listen_in(folder, SOCKET)
}

/// Makes a folder that a room may look into, and the socket in it anew.
pub(crate) fn listen_in(folder: &Path, name: &str) -> io::Result<UnixListener> {
    if let Some(of_all) = folder.parent() {
        make(of_all)?;
    }
    match fs::DirBuilder::new().mode(0o755).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    match fs::remove_file(folder.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket::In::open(folder)?.path(name))?;
    fs::set_permissions(folder.join(name), Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// The last words of the program.
pub(crate) fn words(limits: &Limits) -> [String; 3] {
    // The rest is for what else runs in the room, and for what its pool does not
    // count.
    let memory = (limits.memory / 3).max(64 << 20);
    [memory, limits.disk / 2, limits.processors().into()].map(|number| number.to_string())
}

/// What starts a server: the command for bubblewrap, what is done before it runs,
/// and where bubblewrap says what it did.
pub(crate) type Start =
    Box<dyn Fn() -> io::Result<(std::process::Command, Before, OwnedFd)> + Send>;

/// The socket while a command runs.
#[derive(Debug)]
pub(crate) struct Door {
    /// Closed to shut it.
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    /// Waits for who connects, and has them answered.
    pub(crate) fn open(
        listener: UnixListener,
        start: Start,
        statements: Arc<dyn Statements>,
    ) -> io::Result<Self> {
        let (stop, stopped) = UnixStream::pair()?;
        let attendant = Attendant { listener: listener.into(), stopped, start, statements };
        let thread = std::thread::Builder::new()
            .name("room-sql".to_owned())
            .spawn(move || attendant.attend())?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Ends what answers. Nothing of it is left afterwards.
    pub(crate) fn shut(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.shut();
    }
}

struct Attendant {
    listener: OwnedFd,
    stopped: UnixStream,
    start: Start,
    statements: Arc<dyn Statements>,
}

impl Attendant {
    fn attend(&self) {
        // Servers are started from here: each ends with the thread that started it.
        while somebody_waits(&self.listener, &self.stopped) {
            match self.serve() {
                Ok(()) => {}
                Err(error) => tracing::warn!(%error, "statements of a room could not be answered"),
            }
            if self.is_stopped(BREATH) {
                return;
            }
        }
    }

    fn is_stopped(&self, after: Duration) -> bool {
        let mut files = [PollFd::new(&self.stopped, PollFlags::IN)];
        let after = rustix::event::Timespec::try_from(after).ok();
        rustix::event::poll(&mut files, after.as_ref()).is_ok_and(|ready| ready > 0)
    }

    /// One server, until it ends or the door is shut.
    fn serve(&self) -> io::Result<()> {
        let (ours, theirs) = UnixStream::pair()?;
        let (mut command, before, status) = (self.start)()?;
        command.stdin(Stdio::from(self.listener.try_clone()?));
        command.stdout(Stdio::from(OwnedFd::from(theirs))).stderr(Stdio::null());
        let child = spawn(command, before)?;
        let server = Server::new(child, status);
        // Whoever waits for the next line hears nothing else: told from aside, and
        // told too when the line itself is over.
        let (stopped, shut) = (self.stopped.try_clone()?, ours.try_clone()?);
        let aside =
            std::thread::Builder::new().name("room-sql-end".to_owned()).spawn(move || {
                let mut files =
                    [PollFd::new(&stopped, PollFlags::IN), PollFd::new(&shut, PollFlags::empty())];
                while rustix::event::poll(&mut files, None) == Err(rustix::io::Errno::INTR) {}
                let _ = shut.shutdown(Shutdown::Both);
            })?;
        let listened = self.listen(&ours);
        let _ = ours.shutdown(Shutdown::Both);
        drop(server);
        let _ = aside.join();
        listened
    }

    /// Takes down what the server is sent, until it says no more.
    fn listen(&self, ours: &UnixStream) -> io::Result<()> {
        let mut open = Vec::new();
        let mut said = BufReader::new(ours);
        let heard = loop {
            match next_line::<Said>(&mut said) {
                Ok(Some(Said::Begin { number, sql })) => {
                    let refused = match self.statements.begin(sql) {
                        Ok(statement) => {
                            open.push((number, statement));
                            None
                        }
                        Err(why) => Some(why),
                    };
                    let mut to = ours;
                    if let Err(error) = to.write_all(&line(&Heard { number, refused })?) {
                        break Err(error);
                    }
                }
                Ok(Some(Said::Ended { number, end })) => {
                    if let Some(at) = open.iter().position(|(known, _)| *known == number) {
                        let (_, statement) = open.swap_remove(at);
                        self.statements.ended(statement, end.cleaned());
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        for (_, statement) in open {
            self.statements.ended(statement, StatementEnd::UNSEEN);
        }
        heard
    }
}

/// A server that runs. Ended when dropped.
struct Server {
    child: Child,
    held: Option<OwnedFd>,
    /// What bubblewrap says goes here, and is read by nobody.
    _status: OwnedFd,
}

impl Server {
    fn new(child: Child, status: OwnedFd) -> Self {
        let held = i32::try_from(child.id()).ok().and_then(process::held);
        Self { child, held, _status: status }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let root = i32::try_from(self.child.id()).unwrap_or_default();
        let below = process::below(root);
        match &self.held {
            Some(held) => process::kill_tree(root, held),
            None => {
                let _ = self.child.kill();
            }
        }
        let _ = self.child.wait();
        // Its work folder may be taken away the moment this returns.
        let deadline = Instant::now() + PATIENCE;
        while below.iter().any(|pid| process::is_alive(*pid)) {
            if Instant::now() > deadline {
                tracing::error!("what answered the statements of a room does not end");
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
