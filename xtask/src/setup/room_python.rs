//! The Python of the analysis room: Debian's interpreter, packages from PyPI
//! pinned by hash, wheels only, so that nothing of theirs runs here.

use std::fs;
use std::process::Command;

use crate::repository::Repository;
use crate::run::{self, Done, Failed, about};

const REQUIREMENTS: &str = "demo/room/requirements.txt";
/// A copy of the requirements that were installed, written last.
const INSTALLED: &str = "installed-requirements.txt";

pub(crate) fn missing(repository: &Repository) -> Result<Vec<String>, Failed> {
    let wanted = fs::read(repository.root().join(REQUIREMENTS)).map_err(about(REQUIREMENTS))?;
    let installed = fs::read(repository.made(super::ROOM_PYTHON).join(INSTALLED));
    if installed.is_ok_and(|installed| installed == wanted) {
        return Ok(Vec::new());
    }
    Ok(vec!["Python packages of the room (pandas, pyarrow, statsmodels), about 600 MB".to_owned()])
}

pub(crate) fn install(repository: &Repository) -> Done {
    let folder = repository.made(super::ROOM_PYTHON);
    println!("Making target/{} with packages from PyPI", super::ROOM_PYTHON);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(about(folder.display()))?;
    }
    // The room has Debian's `/usr` and nothing else: no other Python will do.
    run::run(Command::new("/usr/bin/python3").args(["-m", "venv"]).arg(&folder))?;
    let requirements = repository.root().join(REQUIREMENTS);
    run::run(
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
            .arg(&requirements),
    )?;
    fs::copy(&requirements, folder.join(INSTALLED)).map_err(about(INSTALLED))?;
    Ok(())
}
