//! Writes register files to try the centre on.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use synthetic::{DemoFiles, Scale};

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
    /// Invented registers of any size, for measuring
    Scale {
        /// Where to; made if it is not there
        directory: PathBuf,
        /// Rows of the population register
        #[arg(long)]
        people: u32,
        /// Rows of the laboratory
        #[arg(long, default_value_t = 0)]
        measurements: u64,
        /// Rows of the patient register
        #[arg(long, default_value_t = 0)]
        diagnoses: u64,
    },
}

fn main() -> ExitCode {
    let done: Result<(), Box<dyn Error>> = match Arguments::parse().what {
        What::Demo { directory, rscript } => {
            DemoFiles::prepare(&directory, &rscript).map(|_| ()).map_err(Box::from)
        }
        What::Scale { directory, people, measurements, diagnoses } => {
            let scale = Scale { people, measurements, diagnoses };
            synthetic::scale::write(&directory, scale).map_err(Box::from)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(error.as_ref()),
    }
}

#[expect(clippy::print_stderr, reason = "a program for the terminal")]
fn complain(error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}
