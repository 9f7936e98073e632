//! Norwegian national identity numbers, as evidence of who a person is.
//!
//! Eleven digits `DDMMYYIIICC`: a date, an individual number whose last digit
//! is odd for men, two check digits. Kinds differ by what is added to the date:
//! D-numbers day + 40, H-numbers month + 40, Tenor's synthetic numbers
//! month + 80 (the tax administration's published test series, never issued).
//! From 2032 no sex and no century are read from new numbers, and the first
//! check digit may leave any of the remainders 0 to 3.
//! Source: Skatteetaten, "New national identity numbers from 2032".

use jiff::civil::Date;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::identifier::{self, Birth, Check, Country, Identifier, Refused, Series, Sex};
use super::kept::NationalIdError;

/// What series a number belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Issued at birth or on immigration.
    Birth,
    /// D-number: temporary residents.
    D,
    /// H-number: an auxiliary number that holds within the organisation that gave it.
    H,
    /// FH-number: an auxiliary number of all of the health service, first digit 8 or 9.
    Fh,
    /// Synthetic: Tenor's test series.
    Synthetic,
}

/// Eleven digits, 0 to 9 each: wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Digits([u8; 11]);

const WEIGHTS_1: [u32; 10] = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
const WEIGHTS_2: [u32; 11] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];

fn weighted(digits: &[u8; 11], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| u32::from(*d) * w).sum::<u32>() % 11
}

/// Reads and checks eleven digits.
pub(super) fn read(text: &str) -> Result<[u8; 11], NationalIdError> {
    let bytes: [u8; 11] = text.as_bytes().try_into().map_err(|_| {
        // Eleven characters that are more bytes than that are not all digits.
        let other = text.chars().position(|c| !c.is_ascii_digit());
        match (text.chars().count(), other) {
            (11, Some(at)) => NationalIdError::NotADigit(at + 1),
            (length, _) => NationalIdError::Length(length),
        }
    })?;
    if let Some(at) = bytes.iter().position(|byte| !byte.is_ascii_digit()) {
        return Err(NationalIdError::NotADigit(at + 1));
    }
    let digits = Digits(bytes.map(|byte| byte - b'0'));
    // The remainder of the first sum is 0 to 3 in birth numbers and D-numbers issued
    // from 2032, 0 in all others.
    let most = if matches!(digits.kind(), Kind::H | Kind::Fh) { 0 } else { 3 };
    if weighted(&digits.0, &WEIGHTS_1) > most {
        return Err(NationalIdError::CheckDigit(1));
    }
    if weighted(&digits.0, &WEIGHTS_2) != 0 {
        return Err(NationalIdError::CheckDigit(2));
    }
    if digits.kind() == Kind::Fh {
        return Ok(bytes);
    }
    let (day, month, year) = digits.day_month_year();
    // 2000 is a leap year: 29 February passes whatever the century.
    let plausible = Date::new(2000 + i16::from(year), month, day).or_else(|_| {
        Date::new(2000, month, day).and_then(|_| Date::new(1900 + i16::from(year), month, day))
    });
    if plausible.is_err() {
        return Err(NationalIdError::Date);
    }
    Ok(bytes)
}

/// Whether a number that was read holds within the organisation that gave it alone.
pub(super) fn is_local(text: &[u8; 11]) -> bool {
    Digits(text.map(|byte| byte.wrapping_sub(b'0') % 10)).kind() == Kind::H
}

/// A number of Tenor's synthetic series with its check digits; `to_day` is added to the
/// day. `None` when they cannot be formed for this combination.
pub(super) fn of_tenor(born: Date, individual: u16, to_day: u8) -> Option<[u8; 11]> {
    let mut digits = [0_u8; 11];
    let stated = [
        born.day().unsigned_abs() + to_day,
        born.month().unsigned_abs() + 80,
        u8::try_from(born.year().rem_euclid(100)).ok()?,
    ];
    for (slot, value) in digits.chunks_exact_mut(2).zip(stated) {
        slot.copy_from_slice(&[value / 10, value % 10]);
    }
    if individual > 999 {
        return None;
    }
    let individual = [individual / 100, individual / 10 % 10, individual % 10];
    for (slot, value) in digits.iter_mut().skip(6).zip(individual) {
        *slot = u8::try_from(value).ok()?;
    }
    let k1 = (11 - weighted(&digits, WEIGHTS_1.get(..9)?)) % 11;
    digits[9] = u8::try_from(k1).ok().filter(|k| *k < 10)?;
    let k2 = (11 - weighted(&digits, WEIGHTS_2.get(..10)?)) % 11;
    digits[10] = u8::try_from(k2).ok().filter(|k| *k < 10)?;
    Some(digits.map(|digit| digit + b'0'))
}

