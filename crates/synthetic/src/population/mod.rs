//! A Nordic population that does not exist, as several registers see it: families,
//! moves, names that change at marriage, D-numbers that become birth numbers, names of
//! many languages, and each register's own errors. With the truth: which records are
//! one person.
//!
//! People are made some thousands at a time, each lot from its own draws, so that any
//! number of them takes the same memory and any number of threads makes the same
//! files. Only identity numbers are given in order, from a table of how many every day
//! has had.

mod draws;
mod numbers;
mod people;
mod places;
mod registers;
mod spellings;
mod words;
mod write;

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Serialize;

use draws::Draws;
use numbers::Numbers;
use people::Person;
pub use registers::MOST_SOURCES;
use registers::{Record, Register};
pub use write::Form;
use write::Writers;

/// More people than these have no numbers: Tenor's series has some hundred a day.
pub const MOST_PEOPLE: u64 = 8_000_000;
/// People that are made from one sequence of draws.
const LOT: u64 = 10_000;

/// What is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// How many people there are.
    pub people: u64,
    /// How many registers see them, 1 to [`MOST_SOURCES`].
    pub sources: usize,
    /// What all draws follow from.
    pub seed: u64,
    /// How files are written.
    pub form: Form,
    /// Whether each file also has the truth, as a column `person`.
    pub truth_column: bool,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Population {
    /// How many people there are.
    pub people: u64,
    /// What all draws followed from.
    pub seed: u64,
    /// The registers.
    pub sources: Vec<Source>,
    /// The file that says which records are one person.
    pub truth: PathBuf,
}

/// A register's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// What the register is called.
    pub name: String,
    /// Its file, in the folder.
    pub file: PathBuf,
    /// How many records it has.
    pub records: u64,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum PopulationError {
    /// None, or more than there are numbers for.
    #[error("there can be 1 to {MOST_PEOPLE} people")]
    People,
    /// None, or more than are known.
    #[error("there can be 1 to {MOST_SOURCES} sources")]
    Sources,
    /// Something is there already.
    #[error("`{}` is there already: name a folder that is not", .0.display())]
    There(PathBuf),
    /// A file could not be written.
    #[error("cannot write `{}`: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Makes a population in `folder`, which must not be there. `progress` hears how many
/// people there are already.
pub fn generate(
    order: &Order,
    folder: &Path,
    threads: NonZeroUsize,
    progress: &mut dyn FnMut(u64),
) -> Result<Population, PopulationError> {
    if !(1..=MOST_PEOPLE).contains(&order.people) {
        return Err(PopulationError::People);
    }
    if !(1..=MOST_SOURCES).contains(&order.sources) {
        return Err(PopulationError::Sources);
    }
    if folder.exists() {
        return Err(PopulationError::There(folder.to_owned()));
    }
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| PopulationError::File { path, source }
    };
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(at(parent))?;
    let staged =
        tempfile::Builder::new().prefix(".population-").tempdir_in(parent).map_err(at(parent))?;
    let registers: Vec<Register> = registers::all().take(order.sources).collect();
    let mut writers = Writers::create(staged.path(), &registers, order.form, order.truth_column)
        .map_err(at(folder))?;
    fill(order, &registers, &mut writers, threads, progress).map_err(at(folder))?;
    let sources = writers.end().map_err(at(folder))?;
    let staged = staged.keep();
    std::fs::rename(&staged, folder).map_err(at(folder))?;
    Ok(Population {
        people: order.people,
        seed: order.seed,
        sources,
        truth: order.form.name("truth").into(),
    })
}

fn fill(
    order: &Order,
    registers: &[Register],
    writers: &mut Writers,
    threads: NonZeroUsize,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let mut numbers = Numbers::none_given();
    let lots = order.people.div_ceil(LOT);
    let mut lot = 0;
    while lot < lots {
        let some: Vec<u64> = (lot..lots).take(threads.get()).collect();
        let mut people = each(&some, |lot| {
            let left = order.people - lot * LOT;
            people::lot(&mut Draws::of(order.seed, *lot, 0), lot * LOT, left.min(LOT))
        });
        for person in people.iter_mut().flatten() {
            numbers.give(person);
        }
        let seen: Vec<(u64, Vec<Person>)> = some.iter().copied().zip(people).collect();
        let records = each(&seen, |(lot, people)| {
            let of = |(at, register): (u64, &Register)| -> Vec<Record> {
                register.sees(people, &mut Draws::of(order.seed, *lot, 1 + at))
            };
            (0..).zip(registers).map(of).collect::<Vec<_>>()
        });
        for records in records {
            writers.write(records)?;
        }
        lot += some.len() as u64;
        progress((lot * LOT).min(order.people));
    }
    Ok(())
}

/// Does the same with each, in a thread each.
fn each<T: Sync, R: Send>(of: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if let [one] = of {
        return vec![work(one)];
    }
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = of.iter().map(|one| scope.spawn(move || work(one))).collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|ended| ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
