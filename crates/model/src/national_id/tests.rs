//! Every kind against the published rules. All numbers are of series that are never
//! given: Tenor's, births to come, numbers for hospitals' own use, births in the years
//! for which no number of that form was ever made.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::{Birth, Check, Country, Identifier, Refused, Relation, Series, Sex, Slip};

const TODAY: Date = date(2026, 6, 1);
/// By then births of 2050 are in the past.
const LATER: Date = date(2058, 6, 1);

#[track_caller]
fn read(country: Country, text: &str) -> Identifier {
    Identifier::parse(country, text, LATER).unwrap()
}

fn refused(country: Country, text: &str) -> Refused {
    Identifier::parse(country, text, LATER).unwrap_err()
}

/// A Norwegian number of these first nine digits, with a first check digit that leaves
/// `remainder`; none where the check digits cannot be formed.
fn norwegian(first: &str, remainder: u32) -> Option<String> {
    let digits: Vec<u32> = first.bytes().map(|byte| u32::from(byte - b'0')).collect();
    let sum = |digits: &[u32], weights: &[u32]| -> u32 {
        digits.iter().zip(weights).map(|(d, w)| d * w).sum()
    };
    let k1 = (11 + remainder - sum(&digits, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11;
    let with: Vec<u32> = digits.iter().copied().chain([k1]).collect();
    let k2 = (11 - sum(&with, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    (k1 < 10 && k2 < 10).then(|| format!("{first}{k1}{k2}"))
}

/// The first of the serial numbers from `from` on for which check digits can be formed.
#[track_caller]
fn norwegian_from(date: &str, from: u32, remainder: u32) -> String {
    (from..from + 20).find_map(|i| norwegian(&format!("{date}{i:03}"), remainder)).unwrap()
}

fn luhn(first: &str) -> String {
    let doubled = first.bytes().enumerate().map(|(at, byte)| {
        let digit = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
        digit / 10 + digit % 10
    });
    format!("{first}{}", (10 - doubled.sum::<u32>() % 10) % 10)
}

fn finnish(date: &str, sign: char, serial: u32) -> String {
    let number: usize = format!("{date}{serial:03}").parse().unwrap();
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[number % 31] as char;
    format!("{date}{sign}{serial:03}{check}")
}

/// Numbers that those who issue them have published as examples or for tests, so that
/// a weight that is copied wrongly here and above is seen.
#[test]
fn published_examples_are_read() {
    for (country, text, series, birth) in [
        // Skatteetaten, Tenor testdata.
        (Country::Norway, "17912099997", Series::Birth, None),
        // CPR-kontoret, "Personnummeret i CPR": the worked example of modulus 11.
        (Country::Denmark, "070761-4285", Series::Cpr, Some(date(1961, 7, 7))),
        // Skatteverket, "Testpersonnummer".
        (Country::Sweden, "19121212-1212", Series::Personal, Some(date(1912, 12, 12))),
        // Skatteverket, "Samordningsnummer" (SKV 707): the day is 3 + 60.
        (Country::Sweden, "701063-2391", Series::Coordination, Some(date(1970, 10, 3))),
        // Digital and Population Data Services Agency, "The personal identity code".
        (Country::Finland, "131052-308T", Series::Hetu, Some(date(1952, 10, 13))),
        // The same, test material for the signs of 2023: 900 and above is never given for life.
        (Country::Finland, "010594Y9032", Series::TemporaryHetu, Some(date(1994, 5, 1))),
        (Country::Finland, "040594V902Y", Series::TemporaryHetu, Some(date(1994, 5, 4))),
        (Country::Finland, "010516B903X", Series::TemporaryHetu, Some(date(2016, 5, 1))),
        (Country::Finland, "020503F9037", Series::TemporaryHetu, Some(date(2003, 5, 2))),
    ] {
        let read = Identifier::parse(country, text, TODAY).unwrap();
        assert_eq!(read.series(), series, "{text}");
        if let Some(birth) = birth {
            assert_eq!(read.birth(), Birth::Day(birth), "{text}");
        }
    }
}

#[test]
fn a_plus_stands_from_the_year_in_which_somebody_turns_a_hundred() {
    let birth = |text: &str| Identifier::parse(Country::Sweden, text, TODAY).unwrap().birth();
    // Before and after today's day of the year, on 1 June 2026.
    for (day, born) in [("261231", date(1926, 12, 31)), ("260101", date(1926, 1, 1))] {
        let ten = luhn(&format!("{day}238"));
        let old = format!("{}+{}", &ten[..6], &ten[6..]);
        assert_eq!(birth(&old), Birth::Day(born));
    }
    let ten = luhn("250101238");
    assert_eq!(birth(&format!("{}+{}", &ten[..6], &ten[6..])), Birth::Day(date(1925, 1, 1)));
}

#[test]
fn series_of_norwegian_numbers() {
    // Tenor: month + 80, and with day + 40 a D-number of Tenor.
    let tenor = read(Country::Norway, &norwegian_from("148157", 345, 0));
    assert_eq!((tenor.series(), tenor.is_synthetic()), (Series::Birth, true));
    assert_eq!(tenor.birth(), Birth::Day(date(1957, 1, 14)));
    let temporary = read(Country::Norway, &norwegian_from("548157", 345, 0));
    assert_eq!((temporary.series(), temporary.is_synthetic()), (Series::D, true));
    assert_eq!(temporary.birth(), Birth::Day(date(1957, 1, 14)));
    // Month + 40: what a hospital gives, and by its own rules.
    let hospital = read(Country::Norway, &norwegian_from("144157", 345, 0));
    assert_eq!(hospital.series(), Series::H);
    assert_eq!(hospital.birth(), Birth::ShortYear { year: 57, month: 1, day: 14 });
    assert_eq!(hospital.sex(), None);
    let common = read(Country::Norway, &norwegian_from("812345", 678, 0));
    assert_eq!(
        (common.series(), common.birth(), common.sex()),
        (Series::Fh, Birth::Unstated, None)
    );
}

#[test]
fn centuries_of_norwegian_numbers() {
    let born = |date: &str, from| read(Country::Norway, &norwegian_from(date, from, 0)).birth();
    assert_eq!(born("018199", 100), Birth::Day(date(1999, 1, 1)));
    assert_eq!(born("018155", 550), Birth::Day(date(1855, 1, 1)));
    assert_eq!(born("018145", 910), Birth::Day(date(1945, 1, 1)));
    assert_eq!(born("018125", 600), Birth::Day(date(2025, 1, 1)));
    // Births from 2032 on state no century whatever the check digit says.
    assert_eq!(born("018135", 600), Birth::ShortYear { year: 35, month: 1, day: 1 });
    // 1900 had no 29 February, 2000 had.
    assert_eq!(refused(Country::Norway, &norwegian_from("298200", 100, 0)), Refused::Date);
    assert_eq!(born("298200", 600), Birth::Day(date(2000, 2, 29)));
}

#[test]
fn a_wider_remainder_states_neither_sex_nor_century() {
    for remainder in 1..=3 {
        let number = read(Country::Norway, &norwegian_from("148157", 345, remainder));
        assert_eq!(number.sex(), None);
        assert_eq!(number.birth(), Birth::ShortYear { year: 57, month: 1, day: 14 });
    }
    let old = read(Country::Norway, &norwegian_from("148157", 345, 0));
    assert!(old.sex().is_some());
    for remainder in 4..=10 {
        let number = norwegian_from("148157", 345, remainder);
        assert_eq!(refused(Country::Norway, &number), Refused::CheckDigit(1));
    }
    // Numbers of hospitals and of the health service keep the old check digits.
    for date in ["144157", "812345"] {
        let number = norwegian_from(date, 345, 2);
        assert_eq!(refused(Country::Norway, &number), Refused::CheckDigit(1));
    }
}

#[test]
fn danish_numbers_with_the_remainder_by_11_as_a_hint() {
    // 7th digit 5 to 8 with years to 57: births in 2050.
    let holds = (0..100)
        .map(|serial| format!("010150-50{serial:02}"))
        .find(|text| read(Country::Denmark, text).check() == Check::Holds)
        .unwrap();
    let number = read(Country::Denmark, &holds);
    assert_eq!((number.series(), number.birth()), (Series::Cpr, Birth::Day(date(2050, 1, 1))));
    assert_eq!(Identifier::parse(Country::Denmark, &holds, TODAY), Err(Refused::Future));
    let mut other = holds.clone();
    other.replace_range(9..10, if holds.as_bytes()[9] == b'0' { "1" } else { "0" });
    assert_eq!(read(Country::Denmark, &other).check(), Check::Lacking);
    assert_eq!(read(Country::Denmark, "0101505001").sex(), Some(Sex::Male));
    assert_eq!(read(Country::Denmark, "0101505002").sex(), Some(Sex::Female));
    let replacement = read(Country::Denmark, "610150-5001");
    assert_eq!(replacement.series(), Series::Replacement);
    assert_eq!(replacement.birth(), Birth::ShortYear { year: 50, month: 1, day: 1 });
    for (text, why) in [
        ("310250-5001", Refused::Date),
        ("010150-500", Refused::Length(9)),
        ("0101-505001", Refused::Character(5)),
        ("010150-5O01", Refused::Character(8)),
        ("920150-5001", Refused::Date),
    ] {
        assert_eq!(refused(Country::Denmark, text), why, "{text}");
    }
}

#[test]
fn centuries_of_danish_numbers() {
    // The table of the CPR office, on days that the calendar has but on which nobody
    // was given a number: replacement numbers, whose day is moved.
    use super::denmark::century;
    for (serial, year, expected) in [
        (0, 0, 1900),
        (3, 99, 1900),
        (4, 36, 2000),
        (4, 37, 1900),
        (9, 36, 2000),
        (9, 37, 1900),
        (5, 57, 2000),
        (5, 58, 1800),
        (8, 0, 2000),
        (8, 99, 1800),
    ] {
        assert_eq!(century(serial, year), expected, "{serial} {year}");
    }
}

#[test]
fn swedish_numbers_of_ten_and_twelve_digits() {
    // Born in 2050: looked at in 2058, when ten digits mean the years 1959 to 2058.
    let ten = luhn("500101238");
    let twelve = format!("20{ten}");
    let dashed = format!("{}-{}", &ten[..6], &ten[6..]);
    let all: Vec<_> = [&ten, &twelve, &dashed].map(|t| read(Country::Sweden, t)).into();
    assert!(all.iter().all(|number| *number == all[0]));
    assert_eq!(all[0].birth(), Birth::Day(date(2050, 1, 1)));
    assert_eq!((all[0].series(), all[0].sex()), (Series::Personal, Some(Sex::Female)));
    assert_eq!(Identifier::parse(Country::Sweden, &twelve, TODAY), Err(Refused::Future));
    // With a plus a hundred years more.
    let old = read(Country::Sweden, &dashed.replace('-', "+"));
    assert_eq!(old.birth(), Birth::Day(date(1950, 1, 1)));
    assert_ne!(old, all[0]);
    let coordination = read(Country::Sweden, &luhn("500161238"));
    assert_eq!(coordination.series(), Series::Coordination);
    assert_eq!(coordination.birth(), Birth::Day(date(2050, 1, 1)));
    let unknown = read(Country::Sweden, &luhn("500060238"));
    assert_eq!(unknown.birth(), Birth::Partial { year: 2050, month: None });
    let wrong = format!("{}{}", &ten[..9], (ten.as_bytes()[9] - b'0' + 1) % 10);
    for (text, why) in [
        (wrong.as_str(), Refused::CheckDigit(1)),
        (luhn("500101000").as_str(), Refused::Serial),
        (luhn("500231238").as_str(), Refused::Date),
        ("50010123", Refused::Length(8)),
        ("50O1012382", Refused::Character(3)),
        ("å5001012382", Refused::Length(11)),
    ] {
        assert_eq!(refused(Country::Sweden, text), why, "{text}");
    }
}

#[test]
fn the_sign_of_a_finnish_number_is_part_of_it() {
    let all = [("+", 1850), ("-YXWVU", 1950), ("ABCDEF", 2050)];
    let mut numbers = Vec::new();
    for (signs, year) in all {
        for sign in signs.chars() {
            let number = read(Country::Finland, &finnish("010150", sign, 901));
            assert_eq!(number.birth(), Birth::Day(date(year, 1, 1)), "{sign}");
            assert_eq!((number.series(), number.sex()), (Series::TemporaryHetu, Some(Sex::Male)));
            assert!(!numbers.contains(&number), "{sign}");
            numbers.push(number);
        }
    }
    assert_eq!(numbers.len(), 13);
    let born_to_come = read(Country::Finland, &finnish("010150", 'A', 2));
    assert_eq!((born_to_come.series(), born_to_come.sex()), (Series::Hetu, Some(Sex::Female)));
    assert_eq!(read(Country::Finland, &finnish("010150", 'a', 901)), numbers[7]);
    let good = finnish("010150", 'A', 901);
    let wrong = format!("{}{}", &good[..10], if good.ends_with('A') { 'B' } else { 'A' });
    for (text, why) in [
        (wrong.as_str(), Refused::CheckDigit(1)),
        (finnish("010150", 'A', 1).as_str(), Refused::Serial),
        (finnish("310250", 'A', 901).as_str(), Refused::Date),
        (finnish("010150", 'G', 901).as_str(), Refused::Character(7)),
        ("010150A90", Refused::Length(9)),
        ("0101å0A901", Refused::Character(5)),
        ("0101å0A9012", Refused::Character(5)),
    ] {
        assert_eq!(refused(Country::Finland, text), why, "{text}");
    }
}

#[test]
fn a_temporary_number_and_its_successor_are_a_change() {
    let d = read(Country::Norway, &norwegian_from("548157", 345, 0));
    let birth = read(Country::Norway, &norwegian_from("148157", 145, 0));
    let other_day = read(Country::Norway, &norwegian_from("158157", 145, 0));
    let other = read(Country::Norway, &norwegian_from("148157", 200, 0));
    let fh = read(Country::Norway, &norwegian_from("812345", 678, 0));
    let new = read(Country::Norway, &norwegian_from("148157", 345, 1));
    assert_eq!(d.relate(&birth), Relation::Change);
    assert_eq!(birth.relate(&d), Relation::Change);
    assert_eq!(d.relate(&new), Relation::Change);
    assert_eq!(d.relate(&fh), Relation::Change);
    assert_eq!(d.relate(&other_day), Relation::Conflict);
    assert_eq!(birth.relate(&other), Relation::Conflict);
    assert_eq!(birth.relate(&birth.clone()), Relation::Same);
    let finn = read(Country::Finland, &finnish("140150", 'A', 901));
    assert_eq!(birth.relate(&finn), Relation::OtherCountry);
}

#[test]
fn slips_between_numbers() {
    // Danish numbers without check digits may be one another's slips; with them on both
    // sides they are two people, as twins are.
    let lacking: Vec<_> = (1..30)
        .map(|serial| read(Country::Denmark, &format!("01015050{serial:02}")))
        .filter(|number| number.check() == Check::Lacking)
        .collect();
    assert_eq!(lacking[0].relate(&lacking[1]), Relation::Slip(Slip::OneCharacter));
    let number = read(Country::Norway, &norwegian_from("148157", 345, 0));
    let text = String::from_utf8(number.reveal().to_vec()).unwrap();
    let mut swapped = text.clone().into_bytes();
    swapped.swap(0, 1);
    let swapped = String::from_utf8(swapped).unwrap();
    assert!(Identifier::parse(Country::Norway, &swapped, TODAY).is_err());
    assert_eq!(number.slip_of(&swapped), Some(Slip::Transposition));
    assert_eq!(number.slip_of(&text.replacen('1', "7", 1)), Some(Slip::OneCharacter));
    assert_eq!(number.slip_of(&text), None);
    assert_eq!(number.slip_of("1"), None);
    let ten = luhn("500101238");
    let swapped = format!("500110-{}", &ten[6..]);
    assert_eq!(read(Country::Sweden, &ten).slip_of(&swapped), Some(Slip::Transposition));
}

fn days() -> impl Strategy<Value = Date> {
    (0_i64..=45_000).prop_map(|days| date(1900, 1, 1).saturating_add(jiff::Span::new().days(days)))
}

proptest! {
    #[test]
    fn nothing_of_a_number_is_printed(day in days(), serial in 0_u32..1000) {
        let text = format!("{:02}{:02}{:02}", day.day(), day.month() + 80, day.year() % 100);
        let Some(text) = norwegian(&format!("{text}{serial:03}"), 0) else { return Ok(()) };
        let Ok(number) = Identifier::parse(Country::Norway, &text, LATER) else { return Ok(()) };
        let printed = format!("{number:?}");
        prop_assert!(!printed.contains(|c: char| c.is_ascii_digit()));
    }

    #[test]
    fn one_slip_in_a_number_with_check_digits_is_refused_and_known_again(
        day in days(), serial in 901_u32..1000, at in 0_usize..10, by in 1_u8..10,
    ) {
        let sign = if day.year() < 2000 { '-' } else { 'A' };
        let date = format!("{:02}{:02}{:02}", day.day(), day.month(), day.year() % 100);
        let text = finnish(&date, sign, serial);
        let number = Identifier::parse(Country::Finland, &text, LATER).unwrap();
        prop_assert_eq!(number.birth(), Birth::Day(day));
        prop_assume!(at != 6);
        let mut spoilt = text.into_bytes();
        spoilt[at] = b'0' + (spoilt[at] - b'0' + by) % 10;
        let spoilt = String::from_utf8(spoilt).unwrap();
        prop_assert!(Identifier::parse(Country::Finland, &spoilt, LATER).is_err());
        prop_assert_eq!(number.slip_of(&spoilt), Some(Slip::OneCharacter));
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused(text in any::<String>(), digits in "[0-9A-Y+ -]{8,14}") {
        for country in [Country::Norway, Country::Denmark, Country::Sweden, Country::Finland] {
            for text in [&text, &digits] {
                if let Ok(number) = Identifier::parse(country, text, TODAY) {
                    let form = String::from_utf8(number.reveal().to_vec()).unwrap();
                    prop_assert_eq!(Identifier::parse(country, &form, TODAY), Ok(number));
                }
            }
        }
    }

    #[test]
    fn relating_is_the_same_in_both_directions(
        one in days(), other in days(), serial in 901_u32..1000, of in 901_u32..1000,
    ) {
        let number = |day: Date, serial| {
            let date = format!("{:02}{:02}{:02}", day.day(), day.month(), day.year() % 100);
            let sign = if day.year() < 2000 { '-' } else { 'A' };
            Identifier::parse(Country::Finland, &finnish(&date, sign, serial), LATER).unwrap()
        };
        let (one, other) = (number(one, serial), number(other, of));
        prop_assert_eq!(one.relate(&other), other.relate(&one));
        prop_assert_eq!(one.relate(&one), Relation::Same);
    }

    #[test]
    fn what_imports_accept_is_evidence_of_the_same_day(day in days(), individual in 0_u16..1000) {
        let Some(number) = super::NationalId::synthetic(day, individual) else { return Ok(()) };
        let text = String::from_utf8(number.reveal().to_vec()).unwrap();
        if let Ok(evidence) = Identifier::parse(Country::Norway, &text, LATER)
            && let Birth::ShortYear { .. } = evidence.birth()
        {
            prop_assert!(evidence.birth().allows(day));
        }
    }
}
