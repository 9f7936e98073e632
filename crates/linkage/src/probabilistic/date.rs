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
    // What follows the date is a time of day.
    let text = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = text.split(['-', '/', '.']).filter(|part| !part.is_empty()).collect();
    let parts = match parts.as_slice() {
        [one] if one.len() == 8 && one.is_ascii() => vec![&one[..4], &one[4..6], &one[6..]],
        _ => parts,
    };
    parts.into_iter().map(|part| Some((part.parse().ok()?, part.len()))).collect()
}

/// Whether a column's dates put the day first, where the year stands last.
pub(super) fn day_first<'a>(values: impl IntoIterator<Item = &'a str>, order: DateOrder) -> bool {
    match order {
        DateOrder::DayFirst => true,
        DateOrder::MonthFirst => false,
        DateOrder::Found => {
            let (mut first, mut second) = (0_u32, 0_u32);
            for value in values {
                if let Some([(a, _), (b, _), (_, 4)]) = numbers(value).as_deref() {
                    first += u32::from(*a > 12);
                    second += u32::from(*b > 12);
                }
            }
            first >= second
        }
    }
}

/// Reads `1900-01-31`, `19000131`, `31.1.1900`, `31/01/1900` or, with the month
/// first, `01/31/1900`.
pub(super) fn read(text: &str, day_first: bool) -> Option<Date> {
    let numbers = numbers(text)?;
    match *numbers.as_slice() {
        [(year, 4), (month, 1..=2), (day, 1..=2)] => Some(Date { year, month, day }),
        [(a, 1..=2), (b, 1..=2), (year, 4)] => {
            let (day, month) = if day_first { (a, b) } else { (b, a) };
            Some(Date { year, month, day })
        }
        _ => None,
    }
}

/// What a pair of different dates has in common, from the strongest.
pub(super) const LEVELS: [&str; 7] = [
    "one digit wrong or two swapped",
    "day and month swapped",
    "two of three parts equal",
    "within a year",
    "within ten years",
    "another date",
    "not read as dates, and different",
];

/// The level, counted as in patterns, from which on two dates have one part in common
/// at most.
pub(super) const FAR: usize = 5;

/// Two different dates: which of [`LEVELS`]; `near` when their digits, or what
/// stands there instead, are one change apart.
pub(super) fn level(a: Option<Date>, b: Option<Date>, near: bool) -> usize {
    let (Some(a), Some(b)) = (a, b) else { return if near { 0 } else { 6 } };
    let equal =
        u8::from(a.year == b.year) + u8::from(a.month == b.month) + u8::from(a.day == b.day);
    let apart = (a.day_number() - b.day_number()).abs();
    if near {
        0
    } else if a.year == b.year && a.month == b.day && a.day == b.month {
        1
    } else if equal == 2 {
        2
    } else if apart < 366.0 {
        3
    } else if apart < 3653.0 {
        4
    } else {
        5
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
        for text in ["1900-02-28", "19000228", "28.2.1900", "28/02/1900", "1900-02-28T00:00:00"] {
            assert_eq!(of(text), date, "{text}");
        }
        assert_eq!(read("02/28/1900", false), date);
        assert_eq!((of("1900"), of("someday"), of("1900-xx-01")), (None, None, None));
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
            ("1950-03-12", "1950-08-25", 3),
            ("1950-03-12", "1955-08-25", 4),
            ("1950-03-12", "1985-08-25", 5),
            ("1950-03-12", "spring", 6),
        ] {
            let near = expected == 0;
            assert_eq!(level(of(a), of(b), near), expected, "{a} {b}");
            assert_eq!(level(of(b), of(a), near), expected, "{b} {a}");
        }
    }
}
