//! Control groups: limits that the kernel holds for everything in a room
//! together.
//!
//! One group per room, in which each command has one of its own: what the room may
//! take holds for all its commands together, and each is counted and ended by
//! itself. Both are made before bubblewrap starts and removed when nothing is left
//! in them. Version 1 has a tree per controller and version 2 one
//! tree for all; a machine may have some controllers in one and some in the
//! other, and each limit is held by whichever has its controller.

mod place;
mod v1;
mod v2;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use model::RoomId;
use room::{Hold, Limits, Room};
use rustix::process::{Pid, Signal};

pub(crate) use place::{Place, memory_limit};

/// How many processes bubblewrap itself needs in a room: the one outside, the
/// one that is process 1, and the one that becomes the command for a moment.
const OWN_PROCESSES: u32 = 3;

/// How many of these are there as long as a command runs.
const BESIDE_A_COMMAND: u64 = 2;

/// The group of a room is called this and the room's id.
const OF_ROOM: &str = "helserom-";

/// The group of one command.
#[derive(Debug)]
pub(crate) struct Group {
    /// One folder per tree that it is in.
    dirs: Vec<PathBuf>,
    v1: v1::Files,
    v2: Option<PathBuf>,
}

/// What the kernel counted for a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Memory held now, bytes.
    pub memory: u64,
    /// The most memory held at once, bytes.
    pub peak_memory: u64,
    /// Processor time.
    pub cpu: Duration,
    /// How many processes were killed for want of memory.
    pub memory_kills: u64,
    /// How many times a new process was refused.
    pub process_refusals: u64,
}

/// Which limits a group holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holding {
    pub memory: bool,
    pub cpu: bool,
    pub processes: bool,
}

impl Holding {
    pub(crate) const fn kind(held: bool) -> Hold {
        if held { Hold::Kernel } else { Hold::Watched }
    }
}

impl Group {
    /// The folders, for a later process to find them.
    pub(crate) fn dirs(&self) -> &[PathBuf] {
        &self.dirs
    }

    /// The files that a process writes `0` to, to join.
    pub(crate) fn joins(&self) -> io::Result<Vec<File>> {
        let open = |dir: &PathBuf| File::options().write(true).open(dir.join("cgroup.procs"));
        self.dirs.iter().map(open).collect()
    }

    pub(crate) fn counted(&self) -> Counted {
        let mut counted = self.v1.counted();
        if let Some(dir) = &self.v2 {
            v2::count(dir, &mut counted);
        }
        counted
    }

    /// Ends everything in the group, and leaves the group.
    pub(crate) fn kill(&self) {
        self.dirs.iter().for_each(|dir| kill_all(dir));
    }

    /// Ends everything in the group and removes it.
    pub(crate) fn end(&self, patience: Duration) -> io::Result<()> {
        end(&self.dirs, patience)
    }
}

/// Ends everything in the groups at `dirs` and removes them. Groups that are
/// not there are removed.
pub(crate) fn end(dirs: &[PathBuf], patience: Duration) -> io::Result<()> {
    let deadline = Instant::now() + patience;
    for dir in dirs {
        loop {
            kill_all(dir);
            match std::fs::remove_dir(dir) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                // Still in use: what was killed takes a moment to go.
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        // The room's own goes with the last of its commands.
        if let Some(room) = of_room(dir) {
            let _ = std::fs::remove_dir(room);
        }
    }
    Ok(())
}

/// The group of the room that the group of a command at `dir` is in.
fn of_room(dir: &Path) -> Option<&Path> {
    let is_ours = |room: &&Path| {
        room.file_name()
            .and_then(|name| name.to_str()?.strip_prefix(OF_ROOM))
            .is_some_and(|room| room.parse::<RoomId>().is_ok())
    };
    dir.parent().filter(is_ours)
}

fn kill_all(dir: &Path) {
    // Version 2 since Linux 5.14; catches forks that happen meanwhile.
    if std::fs::write(dir.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    let Ok(members) = std::fs::read_to_string(dir.join("cgroup.procs")) else { return };
    for pid in members.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)) {
        // Gone already is as good.
        let _ = rustix::process::kill_process(pid, Signal::KILL);
    }
}

/// The memory held by everything in the room in whose group that of a command at `dir`
/// is, without the copies of files that
/// nobody has looked at lately: the kernel takes those back when it needs them. Nothing
/// where the group counts no memory.
pub(crate) fn held(dir: &Path) -> Option<u64> {
    let dir = of_room(dir)?;
    let (held, files) = match number(&dir.join("memory.current")) {
        Some(held) => (held, "inactive_file"),
        None => (number(&dir.join("memory.usage_in_bytes"))?, "total_inactive_file"),
    };
    Some(held.saturating_sub(field(&dir.join("memory.stat"), files).unwrap_or(0)))
}

/// The processes and threads in the room in whose group that of a command at `dir` is,
/// without those of bubblewrap. Nothing where the group counts none.
pub(crate) fn processes(dir: &Path, commands: usize) -> Option<u64> {
    let counted = number(&of_room(dir)?.join("pids.current"))?;
    Some(counted.saturating_sub(BESIDE_A_COMMAND * commands as u64))
}

/// The processor time of everything that ran in the room since its group was made.
/// Nothing where the group counts none.
pub(crate) fn processor_time(dir: &Path) -> Option<Duration> {
    let dir = of_room(dir)?;
    let of_tree = || number(&dir.join("cpuacct.usage")).map(Duration::from_nanos);
    field(&dir.join("cpu.stat"), "usage_usec").map(Duration::from_micros).or_else(of_tree)
}

fn number(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The value of `key` in a file of `key value` lines.
fn field(path: &Path, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(name, _)| *name == key)
        .and_then(|(_, value)| value.trim().parse().ok())
}

/// `limits` as control groups want it: quota and period in microseconds.
fn cpu_quota(limits: &Limits) -> (u64, u64) {
    (u64::from(limits.cpu_percent) * 1000, 100_000)
}

/// The most processes of one command.
fn most_processes(limits: &Limits) -> u64 {
    u64::from(limits.processes.saturating_add(OWN_PROCESSES))
}

/// The most processes of all commands in a room.
fn most_processes_of_all(limits: &Limits) -> u64 {
    let own = OWN_PROCESSES.saturating_mul(u32::try_from(Room::AT_ONCE).unwrap_or(u32::MAX));
    u64::from(limits.processes.saturating_add(own))
}
