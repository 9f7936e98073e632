//! Building the program.

use std::path::PathBuf;
use std::time::Instant;

use crate::repository::Repository;
use crate::run::{self, Failed};

/// Builds `helserom` as the demo uses it and says where it is.
pub(crate) fn helserom(repository: &Repository) -> Result<PathBuf, Failed> {
    let program = repository.target().join("debug/helserom");
    if !program.exists() {
        println!(
            "Building helserom. The first time takes seven to fifteen minutes on two cores: \
             the table format and its friends are compiled once."
        );
    }
    let begun = Instant::now();
    run::run(repository.cargo().args(["build", "--locked", "--package", "helserom"]))?;
    let seconds = begun.elapsed().as_secs();
    if seconds > 5 {
        println!("Built in {} min {} s.", seconds / 60, seconds % 60);
    }
    Ok(program)
}
