//! Dates as registers write them, and how far apart two of them are.

use super::spec::DateOrder;

/// Year, month and day as they were written: a month of 13 is somebody's mistake,
/// and evidence all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: u16,
    pub(super) month: u16,
    pub(super) day: u16,
}

impl Date {
    /// The date as eight digits.
    pub(super) fn digits(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }

    /// Days since a day long ago, near enough to say how far apart dates are.
    fn day_number(self) -> f64 {
        f64::from(self.year) * 365.25 + f64::from(self.month) * 30.44 + f64::from(self.day)
    }
}

/// The numbers in a date, with the count of their digits.
fn numbers(text: &str) -> Option<Vec<(u16, usize)>> {
    let text = without_time(text.trim());
    let parts = text.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.collect();
    let parts = match parts.as_slice() {
        [one] if one.len() == 8 && one.bytes().all(|byte| byte.is_ascii_digit()) => {
            eight_digits(one)
        }
        [one] if one.len() == 6 && one.bytes().all(|byte| byte.is_ascii_digit()) => {
            [(0, 2), (2, 4), (4, 6)]
                .into_iter()
                .filter_map(|(from, to)| one.get(from..to))
                .collect()
        }
        _ => parts,
    };
    let named = parts.iter().enumerate().find_map(|(at, part)| Some((at, month(part)?)));
    let digits = |part: &str| Some((part.parse().ok()?, part.len()));
    match (named, parts.as_slice()) {
        // Of a month that is named it is known which one it is.
        (Some((0, month)), [_, day, year]) | (Some((1, month)), [day, _, year]) => {
            let (day, year) = if day.len() == 4 { (year, day) } else { (day, year) };
            Some(vec![digits(year)?, (month, 2), digits(day)?])
        }
        _ => parts.into_iter().map(digits).collect(),
    }
}

/// The text up to the time of day, if one follows.
fn without_time(text: &str) -> &str {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let begins = |at: &usize| {
        let at = *at;
        let after = text.get(at + 1..).unwrap_or_default();
        let parts = matches!(bytes.get(at), Some(b'T' | b't' | b' '));
        let timed = after.contains(':') || !matches!(bytes.get(at), Some(b' '));
        at > 0 && parts && timed && is_digit(at - 1) && is_digit(at + 1)
    };
    (0..bytes.len()).find(begins).map_or(text, |at| text.get(..at).unwrap_or(text))
}

/// `19900131`; or `31011990`, where that alone can be a date.
fn eight_digits(text: &str) -> Vec<&str> {
    let number = |from: usize, to: usize| {
        text.get(from..to).and_then(|part| part.parse::<u16>().ok()).unwrap_or(0)
    };
    let is_year = |year: u16| (1000..2200).contains(&year);
    let cuts = if !is_year(number(0, 4)) && is_year(number(4, 8)) {
        [(0, 2), (2, 4), (4, 8)]
    } else {
        [(0, 4), (4, 6), (6, 8)]
    };
    cuts.into_iter().filter_map(|(from, to)| text.get(from..to)).collect()
}

/// The number of a month by how its name begins in English, Norwegian, Danish, Swedish or
/// Finnish.
fn month(name: &str) -> Option<u16> {
    const NAMES: [&[&str]; 12] = [
        &["jan", "tammi"],
        &["feb", "helmi"],
        &["mar", "maalis"],
        &["apr", "huhti"],
        &["may", "mai", "maj", "touko"],
        &["jun", "kesä"],
        &["jul", "heinä"],
        &["aug", "elo"],
        &["sep", "syys"],
        &["oct", "okt", "loka"],
        &["nov", "marras"],
        &["dec", "des", "joulu"],
    ];
    let name = name.to_lowercase();
    // The longest that fits: `maalis` and `marras` begin as `mar` does, or nearly.
    let fits = |names: &&[&str]| {
        names.iter().filter(|begins| name.starts_with(**begins)).map(|begins| begins.len()).max()
    };
    let found = (1..).zip(&NAMES).filter_map(|(number, names)| Some((fits(names)?, number)));
    found.max_by_key(|(length, _)| *length).map(|(_, number)| number)
}

/// Whether a column's dates put the day first, where the year stands last.
pub(super) fn day_first<'a>(values: impl IntoIterator<Item = &'a str>, order: DateOrder) -> bool {
    match order {
        DateOrder::DayFirst => true,
        DateOrder::MonthFirst => false,
        DateOrder::Found => {
            let (mut first, mut second) = (0_u32, 0_u32);
            for value in values {
                if let Some([(a, _), (b, _), (_, 4 | 2)]) = numbers(value).as_deref() {
                    first += u32::from(*a > 12);
                    second += u32::from(*b > 12);
                }
            }
            first >= second
        }
    }
}

/// The year of two digits: of 1930 to 2029. Both sides of a pair are read alike.
const fn of_this_time(year: u16) -> u16 {
    if year < 30 { 2000 + year } else { 1900 + year }
}

