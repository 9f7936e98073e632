//! The portal's style sheets and fonts, from npm by its lock file. The program
//! builds without them and then looks plain.

use std::fs;
use std::path::PathBuf;

use crate::repository::Repository;
use crate::run::{self, Done, Failed, about};

/// The lock file by which the packages were installed, written last.
const INSTALLED: &str = "installed-lock.json";

fn folder(repository: &Repository) -> PathBuf {
    repository.root().join("crates/portal/assets")
}

pub(crate) fn missing(repository: &Repository) -> Result<Vec<String>, Failed> {
    let folder = folder(repository);
    let lock = fs::read(folder.join("package-lock.json")).map_err(about("package-lock.json"))?;
    let installed = fs::read(folder.join("node_modules").join(INSTALLED));
    let built = folder.join("dist/designsystemet.css").exists();
    if built && installed.is_ok_and(|installed| installed == lock) {
        return Ok(Vec::new());
    }
    Ok(vec!["the portal's style sheets and fonts, from npm".to_owned()])
}

pub(crate) fn install(repository: &Repository) -> Done {
    let folder = folder(repository);
    println!("Running: npm ci --ignore-scripts, node build.mjs (in crates/portal/assets)");
    run::run(repository.command("npm").current_dir(&folder).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    run::run(repository.command("node").current_dir(&folder).arg("build.mjs"))?;
    let installed = folder.join("node_modules").join(INSTALLED);
    fs::copy(folder.join("package-lock.json"), installed).map_err(about(INSTALLED))?;
    Ok(())
}
