//! Who somebody is: an identity number of Tenor's synthetic series, a name and
//! a date of birth. Invented, and consistent with each other.

use std::collections::HashSet;

use jiff::ToSpan;
use model::{Date, Entropy, NationalId};

use crate::names;

/// Sex as a national identity number states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// An even individual number.
    Woman,
    /// An odd individual number.
    Man,
}

/// An invented identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Eleven digits of Tenor's synthetic series (month + 80).
    pub id: String,
    /// Given names and family name.
    pub name: String,
    /// The date of birth that the number states.
    pub born: Date,
    /// The sex that the number states.
    pub sex: Sex,
}

/// Gives out identities; no number twice.
#[derive(Debug)]
pub struct Registry<'a, E: Entropy> {
    entropy: &'a E,
    given: HashSet<[u8; 11]>,
}

impl<'a, E: Entropy> Registry<'a, E> {
    /// An empty registry that draws from `entropy`.
    pub fn new(entropy: &'a E) -> Self {
        Self { entropy, given: HashSet::new() }
    }

    /// Somebody who is `age` whole years old on `day`.
    pub fn person_aged(&mut self, age: i16, day: Date, sex: Sex) -> Identity {
        loop {
            let born = born_for_age(age, day, self.entropy);
            let Some(id) = number(born, sex, self.entropy) else { continue };
            let digits = id.reveal();
            if self.given.insert(digits) {
                let name = names::draw(sex, self.entropy);
                let id = digits.iter().copied().map(char::from).collect();
                return Identity { id, name, born, sex };
            }
        }
    }
}

/// A date of birth, each equally likely, that makes somebody `age` whole years
/// old on `day`. Never 29 February, whose birthdays are counted in two ways.
fn born_for_age(age: i16, day: Date, entropy: &dyn Entropy) -> Date {
    let latest = day.saturating_sub(i64::from(age).years());
    let before = day.saturating_sub((i64::from(age) + 1).years());
    loop {
        let days = (latest - before).get_days();
        let back = i64::try_from(entropy.below(u64::from(days.unsigned_abs()))).unwrap_or_default();
        let born = latest.saturating_sub(back.days());
        if (born.month(), born.day()) != (2, 29) {
            return born;
        }
    }
}

/// A number for somebody born on `born`. The individual number is drawn from
/// the range that belongs to the century (Skatteetaten's table). `None` when
/// no check digits fit the draw.
fn number(born: Date, sex: Sex, entropy: &dyn Entropy) -> Option<NationalId> {
    let (first, count) = match born.year() {
        1854..=1899 => (500, 250),
        1900..=1999 => (0, 500),
        _ => (500, 500),
    };
    let pair = u16::try_from(entropy.below(count / 2)).ok()? * 2;
    NationalId::synthetic(born, first + pair + u16::from(sex == Sex::Man))
}

#[cfg(test)]
mod tests {
    use model::SeededEntropy;

    use super::*;

    /// Whole years as birthdays are counted, told apart from the code above:
    /// by month and day.
    fn age_on(born: Date, day: Date) -> i16 {
        let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
        day.year() - born.year() - i16::from(!had_birthday)
    }

    #[test]
    fn a_person_is_exactly_as_old_as_asked_on_the_day() {
        let entropy = SeededEntropy::new(1);
        let mut registry = Registry::new(&entropy);
        for day in ["1997-01-01", "2000-02-29", "2004-02-28", "2004-03-01", "2014-12-31"] {
            let day: Date = day.parse().unwrap();
            for age in 18..=98 {
                for sex in [Sex::Woman, Sex::Man] {
                    let person = registry.person_aged(age, day, sex);
                    assert_eq!(age_on(person.born, day), age, "{person:?} on {day}");
                }
            }
        }
    }

    #[test]
    fn a_number_is_valid_states_birth_and_sex_and_is_given_once() {
        let entropy = SeededEntropy::new(2);
        let mut registry = Registry::new(&entropy);
        let day = Date::constant(2005, 6, 15);
        let mut seen = HashSet::new();
        for n in 0..20_000_i16 {
            let sex = if n % 2 == 0 { Sex::Woman } else { Sex::Man };
            let person = registry.person_aged(40 + n % 3, day, sex);
            let id = NationalId::parse(&person.id).unwrap();
            let states = id.evidence().unwrap();
            assert!(states.is_synthetic() && states.birth().allows(person.born));
            assert_eq!(person.id.as_bytes()[8] % 2 == 1, sex == Sex::Man);
            assert!(seen.insert(person.id));
        }
    }
}
