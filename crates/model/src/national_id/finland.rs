//! Finnish henkilötunnus: `DDMMYY` sign `NNN` check.
//!
//! The sign tells the century and is part of the number: two people may differ in
//! nothing else, and the check does not cover it. 002 to 899 are given for life; 900
//! to 999 are for hospitals' and others' own use. Source: Digital and Population Data
//! Services Agency, "The personal identity code"; Government Decree 690/2022 for the
//! signs from 2023.

use super::identifier::{self, Birth, Check, Country, Identifier, Refused, Series, Sex};

const CHECKS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
/// Where the sign stands.
const SIGN: usize = 6;

const fn century(sign: u8) -> Option<i16> {
    match sign {
        b'+' => Some(1800),
        b'-' | b'U' | b'V' | b'W' | b'X' | b'Y' => Some(1900),
        b'A'..=b'F' => Some(2000),
        _ => None,
    }
}

pub(super) fn parse(text: &str) -> Result<Identifier, Refused> {
    let count = text.chars().count();
    let text: [u8; 11] = match text.as_bytes().try_into() {
        Ok(text) => text,
        Err(_) => match text.chars().position(|letter| !letter.is_ascii()) {
            Some(at) if count == 11 => return Err(Refused::Character(at + 1)),
            _ => return Err(Refused::Length(count)),
        },
    };
    let text = text.map(|byte| byte.to_ascii_uppercase());
    let mut number = 0_u32;
    for (at, byte) in text.iter().enumerate() {
        match at {
            SIGN if century(*byte).is_none() => return Err(Refused::Character(at + 1)),
            SIGN | 10 => {}
            _ if byte.is_ascii_digit() => number = number * 10 + u32::from(byte - b'0'),
            _ => return Err(Refused::Character(at + 1)),
        }
    }
    if check_of(number) != text.last().copied() {
        return Err(Refused::CheckDigit(1));
    }
    let serial = number % 1000;
    let series = match serial {
        0 | 1 => return Err(Refused::Serial),
        900.. => Series::TemporaryHetu,
        _ => Series::Hetu,
    };
    let read = Identifier::new(Country::Finland, series, &text, false, Check::Holds);
    match read.birth() {
        Birth::Unstated => Err(Refused::Date),
        _ => Ok(read),
    }
}

fn check_of(number: u32) -> Option<u8> {
    CHECKS.get(number as usize % CHECKS.len()).copied()
}

/// The check character of what stands before it.
pub(super) fn check(text: &[u8]) -> Option<u8> {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit());
    check_of(digits.take(9).fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

pub(super) fn birth(id: &Identifier) -> Birth {
    let sign = id.reveal().get(SIGN).copied().unwrap_or_default();
    century(sign)
        .and_then(|century| {
            identifier::day(century + i16::from(id.pair(4)), id.pair(2), id.pair(0))
        })
        .map_or(Birth::Unstated, Birth::Day)
}

pub(super) fn sex(id: &Identifier) -> Sex {
    Sex::of(id.digit(9))
}
