//! A checked number of any of the four countries, in eleven bytes: what imports hand
//! over, the vault keeps and blind indexes are made of.
//!
//! ```text
//! Norway    DDMMYYIIICC
//! Denmark   D  DDMMYY SSSS
//! Sweden    Q  YYMMDD NNNC     Q to T: born in the 1800s to the 2100s
//! Finland   F  DDMMYY sign NNN the check character follows from the others
//! ```
//!
//! A Norwegian number begins with a digit, so that no two numbers are ever one.

use std::fmt;

use jiff::civil::Date;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::identifier::{Country, Identifier, Refused, Series};
use super::{finland, norway};

/// How long a number is in its kept form.
const LENGTH: usize = 11;
const DENMARK: u8 = b'D';
const FINLAND: u8 = b'F';
/// Of somebody born in the 1800s; the letters behind it are for the centuries behind it.
const SWEDEN: u8 = b'Q';
/// The first century that a Swedish number is kept of, and the last.
const CENTURIES: (u8, u8) = (18, 21);

/// A national identity number that has been checked. Its `Debug` prints nothing of it
/// and its memory is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Hash, Zeroize, ZeroizeOnDrop)]
pub struct NationalId([u8; LENGTH]);

/// Why a text is no identity number. Never holds the text itself: errors are logged,
/// identifiers are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NationalIdError {
    /// Another number of characters than eleven.
    #[error("a national identity number has 11 digits, this has {0} characters")]
    Length(usize),
    /// Something else than a digit.
    #[error("a national identity number has only digits, character {0} is none")]
    NotADigit(usize),
    /// The first six digits, once the series is taken off, are no date.
    #[error("the first six digits are not a date")]
    Date,
    /// The check digits do not fit.
    #[error("check digit {0} does not fit")]
    CheckDigit(u8),
    /// Refused by the rules of another country than Norway.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl NationalId {
    /// Reads and checks a Norwegian number; surrounding spaces are allowed.
    pub fn parse(text: &str) -> Result<Self, NationalIdError> {
        norway::read(text.trim()).map(Self)
    }

    /// Reads and checks a number of `country` as it is written there: with or without what
    /// separates its parts, and without the nought that it began with, where its check
    /// digits show that there was one. Surrounding spaces are allowed. `today` tells Swedish numbers of ten digits their century, and that
    /// nobody is born tomorrow; Norwegian ones do not ask for it.
    pub fn read(country: Country, text: &str, today: Date) -> Result<Self, NationalIdError> {
        match country {
            Country::Norway => Self::parse(text).or_else(|error| {
                let tidied = tidied(text.trim()).ok_or(error)?;
                Self::parse(&tidied).map_err(|_| error)
            }),
            _ => Ok(Self::of(&Identifier::parse(country, text, today)?)?),
        }
    }

    fn of(read: &Identifier) -> Result<Self, Refused> {
        let text = read.reveal();
        let marked = |mark: u8, rest: &[u8]| {
            let mut kept = [mark; LENGTH];
            kept.iter_mut().skip(1).zip(rest).for_each(|(to, from)| *to = *from);
            Self(kept)
        };
        match (read.country(), text) {
            (Country::Norway, _) => text.try_into().map(Self).map_err(|_| Refused::Length(0)),
            (Country::Denmark, _) => Ok(marked(DENMARK, text)),
            (Country::Finland, _) => Ok(marked(FINLAND, text)),
            (Country::Sweden, [_, _, rest @ ..]) => {
                let (first, last) = CENTURIES;
                let century = read.pair(0);
                let is_kept = (first..=last).contains(&century);
                is_kept.then(|| marked(SWEDEN + (century - first), rest)).ok_or(Refused::Date)
            }
            (Country::Sweden, _) => Err(Refused::Length(text.len())),
        }
    }

    /// A number from its kept form; `None`: it is none.
    pub fn of_kept(kept: &[u8]) -> Option<Self> {
        let kept: [u8; LENGTH] = kept.try_into().ok()?;
        if kept.first()?.is_ascii_digit() {
            return Self::parse(std::str::from_utf8(&kept).ok()?).ok();
        }
        let id = Self(kept);
        let again = id.evidence().and_then(|read| Self::of(&read).ok())?;
        (again == id).then_some(id)
    }

    /// Its kept form. Only the vault has a reason to ask.
    pub const fn reveal(&self) -> [u8; LENGTH] {
        self.0
    }

    /// Who issued it.
    pub const fn country(&self) -> Country {
        match self.0 {
            [DENMARK, ..] => Country::Denmark,
            [FINLAND, ..] => Country::Finland,
            [b'A'..=b'Z', ..] => Country::Sweden,
            _ => Country::Norway,
        }
    }

    /// As its country writes it. Only a reversal has a reason to ask.
    pub fn written(&self) -> Zeroizing<String> {
        // As long as the longest, so that no copy is left behind in growing.
        let mut text = Zeroizing::new(String::with_capacity(16));
        let mut push = |bytes: &[u8]| text.extend(bytes.iter().map(|byte| char::from(*byte)));
        let (mark, rest) = self.0.split_at(1);
        let (date, number) = rest.split_at(6);
        match self.country() {
            Country::Norway => push(&self.0),
            Country::Denmark => [date, b"-", number].into_iter().for_each(push),
            Country::Sweden => {
                let first = mark.first().copied().unwrap_or(SWEDEN);
                let century = CENTURIES.0.wrapping_add(first.wrapping_sub(SWEDEN)) % 100;
                let century = [b'0' + century / 10 % 10, b'0' + century % 10];
                [&century[..], date, b"-", number].into_iter().for_each(push);
            }
            Country::Finland => {
                push(rest);
                push(finland::check(rest).as_slice());
            }
        }
        text
    }

    /// What it states; `None` where it states nothing certain.
    pub fn evidence(&self) -> Option<Identifier> {
        // No number is refused here for a birth to come: it was read before.
        Identifier::parse(self.country(), &self.written(), Date::MAX).ok()
    }

    /// Whether it holds within the organisation that gave it alone: two that are equal
    /// may be two people's elsewhere. H-numbers in Norway, replacement numbers in Denmark,
    /// numbers from 900 on in Finland.
    pub fn is_local(&self) -> bool {
        match self.country() {
            Country::Norway => norway::is_local(&self.0),
            Country::Sweden => false,
            Country::Denmark | Country::Finland => self.evidence().is_some_and(|read| {
                matches!(read.series(), Series::Replacement | Series::TemporaryHetu)
            }),
        }
    }

    /// A number of Tenor's synthetic series: the date of birth with month + 80,
    /// `individual` 0 to 999 (its last digit odd for men), and check digits.
    /// `None` when the check digits cannot be formed for this combination.
    pub fn synthetic(born: Date, individual: u16) -> Option<Self> {
        norway::of_tenor(born, individual, 0).map(Self)
    }

    /// The same as a D-number: day + 40 and month + 80.
    pub fn synthetic_temporary(born: Date, individual: u16) -> Option<Self> {
        norway::of_tenor(born, individual, 40).map(Self)
    }
}