/// Reads `1900-01-31`, `19000131`, `31.1.1900`, `31/01/1900`, `31011900`, `31 Jan 1900`
/// or, with the month first, `01/31/1900` and `January 31, 1900`; and with a year of two
/// digits `31.12.90`, `311290` and `901231`.
pub(super) fn read(text: &str, day_first: bool) -> Option<Date> {
    let numbers = numbers(text)?;
    match *numbers.as_slice() {
        [(year, 4), (month, 1..=2), (day, 1..=2)] => Some(Date { year, month, day }),
        [(a, 1..=2), (b, 1..=2), (year, 4)] => {
            let (day, month) = if day_first { (a, b) } else { (b, a) };
            Some(Date { year, month, day })
        }
        // The year's last two digits: first where that is no day, else last.
        [(year @ 32.., 2), (month, 1..=2), (day @ ..=31, 1..=2)] => {
            Some(Date { year: of_this_time(year), month, day })
        }
        [(a, 1..=2), (b, 1..=2), (year, 2)] => {
            let (day, month) = if day_first { (a, b) } else { (b, a) };
            Some(Date { year: of_this_time(year), month, day })
        }
        _ => None,
    }
}

/// What a pair of different dates has in common, from the strongest.
pub(super) const LEVELS: [&str; 7] = [
    "one digit wrong or two swapped",
    "day and month swapped",
    "two of three parts equal",
    "not read as dates, and different",
    "within a year",
    "within ten years",
    "another date",
];

/// The level, counted as in patterns, from which on two dates have one part in common
/// at most. What is not read as a date stands before it: nothing is known of its parts.
pub(super) const FAR: usize = 6;

/// Two different dates: which of [`LEVELS`]; `near` when their digits, or what
/// stands there instead, are one change apart.
pub(super) fn level(a: Option<Date>, b: Option<Date>, near: bool) -> usize {
    let (Some(a), Some(b)) = (a, b) else { return if near { 0 } else { 3 } };
    let equal =
        u8::from(a.year == b.year) + u8::from(a.month == b.month) + u8::from(a.day == b.day);
    if near {
        0
    } else if a.year == b.year && a.month == b.day && a.day == b.month {
        1
    } else if equal == 2 {
        2
    } else {
        let apart = (a.day_number() - b.day_number()).abs();
        4 + usize::from(apart >= 366.0) + usize::from(apart >= 3653.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Date> {
        read(text, true)
    }

    #[test]
    fn a_date_is_read_however_it_is_written() {
        let date = Some(Date { year: 1900, month: 2, day: 28 });
        for text in [
            "1900-02-28",
            "19000228",
            "28021900",
            "28.2.1900",
            "28/02/1900",
            "1900-02-28T00:00:00",
            "1900-02-28 12:30",
            "28 Feb 1900",
            "28-FEB-1900",
            "28. februar 1900",
            "February 28, 1900",
            "1900 helmikuu 28",
        ] {
            assert_eq!(of(text), date, "{text}");
        }
        assert_eq!(read("02/28/1900", false), date);
        assert_eq!((of("1900"), of("someday"), of("1900-xx-01")), (None, None, None));
    }

    #[test]
    fn a_year_of_two_digits_is_of_this_time() {
        let date = Some(Date { year: 1990, month: 12, day: 31 });
        for text in ["31.12.90", "311290", "901231", "90-12-31", "31-Dec-90", "31/12/90"] {
            assert_eq!(of(text), date, "{text}");
        }
        assert_eq!(read("12/31/90", false), date);
        assert_eq!(of("010203"), Some(Date { year: 2003, month: 2, day: 1 }));
        assert!(!day_first(["12/31/90", "01/02/03"], DateOrder::Found));
        assert_eq!((of("1"), of("12345"), of("1234567")), (None, None, None));
    }

    #[test]
    fn the_column_tells_what_stands_first() {
        assert!(day_first(["28/02/1900", "01/02/1900"], DateOrder::Found));
        assert!(!day_first(["02/28/1900", "01/02/1900"], DateOrder::Found));
        assert!(day_first(["01/02/1900"], DateOrder::Found));
        assert!(!day_first(["28/02/1900"], DateOrder::MonthFirst));
    }

    #[test]
    fn each_level_is_reached() {
        for (a, b, expected) in [
            ("1950-03-12", "1950-03-13", 0),
            ("1950-03-12", "1950-03-21", 0),
            ("1950-03-12", "1950-12-03", 1),
            ("1950-03-12", "1950-03-29", 2),
            ("1950-03-12", "1978-03-12", 2),
            ("1950-03-12", "1950-08-25", 4),
            ("1950-03-12", "1955-08-25", 5),
            ("1950-03-12", "1985-08-25", 6),
            ("1950-03-12", "spring", 3),
        ] {
            let near = expected == 0;
            assert_eq!(level(of(a), of(b), near), expected, "{a} {b}");
            assert_eq!(level(of(b), of(a), near), expected, "{b} {a}");
        }
    }
}
