//! `helserom generate`: people who do not exist, to try things out on.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;
use synthetic::population::{self, Form, Order};

use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, GenerateCommand};
use crate::progress;

#[derive(Debug, clap::Args)]
pub(crate) struct PopulationArgs {
    /// How many people there are
    #[arg(long, value_name = "N")]
    people: u64,
    /// How many registers see them, 1 to 8: population, hospital, laboratory,
    /// prescriptions, cancer, vaccinations, municipal-care, study
    #[arg(long, value_name = "K")]
    sources: usize,
    /// The same number makes the same files
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The folder to make
    #[arg(long, value_name = "DIR", default_value = "population")]
    out: PathBuf,
    /// How files are written
    #[arg(long, value_enum, default_value = "csv")]
    form: Written,
    /// Put the truth into every file too, as a column `person`
    #[arg(long)]
    truth_column: bool,
    /// How many threads work; as many as there are processors when not given
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Written {
    Csv,
    Parquet,
}

pub(super) fn run(command: GenerateCommand, common: &Common) -> Result<Answer, Stop> {
    let GenerateCommand::Population(args) = command;
    let form = match args.form {
        Written::Csv => Form::Csv,
        Written::Parquet => Form::Parquet,
    };
    let order = Order {
        people: args.people,
        sources: args.sources,
        seed: args.seed,
        form,
        truth_column: args.truth_column,
    };
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok());
    let begun = Instant::now();
    let shown = progress::shown("population", common.json);
    let threads = threads.unwrap_or(NonZeroUsize::MIN);
    let made = population::generate(&order, &args.out, threads, &mut |people| {
        shown.at("people", people, args.people);
    });
    drop(shown);
    let made = made.map_err(Stop::refused)?;
    let seconds = begun.elapsed().as_secs_f64();
    let rows: Vec<_> = made
        .sources
        .iter()
        .map(|source| vec![source.file.display().to_string(), source.records.to_string()])
        .collect();
    let text = format!(
        "{} people who do not exist, in `{}`; which records are one person is in `{}`\n\n{}",
        made.people,
        args.out.display(),
        made.truth.display(),
        table(&["file", "records"], &rows),
    );
    Ok(Answer::new(text, json!({ "population": made, "to": args.out, "seconds": seconds })))
}
