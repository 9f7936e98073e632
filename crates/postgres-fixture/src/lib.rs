//! A private PostgreSQL 15 cluster for tests and the demo: made in a temporary
//! folder, reached over a Unix socket alone, gone when dropped.
//!
//! PostgreSQL refuses to run as root; then the cluster runs as the user
//! `postgres`, which the Debian package makes.

use std::fs::File;
use std::io;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// Where Debian's `postgresql-15` puts its programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// The name of the database superuser.
const OWNER: &str = "helserom";

/// How long a step of starting or stopping may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// The programs are not there.
    #[error(
        "PostgreSQL 15 is not installed: `cargo xtask setup` installs the package `postgresql-15`"
    )]
    NotInstalled,
    /// A program could not be started, or a file not made.
    #[error("cannot {what}: {why}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        why: io::Error,
    },
    /// A program ended with an error.
    #[error("`{program}` failed ({status}): {said}")]
    Failed {
        /// Which program.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote.
        said: String,
    },
    /// The server did not answer in time.
    #[error("PostgreSQL did not answer within a minute: {0}")]
    Silent(String),
}

fn io_error(what: &'static str) -> impl FnOnce(io::Error) -> FixtureError {
    move |why| FixtureError::Io { what, why }
}

/// A running cluster. Dropping it ends the server and removes its folder.
#[derive(Debug)]
pub struct Cluster {
    server: Child,
    home: TempDir,
}

impl Cluster {
    /// Makes a cluster and starts it.
    ///
    /// It sorts text by the rules of bokmål (ICU), so that a test sees where the
    /// program relies on the order of bytes; and it does not wait for the disk,
    /// which nothing short of a power cut can tell.
    pub fn start() -> Result<Self, FixtureError> {
        if !Path::new(PROGRAMS).join("postgres").exists() {
            return Err(FixtureError::NotInstalled);
        }
        let home = tempfile::Builder::new()
            .prefix("helserom-pg-")
            .tempdir()
            .map_err(io_error("make a temporary folder"))?;
        give_away(home.path())?;
        let data = home.path().join("data");
        run("initdb", |initdb| {
            initdb.arg("-D").arg(&data).args(["-U", OWNER, "--auth=trust", "--no-sync"]).args([
                "--encoding=UTF8",
                "--locale-provider=icu",
                "--icu-locale=nb",
                "--locale=C.UTF-8",
            ])
        })?;
        let log = home.path().join("log");
        let out = File::create(&log).map_err(io_error("make the server's log"))?;
        let err = out.try_clone().map_err(io_error("make the server's log"))?;
        let server = as_unprivileged("postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(home.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60"])
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(io_error("start postgres"))?;
        let mut cluster = Self { server, home };
        cluster.wait_until_ready(&log)?;
        Ok(cluster)
    }

    fn wait_until_ready(&mut self, log: &Path) -> Result<(), FixtureError> {
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            let ended = self.server.try_wait().map_err(io_error("watch postgres"))?;
            if let Some(status) = ended {
                return Err(FixtureError::Failed { program: "postgres", status, said: said() });
            }
            if run("pg_isready", |it| it.arg("-q").arg("-h").arg(self.socket())).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Err(FixtureError::Silent(said()))
    }

    fn socket(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    /// Makes an empty database and gives its URL, as the program's configuration
    /// takes it.
    pub fn create_database(&self, name: &str) -> Result<String, FixtureError> {
        run("createdb", |it| it.arg("-h").arg(self.socket()).args(["-U", OWNER, "--", name]))?;
        Ok(self.url(name))
    }

    /// The URL of a database of the cluster.
    pub fn url(&self, database: &str) -> String {
        let socket = self.socket();
        format!("postgres://{OWNER}@localhost/{database}?host={}", socket.display())
    }

    /// Runs SQL as somebody with `psql` would, behind the program's back, and
    /// gives what was printed.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, FixtureError> {
        run("psql", |psql| {
            psql.arg("-h").arg(self.socket()).args(["-U", OWNER, "-d", database]).args([
                "-v",
                "ON_ERROR_STOP=1",
                "-qAtX",
                "-c",
                sql,
            ])
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let pid = i32::try_from(self.server.id()).ok().and_then(Pid::from_raw);
        // Fast shutdown first, then immediate, then the kernel's.
        for signal in [Signal::INT, Signal::QUIT] {
            if let Some(pid) = pid {
                let _ = kill_process(pid, signal);
            }
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(10) {
                if matches!(self.server.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Hands the folder to the user that the server will run as.
fn give_away(folder: &Path) -> Result<(), FixtureError> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let id = |flag: &str| -> Result<u32, FixtureError> {
        let output = Command::new("id")
            .args([flag, "postgres"])
            .output()
            .map_err(io_error("look up the user `postgres`"))?;
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .map_err(|_| FixtureError::NotInstalled)
    };
    chown(folder, Some(id("-u")?), Some(id("-g")?)).map_err(io_error("hand over the folder"))
}

/// A program of PostgreSQL, to be run as somebody who is not root.
fn as_unprivileged(program: &str) -> Command {
    let program = Path::new(PROGRAMS).join(program);
    if !geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

/// Runs a program with the arguments that `prepare` gives it and returns what it
/// printed.
fn run(
    program: &'static str,
    prepare: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<String, FixtureError> {
    let output = prepare(&mut as_unprivileged(program))
        .current_dir("/")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .map_err(io_error("run a program of PostgreSQL"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(FixtureError::Failed { program, status: output.status, said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_answers_and_leaves_nothing_behind() {
        let cluster = Cluster::start().unwrap();
        let (pid, home) = (cluster.server.id(), cluster.home.path().to_owned());
        cluster.create_database("first").unwrap();
        assert_eq!(cluster.psql("first", "SELECT 6 * 7").unwrap().trim(), "42");
        assert!(cluster.psql("first", "SELECT 6 *").is_err());
        drop(cluster);
        assert!(!home.exists());
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }
}
