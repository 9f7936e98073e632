//! The demonstration, served while something is measured on it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::bench::http::Browser;
use crate::demo;
use crate::repository::Repository;
use crate::run::{Failed, about, failed};

/// How long the story may take before the portal opens.
const PATIENCE: Duration = Duration::from_mins(5);
/// How long it may take to let go of its rooms.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// The program, ended when dropped.
pub(super) struct Served(Child);

impl Served {
    /// Tells the story into `folder`, anew, and serves it at `address`, with these
    /// settings.
    pub(super) fn start(
        repository: &Repository,
        program: &Path,
        folder: &Path,
        address: SocketAddr,
        settings: &[(&str, &str)],
    ) -> Result<Self, Failed> {
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(about(folder.display()))?;
        }
        let mut command = demo::command(repository, program);
        command.arg("--no-browser").arg(format!("--listen={address}")).arg("--data").arg(folder);
        command.envs(settings.iter().copied());
        let child = command.stdout(Stdio::null()).spawn().map_err(about("helserom demo"))?;
        let served = Self(child);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if Browser::new(address).get("/readyz").is_ok_and(|page| page.status == 200) {
                return Ok(served);
            }
            thread::sleep(Duration::from_millis(200));
        }
        failed("the portal did not open")
    }

    /// Its process id.
    pub(super) fn process(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Asked to stop: a room is a mount, and one that is killed leaves it.
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let begun = Instant::now();
        while begun.elapsed() < LAST_WAIT && matches!(self.0.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
