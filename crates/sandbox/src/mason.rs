//! What one command is walled in with: the words for bubblewrap, and what is done
//! before it runs.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::Command as Program;

use room::Hold;
use rustix::thread::CpuSet;

use crate::parts;
use crate::seccomp;
use crate::spawn::{Before, process_limits};
use crate::state::{RoomDir, RoomState};
use crate::walls::{Folders, Setting, arguments};

/// Builds the walls of every command on this machine.
pub(crate) struct Mason {
    bwrap: PathBuf,
    python: Option<PathBuf>,
    filters: [Vec<u8>; 2],
}

impl Mason {
    pub(crate) fn new(
        bwrap: PathBuf,
        python: Option<PathBuf>,
    ) -> Result<Self, seccomp::FilterError> {
        Ok(Self { bwrap, python, filters: seccomp::programs()? })
    }

    /// The command for bubblewrap and what is done before it runs. Also gives
    /// the end to read what bubblewrap says.
    pub(crate) fn prepare(
        &self,
        dir: &RoomDir,
        state: &RoomState,
        work: &Path,
        words: &[String],
        setting: &Setting,
    ) -> io::Result<(Program, Before, OwnedFd)> {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let mut before = Before::as_user(state.uid);
        before.limits = process_limits(&state.limits, state.holds);
        if state.holds.cpu != Hold::Kernel {
            before.processors = processors(state);
        }
        let brought = Some(dir.brought()).filter(|brought| brought.is_dir());
        let private = setting.person.as_ref().map(|person| parts::private(dir, state, person));
        let private = private.transpose()?;
        let folders = Folders {
            data: &state.data,
            work,
            private: private.as_deref(),
            has_private: state.parted,
            brought: brought.as_deref(),
            python: self.python.as_deref(),
        };
        let walls = arguments(&mut before, &folders, &state.limits, setting, &self.filters, write)?;
        let mut program = Program::new(&self.bwrap);
        program.args(walls);
        if state.holds.processes != Hold::Kernel {
            // Counted per user namespace, so it is set inside. Two more than
            // allowed: process 1, and one that is seen and ends the command.
            program.arg("/usr/bin/prlimit");
            program.arg(format!("--nproc={}", state.limits.processes.saturating_add(2)));
            program.arg("--");
        }
        if let Some(own) = &setting.program {
            // By its number: the room sees no file of ours.
            let own = OwnedFd::from(own.try_clone()?);
            program.arg(format!("/proc/self/fd/{}", own.as_raw_fd()));
            before.inherited.push(own);
        }
        program.args(words);
        Ok((program, before, read))
    }
}

/// As many processors as the room may keep busy: the same for all that runs in it,
/// and others for the next room.
fn processors(state: &RoomState) -> Option<CpuSet> {
    let ours = rustix::thread::sched_getaffinity(None).ok()?;
    let all: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| ours.is_set(*cpu)).collect();
    let wanted = usize::try_from(state.limits.processors()).unwrap_or(usize::MAX).min(all.len());
    let number = state.uid.unwrap_or_else(|| of_its_name(state.room.as_str()));
    let first = usize::try_from(number).unwrap_or_default().wrapping_mul(wanted);
    let mut set = CpuSet::new();
    for cpu in all.iter().cycle().skip(first % all.len().max(1)).take(wanted) {
        set.set(*cpu);
    }
    Some(set)
}

/// A number for a room that has no user of its own.
fn of_its_name(room: &str) -> u32 {
    room.bytes().fold(0, |number: u32, byte| number.wrapping_mul(31).wrapping_add(byte.into()))
}
