//! A data folder, and what the program says about it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::people::LABORATORY;

/// Longer than anything here takes, also on a machine that does much else.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Said {
    /// What says why nothing was done.
    #[track_caller]
    pub(crate) fn refusal(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        let (_, why) =
            self.err.split_once("helserom: ").unwrap_or_else(|| panic!("no reason: {self:?}"));
        why.trim_end()
    }

    /// The same, where nothing else may be said.
    #[track_caller]
    pub(crate) fn only_line(&self, code: i32) -> &str {
        assert_eq!(self.err.trim_end().lines().count(), 1, "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        self.refusal(code)
    }
}

/// Says to this program that it is in namespaces of its own, where small disks can be
/// mounted (`full_disk.rs`).
pub(crate) const APART: &str = "HELSEROM_IT_APART";

/// The program, with nothing in its environment that speaks of another centre.
pub(crate) fn program() -> Command {
    let mut command = if std::env::var_os(APART).is_some() {
        // Who mounts there seems to be root. The program is run by somebody who is not.
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-user=1000", "--map-group=1000"]);
        command.arg(env!("CARGO_BIN_EXE_helserom"));
        command
    } else {
        Command::new(env!("CARGO_BIN_EXE_helserom"))
    };
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HELSEROM_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A folder for a centre and for the files around it.
pub(crate) struct Place {
    kept: tempfile::TempDir,
}

impl Place {
    /// A folder with nothing in it.
    pub(crate) fn new() -> Self {
        Self { kept: tempfile::Builder::new().prefix("helserom-it-").tempdir().unwrap() }
    }

    /// A centre with a laboratory, and its holder's account.
    pub(crate) fn with_laboratory() -> Self {
        let place = Self::new();
        place.does(&["account", "add-organisation", "hospital", "--name", "The hospital"]);
        place.does(&[
            "account",
            "add",
            "holder",
            "--name",
            "Holder",
            "--organisation",
            "hospital",
            "--role",
            "holder",
        ]);
        let contract = place.file("laboratory.toml", LABORATORY);
        place.does(&["source", "add", text(&contract)]);
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.kept.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file beside the data folder.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = program();
        command.arg("--data").arg(self.data()).args(arguments).current_dir(self.path());
        command
    }

    pub(crate) fn says<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// What it says when it is done.
    #[track_caller]
    pub(crate) fn does<S: AsRef<OsStr>>(&self, arguments: &[S]) -> String {
        let said = self.says(arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(arguments);
        serde_json::from_str(&self.does(&all)).unwrap()
    }

    /// Gives a command a line on standard input.
    #[track_caller]
    pub(crate) fn does_with(&self, arguments: &[&str], line: &str) {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
        let said = Said::from(child.wait_with_output().unwrap());
        assert_eq!(said.code, Some(0), "{said:?}");
    }

    /// Delivers a file to the laboratory.
    pub(crate) fn import(&self, file: &Path) -> Said {
        self.says(&["source", "import", "laboratory", text(file)])
    }

    /// How many entries the ledger has. It must verify, and every record must be
    /// what the entries say.
    #[track_caller]
    pub(crate) fn entries(&self) -> u64 {
        self.does(&["ledger", "replay", "--check"]);
        let verified = self.json(&["ledger", "verify"]);
        assert_eq!(verified["verified"], true, "{verified}");
        verified["events"].as_u64().unwrap()
    }

    /// Every file that an entry may speak of, by its path in the data folder.
    pub(crate) fn files(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for kept in ["vault", "lake", "extracts", "outputs", "quarantine", "tmp"] {
            walk(&self.data().join(kept), &self.data(), &mut found);
        }
        // Of rooms and of what was printed in them the folders: what is in one changes.
        for kept in ["rooms", "logs"] {
            let names = fs::read_dir(self.data().join(kept)).into_iter().flatten().flatten();
            found.extend(names.map(|entry| format!("{kept}/{}", entry.file_name().display())));
        }
        found
    }
}

/// Takes the work folders of its rooms off their images. A test leaves rooms open, as
/// a centre does, and an image that is still mounted holds its disk when it is deleted.
impl Drop for Place {
    fn drop(&mut self) {
        let Ok(rooms) = fs::read_dir(self.data().join("rooms")) else { return };
        for room in rooms.flatten() {
            // One that is not mounted is refused, which is as good; where something still
            // reads, lazily means out of sight now and gone when that ends.
            let work = room.path().join("work");
            let _ = Command::new("umount").arg("--lazy").arg(work).stderr(Stdio::null()).status();
        }
    }
}

fn walk(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
    let Ok(inside) = fs::read_dir(folder) else { return };
    for entry in inside {
        let entry = entry.unwrap();
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            walk(&path, root, found);
        } else if !entry.file_name().to_string_lossy().ends_with("lock") {
            found.insert(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut is_so: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = is_so() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program that is ended when the test is over, whatever comes of it.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Asks it to stop, and waits.
    pub(crate) fn stop(mut self) -> (Duration, Option<i32>) {
        let begun = Instant::now();
        signal(&self.0, "-TERM");
        let status = self.0.wait().unwrap();
        (begun.elapsed(), status.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends a signal to one program.
pub(crate) fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill").arg(signal).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}
