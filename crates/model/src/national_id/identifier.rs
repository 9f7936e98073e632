//! A number of one of four countries, and what it says.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{denmark, finland, norway, sweden};

/// The most characters that a number has once it is written in its one form.
const MOST: usize = 12;

/// Who issues a number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Country {
    /// Norway.
    #[default]
    #[serde(rename = "NO")]
    Norway,
    /// Denmark.
    #[serde(rename = "DK")]
    Denmark,
    /// Sweden.
    #[serde(rename = "SE")]
    Sweden,
    /// Finland.
    #[serde(rename = "FI")]
    Finland,
}

impl Country {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Norway, Self::Denmark, Self::Sweden, Self::Finland];

    /// Its code (ISO 3166-1, two letters): the same as in JSON and in contracts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Norway => "NO",
            Self::Denmark => "DK",
            Self::Sweden => "SE",
            Self::Finland => "FI",
        }
    }

    /// Whether it is the one whose numbers are meant where nothing is said.
    pub const fn is_norway(&self) -> bool {
        matches!(self, Self::Norway)
    }
}

/// Which series a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Series {
    /// Norway: birth number, for those who are or were resident.
    Birth,
    /// Norway: D-number, day + 40, for those who stay for a while.
    D,
    /// Norway: H-number, month + 40, which holds within the organisation that gave it.
    H,
    /// Norway: FH-number, first digit 8 or 9, given for all of the health service;
    /// it states nothing.
    Fh,
    /// Denmark: CPR number.
    Cpr,
    /// Denmark: replacement number, day + 60.
    Replacement,
    /// Sweden: personnummer.
    Personal,
    /// Sweden: samordningsnummer, day + 60.
    Coordination,
    /// Finland: henkilötunnus.
    Hetu,
    /// Finland: a number from 900 on, which a hospital or a test uses and nobody is
    /// given for life.
    TemporaryHetu,
}

impl Series {
    /// Whether a person may get another number later.
    pub const fn is_temporary(self) -> bool {
        match self {
            Self::D
            | Self::H
            | Self::Fh
            | Self::Replacement
            | Self::Coordination
            | Self::TemporaryHetu => true,
            Self::Birth | Self::Cpr | Self::Personal | Self::Hetu => false,
        }
    }
}

/// What a number says about sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

impl Sex {
    /// Odd is male in all four countries.
    pub(super) const fn of(digit: u8) -> Self {
        if digit % 2 == 1 { Self::Male } else { Self::Female }
    }
}

/// What a number says about the day of birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Birth {
    /// Nothing.
    Unstated,
    /// The day, without the century.
    ShortYear {
        /// 0 to 99.
        year: u8,
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
    /// The year, and the month if it is known: the day is not.
    Partial {
        /// The year.
        year: i16,
        /// 1 to 12.
        month: Option<u8>,
    },
    /// The day.
    Day(Date),
}

impl Birth {
    /// Whether somebody born on `date` may have this number. What it does not state
    /// it does not contradict.
    pub fn allows(self, date: Date) -> bool {
        match self {
            Self::Unstated => true,
            Self::ShortYear { year, month, day } => {
                date.year().rem_euclid(100) == i16::from(year)
                    && date.month().unsigned_abs() == month
                    && date.day().unsigned_abs() == day
            }
            Self::Partial { year, month } => {
                date.year() == year && month.is_none_or(|m| date.month().unsigned_abs() == m)
            }
            Self::Day(stated) => stated == date,
        }
    }

    /// Whether one person may have both.
    pub fn agrees(self, other: Self) -> bool {
        match (self, other) {
            (Self::Unstated, _) | (_, Self::Unstated) => true,
            (Self::Day(date), other) | (other, Self::Day(date)) => other.allows(date),
            (Self::ShortYear { .. }, Self::ShortYear { .. }) => self == other,
            (Self::Partial { year, month }, Self::Partial { year: other_year, month: other }) => {
                year == other_year && (month.is_none() || other.is_none() || month == other)
            }
            (Self::ShortYear { year, month, .. }, Self::Partial { year: whole, month: other })
            | (Self::Partial { year: whole, month: other }, Self::ShortYear { year, month, .. }) => {
                whole.rem_euclid(100) == i16::from(year) && other.is_none_or(|m| m == month)
            }
        }
    }
}

/// What the check digits are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// They hold.
    Holds,
    /// They do not, and need not: Danish numbers have been issued without since 2007.
    Lacking,
}

