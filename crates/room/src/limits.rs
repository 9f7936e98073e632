//! How large a room is, and what makes that hold.

use std::time::Duration;

use permit::RoomTerms;
use serde::{Deserialize, Serialize};

const MIB: u64 = 1 << 20;

/// How large a room is: the permit's terms, in the units machines count in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Limits {
    /// Memory of everything that runs in the room together, bytes.
    pub memory: u64,
    /// Processors, in hundredths of one.
    pub cpu_percent: u32,
    /// Processes and threads at once.
    pub processes: u32,
    /// The work folder, bytes.
    pub disk: u64,
    /// Files, folders and links in the work folder.
    pub files: u64,
    /// How long one command may run, seconds.
    pub wall_seconds: u64,
    /// How long the room may be used altogether, seconds; nothing: as long as the permit
    /// lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_seconds: Option<u64>,
    /// `/tmp` and `/dev/shm`, bytes each. They count as memory too.
    pub scratch: u64,
    /// How much of what a command prints is kept, bytes.
    pub log: u64,
}

/// Why a permit's terms make no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` is {given} in the permit: a room needs at least {least}")]
pub struct LimitsError {
    field: &'static str,
    given: u32,
    least: u32,
}

impl Limits {
    /// The limits that the terms of a permit give.
    pub fn of(terms: &RoomTerms) -> Result<Self, LimitsError> {
        let at_least = |field, given: u32, least: u32| {
            if given < least { Err(LimitsError { field, given, least }) } else { Ok(given) }
        };
        let memory = u64::from(at_least("memory-mib", terms.memory_mib, 64)?) * MIB;
        let disk = u64::from(at_least("disk-mib", terms.disk_mib, 4)?) * MIB;
        Ok(Self {
            memory,
            cpu_percent: at_least("cpu-percent", terms.cpu_percent, 10)?,
            processes: at_least("processes", terms.processes, 8)?,
            disk,
            // One for every 16 KiB, as mke2fs does by default.
            files: (disk / (16 * 1024)).clamp(1024, 4_000_000),
            wall_seconds: u64::from(at_least("wall-seconds", terms.wall_seconds, 1)?),
            total_seconds: match terms.hours {
                Some(hours) => Some(u64::from(at_least("hours", hours, 1)?) * 3600),
                None => None,
            },
            scratch: (memory / 4).min(512 * MIB),
            log: MIB,
        })
    }

    /// How long one command may run.
    pub const fn wall(&self) -> Duration {
        Duration::from_secs(self.wall_seconds)
    }

    /// How long the room may still be used after it was used so long.
    pub const fn left(&self, used: Duration) -> Duration {
        match self.total_seconds {
            Some(total) => Duration::from_secs(total).saturating_sub(used),
            None => Duration::MAX,
        }
    }

    /// How many whole processors the room may keep busy, at least one.
    pub const fn processors(&self) -> u32 {
        let whole = self.cpu_percent.div_ceil(100);
        if whole == 0 { 1 } else { whole }
    }
}

/// What makes a limit hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// The kernel, for everything in the room together (a control group or a
    /// file system of that size): it cannot be passed.
    Kernel,
    /// The kernel for each process, and the runtime, which adds them up many
    /// times a second and ends the run: it can be passed for a moment.
    Watched,
    /// Nothing on this machine.
    #[default]
    Nothing,
}

/// What makes each limit of a room hold on this machine. Written in the ledger
/// when the room opens, for the auditor to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Holds {
    /// What holds [`Limits::memory`].
    pub memory: Hold,
    /// What holds [`Limits::cpu_percent`].
    pub cpu: Hold,
    /// What holds [`Limits::processes`].
    pub processes: Hold,
    /// What holds [`Limits::disk`] and [`Limits::files`].
    pub disk: Hold,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_the_terms_in_bytes() {
        let limits = Limits::of(&RoomTerms::default()).unwrap();
        assert_eq!(limits.memory, 4 << 30);
        assert_eq!(limits.disk, 1 << 30);
        assert_eq!(limits.files, 65_536);
        assert_eq!(limits.wall(), Duration::from_mins(10));
        assert_eq!(limits.processors(), 2);
        assert_eq!(limits.left(Duration::from_hours(10_000)), Duration::MAX);
        let three = Limits::of(&RoomTerms { hours: Some(3), ..RoomTerms::default() }).unwrap();
        assert_eq!(three.left(Duration::from_hours(1)), Duration::from_hours(2));
        assert_eq!(three.left(Duration::from_hours(4)), Duration::ZERO);
    }

    #[test]
    fn terms_too_small_for_any_program_are_refused_by_name() {
        let terms = RoomTerms { processes: 0, ..RoomTerms::default() };
        assert_eq!(
            Limits::of(&terms).unwrap_err().to_string(),
            "`processes` is 0 in the permit: a room needs at least 8"
        );
    }
}
