//! What Helserom itself brings into rooms: a module of Python and a package of R
//! (`rooms/`), in the rooms' environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::repository::Repository;
use crate::run::{self, Done, Failed, about, failed};

const MODULE: &str = "rooms/python/helserom.py";
const R_PACKAGE: &str = "rooms/r";
/// Where R finds it, below the environment: `sandbox` tells rooms the same.
const R_LIBRARY: &str = "lib/R/library";
/// A copy of the package's source, written last.
const INSTALLED: &str = "installed-helserom.R";

pub(crate) fn missing(repository: &Repository) -> Result<Vec<String>, Failed> {
    let environment = repository.made(super::ROOM_PYTHON);
    let same = |wanted: &Path, there: &Path| -> Result<bool, Failed> {
        let wanted = fs::read(repository.root().join(wanted)).map_err(about(wanted.display()))?;
        Ok(fs::read(there).is_ok_and(|there| there == wanted))
    };
    let module = match packages(&environment) {
        Ok(folder) => same(Path::new(MODULE), &folder.join("helserom.py"))?,
        Err(_) => false,
    };
    let source = Path::new(R_PACKAGE).join("R/helserom.R");
    if module && same(&source, &environment.join(R_LIBRARY).join(INSTALLED))? {
        return Ok(Vec::new());
    }
    Ok(vec!["the room's own packages for Python and R: `helserom`".to_owned()])
}

pub(crate) fn install(repository: &Repository) -> Done {
    let environment = repository.made(super::ROOM_PYTHON);
    println!("Putting `helserom` for Python and R into target/{}", super::ROOM_PYTHON);
    let module = packages(&environment)?.join("helserom.py");
    fs::copy(repository.root().join(MODULE), &module).map_err(about(module.display()))?;
    let library = environment.join(R_LIBRARY);
    fs::create_dir_all(&library).map_err(about(library.display()))?;
    let source = repository.root().join(R_PACKAGE);
    let install = ["CMD", "INSTALL", "--no-docs", "--no-test-load"];
    let mut r = Command::new("R");
    r.args(install).arg(format!("--library={}", library.display())).arg(&source);
    run::output(&mut r)?;
    let copy = library.join(INSTALLED);
    fs::copy(source.join("R/helserom.R"), &copy).map_err(about(copy.display()))?;
    Ok(())
}

/// Where the environment's packages are: there is one `python3.N`.
fn packages(environment: &Path) -> Result<PathBuf, Failed> {
    let lib = environment.join("lib");
    for entry in fs::read_dir(&lib).map_err(about(lib.display()))? {
        let folder = entry.map_err(about(lib.display()))?.path().join("site-packages");
        if folder.is_dir() {
            return Ok(folder);
        }
    }
    failed(format!("`{}` has no packages", lib.display()))
}
