//! `cargo xtask setup`: what the demo and the tests need, and how to get it.
//!
//! Nothing is installed that is there already, in whatever way it came. What
//! is installed is said first. Only Debian packages need root.

mod assets;
mod beside;
mod debian;
mod demo_files;
pub(crate) mod python;
mod room_packages;
mod room_python;
mod tools;

pub(crate) use beside::{Beside, begin};

use crate::repository::Repository;
use crate::run::{Done, Failed, failed};

/// The folder of the demo's files, among what set-up makes.
pub(crate) const DEMO_FILES: &str = "demo-data";
/// The folder of the room's Python.
pub(crate) const ROOM_PYTHON: &str = "room-python";

/// What a part of set-up is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The demo, and with it the tests.
    Demo,
    /// The tests alone.
    Tests,
    /// The demo's looks: without them the pages are plain, and it goes on.
    Looks,
    /// Nothing that could not be made later: the demo makes its own files.
    Ahead,
}

/// One part of set-up.
struct Part {
    purpose: Purpose,
    /// What is missing, a line each, and why it is wanted.
    missing: fn(&Repository) -> Result<Vec<String>, Failed>,
    /// Makes it so that nothing is.
    install: fn(&Repository) -> Done,
}

/// In the order in which one part needs the other.
const PARTS: &[Part] = &[
    Part {
        purpose: Purpose::Demo,
        missing: |_| Ok(debian::missing(debian::FOR_DEMO)),
        install: |_| debian::install(debian::FOR_DEMO),
    },
    Part {
        purpose: Purpose::Tests,
        missing: |_| Ok(debian::missing(debian::FOR_TESTS)),
        install: |_| debian::install(debian::FOR_TESTS),
    },
    Part {
        purpose: Purpose::Tests,
        missing: |repository| Ok(tools::missing(repository)),
        install: tools::install,
    },
    Part { purpose: Purpose::Demo, missing: room_python::missing, install: room_python::install },
    Part {
        purpose: Purpose::Demo,
        missing: room_packages::missing,
        install: room_packages::install,
    },
    Part { purpose: Purpose::Looks, missing: assets::missing, install: assets::install },
    Part {
        purpose: Purpose::Ahead,
        missing: |repository| Ok(demo_files::missing(repository)),
        install: demo_files::install,
    },
];

/// Installs everything that is missing.
pub(crate) fn everything(repository: &Repository) -> Done {
    install(repository, &[Purpose::Demo, Purpose::Tests, Purpose::Looks, Purpose::Ahead])?;
    println!("Everything is there: `cargo xtask demo` and `cargo xtask test` can run.");
    Ok(())
}

/// Installs what the demo lacks. Where npm cannot be reached the portal looks
/// plain and works all the same.
pub(crate) fn for_demo(repository: &Repository) -> Done {
    install(repository, &[Purpose::Demo])?;
    if let Err(Failed(why)) = install(repository, &[Purpose::Looks]) {
        println!("The portal's style sheets were not fetched ({why}): its pages will look plain.");
    }
    Ok(())
}

/// What the tests need.
const FOR_TESTS: [Purpose; 3] = [Purpose::Demo, Purpose::Tests, Purpose::Looks];

/// Installs what the tests lack.
pub(crate) fn for_tests(repository: &Repository) -> Done {
    install(repository, &FOR_TESTS)
}

/// Installs what belongs to the toolchain.
pub(crate) fn components(repository: &Repository) -> Done {
    tools::install_components(repository)
}

/// Whether the tests lack anything.
fn tests_lack(repository: &Repository) -> Result<bool, Failed> {
    for part in PARTS.iter().filter(|part| FOR_TESTS.contains(&part.purpose)) {
        if !(part.missing)(repository)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn install(repository: &Repository, purposes: &[Purpose]) -> Done {
    for part in PARTS.iter().filter(|part| purposes.contains(&part.purpose)) {
        let missing = (part.missing)(repository)?;
        if missing.is_empty() {
            continue;
        }
        println!("Missing:");
        for line in missing {
            println!("  {line}");
        }
        (part.install)(repository)?;
        if let Some(still) = (part.missing)(repository)?.first() {
            return failed(format!("installed without complaint, but still missing: {still}"));
        }
    }
    Ok(())
}

/// Lists what is missing, without changing anything.
pub(crate) fn check(repository: &Repository) -> Done {
    let mut missing = Vec::new();
    for part in PARTS {
        missing.extend((part.missing)(repository)?);
    }
    if missing.is_empty() {
        println!("Nothing is missing.");
        return Ok(());
    }
    println!("Missing:");
    for line in &missing {
        println!("  {line}");
    }
    failed(format!("{} missing: `cargo xtask setup` installs what is", missing.len()))
}

/// Fetches the portal's assets, whether or not they are there.
pub(crate) fn assets(repository: &Repository) -> Done {
    assets::install(repository)
}