impl Digits {
    fn pair(&self, at: usize) -> u8 {
        let digit = |i: usize| self.0.get(i).copied().unwrap_or_default();
        digit(at) * 10 + digit(at + 1)
    }

    fn day_month_year(&self) -> (i8, i8, i8) {
        let (mut day, mut month) = (self.pair(0), self.pair(2));
        match self.kind() {
            // It states nothing.
            Kind::Fh => return (0, 0, 0),
            Kind::D => day -= 40,
            Kind::H => month -= 40,
            // A synthetic D-number carries both marks.
            Kind::Synthetic => {
                month -= 80;
                if day > 40 {
                    day -= 40;
                }
            }
            Kind::Birth => {}
        }
        (day.cast_signed(), month.cast_signed(), self.pair(4).cast_signed())
    }

    fn kind(&self) -> Kind {
        let (day, month) = (self.pair(0), self.pair(2));
        if day >= 80 {
            Kind::Fh
        } else if month > 80 {
            Kind::Synthetic
        } else if month > 40 {
            Kind::H
        } else if day > 40 {
            Kind::D
        } else {
            Kind::Birth
        }
    }
}

/// Reads any Norwegian number as evidence.
pub(super) fn identifier(text: &str) -> Result<Identifier, Refused> {
    let text: [u8; 11] = identifier::digits(text)?;
    let digits = text.map(|byte| byte - b'0');
    let first = weighted(&digits, &WEIGHTS_1);
    let is_fh = digits[0] >= 8;
    // The wider remainders are for birth numbers and D-numbers from 2032 alone.
    let most = if is_fh { 0 } else { 3 };
    if first > most {
        return Err(Refused::CheckDigit(1));
    }
    if weighted(&digits, &WEIGHTS_2) != 0 {
        return Err(Refused::CheckDigit(2));
    }
    if is_fh {
        return Ok(Identifier::new(Country::Norway, Series::Fh, &text, false, Check::Holds));
    }
    let id = Digits(digits);
    let (day, month, _) = id.day_month_year();
    let series = match id.kind() {
        Kind::Birth => Series::Birth,
        Kind::D => Series::D,
        Kind::H => Series::H,
        Kind::Fh => Series::Fh,
        Kind::Synthetic if id.pair(0) > 40 => Series::D,
        Kind::Synthetic => Series::Birth,
    };
    let synthetic = id.kind() == Kind::Synthetic;
    if first > 0 && series == Series::H {
        return Err(Refused::CheckDigit(1));
    }
    // The calendar of a leap year: the century may be unknown.
    if Date::new(2000, month, day).is_err() {
        return Err(Refused::Date);
    }
    let read = Identifier::new(Country::Norway, series, &text, synthetic, Check::Holds);
    // Where the century is known, 29 February must be in it.
    match read.birth() {
        Birth::Unstated => Err(Refused::Date),
        _ => Ok(read),
    }
}

/// Whether a number says century and sex by the rules before 2032. A wider remainder
/// shows that it was issued later, when neither is said.
fn is_of_old_rules(id: &Identifier) -> bool {
    let mut digits = [0; 11];
    for (at, digit) in digits.iter_mut().enumerate() {
        *digit = id.digit(at);
    }
    weighted(&digits, &WEIGHTS_1) == 0
}

/// The century of an individual number (Skatteetaten, "Fødselsnummer"); none for
/// combinations that were never issued, and for births from 2032 on, whose numbers
/// say no century.
fn century(individual: u16, year: u8) -> Option<i16> {
    match (individual, year) {
        (0..=499, _) => Some(1900),
        (500..=749, 54..=99) => Some(1800),
        (900..=999, 40..=99) => Some(1900),
        (500..=999, 0..=31) => Some(2000),
        _ => None,
    }
}

