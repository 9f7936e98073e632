//! The portal in headless Chromium, with axe.

use crate::repository::Repository;
use crate::run::{self, Done};

pub(super) fn run(repository: &Repository) -> Done {
    run::run(repository.command("node").arg("crates/portal/assets/tests/pages.mjs"))
}
