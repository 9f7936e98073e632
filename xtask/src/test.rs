//! `cargo xtask test`: everything that is checked before a change is taken.

mod demo;
mod deny;
mod mounts;
mod overlooked;
mod pages;

use std::time::{Duration, Instant};

use clap::ValueEnum;
use mounts::Mounts;

use crate::repository::Repository;
use crate::run::{self, Done, Failed, failed};
use crate::{setup, tidy};

/// One thing to check: first what needs the toolchain alone, while set-up goes on, and of
/// the rest what fails fastest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Step {
    /// Formatting
    Fmt,
    /// The rules that no compiler knows
    Tidy,
    /// Lints, warnings as errors
    Clippy,
    /// Licences, sources and known holes of what we depend on
    Deny,
    /// Unit and integration tests
    Unit,
    /// Examples in the documentation
    Doc,
    /// The demo on `SQLite`
    Demo,
    /// The demo on PostgreSQL
    DemoPostgres,
    /// The portal in headless Chromium, with axe
    Pages,
}

impl Step {
    const fn needs_setup(self) -> bool {
        !matches!(self, Self::Fmt | Self::Tidy | Self::Clippy)
    }
}

/// A warning fails: one that is only told is soon one of a hundred that nobody reads.
const WARNINGS: [&str; 3] = ["--", "--deny", "warnings"];

fn check(step: Step, repository: &Repository, all_tried: bool) -> Done {
    let cargo = |arguments: &[&str]| run::run(repository.cargo().args(arguments));
    match step {
        Step::Fmt => cargo(&["fmt", "--all", "--check"]),
        Step::Tidy => tidy::run(repository),
        Step::Deny => deny::run(repository),
        Step::Clippy => run::run(
            repository
                .cargo()
                .args(["clippy", "--locked", "--workspace", "--all-targets"])
                .args(WARNINGS),
        ),
        Step::Unit => {
            let ran = cargo(&["nextest", "run", "--locked", "--workspace"]);
            // Also when a test failed.
            let told = overlooked::told(repository, all_tried);
            ran.and(told)
        }
        Step::Doc => cargo(&["test", "--locked", "--workspace", "--doc", "--quiet"]),
        Step::Demo => demo::on_sqlite(repository),
        Step::DemoPostgres => demo::on_postgres(repository),
        Step::Pages => pages::run(repository),
    }
}

/// Sets up, runs the steps that are asked for, all of them even if one fails,
/// and says what each took.
///
/// With `all_tried`, a test that could not be tried on this machine fails too.
pub(crate) fn run(repository: &Repository, only: &[Step], skip: &[Step], all_tried: bool) -> Done {
    let begun = Instant::now();
    let asked = |step: &Step| {
        if only.is_empty() { !skip.contains(step) } else { only.contains(step) }
    };
    let steps: Vec<&Step> = Step::value_variants().iter().filter(|step| asked(step)).collect();
    let mut beside = if steps.iter().any(|step| step.needs_setup()) {
        setup::begin(repository)?
    } else {
        setup::components(repository).map(|()| None)?
    };
    let mut results = vec![("setup".to_owned(), begun.elapsed(), Ok(()))];
    for step in steps {
        if step.needs_setup() && !await_setup(&mut beside, &mut results) {
            break;
        }
        let name =
            step.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        println!("\n== {name} ==");
        let before = Mounts::now();
        let begun = Instant::now();
        let done = check(*step, repository, all_tried).and_then(|()| before.nothing_new());
        if let Err(Failed(why)) = &done {
            println!("failed: {why}");
        }
        results.push((name, begun.elapsed(), done));
    }
    summarise(&results)
}

/// Waits for set-up, if it goes on still: whether what needs it can be tried.
fn await_setup(
    beside: &mut Option<setup::Beside>,
    results: &mut Vec<(String, Duration, Done)>,
) -> bool {
    let Some(beside) = beside.take() else { return true };
    println!("\n== setup ==");
    let begun = Instant::now();
    let done = beside.ended();
    let succeeded = done.is_ok();
    results.push(("setup, waited".to_owned(), begun.elapsed(), done));
    succeeded
}

fn summarise(results: &[(String, Duration, Done)]) -> Done {
    println!("\n{:<14} {:>8}", "step", "seconds");
    for (name, took, done) in results {
        let verdict = if done.is_ok() { "ok" } else { "FAILED" };
        println!("{name:<14} {:>8.1}  {verdict}", took.as_secs_f64());
    }
    let total: Duration = results.iter().map(|(_, took, _)| *took).sum();
    println!("{:<14} {:>8.1}", "together", total.as_secs_f64());
    let broken: Vec<&str> = results
        .iter()
        .filter(|(_, _, done)| done.is_err())
        .map(|(name, ..)| name.as_str())
        .collect();
    if broken.is_empty() { Ok(()) } else { failed(format!("failed: {}", broken.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_whole_and_is_named() {
        let step = |name: &str, done| (name.to_owned(), Duration::ZERO, done);
        assert!(summarise(&[step("fmt", Ok(()))]).is_ok());
        let Err(Failed(why)) = summarise(&[step("fmt", Ok(())), step("unit", failed("no"))]) else {
            panic!("a failure was lost")
        };
        assert!(why.contains("unit") && !why.contains("fmt"));
    }
}
