//! Programs from Debian 12.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{self, Done, Failed, about, failed};

/// A Debian package and how to see that what we want of it is there, however
/// it was installed.
pub(crate) struct Package {
    name: &'static str,
    gives: Gives,
    why: &'static str,
}

enum Gives {
    /// A program on the path.
    Program(&'static str),
    /// One of these files.
    AnyOf(&'static [&'static str]),
    /// A package of R, in one of the folders that rooms see.
    RPackage(&'static str),
    /// A module of Debian's Python.
    PythonModule(&'static str),
}

use Gives::{AnyOf, Program, PythonModule, RPackage};

/// What the demo needs.
pub(crate) const FOR_DEMO: &[Package] = &[
    Package { name: "bubblewrap", gives: Program("bwrap"), why: "seals the analysis room" },
    Package {
        name: "e2fsprogs",
        gives: AnyOf(&["/usr/sbin/mke2fs", "/sbin/mke2fs"]),
        why: "holds the size of a room's work folder",
    },
    Package { name: "r-base-core", gives: Program("Rscript"), why: "R in the room" },
    Package {
        name: "r-cran-survival",
        gives: RPackage("survival"),
        why: "the real records, and the reference for survival statistics",
    },
    Package { name: "r-cran-irkernel", gives: RPackage("IRkernel"), why: "R in notebooks" },
    Package { name: "r-cran-data.table", gives: RPackage("data.table"), why: "R in the room" },
    Package { name: "r-cran-dplyr", gives: RPackage("dplyr"), why: "R in the room" },
    Package { name: "r-cran-ggplot2", gives: RPackage("ggplot2"), why: "R in the room" },
    Package { name: "r-cran-lme4", gives: RPackage("lme4"), why: "R in the room" },
    Package { name: "r-cran-rpostgresql", gives: RPackage("RPostgreSQL"), why: "R in the room" },
    Package {
        name: "tigervnc-standalone-server",
        gives: Program("Xtigervnc"),
        why: "the display of a desktop in the room",
    },
    Package { name: "jwm", gives: Program("jwm"), why: "windows on a desktop in the room" },
    Package { name: "xterm", gives: Program("xterm"), why: "a terminal in the room" },
    Package {
        name: "python3-tk",
        gives: PythonModule("tkinter"),
        why: "figures on a desktop in the room",
    },
    Package { name: "curl", gives: Program("curl"), why: "fetches R packages in the room" },
    Package { name: "postgresql-client", gives: Program("psql"), why: "SQL in the room" },
    Package {
        name: "python3-venv",
        gives: PythonModule("ensurepip"),
        why: "makes the room's Python",
    },
    Package { name: "git", gives: Program("git"), why: "code that is brought into a room" },
    Package { name: "nodejs", gives: Program("node"), why: "prepares the portal's style sheets" },
    Package { name: "npm", gives: Program("npm"), why: "fetches the portal's style sheets" },
];

/// What only the tests need.
pub(crate) const FOR_TESTS: &[Package] = &[
    Package {
        name: "clamav-daemon",
        gives: AnyOf(&["/usr/sbin/clamd"]),
        why: "looks for malware in what is brought into rooms",
    },
    Package {
        name: "iproute2",
        gives: Program("ip"),
        why: "a network that the room must not reach",
    },
    Package {
        name: POSTGRES,
        gives: AnyOf(&["/usr/lib/postgresql/15/bin/postgres"]),
        why: "the metadata database of a large centre",
    },
    Package { name: "chromium", gives: Program("chromium"), why: "looks at the portal's pages" },
];

const POSTGRES: &str = "postgresql-15";
/// Debian makes and starts a database cluster on installation unless this says no
/// (`pg_createcluster(1)`).
const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.conf";

impl Package {
    fn is_there(&self) -> bool {
        match self.gives {
            Program(name) => run::on_path(name),
            AnyOf(files) => files.iter().any(|file| Path::new(file).exists()),
            RPackage(name) => {
                ["lib/R/library", "lib/R/site-library", "local/lib/R/site-library"].iter().any(
                    |folder| Path::new("/usr").join(folder).join(name).join("DESCRIPTION").exists(),
                )
            }
            PythonModule(name) => run::succeeds(Command::new("/usr/bin/python3").args([
                "-I",
                "-c",
                &format!("import {name}"),
            ])),
        }
    }
}

fn lacking(packages: &'static [Package]) -> impl Iterator<Item = &'static Package> {
    packages.iter().filter(|package| !package.is_there())
}

pub(crate) fn missing(packages: &'static [Package]) -> Vec<String> {
    lacking(packages)
        .map(|package| format!("Debian package {}: {}", package.name, package.why))
        .collect()
}

pub(crate) fn install(packages: &'static [Package]) -> Done {
    let names: Vec<&str> = lacking(packages).map(|package| package.name).collect();
    let list = names.join(" ");
    if !run::on_path("apt-get") {
        return failed(format!("this is not Debian: install what these packages hold: {list}"));
    }
    let root = is_root()?;
    if !root && !run::on_path("sudo") {
        return failed(format!("not root, and no sudo: run as root `apt-get install {list}`"));
    }
    let sudo = if root { "" } else { "sudo " };
    println!("Running: {sudo}apt-get install --no-install-recommends {list}");
    apt(root, &["update", "-qq"])?;
    if names.contains(&POSTGRES) {
        without_a_cluster(root)?;
    }
    let mut arguments = vec!["install", "-qq", "--yes", "--no-install-recommends"];
    arguments.extend(names);
    apt(root, &arguments)
}

pub(super) fn is_root() -> Result<bool, Failed> {
    let own = std::fs::metadata("/proc/self").map_err(about("cannot read /proc/self"))?;
    Ok(own.uid() == 0)
}

/// What `apt-get` says of each package is left out; what it complains of is not.
fn apt(root: bool, arguments: &[&str]) -> Done {
    let mut command = as_root(root, "env");
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
    run::run(command.stdout(Stdio::null()))
}

fn as_root(root: bool, program: &str) -> Command {
    if root {
        Command::new(program)
    } else {
        let mut command = Command::new("sudo");
        command.arg(program);
        command
    }
}

/// The tests start PostgreSQL themselves: only its programs are wanted. On a
/// machine that has none, Debian's settings are told not to make a cluster.
fn without_a_cluster(root: bool) -> Done {
    if Path::new(CLUSTER_SETTINGS).exists() {
        return Ok(());
    }
    println!(
        "Running: install postgresql-common, set `create_main_cluster = false` in {CLUSTER_SETTINGS}"
    );
    apt(root, &["install", "-qq", "--yes", "--no-install-recommends", "postgresql-common"])?;
    let setting = "s/^#\\?create_main_cluster.*/create_main_cluster = false/";
    run::run(as_root(root, "sed").args(["-i", setting, CLUSTER_SETTINGS]))
}
