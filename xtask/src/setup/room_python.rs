//! The Python of the analysis room.

use super::python;
use crate::repository::Repository;
use crate::run::{Done, Failed};

const REQUIREMENTS: &str = "demo/room/requirements.txt";

pub(crate) fn missing(repository: &Repository) -> Result<Vec<String>, Failed> {
    if python::is_made(repository, super::ROOM_PYTHON, REQUIREMENTS)? {
        return Ok(Vec::new());
    }
    Ok(vec!["Python packages of the room (pandas, pyarrow, statsmodels), about 600 MB".to_owned()])
}

pub(crate) fn install(repository: &Repository) -> Done {
    python::make(repository, super::ROOM_PYTHON, REQUIREMENTS)
}
