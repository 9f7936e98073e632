//! Version 1: a tree per controller.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use room::Limits;

use super::{Counted, cpu_quota, field, number};

/// The files of a group that are read while the command runs.
#[derive(Debug, Default)]
pub(super) struct Files {
    memory: Option<PathBuf>,
    pids: Option<PathBuf>,
    cpuacct: Option<PathBuf>,
}

/// Whether a child group can be made: tried, because a tree can be mounted
/// read-only or owned by another.
pub(super) fn can_make(own: &Path) -> bool {
    let probe = own.join(format!("helserom-probe-{}", std::process::id()));
    std::fs::create_dir(&probe).is_ok() && std::fs::remove_dir(&probe).is_ok()
}

/// Has the groups below `dir` count against it too: kernels before 5.11 did so only
/// when told.
pub(super) fn hold_children(dir: &Path) -> io::Result<()> {
    let file = "memory.use_hierarchy";
    if number(&dir.join(file)) == Some(0) { write(dir, file, 1) } else { Ok(()) }
}

/// Sets what `controller` limits. A group that has its limits already keeps them.
pub(super) fn limit(
    controller: &str,
    dir: &Path,
    limits: &Limits,
    processes: u64,
) -> io::Result<()> {
    match controller {
        "memory" => {
            if number(&dir.join("memory.limit_in_bytes")) == Some(limits.memory) {
                return Ok(());
            }
            write(dir, "memory.limit_in_bytes", limits.memory)?;
            // Memory and swap together; the file is there only where swap is counted.
            let both = dir.join("memory.memsw.limit_in_bytes");
            if both.exists() { std::fs::write(both, limits.memory.to_string()) } else { Ok(()) }
        }
        "pids" => write(dir, "pids.max", processes),
        "cpu" => {
            let (quota, period) = cpu_quota(limits);
            write(dir, "cpu.cfs_period_us", period)?;
            write(dir, "cpu.cfs_quota_us", quota)
        }
        _ => Ok(()),
    }
}

fn write(dir: &Path, file: &str, value: u64) -> io::Result<()> {
    std::fs::write(dir.join(file), value.to_string())
}

impl Files {
    pub(super) fn see(&mut self, controller: &str, dir: &Path) {
        let slot = match controller {
            "memory" => &mut self.memory,
            "pids" => &mut self.pids,
            "cpuacct" => &mut self.cpuacct,
            _ => return,
        };
        *slot = Some(dir.to_owned());
    }

    pub(super) fn counted(&self) -> Counted {
        let of = |dir: &Option<PathBuf>, file: &str| {
            dir.as_ref().and_then(|dir| number(&dir.join(file))).unwrap_or(0)
        };
        let field_of = |dir: &Option<PathBuf>, file: &str, key: &str| {
            dir.as_ref().and_then(|dir| field(&dir.join(file), key)).unwrap_or(0)
        };
        Counted {
            memory: of(&self.memory, "memory.usage_in_bytes"),
            peak_memory: of(&self.memory, "memory.max_usage_in_bytes"),
            cpu: Duration::from_nanos(of(&self.cpuacct, "cpuacct.usage")),
            memory_kills: field_of(&self.memory, "memory.oom_control", "oom_kill"),
            process_refusals: field_of(&self.pids, "pids.events", "max"),
        }
    }
}
