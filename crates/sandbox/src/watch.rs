//! Seeing, many times a second, whether a command went past its limits.

use std::collections::BTreeSet;
use std::time::Duration;

use room::{Hold, Holds, Limits, Outcome};

use crate::cgroup::{Counted, Group};
use crate::disk::DiskWatch;
use crate::process;

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
    pub counted: Counted,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        group: Option<&'a Group>,
        limits: Limits,
        holds: Holds,
        disk: DiskWatch,
        root: i32,
    ) -> Self {
        Self { group, limits, holds, disk, root, counted: Counted::default() }
    }

    /// Looks once. `Some` when the command must be ended.
    pub(crate) fn look(&mut self) -> Option<Outcome> {
        self.count();
        let passed = self.passed_by_kernel().or_else(|| self.passed_by_sum());
        let root = self.root;
        let members = move || members(root);
        passed.or_else(|| self.disk.is_full(&members).then_some(Outcome::KilledDisk))
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

    /// What the processes take together, where no control group holds it.
    fn passed_by_sum(&mut self) -> Option<Outcome> {
        let memory = self.holds.memory == Hold::Watched;
        let processes = self.holds.processes == Hold::Watched;
        if !memory && !processes {
            return None;
        }
        let members = members(self.root);
        let mut taken = process::taken(&members);
        self.counted.cpu = self.counted.cpu.max(taken.cpu);
        if memory {
            if taken.memory > self.limits.memory {
                taken.memory = process::proportional(&members);
            }
            self.counted.memory = taken.memory;
            self.counted.peak_memory = self.counted.peak_memory.max(taken.memory);
            if taken.memory > self.limits.memory || process::machine_has_left() < MACHINE_KEEPS {
                return Some(Outcome::KilledMemory);
            }
        }
        // One of them is bubblewrap's process 1.
        let most = u64::from(self.limits.processes) + 1;
        (processes && taken.tasks > most).then_some(Outcome::KilledProcesses)
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
