//! Danish CPR numbers: `DDMMYY-SSSS`.
//!
//! The first digit of the serial number tells the century, the last one the sex.
//! The remainder by 11 is a hint alone: numbers without it have been issued since
//! 2007. A replacement number has day + 60. Source: the CPR office, "Personnummeret
//! i CPR".

use zeroize::Zeroizing;

use super::identifier::{self, Birth, Check, Country, Identifier, Refused, Series, Sex};

const WEIGHTS: [u32; 10] = [4, 3, 2, 7, 6, 5, 4, 3, 2, 1];

pub(super) fn parse(text: &str) -> Result<Identifier, Refused> {
    // A number that was kept as a number has lost the nought that it began with; the
    // remainder shows that it is one.
    let restored = Zeroizing::new(format!("0{text}"));
    let (text, is_restored) = match text.len() {
        9 => (restored.as_str(), true),
        _ => (text, false),
    };
    let digits: [u8; 10] = match text.split_once(['-', ' ']) {
        Some((date, serial)) if date.chars().count() == 6 => {
            if serial.contains(['-', ' ']) {
                return Err(Refused::Character(8));
            }
            identifier::digits(&Zeroizing::new(format!("{date}{serial}")))?
        }
        Some((date, _)) => return Err(Refused::Character(date.chars().count() + 1)),
        None => identifier::digits(text)?,
    };
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| u32::from(d - b'0') * w).sum();
    let check = if sum.is_multiple_of(11) { Check::Holds } else { Check::Lacking };
    if is_restored && check == Check::Lacking {
        return Err(Refused::Length(9));
    }
    let series = if digits[0] >= b'6' { Series::Replacement } else { Series::Cpr };
    let read = Identifier::new(Country::Denmark, series, &digits, false, check);
    match read.birth() {
        Birth::Unstated => Err(Refused::Date),
        // Nobody was given a number of a day that has not come, which tests and
        // demonstrations use.
        _ => Ok(read),
    }
}

/// The century by the first digit of the serial number and the year.
pub(super) fn century(serial: u8, year: u8) -> i16 {
    match (serial, year) {
        (0..=3, _) => 1900,
        (4 | 9, 0..=36) => 2000,
        (4 | 9, _) => 1900,
        (_, 0..=57) => 2000,
        (..) => 1800,
    }
}

pub(super) fn birth(id: &Identifier) -> Birth {
    let (mut day, month, year) = (id.pair(0), id.pair(2), id.pair(4));
    if id.series() == Series::Replacement {
        day = day.saturating_sub(60);
    }
    let whole = century(id.digit(6), year) + i16::from(year);
    match (identifier::day(whole, month, day), id.series()) {
        (Some(date), Series::Cpr) => Birth::Day(date),
        // A replacement number is made up where it is needed.
        (Some(_), _) => Birth::ShortYear { year, month, day },
        (None, _) => Birth::Unstated,
    }
}

pub(super) fn sex(id: &Identifier) -> Sex {
    Sex::of(id.digit(9))
}
