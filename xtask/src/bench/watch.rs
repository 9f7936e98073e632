//! How long a program runs and how much memory it holds at most.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::run::{Failed, about, failed};

/// What a program took.
pub(super) struct Taken {
    pub(super) seconds: f64,
    /// The most memory it held at once, MiB.
    pub(super) peak_mib: f64,
}

/// Runs `command` to its end. The kernel keeps the highest mark of a process's
/// memory (`VmHWM`, proc(5)); it is read as long as the process lives.
pub(super) fn watch(command: &mut Command) -> Result<Taken, Failed> {
    let begun = Instant::now();
    let mut child = command.spawn().map_err(about("cannot start the program to be measured"))?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0_u32;
    loop {
        if let Some(kib) = fs::read_to_string(&status).ok().as_deref().and_then(high_mark) {
            peak_kib = peak_kib.max(kib);
        }
        if let Some(ended) = child.try_wait().map_err(about("cannot wait for the program"))? {
            let seconds = begun.elapsed().as_secs_f64();
            if !ended.success() {
                return failed(format!("the program to be measured failed: {ended}"));
            }
            return Ok(Taken { seconds, peak_mib: f64::from(peak_kib) / 1024.0 });
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn high_mark(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_of_a_program_are_seen_and_its_failure_too() {
        let taken = watch(Command::new("sleep").arg("0.1")).unwrap();
        assert!(taken.seconds >= 0.1 && taken.peak_mib > 0.1);
        assert!(watch(&mut Command::new("false")).is_err());
    }
}
