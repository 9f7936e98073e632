//! `cargo xtask demo`: set up, build, show.

use std::process::Command;

use crate::repository::Repository;
use crate::run::{self, Done};
use crate::{build, setup};

/// Runs `helserom demo` with the person's own arguments.
pub(crate) fn run(repository: &Repository, arguments: &[String]) -> Done {
    setup::for_demo(repository)?;
    let program = build::helserom(repository)?;
    run::run(command(repository, &program).args(arguments))
}

/// `helserom demo` with what set-up made handed to it. It runs in the folder
/// that the person stands in: paths in arguments are theirs.
pub(crate) fn command(repository: &Repository, program: &std::path::Path) -> Command {
    let mut command = Command::new(program);
    command.arg("demo").arg("--source-data").arg(repository.made(setup::DEMO_FILES));
    command.env("HELSEROM_ROOMS_PYTHON", repository.made(setup::ROOM_PYTHON));
    command
}