pub(super) fn birth(id: &Identifier) -> Birth {
    if id.series() == Series::Fh {
        return Birth::Unstated;
    }
    let (mut day, mut month, year) = (id.pair(0), id.pair(2), id.pair(4));
    if day > 40 {
        day -= 40;
    }
    month -= match month {
        81.. => 80,
        41.. => 40,
        _ => 0,
    };
    // A hospital numbers as it likes, and a test number need not keep the rules.
    let states = matches!(id.series(), Series::Birth | Series::D) && is_of_old_rules(id);
    let century = states.then(|| century(id.triple(6), year)).flatten();
    match century {
        Some(century) => identifier::day(century + i16::from(year), month, day)
            .map_or(Birth::Unstated, Birth::Day),
        None => Birth::ShortYear { year, month, day },
    }
}

pub(super) fn sex(id: &Identifier) -> Option<Sex> {
    let states = matches!(id.series(), Series::Birth | Series::D) && is_of_old_rules(id);
    // Of numbers without a century it is not known by which rules they were issued.
    let known = matches!(birth(id), Birth::Day(_));
    (states && known).then(|| Sex::of(id.digit(8)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::NationalId;
    use super::*;

    fn allows(id: &NationalId, born: Date) -> bool {
        id.evidence().unwrap().birth().allows(born)
    }

    #[test]
    fn errors_say_what_is_wrong_without_the_number() {
        assert_eq!(NationalId::parse("123"), Err(NationalIdError::Length(3)));
        assert_eq!(NationalId::parse("1481573451x"), Err(NationalIdError::NotADigit(11)));
        assert_eq!(NationalId::parse("å4815734512"), Err(NationalIdError::NotADigit(1)));
    }

    #[test]
    fn each_check_is_made_though_the_others_hold() {
        // In each of them all holds but what is named.
        assert_eq!(NationalId::parse("14815734506"), Err(NationalIdError::CheckDigit(1)));
        assert_eq!(NationalId::parse("14815734560"), Err(NationalIdError::CheckDigit(2)));
        assert_eq!(NationalId::parse("32915730050"), Err(NationalIdError::Date));
    }

    #[test]
    fn auxiliary_numbers_of_the_health_service_are_read() {
        // Neither is ever issued to a person: hospitals give H-numbers, and these two
        // follow from the rules alone.
        let fh = NationalId::parse("99305734507").unwrap();
        assert_eq!((fh.evidence().unwrap().series(), fh.is_local()), (Series::Fh, false));
        let h = NationalId::parse("14515730185").unwrap();
        assert_eq!((h.evidence().unwrap().series(), h.is_local()), (Series::H, true));
        assert!(allows(&h, Date::constant(1957, 11, 14)));
        // The wider remainders from 2032 are for birth numbers and D-numbers.
        let wide = (0..100_u8).find_map(|last| {
            let text = format!("145157{:03}{last:02}", 301);
            let mut digits = [0; 11];
            for (digit, byte) in digits.iter_mut().zip(text.bytes()) {
                *digit = byte - b'0';
            }
            let fits = weighted(&digits, &WEIGHTS_2) == 0;
            (fits && (1..=3).contains(&weighted(&digits, &WEIGHTS_1))).then_some(text)
        });
        assert_eq!(NationalId::parse(&wide.unwrap()), Err(NationalIdError::CheckDigit(1)));
    }

    proptest! {
        #[test]
        fn a_synthetic_number_reads_back_and_one_changed_digit_is_seen(
            day in 0_i64..40_000, individual in 0_u16..1000, at in 0_usize..11, by in 1_u8..10,
        ) {
            let born = Date::constant(1900, 1, 1)
                .saturating_add(jiff::Span::new().days(day));
            let Some(id) = NationalId::synthetic(born, individual) else { return Ok(()) };
            let text = String::from_utf8(id.reveal().to_vec()).unwrap();
            let read = NationalId::parse(&text).unwrap();
            prop_assert!(read.evidence().unwrap().is_synthetic());
            // The series keeps no rule of which numbers are of which century.
            let same_day = (1800..=2000).step_by(100).any(|century| {
                let year = century + born.year().rem_euclid(100);
                Date::new(year, born.month(), born.day()).is_ok_and(|born| allows(&read, born))
            });
            prop_assert!(same_day);
            let mut spoilt = text.into_bytes();
            spoilt[at] = b'0' + (spoilt[at] - b'0' + by) % 10;
            let spoilt = String::from_utf8(spoilt).unwrap();
            prop_assert!(NationalId::parse(&spoilt).is_err());
        }
    }
}