/// Why a text is no number of a country. It never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too many or too few characters.
    #[error("it has {0} characters, which no number of this country has")]
    Length(usize),
    /// A character that has no place there, counted from 1.
    #[error("character {0} does not belong there")]
    Character(usize),
    /// No date, with what the series adds taken off.
    #[error("it states no date")]
    Date,
    /// A birth after the day it is looked at.
    #[error("it states a birth in the future")]
    Future,
    /// A serial number that is never given.
    #[error("its serial number is never given")]
    Serial,
    /// A check digit or character does not fit.
    #[error("check digit {0} does not fit")]
    CheckDigit(u8),
}

/// A number that was checked, in its one form: equal numbers are equal however they
/// were written. Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq, Hash, Zeroize, ZeroizeOnDrop)]
pub struct Identifier {
    text: [u8; MOST],
    length: u8,
    #[zeroize(skip)]
    country: Country,
    #[zeroize(skip)]
    series: Series,
    synthetic: bool,
    checked: bool,
}

impl Identifier {
    pub(super) fn new(
        country: Country,
        series: Series,
        text: &[u8],
        synthetic: bool,
        check: Check,
    ) -> Self {
        let mut kept = [0; MOST];
        kept.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        let length = u8::try_from(text.len().min(MOST)).unwrap_or_default();
        let checked = check == Check::Holds;
        Self { text: kept, length, country, series, synthetic, checked }
    }

    /// Reads a number of `country` as it is written there, with or without what
    /// separates its parts. `today` tells Swedish numbers of ten digits their
    /// century, and that nobody is born tomorrow.
    pub fn parse(country: Country, text: &str, today: Date) -> Result<Self, Refused> {
        let text = text.trim();
        let read = match country {
            Country::Norway => norway::identifier(text),
            Country::Denmark => denmark::parse(text),
            Country::Sweden => sweden::parse(text, today),
            Country::Finland => finland::parse(text),
        }?;
        match read.birth() {
            Birth::Day(date) if date > today && !read.synthetic => Err(Refused::Future),
            _ => Ok(read),
        }
    }

    /// Who issued it.
    pub const fn country(&self) -> Country {
        self.country
    }

    /// Which series it is of.
    pub const fn series(&self) -> Series {
        self.series
    }

    /// Whether it is of a test series that nobody is ever given.
    pub const fn is_synthetic(&self) -> bool {
        self.synthetic
    }

    /// Whether the check digits hold.
    pub const fn check(&self) -> Check {
        if self.checked { Check::Holds } else { Check::Lacking }
    }

    /// What it says about the day of birth.
    pub fn birth(&self) -> Birth {
        match self.country {
            Country::Norway => norway::birth(self),
            Country::Denmark => denmark::birth(self),
            Country::Sweden => sweden::birth(self),
            Country::Finland => finland::birth(self),
        }
    }

    /// What it says about sex, if it does.
    pub fn sex(&self) -> Option<Sex> {
        match self.country {
            Country::Norway => norway::sex(self),
            Country::Denmark => Some(denmark::sex(self)),
            Country::Sweden => Some(sweden::sex(self)),
            Country::Finland => Some(finland::sex(self)),
        }
    }

    /// The number in its one form. Only the vault has a reason to ask.
    pub fn reveal(&self) -> &[u8] {
        self.text.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// The digit at a place; 0 where there is none.
    pub(super) fn digit(&self, at: usize) -> u8 {
        self.reveal().get(at).map_or(0, |byte| byte.wrapping_sub(b'0') % 10)
    }

    /// The number of two digits at a place.
    pub(super) fn pair(&self, at: usize) -> u8 {
        self.digit(at) * 10 + self.digit(at + 1)
    }

    /// The number of three digits at a place.
    pub(super) fn triple(&self, at: usize) -> u16 {
        u16::from(self.pair(at)) * 10 + u16::from(self.digit(at + 2))
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({:?} {:?}, [redacted])", self.country, self.series)
    }
}

/// The digits of `text`, of which there must be `COUNT`.
pub(super) fn digits<const COUNT: usize>(text: &str) -> Result<[u8; COUNT], Refused> {
    let mut digits = [0; COUNT];
    let mut characters = text.chars();
    for (at, digit) in digits.iter_mut().enumerate() {
        let character = characters.next().ok_or(Refused::Length(at))?;
        if !character.is_ascii_digit() {
            return Err(Refused::Character(at + 1));
        }
        *digit = u8::try_from(character).map_err(|_| Refused::Character(at + 1))?;
    }
    match characters.count() {
        0 => Ok(digits),
        more => Err(Refused::Length(COUNT + more)),
    }
}

/// The day, if the calendar has it.
pub(super) fn day(year: i16, month: u8, day: u8) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
