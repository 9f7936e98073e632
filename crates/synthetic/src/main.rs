//! Writes register files to try the centre on.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use synthetic::DemoFiles;

#[derive(Parser)]
#[command(about = "Writes register files to try the centre on")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Real records of R's survival package, as three registers send them
    Demo {
        /// Where to; made if it is not there
        directory: PathBuf,
        /// The program that runs R scripts
        #[arg(long, default_value = "Rscript")]
        rscript: PathBuf,
    },
}

fn main() -> ExitCode {
    let What::Demo { directory, rscript } = Arguments::parse().what;
    match DemoFiles::prepare(&directory, &rscript) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

#[expect(clippy::print_stderr, reason = "a program for the terminal")]
fn complain(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}
