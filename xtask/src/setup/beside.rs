//! Set-up beside steps that need nothing but the toolchain: it waits for the network, and
//! they for the processors.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};

use super::{debian, for_tests, tests_lack};
use crate::repository::Repository;
use crate::run::{Done, Failed, about, failed};

/// Set-up that goes on.
pub(crate) struct Beside {
    child: Child,
    /// What it says, which is shown when it has ended: no line of it stands within
    /// another's.
    said: PathBuf,
}

/// Begins to install what the tests lack. `None`: there is nothing to wait for, since
/// nothing is lacking or somebody had to be asked for a password.
pub(crate) fn begin(repository: &Repository) -> Result<Option<Beside>, Failed> {
    super::components(repository)?;
    if !tests_lack(repository)? {
        return Ok(None);
    }
    if !debian::is_root()? {
        return for_tests(repository).map(|()| None);
    }
    let said = repository.made("setup.log");
    let log = File::create(&said).map_err(about(said.display()))?;
    let again = log.try_clone().map_err(about(said.display()))?;
    let program = std::env::current_exe().map_err(about("this program"))?;
    let mut setup = Command::new(program);
    let child = setup.args(["setup", "--for-tests"]).stdout(log).stderr(again).spawn();
    let child = child.map_err(about("cannot start set-up"))?;
    println!("Set-up goes on beside the next steps: what it installs is said when it has ended.");
    Ok(Some(Beside { child, said }))
}

impl Beside {
    /// Waits until it has ended, and shows what it said.
    pub(crate) fn ended(mut self) -> Done {
        let status = self.child.wait().map_err(about("set-up"))?;
        let said = fs::read(&self.said).map_err(about(self.said.display()))?;
        println!("{}", String::from_utf8_lossy(&said).trim_end());
        if status.success() { Ok(()) } else { failed(format!("set-up failed: {status}")) }
    }
}

impl Drop for Beside {
    /// What is begun is not left half done.
    fn drop(&mut self) {
        let _ = self.child.wait();
    }
}
