//! The cohort as three registers would hold it: intervals become dates, and
//! every person gets an identity that fits.

use std::collections::{HashMap, HashSet};

use jiff::ToSpan;
use model::{Date, Entropy, SeededEntropy};

use crate::cohort::{Cohort, Diagnosis, Measurement, Participant};
use crate::identity::{Identity, Registry, Sex};
use crate::spoil::{self, Row, Spoilage, SpoiltRow, Wish};

/// The study took people in from 1997 to 2014 (Allen et al., Hepatology 67:1726, 2018).
const FIRST_INDEX: Date = Date::constant(1997, 1, 1);
const LAST_INDEX: Date = Date::constant(2014, 12, 31);
/// Nothing happens after this day.
const LAST_DAY: Date = Date::constant(2017, 12, 31);

/// One register's table, spoilt rows included.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: &'static [&'static str],
    pub(crate) rows: Vec<Row>,
    /// Distinct people in the good rows.
    pub(crate) persons: u64,
    pub(crate) spoilt: Vec<SpoiltRow>,
}

/// The three registers.
#[derive(Debug)]
pub(crate) struct Registers {
    pub(crate) population: Table,
    pub(crate) laboratory: Table,
    pub(crate) diagnoses: Table,
}

struct Person {
    identity: Identity,
    index: Date,
}

impl Registers {
    /// Gives everybody in the cohort an identity and an index date from `seed`.
    pub(crate) fn of(cohort: &Cohort, seed: u64) -> Self {
        let entropy = SeededEntropy::new(seed);
        let mut registry = Registry::new(&entropy);
        let last_days = cohort.last_days();
        let people: HashMap<u32, Person> = cohort
            .participants
            .iter()
            .map(|participant| {
                let last = last_days.get(&participant.id).copied().unwrap_or(participant.futime);
                let index = index_date(last, &entropy);
                let identity = registry.person_aged(participant.age, index, sex(participant));
                (participant.id, Person { identity, index })
            })
            .collect();
        let strangers = strangers(&cohort.participants, &mut registry, &entropy);
        Self {
            population: population(&cohort.participants, &people, &strangers, &entropy),
            laboratory: laboratory(&cohort.measurements, &people, &entropy),
            diagnoses: diagnoses(&cohort.diagnoses, &people, &entropy),
        }
    }
}

fn sex(participant: &Participant) -> Sex {
    if participant.male == 1 { Sex::Man } else { Sex::Woman }
}

/// A day to start on that leaves `last` days until [`LAST_DAY`].
fn index_date(last: i32, entropy: &dyn Entropy) -> Date {
    let latest = LAST_DAY.saturating_sub(last.days()).min(LAST_INDEX);
    let days = (latest - FIRST_INDEX).get_days() + 1;
    let after = entropy.below(u64::from(days.max(1).unsigned_abs()));
    FIRST_INDEX.saturating_add(i64::try_from(after).unwrap_or_default().days())
}

/// People who are in no register: the spoilt rows of the population file are theirs.
fn strangers<E: Entropy>(
    participants: &[Participant],
    registry: &mut Registry<'_, E>,
    entropy: &E,
) -> Vec<Row> {
    participants
        .iter()
        .take(POPULATION_WISHES.len())
        .map(|participant| {
            let index = index_date(participant.futime, entropy);
            let identity = registry.person_aged(participant.age, index, sex(participant));
            population_row(participant, &Person { identity, index })
        })
        .collect()
}

const POPULATION: &[&str] = &[
    "id",
    "name",
    "birth_date",
    "sex",
    "height",
    "weight",
    "index_date",
    "end_date",
    "death_date",
];
const POPULATION_WISHES: &[Wish] = &[
    Wish(Spoilage::CheckDigit, "id"),
    Wish(Spoilage::ImpossibleDate, "birth_date"),
    Wish(Spoilage::MissingValue, "index_date"),
    Wish(Spoilage::CutShort, "birth_date"),
];

