//! Registers: whom each of them sees, when, and with what errors.

use std::fmt::Write as _;

use jiff::civil::{Date, date};

use super::Draws;
use super::people::{self, NOW, Person, day_between};
use super::spellings;

/// Registers that are known.
pub const MOST_SOURCES: usize = 8;
/// The columns of every register.
pub(super) const COLUMNS: [&str; 11] = [
    "record",
    "national_id",
    "given_name",
    "surname",
    "sex",
    "date_of_birth",
    "address",
    "postcode",
    "municipality",
    "country_of_birth",
    "recorded_on",
];

/// A register, and how often something happens in it, of a thousand records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Register {
    pub(super) name: &'static str,
    /// How many of a thousand people are in it.
    sees: u32,
    /// How many of these are in it again.
    again: u32,
    /// From when on it records; the last state alone when it is kept up to date.
    since: Option<Date>,
    /// Errors of people who write.
    slips: u32,
    /// Letters beyond a to z cannot be written.
    plain: bool,
    lacks: u32,
    lacks_number: u32,
}

const REGISTERS: [Register; MOST_SOURCES] = [
    // The population register: everybody, as they are now, nearly without errors.
    register("population", 990, 0, None, 2, false, 2, 0),
    register("hospital", 620, 350, Some(date(2005, 1, 1)), 60, false, 40, 60),
    register("laboratory", 540, 200, Some(date(2000, 1, 1)), 40, true, 60, 80),
    register("prescriptions", 700, 100, Some(date(2004, 1, 1)), 20, false, 30, 15),
    register("cancer", 90, 60, Some(date(1970, 1, 1)), 30, false, 50, 30),
    register("vaccinations", 480, 150, Some(date(1995, 1, 1)), 50, true, 80, 50),
    register("municipal-care", 160, 250, Some(date(2006, 1, 1)), 80, false, 100, 120),
    register("study", 60, 20, Some(date(1984, 1, 1)), 90, true, 120, 250),
];

#[expect(clippy::too_many_arguments, reason = "a table of registers, a line each")]
const fn register(
    name: &'static str,
    sees: u32,
    again: u32,
    since: Option<Date>,
    slips: u32,
    plain: bool,
    lacks: u32,
    lacks_number: u32,
) -> Register {
    Register { name, sees, again, since, slips, plain, lacks, lacks_number }
}

/// All registers that are known, in their order.
pub(super) fn all() -> impl Iterator<Item = Register> {
    REGISTERS.into_iter()
}

/// What one register says of one person: its fields, one behind the other, without
/// the record's own number.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) person: u64,
    text: String,
    ends: [u16; COLUMNS.len() - 1],
}

impl Record {
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends);
        starts.zip(self.ends).map(|(start, end)| {
            self.text.get(usize::from(start)..usize::from(end)).unwrap_or_default()
        })
    }
}

/// Fields while they are still written to.
#[derive(Default)]
struct Draft {
    number: String,
    given: String,
    surname: String,
    sex: String,
    born: String,
    address: String,
    postcode: String,
    municipality: String,
    country: String,
    recorded: String,
}

impl Register {
    /// The records about these people, in no order that says who is whose family.
    pub(super) fn sees(&self, people: &[Person], draws: &mut Draws) -> Vec<Record> {
        let mut records = Vec::with_capacity(people.len());
        let mut draft = Draft::default();
        for person in people {
            if !draws.happens(self.sees) {
                continue;
            }
            loop {
                if let Some(day) = self.day(person, draws) {
                    draft.begin(person, day);
                    self.spoil(&mut draft, draws);
                    records.push(draft.end(person.number));
                }
                if !draws.happens(self.again) {
                    break;
                }
            }
        }
        draws.shuffle(&mut records);
        records
    }

    /// When somebody is recorded; never, if they had died or were not there.
    fn day(&self, person: &Person, draws: &mut Draws) -> Option<Date> {
        let last = person.died.unwrap_or(NOW);
        let Some(since) = self.since else { return Some(last) };
        let there = person.came.map_or(person.born, |(day, _)| day);
        let first = since.max(there);
        (first <= last).then(|| day_between(draws, first, last))
    }

