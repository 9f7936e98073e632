//! Registers of any size, for measuring: rows in the form of the demo's
//! contracts, everything in them invented, nothing in any order.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use jiff::ToSpan;
use model::{Date, Entropy, SeededEntropy};

use crate::identity::{Identity, Registry, Sex};

/// How large.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Rows of the population register: people.
    pub people: u32,
    /// Rows of the laboratory.
    pub measurements: u64,
    /// Rows of the patient register. No two are alike, as its contract says:
    /// at most a hundred for each person.
    pub diagnoses: u64,
}

/// Tests of the laboratory's contract, with the smallest and largest value drawn.
const TESTS: [(&str, u64, u64); 4] =
    [("chol", 90, 320), ("hdl", 15, 110), ("sbp", 85, 210), ("dbp", 45, 120)];
const CODES: [&str; 8] =
    ["diabetes", "htn", "dyslipidemia", "stroke", "MI", "afib", "nafld", "heart failure"];
const FIRST: Date = Date::constant(1990, 1, 1);
const DAYS: i64 = 10_000;

/// Writes `population.csv`, `laboratory.csv` and `diagnoses.csv` into
/// `directory`, the same for the same `scale`. A register without rows is not written.
pub fn write(directory: &Path, scale: Scale) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let entropy = SeededEntropy::new(u64::from(scale.people));
    let mut registry = Registry::new(&entropy);
    let days: Vec<String> =
        (0..DAYS).map(|day| FIRST.saturating_add(day.days()).to_string()).collect();
    let mut ids = Vec::with_capacity(usize::try_from(scale.people).unwrap_or_default());
    let mut population = create(&directory.join("population.csv"))?;
    writeln!(population, "id;name;birth_date;sex;height;weight;index_date;end_date;death_date")?;
    for _ in 0..scale.people {
        let (person, row) = somebody(&mut registry, &entropy);
        population.write_all(&encoding_rs::WINDOWS_1252.encode(&row).0)?;
        ids.push(person.id);
    }
    finish(population)?;
    if scale.measurements > 0 {
        laboratory(&directory.join("laboratory.csv"), scale.measurements, &ids, &days, &entropy)?;
    }
    if scale.diagnoses > 0 {
        diagnoses(&directory.join("diagnoses.csv"), scale.diagnoses, &ids, &days)?;
    }
    Ok(())
}

fn create(path: &Path) -> io::Result<BufWriter<File>> {
    Ok(BufWriter::with_capacity(1 << 20, File::create(path)?))
}

fn finish(file: BufWriter<File>) -> io::Result<()> {
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Somebody and their row in the population register.
fn somebody<E: Entropy>(registry: &mut Registry<'_, E>, entropy: &E) -> (Identity, String) {
    let index = Date::constant(1997, 1, 1).saturating_add(draw(entropy, 6_500).days());
    let sex = if entropy.below(2) == 0 { Sex::Woman } else { Sex::Man };
    let age = i16::try_from(18 + entropy.below(80)).unwrap_or(18);
    let person = registry.person_aged(age, index, sex);
    let end = index.saturating_add(draw(entropy, 1_000).days());
    let death = if entropy.below(12) == 0 { end.to_string() } else { String::new() };
    let row = format!(
        "{};{};{};{};{};{};{index};{end};{death}\n",
        person.id,
        person.name,
        person.born,
        if sex == Sex::Man { 1 } else { 2 },
        150 + entropy.below(50),
        45 + entropy.below(80),
    );
    (person, row)
}

fn laboratory(
    path: &Path,
    rows: u64,
    ids: &[String],
    days: &[String],
    entropy: &dyn Entropy,
) -> io::Result<()> {
    let mut file = create(path)?;
    writeln!(file, "id,date,test,value")?;
    for _ in 0..rows {
        let (test, least, most) = pick(&TESTS, entropy).copied().unwrap_or(("hdl", 15, 110));
        let value = least + entropy.below(most - least);
        let tenth = entropy.below(10);
        let id = pick(ids, entropy).map_or("", String::as_str);
        let day = pick(days, entropy).map_or("", String::as_str);
        writeln!(file, "{id},{day},{test},{value}.{tenth}")?;
    }
    finish(file)
}

/// Row `n` is about person `n` modulo their number; one person's rows differ in
/// the day, and one round's people in nothing that sorts.
fn diagnoses(path: &Path, rows: u64, ids: &[String], days: &[String]) -> io::Result<()> {
    let mut file = create(path)?;
    writeln!(file, "id,date,code")?;
    let mut written = 0;
    for round in 0..100_usize {
        for (at, id) in ids.iter().enumerate() {
            if written == rows {
                return finish(file);
            }
            let day = days.get((at.wrapping_mul(7_919) + round * 97) % days.len());
            let code = CODES.get((at + round) % CODES.len()).copied().unwrap_or("htn");
            writeln!(file, "{id},{},{code}", day.map_or("", String::as_str))?;
            written += 1;
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "more than a hundred diagnoses a person"))
}

fn draw(entropy: &dyn Entropy, below: u64) -> i64 {
    i64::try_from(entropy.below(below)).unwrap_or_default()
}

fn pick<'a, T>(list: &'a [T], entropy: &dyn Entropy) -> Option<&'a T> {
    list.get(usize::try_from(entropy.below(list.len() as u64)).unwrap_or_default())
}
