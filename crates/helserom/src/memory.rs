//! What is in the program's memory stays there: names, ids and keys pass through it.

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use rustix::thread::CapabilitySet;

/// Whether the machine has swap on a disk that the program could not keep its memory out of.
static MAY_BE_SWAPPED: AtomicBool = AtomicBool::new(false);

/// No core dump, no debugger of another user, nothing of its memory in a dump that root
/// takes of it all the same; and where the machine has swap, none of the
/// program's pages in it.
pub(crate) fn keep_private() {
    // core(5): of no kind of memory. Written first, since afterwards the file is root's.
    let _ = std::fs::write("/proc/self/coredump_filter", "0");
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(Resource::Core, none);
    let swaps = std::fs::read_to_string("/proc/swaps").unwrap_or_default();
    MAY_BE_SWAPPED.store(is_on_disk(&swaps) && !lock(), Ordering::Relaxed);
}

/// Small pages from now on, for a command that reads so little that it lives for a second: it
/// would spend a tenth of that in wiping huge ones, and use a part of each. A machine that
/// cannot does without.
pub(crate) fn in_small_pages() {
    let _ = nix::sys::prctl::set_thp_disable(true);
}

/// Whether what is in memory may come onto a disk.
pub(crate) fn may_be_swapped() -> bool {
    MAY_BE_SWAPPED.load(Ordering::Relaxed)
}

/// Whether any swap that `/proc/swaps` lists is on a disk: what is compressed in memory is
/// not.
fn is_on_disk(swaps: &str) -> bool {
    swaps.lines().skip(1).any(|line| !line.trim().is_empty() && !line.starts_with("/dev/zram"))
}

/// Keeps every page in memory from when it is first used. Not where the program may lock
/// so much and no more: memory beyond that would be refused to it.
fn lock() -> bool {
    let limit = rustix::process::getrlimit(Resource::Memlock);
    if limit.maximum.is_none() {
        let all = Rlimit { current: None, maximum: None };
        let _ = rustix::process::setrlimit(Resource::Memlock, all);
    }
    let may = rustix::thread::capabilities(None)
        .is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK));
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    (may || limit.maximum.is_none()) && mlockall(all).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stay_small_once_they_are_asked_to() {
        in_small_pages();
        assert_eq!(nix::sys::prctl::get_thp_disable(), Ok(true));
    }

    #[test]
    fn swap_that_is_on_a_disk_is_told_from_what_is_in_memory() {
        let head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
        let zram = "/dev/zram0                              partition\t8388604\t\t0\t\t100\n";
        let disk = "/dev/vda2                               partition\t2097148\t\t0\t\t-2\n";
        let file = "/swapfile                               file\t\t2097148\t\t0\t\t-3\n";
        for (swaps, on_disk) in [
            (String::new(), false),
            (head.to_owned(), false),
            (format!("{head}{zram}"), false),
            (format!("{head}{zram}{disk}"), true),
            (format!("{head}{file}"), true),
        ] {
            assert_eq!(is_on_disk(&swaps), on_disk, "{swaps}");
        }
    }

    #[test]
    fn memory_that_is_locked_is_not_swapped_out() {
        let locked = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmLck:")).unwrap().to_owned();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
        };
        assert_eq!(locked(), 0);
        // An ordinary user may lock a few MiB: then nothing is, rather than a part.
        let is_locked = lock();
        assert_eq!(locked() > 0, is_locked);
        let names = vec![7_u8; 1 << 20];
        assert_eq!(locked() >= 1 << 10, is_locked, "{}", names.len());
        rustix::mm::munlockall().unwrap();
    }
}
