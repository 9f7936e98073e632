//! The portal in headless Chromium, with axe.

use crate::repository::Repository;
use crate::run::{self, Done};
use crate::{build, setup};

/// The script runs the demo, walks every page as every role, in light and dark,
/// on a phone and on a desk, and ends with a failure if axe finds something
/// serious.
pub(super) fn run(repository: &Repository) -> Done {
    let program = build::helserom(repository)?;
    run::run(
        repository
            .command("node")
            .args(["crates/portal/assets/tests/pages.mjs", "--program"])
            .arg(program)
            .env("HELSEROM_ROOMS_PYTHON", repository.made(setup::ROOM_PYTHON)),
    )
}
