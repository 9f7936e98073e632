//! Version 2: one tree, and the rule that a group with processes has no
//! children with controllers (cgroups(7), "no internal processes").

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use room::Limits;

use super::{Counted, cpu_quota, field, number};

const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// The child of the server's group below which rooms' groups are made.
const ROOMS: &str = "helserom-rooms";
/// The child that the server's own processes move to.
const SERVER: &str = "helserom-server";

/// The controllers that children of `dir` have.
pub(super) fn controllers(dir: &Path) -> Vec<String> {
    words(&dir.join("cgroup.subtree_control"))
}

fn words(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// Makes a folder below which groups with controllers can be made: in `own`,
/// the server's group, or, where that cannot be and we may, below the top of
/// the tree mounted at `top`, as container engines do.
pub(super) fn prepare(own: &Path, top: &Path) -> io::Result<PathBuf> {
    // After a move of an earlier run the server sits in its own leaf.
    let own = if own.ends_with(SERVER) { own.parent().unwrap_or(own) } else { own };
    match prepare_below(own) {
        Ok(rooms) => Ok(rooms),
        Err(_) if !top.as_os_str().is_empty() && top != own => prepare_below(top),
        Err(error) => Err(error),
    }
}

fn prepare_below(parent: &Path) -> io::Result<PathBuf> {
    let rooms = parent.join(ROOMS);
    match std::fs::create_dir(&rooms) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let given = enable(parent).and_then(|()| enable(&rooms));
    if given.is_err() {
        let _ = std::fs::remove_dir(&rooms);
    }
    given.map(|()| rooms)
}

/// Gives the children of `dir`, which has no processes, the controllers that it has.
pub(super) fn give(dir: &Path) -> io::Result<()> {
    let has: Vec<String> = words(&dir.join("cgroup.controllers"));
    CONTROLLERS
        .iter()
        .filter(|name| has.iter().any(|other| other == *name))
        .try_for_each(|name| std::fs::write(dir.join("cgroup.subtree_control"), format!("+{name}")))
}

/// Gives the children of `dir` the controllers that `dir` has. A group that
/// still has processes refuses; ours are then moved to a leaf.
fn enable(dir: &Path) -> io::Result<()> {
    let available = words(&dir.join("cgroup.controllers"));
    let given = controllers(dir);
    let wanted: Vec<&str> = CONTROLLERS
        .into_iter()
        .filter(|name| available.iter().any(|other| other == name))
        .filter(|name| !given.iter().any(|other| other == name))
        .collect();
    if !CONTROLLERS.iter().any(|name| available.iter().any(|other| other == name)) {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "no controller is available"));
    }
    let write = || {
        wanted.iter().try_for_each(|name| {
            std::fs::write(dir.join("cgroup.subtree_control"), format!("+{name}"))
        })
    };
    match write() {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            step_aside(dir)?;
            write()
        }
        written => written,
    }
}

/// Moves the processes of `dir` to a leaf below it: this process when it is the
/// only one, and everything when `dir` is the top of a container's tree, as
/// container engines that run in containers do.
fn step_aside(dir: &Path) -> io::Result<()> {
    let members = words(&dir.join("cgroup.procs"));
    let me = std::process::id().to_string();
    let is_top = !dir.join("../cgroup.procs").exists();
    if !is_top && members.iter().any(|member| *member != me) {
        return Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "other processes share the server's control group",
        ));
    }
    let leaf = dir.join(SERVER);
    match std::fs::create_dir(&leaf) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    for member in members {
        match std::fs::write(leaf.join("cgroup.procs"), &member) {
            // ESRCH: it ended meanwhile.
            Err(error) if error.raw_os_error() != Some(libc::ESRCH) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn set(dir: &Path, file: &str, value: &str) -> io::Result<()> {
    let path = dir.join(file);
    if path.exists() { std::fs::write(path, value) } else { Ok(()) }
}

/// Sets the limits of a group.
pub(super) fn limit(dir: &Path, limits: &Limits, processes: u64) -> io::Result<()> {
    let (quota, period) = cpu_quota(limits);
    set(dir, "memory.max", &limits.memory.to_string())?;
    set(dir, "memory.swap.max", "0")?;
    set(dir, "pids.max", &processes.to_string())?;
    set(dir, "cpu.max", &format!("{quota} {period}"))
}

/// When one process of the group is killed for want of memory all are, so that no half
/// of a command goes on.
pub(super) fn end_as_one(dir: &Path) -> io::Result<()> {
    set(dir, "memory.oom.group", "1")
}

/// Adds what the kernel counted in `dir`.
pub(super) fn count(dir: &Path, counted: &mut Counted) {
    let memory = number(&dir.join("memory.current")).unwrap_or(0);
    counted.memory = counted.memory.max(memory);
    // `memory.peak` is there since Linux 5.19; before, the highest seen counts.
    let peak = number(&dir.join("memory.peak")).unwrap_or(memory);
    counted.peak_memory = counted.peak_memory.max(peak);
    let cpu = field(&dir.join("cpu.stat"), "usage_usec").map(Duration::from_micros);
    counted.cpu = counted.cpu.max(cpu.unwrap_or_default());
    let kills = field(&dir.join("memory.events"), "oom_kill").unwrap_or(0);
    counted.memory_kills = counted.memory_kills.max(kills);
    let refusals = field(&dir.join("pids.events"), "max").unwrap_or(0);
    counted.process_refusals = counted.process_refusals.max(refusals);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::of(&permit::RoomTerms::default()).unwrap()
    }

    #[test]
    fn a_group_is_limited_through_the_files_it_has() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["memory.max", "memory.oom.group", "pids.max", "cpu.max"] {
            std::fs::write(dir.path().join(file), "max").unwrap();
        }
        limit(dir.path(), &limits(), 259).unwrap();
        end_as_one(dir.path()).unwrap();
        let read = |file: &str| std::fs::read_to_string(dir.path().join(file)).unwrap();
        assert_eq!(read("memory.max"), (4_u64 << 30).to_string());
        assert_eq!((read("pids.max"), read("memory.oom.group")), ("259".into(), "1".into()));
        assert_eq!(read("cpu.max"), "200000 100000");
        assert!(!dir.path().join("memory.swap.max").exists());
    }

    #[test]
    fn a_tree_without_controllers_holds_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("cgroup.controllers"), "\n").unwrap();
        std::fs::write(dir.path().join("cgroup.subtree_control"), "\n").unwrap();
        assert!(prepare(dir.path(), Path::new("")).is_err());
        assert!(!dir.path().join(ROOMS).exists());
    }
}
