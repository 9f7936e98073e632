//! Seeing, many times a second, whether a command went past the limits of its room.
//!
//! What a control group holds the kernel counts for all commands of the room together.
//! Where there is none, each command is watched by itself, against the sum of all: the
//! one that takes the most ends.

use std::collections::BTreeSet;
use std::time::Duration;

use model::RunId;
use room::{Hold, Holds, Limits, Outcome};

use crate::cgroup::{Counted, Group};
use crate::disk::DiskWatch;
use crate::process::{self, Taken};
use crate::state::{RoomDir, RoomState, boot_id};

/// When the machine has less than this left, a room without a control group
/// is ended, bytes.
const MACHINE_KEEPS: u64 = 128 << 20;

/// What one command took so far, and whether that was too much.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    group: Option<&'a Group>,
    limits: Limits,
    holds: Holds,
    disk: DiskWatch,
    /// bubblewrap, outside.
    root: i32,
    others: Others,
    pub counted: Counted,
    /// Whether nothing ran beside it at the last look.
    alone: bool,
    /// Whether something ran beside it when the disk filled.
    filled_together: bool,
}

/// What else runs in the room of a command.
#[derive(Debug)]
pub(crate) struct Others {
    dir: RoomDir,
    run: RunId,
    boot: String,
}

impl Others {
    pub(crate) fn new(dir: RoomDir, run: RunId) -> Self {
        Self { dir, run, boot: boot_id() }
    }

    /// The bubblewraps of those that run.
    fn roots(&self) -> impl Iterator<Item = i32> + '_ {
        let runs = self.dir.runs().unwrap_or_default().into_iter();
        runs.filter(|run| run.run != self.run && run.boot == self.boot)
            .filter_map(|run| run.pid.filter(|pid| process::began(*pid) == run.began))
    }

    /// What each of them takes now, and its processes.
    fn taken(&self) -> Vec<(Taken, BTreeSet<i32>)> {
        self.roots()
            .map(|root| {
                let members = members(root);
                (process::taken(&members), members)
            })
            .collect()
    }
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        group: Option<&'a Group>,
        state: &RoomState,
        disk: DiskWatch,
        (root, others): (i32, Others),
    ) -> Self {
        let (limits, holds) = (state.limits, state.holds);
        let counted = Counted::default();
        let (alone, filled_together) = (true, false);
        Self { group, limits, holds, disk, root, others, counted, alone, filled_together }
    }

    /// Looks once. `Some` when the command must be ended.
    pub(crate) fn look(&mut self) -> Option<Outcome> {
        self.count();
        let passed = self.passed_by_kernel().or_else(|| self.passed_by_sum());
        passed.or_else(|| self.is_disk_filled().then_some(Outcome::KilledDisk))
    }

    /// Whether the disk was filled since the command began. Where the kernel holds its
    /// size, what ran beside others when it filled goes on, also when it is alone later:
    /// nobody knows who filled it, and it grows no more.
    fn is_disk_filled(&mut self) -> bool {
        let (root, others) = (self.root, &self.others);
        let is_alone = others.roots().next().is_none();
        // Who filled it may have ended since the last look.
        let was_alone = std::mem::replace(&mut self.alone, is_alone);
        let of_all = || others.roots().chain([root]).flat_map(members).collect();
        if !self.disk.is_full(&of_all) {
            self.filled_together = false;
            return false;
        }
        self.filled_together |= !(is_alone && was_alone);
        self.holds.disk != Hold::Kernel || !self.filled_together
    }

    /// Takes what the control group counted.
    pub(crate) fn count(&mut self) {
        let Some(group) = self.group else { return };
        let now = group.counted();
        self.counted = Counted {
            memory: now.memory,
            peak_memory: self.counted.peak_memory.max(now.peak_memory),
            cpu: self.counted.cpu.max(now.cpu),
            memory_kills: now.memory_kills,
            process_refusals: now.process_refusals,
        };
    }

    /// What the kernel had to refuse.
    pub(crate) fn passed_by_kernel(&self) -> Option<Outcome> {
        if self.counted.memory_kills > 0 {
            Some(Outcome::KilledMemory)
        } else if self.counted.process_refusals > 0 {
            Some(Outcome::KilledProcesses)
        } else {
            None
        }
    }

    /// What the processes of the room take together, where no control group holds it,
    /// and no other command takes more of it than this one.
    fn passed_by_sum(&mut self) -> Option<Outcome> {
        let memory = self.holds.memory == Hold::Watched;
        let processes = self.holds.processes == Hold::Watched;
        if !memory && !processes {
            return None;
        }
        let members = members(self.root);
        let mut taken = process::taken(&members);
        self.counted.cpu = self.counted.cpu.max(taken.cpu);
        let others = self.others.taken();
        if memory {
            let mut all: Vec<u64> = others.iter().map(|(taken, _)| taken.memory).collect();
            if all.iter().sum::<u64>() + taken.memory > self.limits.memory {
                taken.memory = process::proportional(&members);
                all = others.iter().map(|(_, members)| process::proportional(members)).collect();
            }
            self.counted.memory = taken.memory;
            self.counted.peak_memory = self.counted.peak_memory.max(taken.memory);
            let is_too_much = all.iter().sum::<u64>() + taken.memory > self.limits.memory
                || process::machine_has_left() < MACHINE_KEEPS;
            if is_too_much && all.iter().all(|other| *other <= taken.memory) {
                return Some(Outcome::KilledMemory);
            }
        }
        let all = || others.iter().map(|(taken, _)| taken.tasks);
        // One of each command's is bubblewrap's process 1.
        let most = u64::from(self.limits.processes) + 1 + all().count() as u64;
        let is_too_much = all().sum::<u64>() + taken.tasks > most;
        (processes && is_too_much && all().all(|other| other <= taken.tasks))
            .then_some(Outcome::KilledProcesses)
    }

    /// Whether the work folder is full now, looked at without delay.
    pub(crate) fn is_disk_full(&mut self) -> bool {
        self.disk.look_again();
        self.disk.is_full(&BTreeSet::new)
    }

    /// How long between two looks: short enough that what no control group
    /// holds is not far past its limit.
    pub(crate) const OFTEN: Duration = Duration::from_millis(25);
}

fn members(root: i32) -> BTreeSet<i32> {
    process::below(root)
}
