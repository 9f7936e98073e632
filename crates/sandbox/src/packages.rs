//! Packages: the socket in a room that answers what pip and R ask for, and what
//! makes them ask there (decision 0079).
//!
//! The server answers itself: what a room can ask is one of four things, read
//! strictly (`room::packages`), and every file is taken down before it is sent.
//! A room has no TCP, and gets none for this.

mod answer;
mod installed;
mod mirror;

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use room::packages::Packages;

pub(crate) use installed::{constraints, installed};
pub use mirror::Mirror;

use crate::wait::somebody_waits;
use crate::walls::{Setting, WORK};

/// Where the room sees the folder with the socket.
pub(crate) const FOLDER: &str = "/run/packages";
/// What it is called there.
const SOCKET: &str = "mirror";

/// The folder in the work folder that packages are installed in.
const INSTALLED: &str = ".packages";

/// How many ask at once.
const AT_ONCE: usize = 8;
/// How many files one run may fetch. Each is an entry in the ledger.
pub(crate) const MOST_FETCHED: u64 = 2000;
/// How long is waited after nobody could be let in.
const BREATH: Duration = Duration::from_millis(50);
/// How long an answer may lie unread.
const PATIENCE: Duration = Duration::from_mins(1);

const PIP: &str = include_str!("../packages/pip.conf");
const PYTHON: &str = include_str!("../packages/sitecustomize.py");
const COMMAND: &str = include_str!("../packages/pip.sh");
const UV: &str = include_str!("../packages/uv.sh");
const R: &str = include_str!("../packages/profile.R");

/// Has Python and R ask here. Also where there is no mirror: they say so then, and
/// do not look for one on a network that is not there.
pub(crate) fn dress(setting: &mut Setting, constraints: &str) {
    let text = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    setting.texts.extend([
        text("/etc/pip.conf", PIP),
        text("/run/mirror/constraints.txt", constraints),
        text("/run/mirror/python/sitecustomize.py", PYTHON),
        text("/run/mirror/profile.R", R),
    ]);
    setting.programs.extend([
        text("/run/mirror/bin/pip", COMMAND),
        text("/run/mirror/bin/pip3", COMMAND),
        text("/run/mirror/bin/uv", UV),
    ]);
    setting.variables.extend([
        ("PYTHONPATH", "/run/mirror/python".to_owned()),
        // Where pip puts what it installs, and where R does.
        ("PIP_PREFIX", format!("{WORK}/{INSTALLED}/python")),
        ("ROOM_R_PACKAGES", format!("{WORK}/{INSTALLED}/R")),
        ("R_PROFILE", "/run/mirror/profile.R".to_owned()),
    ]);
}

/// The socket while a command runs.
#[derive(Debug)]
pub(crate) struct Counter {
    /// Closed to shut it.
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

/// What everybody who asks is answered with.
pub(crate) struct Answering {
    pub mirror: Arc<Mirror>,
    pub packages: Arc<dyn Packages>,
    /// How many files were fetched.
    pub fetched: AtomicU64,
}

impl Answering {
    /// Whether one more file may be fetched.
    pub(crate) fn one_more(&self) -> bool {
        self.fetched.fetch_add(1, Ordering::Relaxed) < MOST_FETCHED
    }
}

impl Counter {
    /// Waits for who asks at the socket in `folder`, and answers.
    pub(crate) fn open(
        folder: &Path,
        mirror: Arc<Mirror>,
        packages: Arc<dyn Packages>,
    ) -> io::Result<Self> {
        let listener = crate::sql::listen_in(folder, SOCKET)?;
        listener.set_nonblocking(true)?;
        let (stop, stopped) = UnixStream::pair()?;
        let answering = Arc::new(Answering { mirror, packages, fetched: AtomicU64::new(0) });
        let thread = std::thread::Builder::new()
            .name("room-packages".to_owned())
            .spawn(move || attend(&listener, &stopped, &answering))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Somebody who is answered.
struct Guest {
    stream: UnixStream,
    thread: JoinHandle<()>,
}

fn attend(listener: &UnixListener, stopped: &UnixStream, answering: &Arc<Answering>) {
    let mut guests: Vec<Guest> = Vec::new();
    while somebody_waits(listener, stopped) {
        guests.retain(|guest| !guest.thread.is_finished());
        let Ok((stream, _)) = listener.accept() else {
            // They went away, or this program has as many files open as it may.
            std::thread::sleep(BREATH);
            continue;
        };
        if guests.len() >= AT_ONCE {
            // Closed unanswered: who asks this often asks again.
            continue;
        }
        match welcome(stream, answering) {
            Ok(guest) => guests.push(guest),
            Err(error) => tracing::warn!(%error, "a room that asks for packages is not answered"),
        }
    }
    for guest in guests {
        let _ = guest.stream.shutdown(Shutdown::Both);
        let _ = guest.thread.join();
    }
}

fn welcome(stream: UnixStream, answering: &Arc<Answering>) -> io::Result<Guest> {
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (theirs, answering) = (stream.try_clone()?, Arc::clone(answering));
    let thread = std::thread::Builder::new().name("room-package".to_owned()).spawn(move || {
        // Who hangs up is no news, and what went wrong they were told.
        let _ = answer::answer(&theirs, &answering);
        let _ = theirs.shutdown(Shutdown::Both);
    })?;
    Ok(Guest { stream, thread })
}
