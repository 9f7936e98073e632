//! Swedish personnummer and samordningsnummer: `YYMMDD-NNNC`, or with the century
//! `YYYYMMDDNNNC`.
//!
//! A `+` in place of the `-` is for those who are a hundred or older. The last digit
//! is Luhn's over the ten; the one before tells the sex. A samordningsnummer has
//! day + 60, and month 0 or day 0 where these are not known. Sources: Skatteverket,
//! "Personnummer" (SKV 704) and "Samordningsnummer" (SKV 707).

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::identifier::{self, Birth, Check, Country, Identifier, Refused, Series, Sex};

pub(super) fn parse(text: &str, today: Date) -> Result<Identifier, Refused> {
    let length = text.chars().count();
    // Where the four last digits begin, if something stands before them.
    let sign = text.char_indices().rev().nth(4);
    let (joined, sign) = match sign {
        Some((at, sign @ ('-' | '+' | ' '))) => {
            let (date, rest) = text.split_at(at);
            let joined = format!("{date}{}", rest.get(1..).unwrap_or_default());
            (Zeroizing::new(joined), Some(sign))
        }
        _ => (Zeroizing::new(text.to_owned()), None),
    };
    // A number that was kept as a number has lost the nought that it began with.
    let joined = match (sign, joined.len()) {
        (None, 9) => Zeroizing::new(format!("0{}", *joined)),
        _ => joined,
    };
    let whole = match joined.chars().count() {
        12 => identifier::digits::<12>(&joined)?,
        10 => with_century(identifier::digits::<10>(&joined)?, sign == Some('+'), today)?,
        _ => return Err(Refused::Length(length)),
    };
    if luhn(whole.get(2..).unwrap_or_default()) != 0 {
        return Err(Refused::CheckDigit(1));
    }
    let series = if whole[6] >= b'6' { Series::Coordination } else { Series::Personal };
    let read = Identifier::new(Country::Sweden, series, &whole, false, Check::Holds);
    if read.triple(8) == 0 {
        return Err(Refused::Serial);
    }
    match read.birth() {
        Birth::Unstated => Err(Refused::Date),
        _ => Ok(read),
    }
}

/// The last hundred years before `today`. With a plus, which is written from the year
/// on in which somebody turns a hundred: the latest such year.
fn with_century(digits: [u8; 10], plus: bool, today: Date) -> Result<[u8; 12], Refused> {
    let pair = |at: usize| match digits.get(at..at + 2) {
        Some([tens, ones]) => (tens - b'0') * 10 + (ones - b'0'),
        _ => 0,
    };
    let (short, month, day) = (i16::from(pair(0)), pair(2), pair(4));
    let day = if day >= 60 { day - 60 } else { day };
    let mut year = today.year() - (today.year() - short).rem_euclid(100);
    let is_to_come =
        identifier::day(year, month.max(1), day.max(1)).is_some_and(|born| born > today);
    if plus || is_to_come {
        year -= 100;
    }
    let mut whole = [0; 12];
    let century = format!("{:02}", year / 100);
    let text = century.bytes().chain(digits);
    whole.iter_mut().zip(text).for_each(|(to, from)| *to = from);
    if century.len() == 2 { Ok(whole) } else { Err(Refused::Date) }
}

/// What Luhn's sum leaves by ten.
fn luhn(digits: &[u8]) -> u32 {
    let doubled = digits.iter().enumerate().map(|(at, digit)| {
        let digit = u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 };
        digit / 10 + digit % 10
    });
    doubled.sum::<u32>() % 10
}

pub(super) fn birth(id: &Identifier) -> Birth {
    let year = i16::from(id.pair(0)) * 100 + i16::from(id.pair(2));
    let (month, day) = (id.pair(4), id.pair(6));
    if id.series() == Series::Personal {
        return identifier::day(year, month, day).map_or(Birth::Unstated, Birth::Day);
    }
    match (month, day.wrapping_sub(60)) {
        (0, 0) => Birth::Partial { year, month: None },
        (1..=12, 0) => Birth::Partial { year, month: Some(month) },
        (_, day) => identifier::day(year, month, day).map_or(Birth::Unstated, Birth::Day),
    }
}

pub(super) fn sex(id: &Identifier) -> Sex {
    Sex::of(id.digit(10))
}