fn population_row(participant: &Participant, person: &Person) -> Row {
    let end = person.index.saturating_add(participant.futime.days());
    let death = if participant.status == 1 { end.to_string() } else { String::new() };
    let sex = match person.identity.sex {
        Sex::Man => "1",
        Sex::Woman => "2",
    };
    vec![
        person.identity.id.clone(),
        person.identity.name.clone(),
        person.identity.born.to_string(),
        sex.to_owned(),
        participant.height.clone(),
        participant.weight.clone(),
        person.index.to_string(),
        end.to_string(),
        death,
    ]
}

/// Sorted by identity number, as a register of people is.
fn population(
    participants: &[Participant],
    people: &HashMap<u32, Person>,
    strangers: &[Row],
    entropy: &dyn Entropy,
) -> Table {
    let mut rows: Vec<Row> = participants
        .iter()
        .filter_map(|participant| Some(population_row(participant, people.get(&participant.id)?)))
        .collect();
    rows.sort();
    finish(POPULATION, rows, strangers, POPULATION_WISHES, entropy)
}

const LABORATORY: &[&str] = &["id", "date", "test", "value"];
const LABORATORY_WISHES: &[Wish] = &[
    Wish(Spoilage::CheckDigit, "id"),
    Wish(Spoilage::ImpossibleDate, "date"),
    Wish(Spoilage::NumberForDate, "date"),
    Wish(Spoilage::MissingValue, "value"),
    Wish(Spoilage::UnknownCode, "test"),
    Wish(Spoilage::CutShort, "test"),
];

/// Sorted by day, in the order in which values came in.
fn laboratory(
    measurements: &[Measurement],
    people: &HashMap<u32, Person>,
    entropy: &dyn Entropy,
) -> Table {
    let mut rows: Vec<(Date, Row)> = measurements
        .iter()
        .filter_map(|m| {
            let person = people.get(&m.id)?;
            let day = person.index.saturating_add(m.days.days());
            let id = person.identity.id.clone();
            Some((day, vec![id, day.to_string(), m.test.clone(), m.value.clone()]))
        })
        .collect();
    rows.sort_by_key(|(day, _)| *day);
    events(LABORATORY, rows, LABORATORY_WISHES, entropy)
}

const DIAGNOSES: &[&str] = &["id", "date", "code"];
const DIAGNOSES_WISHES: &[Wish] = &[
    Wish(Spoilage::CheckDigit, "id"),
    Wish(Spoilage::ImpossibleDate, "date"),
    Wish(Spoilage::FutureDate, "date"),
    Wish(Spoilage::MissingValue, "code"),
    Wish(Spoilage::CutShort, "date"),
];

/// Sorted by day, in the order in which diagnoses came in.
fn diagnoses(
    diagnoses: &[Diagnosis],
    people: &HashMap<u32, Person>,
    entropy: &dyn Entropy,
) -> Table {
    let mut rows: Vec<(Date, Row)> = diagnoses
        .iter()
        .filter_map(|d| {
            let person = people.get(&d.id)?;
            let day = person.index.saturating_add(d.days.days());
            Some((day, vec![person.identity.id.clone(), day.to_string(), d.event.clone()]))
        })
        .collect();
    rows.sort_by_key(|(day, _)| *day);
    events(DIAGNOSES, rows, DIAGNOSES_WISHES, entropy)
}

/// Spoilt rows of an event table are copies of good ones, somewhere else in the file.
fn events(
    columns: &'static [&'static str],
    rows: Vec<(Date, Row)>,
    wishes: &[Wish],
    entropy: &dyn Entropy,
) -> Table {
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    let copies: Vec<Row> =
        wishes.iter().filter_map(|_| rows.get(spoil::draw(rows.len(), entropy)).cloned()).collect();
    finish(columns, rows, &copies, wishes, entropy)
}

fn finish(
    columns: &'static [&'static str],
    mut rows: Vec<Row>,
    spare: &[Row],
    wishes: &[Wish],
    entropy: &dyn Entropy,
) -> Table {
    let persons = rows.iter().filter_map(|row| row.first()).collect::<HashSet<_>>().len() as u64;
    let spoilt = spoil::add(&mut rows, columns, spare, wishes, entropy);
    Table { columns, rows, persons, spoilt }
}
