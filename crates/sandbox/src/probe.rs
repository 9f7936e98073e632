//! Whether a room can be made on this machine at all.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use room::{Hold, Holds, Limits};
use rustix::fs::{FlockOperation, flock};

use crate::bubblewrap::Bubblewrap;
use crate::disk::remove_tree;
use crate::place::private_dir;
use crate::process::{held, kill_tree};
use crate::spawn::spawn;
use crate::state::{RoomDir, RoomState};
use crate::walls::Setting;

const MIB: u64 = 1 << 20;

/// The room in which `true` runs.
const PROBE: &str = ".probe";

/// How long `true` may take in a room.
const PATIENCE: Duration = Duration::from_secs(10);

/// A room that is large enough for `true`.
const SMALL: Limits = Limits {
    memory: 256 * MIB,
    cpu_percent: 100,
    processes: 16,
    disk: 4 * MIB,
    files: 16,
    wall_seconds: PATIENCE.as_secs(),
    total_seconds: None,
    scratch: MIB,
    log: MIB,
};

impl Bubblewrap {
    /// Runs `true` in a room with nothing in it. `Err` says what is missing and
    /// what to do.
    pub(crate) fn probe(&self) -> Result<(), String> {
        if !self.config.bwrap.exists() {
            return Err(format!(
                "`{}` is missing: install Debian's `bubblewrap`",
                self.config.bwrap.display()
            ));
        }
        // Of programs that start at once one makes it after the other; what is there before
        // was left by one that was killed.
        let turn = File::open(&self.rooms).map_err(|error| error.to_string())?;
        flock(&turn, FlockOperation::LockExclusive).map_err(|error| error.to_string())?;
        let dir = self.rooms.join(PROBE);
        let said = remove_tree(&dir).and_then(|()| self.run_true(&dir));
        let removed = remove_tree(&dir);
        let said = said.and_then(|said| removed.map(|()| said)).map_err(|e| e.to_string())?;
        said.map_or(Ok(()), |said| Err(advice(&said)))
    }

    /// What bubblewrap complained about, if it did.
    fn run_true(&self, dir: &Path) -> io::Result<Option<String>> {
        private_dir(dir)?;
        let data = dir.join("data");
        private_dir(&data)?;
        let uid = self.spare_uid();
        if let Some(uid) = uid {
            std::os::unix::fs::chown(&data, Some(uid), Some(uid))?;
        }
        let watched = Hold::Watched;
        let holds = Holds { memory: watched, cpu: watched, processes: watched, disk: watched };
        let state = RoomState {
            room: "room-probe".parse().map_err(io::Error::other)?,
            data: data.clone(),
            limits: SMALL,
            holds,
            uid,
            image: false,
            parted: false,
        };
        let words = ["/bin/true".to_owned()];
        let (mut program, before, status) = self.mason.prepare(
            &RoomDir(dir.to_owned()),
            &state,
            &data,
            &words,
            &Setting::default(),
        )?;
        program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = spawn(program, before)?;
        // Read on a thread of its own: nobody knows who holds the other end.
        let (tell, said) = mpsc::channel();
        if let Some(errors) = child.stderr.take() {
            std::thread::Builder::new().name("room-probe".into()).spawn(move || {
                let mut said = String::new();
                let _ = errors.take(4096).read_to_string(&mut said);
                let _ = tell.send(said);
            })?;
        }
        let ended = ends(&mut child)?;
        drop(status);
        match ended {
            None => Ok(Some(format!("bubblewrap did not end in {} seconds", PATIENCE.as_secs()))),
            Some(true) => Ok(None),
            Some(false) => Ok(Some(said.recv_timeout(PATIENCE).unwrap_or_default())),
        }
    }
}

/// Whether the child ends well; nothing when it had to be ended.
fn ends(child: &mut Child) -> io::Result<Option<bool>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= deadline {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let pid = i32::try_from(child.id()).unwrap_or_default();
    if let Some(process) = held(pid) {
        kill_tree(pid, &process);
    }
    child.wait()?;
    Ok(None)
}

/// What to do about a complaint of bubblewrap's.
fn advice(said: &str) -> String {
    let first = said.lines().next().unwrap_or("bubblewrap did not say why");
    let advice = if first.contains("mount proc") {
        "this container hides parts of /proc: start it with \
         `--security-opt systempaths=unconfined`"
    } else if first.contains("Unknown option") {
        "bubblewrap is too old: 0.8 or later is needed"
    } else if ["namespace", "setting up uid map", "Operation not permitted", "loopback"]
        .iter()
        .any(|part| first.contains(part))
    {
        "this machine lets no ordinary user make namespaces: set the kernel parameter \
         `kernel.unprivileged_userns_clone` to 1, or start the container with \
         `--security-opt seccomp=unconfined`"
    } else {
        "see the manual of bubblewrap"
    };
    format!("{first}: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_comes_with_what_to_do() {
        let said = "bwrap: No permissions to create new namespace, likely because …\n";
        assert!(advice(said).contains("kernel.unprivileged_userns_clone"));
        let said = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted\n";
        assert!(advice(said).contains("systempaths=unconfined"));
    }
}
