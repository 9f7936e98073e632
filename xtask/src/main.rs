//! What people do in this repository: `cargo xtask demo` shows the centre at
//! work, `cargo xtask test` checks everything, `cargo xtask setup` installs
//! what both need.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod bench;
mod build;
mod demo;
mod repository;
mod run;
mod setup;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::repository::Repository;
use crate::run::Failed;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What people do in this repository", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the demo and the tests need and this machine lacks
    Setup {
        /// Only list what is missing; exit 1 if something is
        #[arg(long)]
        check: bool,
        /// Only what the tests lack, without the demo's files
        #[arg(long, conflicts_with = "check")]
        for_tests: bool,
    },
    /// Show the centre at work on real data, then open the portal in the browser
    Demo {
        /// Handed to `helserom demo`: `--once`, `--listen ADDR`, `--report FILE`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check everything: tidy, fmt, clippy, deny, tests, the demo, the pages
    Test {
        /// Only these steps, separated by commas
        #[arg(long, value_delimiter = ',')]
        only: Vec<test::Step>,
        /// All but these steps, separated by commas
        #[arg(long, value_delimiter = ',', conflicts_with = "only")]
        skip: Vec<test::Step>,
        /// Fail also when a test could not be tried on this machine
        #[arg(long)]
        all_tried: bool,
    },
    /// Check the rules that no compiler knows: layers, file sizes, names, words
    Tidy,
    /// Fetch the portal's style sheets and fonts from npm
    Assets,
    /// Measure speed beside DuckDB and write docs/benchmarks.md
    Bench {
        /// Only these measurements, separated by commas
        #[arg(long, value_delimiter = ',')]
        only: Vec<bench::Measurement>,
        /// Historical people of `splink_datasets`, as Parquet, for `historical`
        #[arg(long, value_name = "FILE")]
        historical: Option<std::path::PathBuf>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let repository = Repository::find();
    let done = match arguments.task {
        Task::Setup { check: true, .. } => setup::check(&repository),
        Task::Setup { for_tests: true, .. } => setup::for_tests(&repository),
        Task::Setup { .. } => setup::everything(&repository),
        Task::Demo { arguments } => demo::run(&repository, &arguments),
        Task::Test { only, skip, all_tried } => test::run(&repository, &only, &skip, all_tried),
        Task::Tidy => tidy::run(&repository),
        Task::Assets => setup::assets(&repository),
        Task::Bench { only, historical } => bench::run(&repository, &only, historical.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(why)) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
