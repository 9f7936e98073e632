//! A room to try things in.

use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use model::{ApplicationId, ExtractId, PermitId, RoomId, RunId, SeededEntropy};
use permit::permit::{Grant, Permit};
use permit::{ActivePermit, RoomTerms, Terms};
use room::{Command, Ended, Holds, LogLine, LogSink, Outcome, Runtime as _, Script, Spec, Stream};
use sandbox::{Bubblewrap, Config};

use crate::desktop::Desktop;
use crate::kernel::Kernel;

pub const PYTHON: &str = "/usr/bin/python3";

/// A machine with rooms on it.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub runtime: Bubblewrap,
    pub room: RoomId,
    pub holds: Holds,
    entropy: SeededEntropy,
    /// Where attempts are made again: a desktop and a notebook's kernel, opened when one
    /// is.
    desktop: Mutex<Option<Desktop>>,
    kernel: Mutex<Option<Kernel>>,
}

/// What a command did.
#[derive(Debug)]
pub struct Report {
    pub ended: Ended,
    pub out: Vec<String>,
    pub err: Vec<String>,
}

#[derive(Default)]
pub struct Lines(pub Mutex<Vec<(Stream, String)>>);

impl LogSink for Lines {
    fn line(&self, line: LogLine<'_>) {
        self.0.lock().unwrap().push((line.stream, line.text.to_owned()));
    }
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A room small enough to be filled in a moment.
pub fn small() -> RoomTerms {
    RoomTerms {
        memory_mib: 512,
        cpu_percent: 200,
        processes: 32,
        disk_mib: 16,
        wall_seconds: 60,
        ..RoomTerms::default()
    }
}

pub fn permit(room: RoomTerms) -> ActivePermit {
    let entropy = SeededEntropy::new(1);
    let key = SigningKey::from_bytes(&[7; 32]);
    let id = PermitId::mint(&entropy);
    let grant = Grant {
        permit: id.clone(),
        application: ApplicationId::mint(&entropy),
        data_user: "university".parse().unwrap(),
        terms: Terms { room, ..Terms::default() },
    };
    let now = "2026-03-01T12:00:00Z".parse().unwrap();
    let signature = grant.sign(&key).unwrap();
    let issued_by = "caseworker".parse().unwrap();
    Permit { id, grant, signature, issued_at: now, issued_by, revoked: None, turned_out_at: None }
        .activate(now, &key.verifying_key())
        .unwrap()
}

/// Another number for each room: control groups are found by id, and tests run
/// beside one another.
fn seed() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    (u64::from(std::process::id()) << 32) | NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Bench {
    pub fn new() -> Self {
        Self::with(small(), |_| {})
    }

    pub fn with(terms: RoomTerms, change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("extract");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("person.csv"), "person,age\n1,50\n2,60\n").unwrap();
        let mut config = Config::new(dir.path().join("rooms"));
        config.python = Some(crate::analysis::python());
        change(&mut config);
        let runtime = Bubblewrap::new(config).unwrap();
        let entropy = SeededEntropy::new(seed());
        let room = RoomId::mint(&entropy);
        let spec = Spec::new(room.clone(), &permit(terms), ExtractId::mint(&entropy), &data);
        let holds = runtime.open(&spec.unwrap()).unwrap();
        let (desktop, kernel) = (Mutex::default(), Mutex::default());
        Self { dir, runtime, room, holds, entropy, desktop, kernel }
    }

    pub fn extract(&self) -> PathBuf {
        self.dir.path().join("extract")
    }

    pub fn open_another(&self, terms: RoomTerms) -> RoomId {
        let room = RoomId::mint(&self.entropy);
        let extract = ExtractId::mint(&self.entropy);
        let spec = Spec::new(room.clone(), &permit(terms), extract, &self.extract()).unwrap();
        self.runtime.open(&spec).unwrap();
        room
    }

    pub fn run_id(&self) -> RunId {
        RunId::mint(&self.entropy)
    }

    pub fn run(&self, words: &[&str]) -> Report {
        self.run_in(&self.room, words, None, Duration::from_mins(1))
    }

    pub fn run_in(
        &self,
        room: &RoomId,
        words: &[&str],
        script: Option<Script>,
        wall: Duration,
    ) -> Report {
        let words = words.iter().map(ToString::to_string).collect();
        self.run_command(room, Command { words, script, wall, person: None })
    }

