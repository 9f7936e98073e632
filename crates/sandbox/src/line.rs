//! What the queue for places asks of the machine: how much memory it has, what rooms
//! hold of it, and whether somebody still waits for a place (decision 0082).

use std::io;
use std::time::Duration;

use room::Waits;
use rustix::fs::FlockOperation;

use crate::cgroup;
use crate::state::{Lock, RoomDir, lock};

/// Whoever looks whether a place is waited for holds the lock for a moment.
const TRIES: u32 = 40;
const TRY_EVERY: Duration = Duration::from_millis(5);

/// The memory of this machine, or of the container that this program is in, bytes.
pub fn machine_memory() -> io::Result<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo")?;
    let total = total(&meminfo)
        .ok_or_else(|| io::Error::other("`/proc/meminfo` does not say how much memory there is"))?;
    Ok(cgroup::memory_limit().map_or(total, |limit| limit.min(total)))
}

/// `MemTotal` in bytes (proc(5)).
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The memory held by all that runs in a room, whichever processes mind it.
pub(crate) fn held(dir: &RoomDir) -> Option<u64> {
    let runs = dir.runs().ok()?;
    runs.iter().flat_map(|run| &run.groups).find_map(|group| cgroup::held(group))
}

/// Processes and threads of all that runs in a room, and the processor time of all that
/// ran, as far as the machine counts them.
pub(crate) fn at_work(dir: &RoomDir) -> (Option<u64>, Option<Duration>) {
    let Ok(runs) = dir.runs() else { return (None, None) };
    let groups = || runs.iter().flat_map(|run| &run.groups);
    (
        groups().find_map(|group| cgroup::processes(group, runs.len())),
        groups().find_map(|group| cgroup::processor_time(group)),
    )
}

/// Holds the place in line of a room, for this process.
pub(crate) fn wait(dir: &RoomDir) -> io::Result<Option<Waits>> {
    for _ in 0..TRIES {
        if let Some(lock) = lock_line(dir, FlockOperation::NonBlockingLockExclusive)? {
            return Ok(Some(Box::new(lock)));
        }
        std::thread::sleep(TRY_EVERY);
    }
    Ok(None)
}

/// Whether some process holds it. Who cannot be asked may be alive.
pub(crate) fn is_waited_for(dir: &RoomDir) -> bool {
    dir.0.exists() && !matches!(lock_line(dir, FlockOperation::NonBlockingLockShared), Ok(Some(_)))
}

fn lock_line(dir: &RoomDir, how: FlockOperation) -> io::Result<Option<Lock>> {
    lock(&dir.0.join("line.lock"), how)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_the_machine_is_read_in_bytes() {
        assert_eq!(total("MemTotal:       24576 kB\nMemFree:  1 kB\n"), Some(24 << 20));
        assert_eq!(total("MemFree:  1 kB\n"), None);
        assert!(machine_memory().unwrap() > 64 << 20);
    }

    #[test]
    fn a_place_is_held_by_one_until_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RoomDir(folder.path().to_owned());
        assert!(!is_waited_for(&dir));
        let first = wait(&dir).unwrap().unwrap();
        assert!(is_waited_for(&dir));
        assert!(wait(&dir).unwrap().is_none(), "two wait for one place");
        drop(first);
        assert!(!is_waited_for(&dir));
        assert!(!is_waited_for(&RoomDir(folder.path().join("gone"))));
    }
}
