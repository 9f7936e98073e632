//! `cargo deny`: licences, bans and sources always; known holes when the
//! advisory database can be fetched or is here already.

use std::path::PathBuf;

use crate::repository::Repository;
use crate::run::{self, Done};

const ADVISORIES: &str = "https://github.com/rustsec/advisory-db";

pub(super) fn run(repository: &Repository) -> Done {
    run::run(repository.cargo().args([
        "deny",
        "--locked",
        "--workspace",
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ]))?;
    let reachable = run::succeeds(
        repository
            .command("timeout")
            .args(["20", "git", "ls-remote", "--exit-code", ADVISORIES, "HEAD"])
            .env("GIT_TERMINAL_PROMPT", "0"),
    );
    if reachable {
        run::run(repository.cargo().args([
            "deny",
            "--locked",
            "--workspace",
            "check",
            "advisories",
        ]))
    } else if fetched_before() {
        println!("The advisory database cannot be reached: the copy on this machine is used.");
        run::run(repository.cargo().args([
            "deny",
            "--locked",
            "--workspace",
            "check",
            "--disable-fetch",
            "advisories",
        ]))
    } else {
        println!("The advisory database cannot be reached: known holes are NOT checked.");
        Ok(())
    }
}

/// Whether cargo-deny has a copy of the database in its usual place.
fn fetched_before() -> bool {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    home.is_some_and(|home| home.join("advisory-dbs").is_dir())
}
