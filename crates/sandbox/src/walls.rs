//! What a room sees: the words that tell bubblewrap.

use std::io::{self, Seek as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use model::AccountId;
use room::{Limits, PRIVATE};
use rustix::fs::MemfdFlags;

use crate::spawn::Before;
use crate::{packages, session, sql};

/// The Python environment's place in a room.
pub(crate) const PYTHON: &str = "/opt/room-python";

/// Where a room sees its work folder.
pub(crate) const WORK: &str = "/work";

/// The user and group that code in a room believes it is.
pub(crate) const USER: &str = "1000";

/// Of the machine's `/etc`, what the linker, R, Python and drawing text need.
/// `Renviron.site` and `Rprofile.site` are left out: sites keep keys in them.
const ETC: &[&str] = &[
    "ld.so.cache",
    "alternatives",
    "fonts",
    "localtime",
    "timezone",
    "mime.types",
    "papersize",
    "R/Makeconf",
    "R/Renviron",
    "R/ldpaths",
    "R/repositories",
    "python3",
    "python3.11",
    "python3.12",
    "python3.13",
];

/// Files that every room has and that say nothing of the machine.
const WRITTEN: &[(&str, &str)] = &[
    (
        "/etc/passwd",
        "room:x:1000:1000:room:/work:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    ),
    ("/etc/group", "room:x:1000:\nnogroup:x:65534:\n"),
    ("/etc/hosts", "127.0.0.1 localhost room\n"),
    ("/etc/hostname", "room\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
];

/// The folders of one room.
#[derive(Debug)]
pub(crate) struct Folders<'a> {
    pub data: &'a Path,
    pub work: &'a Path,
    /// What lies at `/work/private`; nothing, when it is nobody's command.
    pub private: Option<&'a Path>,
    /// Whether there is a place for one.
    pub has_private: bool,
    /// What was brought in, once a room has a folder for it.
    pub brought: Option<&'a Path>,
    pub python: Option<&'a Path>,
}

/// What one command finds in a room besides what every command does.
#[derive(Debug, Default)]
pub(crate) struct Setting {
    /// Files to be read, by path.
    pub texts: Vec<(String, String)>,
    /// Scripts to be run, by path.
    pub programs: Vec<(String, String)>,
    /// Variables of its environment.
    pub variables: Vec<(&'static str, String)>,
    /// A program of ours that is run in place of one of the machine's: its words
    /// follow.
    pub program: Option<std::fs::File>,
    /// Whose private folder it sees.
    pub person: Option<AccountId>,
    /// Whether people are in it, and reach it by a socket.
    pub session: bool,
    /// Where the folder of that socket lies, once it is there.
    pub session_folder: Option<PathBuf>,
    /// Where the folder of the socket for statements lies, if it may connect to it.
    pub sql: Option<PathBuf>,
    /// Where that of the socket for packages lies, if it may ask there.
    pub packages: Option<PathBuf>,
}

/// Builds the words, and keeps the files they name by number.
struct Words<'a> {
    words: Vec<u8>,
    before: &'a mut Before,
}

impl Words<'_> {
    fn add(&mut self, words: &[&str]) {
        for word in words {
            self.words.extend_from_slice(word.as_bytes());
            self.words.push(0);
        }
    }

    fn add_text(&mut self, text: &[u8], at: &str) -> io::Result<()> {
        let number = inherit(self.before, text)?;
        self.add(&["--perms", "0444", "--file", &number, at]);
        Ok(())
    }
}

/// Puts `bytes` where bubblewrap reads them and says under which number.
fn inherit(before: &mut Before, bytes: &[u8]) -> io::Result<String> {
    let file = rustix::fs::memfd_create(c"helserom-room", MemfdFlags::CLOEXEC)?;
    let mut file = std::fs::File::from(file);
    file.write_all(bytes)?;
    file.rewind()?;
    let number = file.as_raw_fd().to_string();
    before.inherited.push(OwnedFd::from(file));
    Ok(number)
}

/// The arguments for bubblewrap, before the command. They go through a file and
/// not the command line, which the room could read.
pub(crate) fn arguments(
    before: &mut Before,
    folders: &Folders<'_>,
    limits: &Limits,
    setting: &Setting,
    filters: &[Vec<u8>; 2],
    status: OwnedFd,
) -> io::Result<Vec<String>> {
    let mut words = Words { words: Vec::new(), before };
    words.add(&["--unshare-all", "--unshare-user", "--disable-userns"]);
    words.add(&["--uid", USER, "--gid", USER, "--cap-drop", "ALL"]);
    words.add(&["--die-with-parent", "--new-session", "--hostname", "room"]);
    system(&mut words);
    scratch(&mut words, limits);
    for (name, text) in WRITTEN {
        words.add_text(text.as_bytes(), name)?;
    }
    let data = words.before.show(folders.data)?;
    let work = words.before.show(folders.work)?;
    words.add(&["--ro-bind", &data, "/data", "--bind", &work, WORK]);
    if folders.has_private {
        show_private(&mut words, folders.private)?;
    }
    if let Some(brought) = folders.brought {
        let brought = words.before.show(brought)?;
        words.add(&["--ro-bind", &brought, "/in"]);
    }
    if let Some(python) = folders.python {
        let python = words.before.show(python)?;
        words.add(&["--ro-bind", &python, PYTHON]);
    }
    words.add(&["--dir", "/run"]);
    if let Some(session) = &setting.session_folder {
        let session = words.before.show(session)?;
        words.add(&["--bind", &session, session::FOLDER]);
    }
    if let Some(sql) = &setting.sql {
        let sql = words.before.show(sql)?;
        words.add(&["--ro-bind", &sql, sql::FOLDER]);
    }
    if let Some(packages) = &setting.packages {
        let packages = words.before.show(packages)?;
        words.add(&["--ro-bind", &packages, packages::FOLDER]);
    }
    for (path, text) in &setting.texts {
        words.add_text(text.as_bytes(), path)?;
    }
    for (path, text) in &setting.programs {
        let number = inherit(words.before, text.as_bytes())?;
        words.add(&["--perms", "0555", "--file", &number, path]);
    }
    // Last: whatever was to be made is made.
    // `/proc` too: what can be written there is process 1's memory, and the word
    // that the machine takes rooms first when memory runs out.
    words.add(&["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"]);
    words.add(&["--chdir", WORK]);
    environment(&mut words, limits, folders.python.is_some());
    if folders.private.is_some() {
        home(&mut words);
    }
    let sql = if setting.sql.is_some() { sql::variables() } else { Vec::new() };
    for (name, value) in setting.variables.iter().chain(&sql) {
        words.add(&["--setenv", name, value]);
    }
    for filter in filters {
        let number = inherit(words.before, filter)?;
        words.add(&["--add-seccomp-fd", &number]);
    }
    words.add(&["--json-status-fd", &status.as_raw_fd().to_string()]);
    words.before.inherited.push(status);
    let words = words.words;
    Ok(vec!["--args".into(), inherit(before, &words)?, "--".into()])
}

/// The folder of whoever runs the command, or an empty one that takes nothing in:
/// what is written there without a person would be seen by nobody afterwards.
fn show_private(words: &mut Words<'_>, private: Option<&Path>) -> io::Result<()> {
    let at = format!("{WORK}/{PRIVATE}");
    if let Some(private) = private {
        let private = words.before.show(private)?;
        words.add(&["--bind", &private, &at]);
    } else {
        words.add(&["--perms", "0555", "--size", "4096", "--tmpfs", &at, "--remount-ro", &at]);
    }
    Ok(())
}

/// What is found at the start of programs is the person's own where they have a
/// folder: nobody else lays anything there that would run in their name.
fn home(words: &mut Words<'_>) {
    let home = format!("{WORK}/{PRIVATE}");
    words.add(&["--setenv", "HOME", &home]);
    words.add(&["--setenv", "R_PROFILE_USER", &format!("{home}/.Rprofile")]);
    words.add(&["--setenv", "R_ENVIRON_USER", &format!("{home}/.Renviron")]);
}

/// The machine's programs, read-only.
fn system(words: &mut Words<'_>) {
    words.add(&["--ro-bind", "/usr", "/usr"]);
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        let path = format!("/{name}");
        match std::fs::read_link(&path) {
            Ok(target) => words.add(&["--symlink", &target.to_string_lossy(), &path]),
            Err(_) if Path::new(&path).is_dir() => words.add(&["--ro-bind", &path, &path]),
            Err(_) => {}
        }
    }
    for name in ETC {
        let path = format!("/etc/{name}");
        words.add(&["--ro-bind-try", &path, &path]);
    }
    // What fontconfig would otherwise work out anew for every picture.
    words.add(&["--ro-bind-try", "/var/cache/fontconfig", "/var/cache/fontconfig"]);
}