/// A Norwegian number without what separates its parts, or with the nought that it had
/// before somebody took it for a number.
fn tidied(text: &str) -> Option<Zeroizing<String>> {
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() == 10 && are_digits(text) {
        return Some(Zeroizing::new(format!("0{text}")));
    }
    let (date, rest) = text.split_at_checked(6)?;
    let number = rest.strip_prefix([' ', '-', '.'])?;
    let is_whole = number.len() == 5 && are_digits(date) && are_digits(number);
    is_whole.then(|| Zeroizing::new(format!("{date}{number}")))
}

impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NationalId([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = Date::constant(2026, 1, 1);

    /// A number of somebody who died before numbers were given; of Norway one of Tenor's.
    fn never_issued(country: Country, day: u8, serial: u16) -> String {
        let with = |check: &dyn Fn(&str) -> bool, texts: Vec<String>| {
            texts.into_iter().find(|text| check(text)).unwrap()
        };
        let holds = |text: &str| NationalId::read(country, text, TODAY).is_ok();
        match country {
            Country::Norway => {
                let born = Date::constant(1957, 3, 1)
                    .saturating_add(jiff::Span::new().days(i64::from(day)));
                (0..1000)
                    .find_map(|n| NationalId::synthetic(born, (serial + n) % 1000))
                    .unwrap()
                    .written()
                    .to_string()
            }
            // Nobody born in 1858 lived when the register began.
            Country::Denmark => format!("{day:02}0358-{:04}", 5000 + serial % 4000),
            Country::Sweden => with(
                &holds,
                (0..10)
                    .map(|check| format!("182503{day:02}-{:03}{check}", serial % 999 + 1))
                    .collect(),
            ),
            Country::Finland => with(
                &holds,
                b"0123456789ABCDEFHJKLMNPRSTUVWXY"
                    .iter()
                    .map(|check| {
                        format!("{day:02}0325+{:03}{}", serial % 898 + 2, char::from(*check))
                    })
                    .collect(),
            ),
        }
    }

    #[test]
    fn debug_shows_no_digit() {
        let id = NationalId::synthetic(Date::constant(1957, 3, 14), 345).unwrap();
        assert!(!format!("{id:?}").contains(|c: char| c.is_ascii_digit()));
    }

    #[test]
    fn a_number_is_one_however_it_is_written() {
        let read = |country, text| NationalId::read(country, text, TODAY).unwrap();
        let whole = never_issued(Country::Sweden, 14, 17);
        let plus = format!("{}+{}", &whole[2..8], &whole[9..]);
        let joined = whole.replace('-', "");
        assert_eq!(read(Country::Sweden, &whole), read(Country::Sweden, &joined));
        // Ten digits with a plus are the latest year that fits: another person.
        assert_ne!(read(Country::Sweden, &whole), read(Country::Sweden, &plus));
        let danish = never_issued(Country::Denmark, 14, 17);
        assert_eq!(
            read(Country::Denmark, &danish),
            read(Country::Denmark, &format!(" {} ", danish.replace('-', "")))
        );
    }

    #[test]
    fn what_separates_the_parts_and_a_lost_nought_make_no_other_number() {
        let read = |country, text: &str| NationalId::read(country, text, TODAY);
        let early = (0..28)
            .map(|day| Date::constant(1957, 3, 1).saturating_add(jiff::Span::new().days(day)))
            .find_map(|born| (0..1000).find_map(|n| NationalId::synthetic(born, n)));
        let id = early.unwrap();
        let whole = id.written();
        for sign in [" ", "-", "."] {
            let text = format!("{}{sign}{}", &whole[..6], &whole[6..]);
            assert_eq!(read(Country::Norway, &text), Ok(id.clone()), "{sign}");
        }
        assert_eq!(read(Country::Norway, &whole[1..]), Ok(id.clone()), "born on the first");
        assert!(read(Country::Norway, &whole[..10]).is_err());
        let swedish = never_issued(Country::Sweden, 14, 17);
        let of = |text: &str| read(Country::Sweden, text).ok();
        assert_eq!(of(&swedish.replace('-', " ")), of(&swedish));
        let danish = never_issued(Country::Denmark, 14, 17);
        let of = |text: &str| read(Country::Denmark, text).ok();
        assert_eq!(of(&danish.replace('-', " ")), of(&danish));
        // Of nine digits those alone are a number that the remainder shows to be one.
        let first: Vec<String> = (5000..6000).map(|serial| format!("010358{serial}")).collect();
        let restored = first.iter().filter(|text| of(&text[1..]).is_some()).count();
        assert!((80..=100).contains(&restored), "{restored}");
    }

    #[test]
    fn what_is_refused_says_why_by_the_rules_of_its_country() {
        let refused = |country, text| NationalId::read(country, text, TODAY).unwrap_err();
        assert_eq!(
            refused(Country::Denmark, "320358-5000"),
            NationalIdError::Refused(Refused::Date)
        );
        assert_eq!(
            refused(Country::Sweden, "18250314-0011"),
            NationalIdError::Refused(Refused::CheckDigit(1))
        );
        assert_eq!(
            refused(Country::Finland, "140325?002X"),
            NationalIdError::Refused(Refused::Character(7))
        );
        assert_eq!(refused(Country::Norway, "123"), NationalIdError::Length(3));
    }

    #[test]
    fn numbers_that_one_hospital_gives_are_local() {
        let local =
            |country, text: &str| NationalId::read(country, text, TODAY).unwrap().is_local();
        assert!(local(Country::Denmark, "740358-5000"));
        assert!(!local(Country::Denmark, "140358-5000"));
        assert!(local(Country::Finland, "131052-952K"));
        assert!(!local(Country::Finland, &never_issued(Country::Finland, 14, 17)));
        assert!(!local(Country::Sweden, &never_issued(Country::Sweden, 14, 17)));
    }

    #[test]
    fn what_is_no_number_is_none_in_its_kept_form_either() {
        for damaged in [
            "",
            "D3203585000",
            "Q250314001",
            "F140325?002",
            "F9999999999",
            "A2503140010",
            "Z2503140010",
            "00000000000",
        ] {
            assert_eq!(NationalId::of_kept(damaged.as_bytes()), None, "{damaged}");
        }
    }

    proptest! {
        #[test]
        fn a_number_of_any_country_is_kept_and_comes_back_as_it_is_written(
            country in 0_usize..4, day in 1_u8..29, serial in 0_u16..4000,
        ) {
            let country = Country::ALL[country];
            let text = never_issued(country, day, serial);
            let id = NationalId::read(country, &text, TODAY).unwrap();
            prop_assert_eq!(id.country(), country);
            prop_assert_eq!(id.written().to_string(), text.clone());
            prop_assert_eq!(NationalId::of_kept(&id.reveal()), Some(id.clone()));
            prop_assert_eq!(id.evidence().unwrap().country(), country);
        }
    }
}
