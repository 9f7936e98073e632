//! The Python of the analysis room.

use super::python;
use crate::repository::Repository;
use crate::run::{Done, Failed};

const REQUIREMENTS: &str = "demo/room/requirements.txt";

/// Packages that are published as sources alone. Their set-up programs run here;
/// this one's, at the version that is pinned, calls setuptools and nothing else.
const BUILT: [&str; 1] = ["autograd-gamma"];

pub(crate) fn missing(repository: &Repository) -> Result<Vec<String>, Failed> {
    if python::is_made(repository, super::ROOM_PYTHON, REQUIREMENTS)? {
        return Ok(Vec::new());
    }
    Ok(vec![
        "Python packages of the room (JupyterLab, pandas, polars, duckdb and others), about 1.3 GB"
            .to_owned(),
    ])
}

pub(crate) fn install(repository: &Repository) -> Done {
    python::make(repository, super::ROOM_PYTHON, REQUIREMENTS, &BUILT)
}