    fn spoil(&self, draft: &mut Draft, draws: &mut Draws) {
        let slips = |draws: &mut Draws| draws.happens(self.slips);
        if draws.happens(self.lacks_number) {
            draft.number.clear();
        } else if draws.happens(self.slips / 4) {
            spellings::mistype_digits(draws, &mut draft.number);
        }
        if slips(draws) {
            spellings::mistype(draws, &mut draft.given);
        }
        if slips(draws) {
            spellings::mistype(draws, &mut draft.surname);
        }
        if draws.happens(2 * self.slips) {
            spellings::reorder(draws, &mut draft.given);
        }
        if draws.happens(self.slips / 4) {
            std::mem::swap(&mut draft.given, &mut draft.surname);
        }
        if draws.happens(self.slips / 3) {
            misdate(draws, &mut draft.born);
        }
        if self.plain || draws.happens(self.slips) {
            let long = draws.happens(600);
            for name in [&mut draft.given, &mut draft.surname, &mut draft.address] {
                spellings::transliterate(name, long);
            }
        }
        if draws.happens(self.slips / 4) {
            draft.given = draft.given.to_uppercase();
            draft.surname = draft.surname.to_uppercase();
        }
        if slips(draws) {
            spellings::mistype_digits(draws, &mut draft.postcode);
        }
        let all = [
            &mut draft.given,
            &mut draft.born,
            &mut draft.address,
            &mut draft.postcode,
            &mut draft.municipality,
            &mut draft.country,
        ];
        for field in all {
            if draws.happens(self.lacks) {
                field.clear();
            }
        }
    }
}

/// Day and month change places, or a digit is wrong.
fn misdate(draws: &mut Draws, born: &mut String) {
    let mut parts = born.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let moved = match draws.below(3) {
        0 if day <= "12" => format!("{year}-{day}-{month}"),
        1 => {
            let mut year = year.to_owned();
            spellings::mistype_digits(draws, &mut year);
            format!("{year}-{month}-{day}")
        }
        _ => format!("{year}-{month}-01"),
    };
    // Registers refuse what the calendar has not.
    if moved.parse::<Date>().is_ok() {
        *born = moved;
    }
}

impl Draft {
    fn all(&mut self) -> [&mut String; COLUMNS.len() - 1] {
        [
            &mut self.number,
            &mut self.given,
            &mut self.surname,
            &mut self.sex,
            &mut self.born,
            &mut self.address,
            &mut self.postcode,
            &mut self.municipality,
            &mut self.country,
            &mut self.recorded,
        ]
    }

    /// What was so on `day`.
    fn begin(&mut self, person: &Person, day: Date) {
        self.all().into_iter().for_each(String::clear);
        if let Some(number) = people::on(&person.numbers, day) {
            self.number.extend(number.iter().copied().map(char::from));
        }
        self.given.push_str(&person.given);
        if let Some(surname) = people::on(&person.surnames, day) {
            self.surname.push_str(surname);
        }
        self.sex.push(if person.male { 'M' } else { 'F' });
        iso(&mut self.born, person.born);
        if let Some(home) = people::on(&person.homes, day) {
            let _ = write!(self.address, "{} {}", home.street(), home.house);
            let _ = write!(self.postcode, "{:04}", home.postcode);
            let _ = write!(self.municipality, "{:04}", home.municipality(day));
        }
        self.country.push_str(person.country);
        iso(&mut self.recorded, day);
    }

    fn end(&mut self, person: u64) -> Record {
        let mut text = String::with_capacity(96);
        let mut ends = [0; COLUMNS.len() - 1];
        for (end, field) in ends.iter_mut().zip(self.all()) {
            text.push_str(field);
            *end = u16::try_from(text.len()).unwrap_or(u16::MAX);
        }
        Record { person, text, ends }
    }
}

fn iso(to: &mut String, day: Date) {
    let _ = write!(to, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}