/// Places that are empty at first and gone afterwards.
fn scratch(words: &mut Words<'_>, limits: &Limits) {
    let size = limits.scratch.to_string();
    words.add(&["--proc", "/proc", "--dev", "/dev"]);
    words.add(&["--perms", "1777", "--size", &size, "--tmpfs", "/dev/shm"]);
    words.add(&["--perms", "1777", "--size", &size, "--tmpfs", "/tmp"]);
    words.add(&["--symlink", "/tmp", "/var/tmp"]);
}

fn environment(words: &mut Words<'_>, limits: &Limits, python: bool) {
    let threads = limits.processors().to_string();
    let path = if python {
        format!("/run/mirror/bin:{PYTHON}/bin:/usr/local/bin:/usr/bin:/bin")
    } else {
        "/run/mirror/bin:/usr/local/bin:/usr/bin:/bin".to_owned()
    };
    words.add(&["--clearenv"]);
    if python {
        // What is made for rooms in R lies in the environment too.
        words.add(&["--setenv", "R_LIBS", &format!("{PYTHON}/lib/R/library")]);
    }
    for (name, value) in [
        ("PATH", path.as_str()),
        ("HOME", WORK),
        ("USER", "room"),
        ("LOGNAME", "room"),
        ("SHELL", "/bin/sh"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
        ("TMPDIR", "/tmp"),
        ("XDG_CACHE_HOME", "/tmp/cache"),
        ("MPLCONFIGDIR", "/tmp/matplotlib"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONUNBUFFERED", "1"),
        // As many threads as the room has processors, not as the machine has.
        ("OMP_NUM_THREADS", &threads),
        ("OPENBLAS_NUM_THREADS", &threads),
        ("POLARS_MAX_THREADS", &threads),
        ("NUMEXPR_MAX_THREADS", &threads),
    ] {
        words.add(&["--setenv", name, value]);
    }
}