    /// Runs a command of somebody.
    pub fn sh_as(&self, person: &str, script: &str) -> Report {
        let words = ["/bin/sh", "-c", script].map(str::to_owned).into();
        let person = Some(person.parse().unwrap());
        let wall = Duration::from_mins(1);
        self.run_command(&self.room, Command { words, script: None, wall, person })
    }

    fn run_command(&self, room: &RoomId, command: Command) -> Report {
        let lines = Arc::new(Lines::default());
        let sink: Arc<dyn LogSink> = Arc::<Lines>::clone(&lines);
        let running = self.runtime.start(room, &self.run_id(), command, sink).unwrap();
        let ended = running.wait();
        let lines = std::mem::take(&mut *lines.0.lock().unwrap());
        let of = |stream| {
            lines.iter().filter(|(s, _)| *s == stream).map(|(_, text)| text.clone()).collect()
        };
        Report { ended, out: of(Stream::Output), err: of(Stream::Error) }
    }

    pub fn python(&self, script: &str) -> Report {
        self.run(&[PYTHON, "-c", script])
    }

    pub fn sh(&self, script: &str) -> Report {
        self.run(&["/bin/sh", "-c", script])
    }

    /// The attempt must say `SHUT` in the room and `OPEN` outside.
    #[track_caller]
    pub fn refuses(&self, attempt: &str) {
        self.refuses_as(attempt, attempt);
    }

    /// The same for an attempt that is written differently inside.
    #[track_caller]
    pub fn refuses_as(&self, attempt: &str, outside: &str) {
        let control = python_outside(outside);
        assert!(control.contains("OPEN"), "the attempt fails outside too: {control}");
        self.shut(attempt);
    }

    /// The attempt must say `SHUT` in the room: as a command, which is how code that was
    /// written against a stand-in runs too, from the terminal of its desktop, and in a
    /// cell of its notebook.
    #[track_caller]
    pub fn shut(&self, attempt: &str) {
        let report = self.python(attempt);
        let said = report.out.join("\n");
        assert!(said.contains("SHUT") && !said.contains("OPEN"), "{report:?}");
        let mut desktop = self.desktop.lock().unwrap();
        let said = desktop.get_or_insert_with(|| Desktop::open(self)).python(attempt);
        assert!(said.contains("SHUT") && !said.contains("OPEN"), "on the desktop: {said}");
        let mut kernel = self.kernel.lock().unwrap();
        let said = kernel.get_or_insert_with(|| Kernel::open(self)).python(attempt);
        assert!(said.contains("SHUT") && !said.contains("OPEN"), "in a cell: {said}");
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // First what still runs, so that a test that failed leaves nothing either.
        let desktop = self.desktop.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let kernel = self.kernel.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let beside = desktop.map(|desktop| desktop.room).into_iter();
        for room in beside.chain(kernel.map(|kernel| kernel.room)) {
            let _ = self.runtime.close(&room);
        }
        let closed = self.runtime.close(&self.room);
        let recovered = self.runtime.recover(&[]);
        if !std::thread::panicking() {
            closed.unwrap();
            recovered.unwrap();
        }
    }
}

impl Report {
    #[track_caller]
    pub fn must(&self, outcome: Outcome) -> &Self {
        assert_eq!(self.ended.outcome, outcome, "{self:?}");
        self
    }

    pub fn text(&self) -> String {
        self.out.join("\n")
    }
}

pub fn python_outside(script: &str) -> String {
    let done = Program::new(PYTHON).args(["-c", script]).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    said + &String::from_utf8_lossy(&done.stderr)
}

/// A Python attempt: `OPEN` when `body` gets to its end, else `SHUT` and why.
pub fn attempt(body: &str) -> String {
    let body = format!("    {}\n", body.lines().collect::<Vec<_>>().join("\n    "));
    format!(
        "import os,sys,socket,ctypes,signal,struct,time,subprocess\n\
         libc=ctypes.CDLL(None,use_errno=True)\n\
         def call(n,*a):\n\
         \x20   libc.syscall.restype=ctypes.c_long\n\
         \x20   r=libc.syscall(ctypes.c_long(n),*[ctypes.c_long(x) if isinstance(x,int) else x for x in a])\n\
         \x20   if r<0: raise OSError(ctypes.get_errno(),os.strerror(ctypes.get_errno()))\n\
         \x20   return r\n\
         try:\n{body}    print('OPEN')\n\
         except BaseException as e:\n    print('SHUT',type(e).__name__,e)\n"
    )
}

pub fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
