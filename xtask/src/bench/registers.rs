//! Generated registers, made once and kept.

use std::path::PathBuf;

use crate::bench::release;
use crate::repository::Repository;
use crate::run::{self, Failed};

/// How large.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) people: u32,
    pub(super) measurements: u32,
    pub(super) diagnoses: u32,
}

/// The folder with registers of that size.
pub(super) fn of(repository: &Repository, size: Size) -> Result<PathBuf, Failed> {
    let Size { people, measurements, diagnoses } = size;
    let folder = repository.made("bench").join(format!("{people}-{measurements}-{diagnoses}"));
    let done = folder.join("done");
    if done.exists() {
        return Ok(folder);
    }
    println!("Generating {people} people, {measurements} measurements, {diagnoses} diagnoses");
    let program = release(repository, "synthetic")?;
    run::run(repository.command(program).arg("scale").arg(&folder).args([
        format!("--people={people}"),
        format!("--measurements={measurements}"),
        format!("--diagnoses={diagnoses}"),
    ]))?;
    std::fs::write(&done, "").map_err(run::about(done.display()))?;
    Ok(folder)
}
