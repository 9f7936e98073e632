//! Programs from crates.io and rustup that check the code. They are built
//! without optimisation, which takes a quarter of the time, and kept in
//! `target/tools`.

use std::process::Command;

use crate::repository::Repository;
use crate::run::{self, Done};

/// A cargo subcommand.
struct Tool {
    /// `deny` for `cargo deny`.
    subcommand: &'static str,
    from: From,
    why: &'static str,
}

enum From {
    /// crates.io: name, version, further arguments of `cargo install`.
    Crate(&'static str, &'static str, &'static [&'static str]),
    /// A component of the toolchain.
    Rustup(&'static str),
}

const TOOLS: &[Tool] = &[
    Tool { subcommand: "fmt", from: From::Rustup("rustfmt"), why: "formats the code" },
    Tool { subcommand: "clippy", from: From::Rustup("clippy"), why: "lints the code" },
    Tool {
        subcommand: "nextest",
        from: From::Crate(
            "cargo-nextest",
            "0.9.143",
            &["--no-default-features", "--features", "default-no-update"],
        ),
        why: "runs the tests",
    },
    Tool {
        subcommand: "deny",
        from: From::Crate("cargo-deny", "0.20.2", &["--no-default-features"]),
        why: "checks licences and sources of what we depend on",
    },
];

impl Tool {
    fn install(&self, repository: &Repository) -> Done {
        match self.from {
            From::Rustup(component) => {
                println!("Running: rustup component add {component}");
                run::run(Command::new("rustup").args(["component", "add", component]))
            }
            From::Crate(name, version, further) => {
                install_crate(repository, name, version, further)
            }
        }
    }
}

fn lacking(repository: &Repository) -> impl Iterator<Item = &'static Tool> {
    TOOLS
        .iter()
        .filter(|tool| !run::succeeds(repository.cargo().args([tool.subcommand, "--version"])))
}

pub(crate) fn missing(repository: &Repository) -> Vec<String> {
    lacking(repository).map(|tool| format!("cargo {}: {}", tool.subcommand, tool.why)).collect()
}

/// Installs what belongs to the toolchain.
pub(crate) fn install_components(repository: &Repository) -> Done {
    lacking(repository)
        .filter(|tool| matches!(tool.from, From::Rustup(_)))
        .try_for_each(|tool| tool.install(repository))
}

pub(crate) fn install(repository: &Repository) -> Done {
    lacking(repository).try_for_each(|tool| tool.install(repository))
}
fn install_crate(repository: &Repository, name: &str, version: &str, further: &[&str]) -> Done {
    let tools = repository.made("tools");
    println!(
        "Running: cargo install {name}@{version} into target/tools (about a minute on two cores)"
    );
    let mut cargo = repository.cargo();
    cargo
        .args(["install", "--locked", "--quiet", &format!("{name}@{version}"), "--root"])
        .arg(&tools)
        .args(further)
        .env("CARGO_TARGET_DIR", tools.join("build"))
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    run::run(&mut cargo)?;
    // What was built on the way is not needed again.
    let _ = std::fs::remove_dir_all(tools.join("build"));
    Ok(())
}
