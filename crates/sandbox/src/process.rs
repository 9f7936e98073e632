//! Looking at processes through `/proc` (proc(5)).

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal};

/// `USER_HZ`: the unit of processor time in `/proc`, the same on every machine
/// whatever the kernel's own clock (time(7)).
const TICKS_PER_SECOND: u64 = 100;

/// What `/proc/PID/stat` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    is_zombie: bool,
    /// Processor time, its waited-for children's included, in ticks.
    ticks: u64,
    threads: u64,
    /// When it began, in ticks since the machine started.
    began: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold anything, parentheses too.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // Field n of proc(5) is here at n - 3.
    let field = |n: usize| fields.get(n - 3)?.parse::<u64>().ok();
    Some(Stat {
        is_zombie: matches!(fields.first(), Some(&("Z" | "X"))),
        ticks: field(14)? + field(15)? + field(16)? + field(17)?,
        threads: field(20)?,
        began: field(22)?,
    })
}

/// When the process began, in ticks since the machine started.
pub(crate) fn began(pid: i32) -> Option<u64> {
    stat(pid).map(|stat| stat.began)
}

/// Whether the process is there and not merely waiting to be waited for.
pub(crate) fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| !stat.is_zombie)
}

/// The process, held so that its id is not used again unnoticed.
pub(crate) fn held(pid: i32) -> Option<OwnedFd> {
    rustix::process::pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()
}

/// Kills a process that is held. Gone already is as good.
pub(crate) fn kill(process: &OwnedFd) {
    let _ = rustix::process::pidfd_send_signal(process, Signal::KILL);
}

/// Kills the process and what is below it, if it is the one that began then.
pub(crate) fn kill_if_same(pid: i32, when: u64) {
    // Held before it is looked at.
    let Some(process) = held(pid) else { return };
    if began(pid) == Some(when) {
        kill_tree(pid, &process);
    }
}

/// Kills a process that is held and everything below it. Its children first:
/// one that bubblewrap has only just made does not yet end with bubblewrap, and
/// nobody would find it afterwards.
pub(crate) fn kill_tree(root: i32, process: &OwnedFd) {
    // It makes no further child, and waits for none, whose id would then be free.
    let _ = rustix::process::pidfd_send_signal(process, Signal::STOP);
    let all: Vec<(i32, OwnedFd)> =
        below(root).into_iter().filter_map(|pid| Some((pid, held(pid)?))).collect();
    // Held first, looked at again after: what is below still is what was meant.
    let still = below(root);
    for (_, process) in all.iter().filter(|(pid, _)| still.contains(pid)) {
        kill(process);
    }
    kill(process);
}

/// What a process and all below it take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Processes and threads.
    pub tasks: u64,
    /// Memory, bytes. Pages that several share count once for each.
    pub memory: u64,
    /// Processor time, of those that ended too.
    pub cpu: Duration,
}

/// Whether this kernel says which children a process has.
pub(crate) fn can_look() -> bool {
    std::path::Path::new("/proc/thread-self/children").exists()
}

/// The processes below `root`, not counting itself. Orphans stay in: they
/// become children of the room's process 1.
pub(crate) fn below(root: i32) -> BTreeSet<i32> {
    let mut seen = BTreeSet::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        for thread in threads.flatten() {
            let children =
                std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().filter_map(|word| word.parse().ok());
            open.extend(children.filter(|child| seen.insert(*child)));
        }
    }
    seen
}

/// What these processes take.
pub(crate) fn taken(pids: &BTreeSet<i32>) -> Taken {
    let mut sum = Taken::default();
    let mut ticks = 0;
    for pid in pids {
        let Some(stat) = stat(*pid) else { continue };
        sum.tasks += stat.threads;
        ticks += stat.ticks;
        sum.memory += resident(*pid);
    }
    sum.cpu = Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND);
    sum
}

fn resident(pid: i32) -> u64 {
    kib(&format!("/proc/{pid}/status"), "VmRSS:").unwrap_or(0)
}

/// The value of a line `label 123 kB` in a file, bytes.
fn kib(path: &str, label: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// The memory of these processes, each shared page counted once. Slow.
pub(crate) fn proportional(pids: &BTreeSet<i32>) -> u64 {
    pids.iter().map(|pid| share(*pid).unwrap_or_else(|| resident(*pid))).sum()
}

fn share(pid: i32) -> Option<u64> {
    kib(&format!("/proc/{pid}/smaps_rollup"), "Pss:")
}

/// Memory that the machine could still give, bytes.
pub(crate) fn machine_has_left() -> u64 {
    kib("/proc/meminfo", "MemAvailable:").unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_below_its_parent_and_nobody_elses_is_killed() {
        let mut child = std::process::Command::new("/bin/sleep").arg("30").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let me = i32::try_from(std::process::id()).unwrap();
        assert!(below(me).contains(&pid));
        assert_eq!(taken(&BTreeSet::from([pid])).tasks, 1);
        let when = began(pid).unwrap();
        kill_if_same(pid, when + 1);
        assert!(is_alive(pid));
        kill_if_same(pid, when);
        child.wait().unwrap();
        assert!(!is_alive(pid));
    }

    #[test]
    fn what_is_below_a_process_ends_with_it() {
        let mut shell = std::process::Command::new("/bin/sh")
            .args(["-c", "sleep 300 & echo $!; wait"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut output = std::io::BufReader::new(shell.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut output, &mut said).unwrap();
        let (shell_pid, below) =
            (i32::try_from(shell.id()).unwrap(), said.trim().parse::<i32>().unwrap());
        assert!(is_alive(below));
        kill_tree(shell_pid, &held(shell_pid).unwrap());
        shell.wait().unwrap();
        let until = std::time::Instant::now() + Duration::from_secs(20);
        while is_alive(below) && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!is_alive(below));
    }
}
