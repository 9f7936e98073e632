//! Identity numbers of Tenor's series, none of them twice.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use model::NationalId;

use super::people::{NOW, Person};

const FIRST: Date = date(1900, 1, 1);

/// How many numbers each day has given out: for women and men, for life and for a
/// while.
pub(super) struct Numbers {
    given: Vec<[u16; 4]>,
}

impl Numbers {
    /// Nobody has a number.
    pub(super) fn none_given() -> Self {
        let days = FIRST.until(NOW).map_or(0, |span| span.get_days()) + 2;
        Self { given: vec![[0; 4]; usize::try_from(days).unwrap_or_default()] }
    }

    /// Gives somebody the numbers that they have in their life. Where a day has no
    /// number left, they were born a day earlier.
    pub(super) fn give(&mut self, person: &mut Person) {
        while person.born > FIRST {
            if let Some(numbers) = self.of(person) {
                person.numbers = numbers;
                return;
            }
            person.born = person.born.saturating_sub(1.day());
        }
    }

    fn of(&mut self, person: &Person) -> Option<Vec<(Date, [u8; 11])>> {
        let mut numbers = Vec::new();
        match person.came {
            None => numbers.push((person.born, self.next(person.born, person.male, false)?)),
            Some((came, stayed)) => {
                numbers.push((came, self.next(person.born, person.male, true)?));
                if let Some(stayed) = stayed {
                    numbers.push((stayed, self.next(person.born, person.male, false)?));
                }
            }
        }
        Some(numbers)
    }

    fn next(&mut self, born: Date, male: bool, temporary: bool) -> Option<[u8; 11]> {
        let day = FIRST.until(born).ok()?.get_days();
        let day = self.given.get_mut(usize::try_from(day).ok()?)?;
        let given = day.get_mut(usize::from(male) + 2 * usize::from(temporary))?;
        loop {
            let serial = serial(born.year(), 2 * *given + u16::from(!male))?;
            *given += 1;
            let number = if temporary {
                NationalId::synthetic_temporary(born, serial)
            } else {
                NationalId::synthetic(born, serial)
            };
            // Some serial numbers have no check digits.
            if let Some(number) = number {
                return Some(number.reveal());
            }
        }
    }
}

/// The individual numbers that say the century, the highest first as they are given.
/// The highest is odd, so that odd places are women's.
fn serial(year: i16, at: u16) -> Option<u16> {
    match (year, at) {
        (1900..=1999, 0..=499) => Some(499 - at),
        (1940..=1999, 500..=599) => Some(999 - (at - 500)),
        (2000..=2039, 0..=499) => Some(999 - at),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_gives_each_number_once_and_then_no_more() {
        let mut numbers = Numbers::none_given();
        let mut seen = std::collections::HashSet::new();
        for temporary in [false, true] {
            for male in [false, true] {
                let born = date(1957, 3, 14);
                let mut count = 0;
                while let Some(number) = numbers.next(born, male, temporary) {
                    assert!(seen.insert(number));
                    let text = String::from_utf8(number.to_vec()).unwrap();
                    let read = NationalId::parse(&text).unwrap();
                    let states = read.evidence().unwrap();
                    assert!(states.is_synthetic() && states.birth().allows(born));
                    assert_eq!((number[8] - b'0') % 2 == 1, male);
                    assert_eq!(number[0] >= b'4', temporary);
                    count += 1;
                }
                assert!(count > 200, "{count}");
            }
        }
    }
}
