//! A Python environment under `target`: Debian's interpreter, packages from
//! `PyPI` pinned by hash, wheels only, so that nothing of theirs runs here.

use std::fs;
use std::process::Command;

use crate::repository::Repository;
use crate::run::{self, Done, Failed, about};

/// A copy of the requirements that were installed, written last.
const INSTALLED: &str = "installed-requirements.txt";

/// Whether the environment has what `requirements` asks for.
pub(crate) fn is_made(
    repository: &Repository,
    environment: &str,
    requirements: &str,
) -> Result<bool, Failed> {
    let wanted = fs::read(repository.root().join(requirements)).map_err(about(requirements))?;
    let installed = fs::read(repository.made(environment).join(INSTALLED));
    Ok(installed.is_ok_and(|installed| installed == wanted))
}

/// Makes the environment, in place of one that may be there. `built`: packages
/// that have no wheel and are built from their pinned sources, with what is
/// pinned beside them and nothing else.
pub(crate) fn make(
    repository: &Repository,
    environment: &str,
    requirements: &str,
    built: &[&str],
) -> Done {
    let folder = repository.made(environment);
    println!("Making target/{environment} with packages from PyPI");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(about(folder.display()))?;
    }
    // The room has Debian's `/usr` and nothing else: no other Python will do.
    run::run(Command::new("/usr/bin/python3").args(["-m", "venv"]).arg(&folder))?;
    let requirements = repository.root().join(requirements);
    run::run(
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(["--require-hashes", "--no-build-isolation", "--only-binary", ":all:"])
            .args(built.iter().flat_map(|package| ["--no-binary", package]))
            .arg("--requirement")
            .arg(&requirements),
    )?;
    fs::copy(&requirements, folder.join(INSTALLED)).map_err(about(INSTALLED))?;
    Ok(())
}
