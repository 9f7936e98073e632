//! Numbers that are one slip of the pen from a number that holds.
//!
//! What stood where a number belongs is spoilt in every way that one slip could have
//! come about, and what then holds is looked up by its blind index: nothing but the
//! spoilt text itself is ever compared as digits.

use model::national_id::{Check, Country};
use model::{Date, NationalId};
use vault::{BlindHasher, BlindIndex};
use zeroize::Zeroizing;

use super::people::{BORN, GIVEN, People, SURNAME, Stated};
use crate::probabilistic::are_alike_names;

/// Of two strangers with one birthday, one in so many has a number one slip from a
/// spoilt one, in bits: a day has some four hundred numbers, and a spoilt text is one
/// slip from about one of them.
pub(super) const SLIP_BITS: f64 = 8.0;

/// Letters that may stand where a Finnish number has none but letters or signs.
const LETTERS: &[u8] = b"ABCDEFHJKLMNPRSTUVWXY+-";

/// Every number of a country that holds and is one wrong character or one swap of
/// neighbours from `stated`.
pub(super) fn one_slip_from(stated: &str, country: Country, as_of: Date) -> Vec<NationalId> {
    let is_finnish = country == Country::Finland;
    // What separates the parts is left out, but where it is a part itself.
    let counts = |byte: &u8| match byte {
        b' ' => false,
        b'-' => is_finnish,
        b'+' => is_finnish || country == Country::Sweden,
        _ => true,
    };
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(stated.bytes().filter(counts).collect());
    let is_as_long = match country {
        Country::Norway | Country::Finland => text.len() == 11,
        Country::Denmark => text.len() == 10,
        Country::Sweden => (10..=13).contains(&text.len()),
    };
    let is_readable = |byte: &u8| byte.is_ascii_digit() || (is_finnish && byte.is_ascii_graphic());
    let plus = |byte: &u8| country == Country::Sweden && *byte == b'+';
    if !is_as_long || !text.iter().all(|byte| is_readable(byte) || plus(byte)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut take = |text: &[u8]| {
        let text = std::str::from_utf8(text).ok();
        found.extend(text.and_then(|text| NationalId::read(country, text, as_of).ok()));
    };
    // Written in a way that was not read when it came.
    take(&text);
    let mut spoilt = text.clone();
    let letters = if is_finnish { LETTERS } else { &[] };
    for at in 0..text.len() {
        let Some(own) = text.get(at).copied() else { continue };
        for other in (b'0'..=b'9').chain(letters.iter().copied()).filter(|other| *other != own) {
            if let Some(character) = spoilt.get_mut(at) {
                *character = other;
            }
            take(&spoilt);
        }
        if let Some(character) = spoilt.get_mut(at) {
            *character = own;
        }
        if at + 1 < text.len() && text.get(at + 1) != Some(&own) {
            spoilt.swap(at, at + 1);
            take(&spoilt);
            spoilt.swap(at, at + 1);
        }
    }
    found
}

/// Somebody whose number is one slip from somebody's.
pub(super) struct Slip {
    pub(super) loose: u32,
    pub(super) other: u32,
    /// Whether what is taken for a slip is a number too.
    pub(super) is_number: bool,
}

/// For each subject whose number is one slip from that of exactly one other whose name
/// and birth agree: the two, in the order of subjects. `root` tells who is one person
/// already. Where the slip is a number too, the other's remainder has to hold, and names
/// have to be equal.
pub(super) fn found(
    people: &People,
    hasher: &BlindHasher,
    root: impl Fn(u32) -> u32,
    members: impl Fn(u32) -> Vec<u32>,
) -> Vec<Slip> {
    let mut found = Vec::new();
    for Stated { subject, text, country, as_of, is_number } in &people.stated {
        let mut candidates: Vec<u32> = one_slip_from(text.reveal(), *country, *as_of)
            .iter()
            .filter(|id| !is_number || holds(id))
            .filter_map(|id| who(&people.indexes, hasher.index(id)))
            .map(&root)
            .filter(|other| *other != root(*subject))
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        let mut agreeing = candidates.into_iter().filter_map(|candidate| {
            members(candidate).into_iter().find(|other| agree(people, *subject, *other, *is_number))
        });
        // Two that agree are twins more often than a slip.
        if let (Some(only), None) = (agreeing.next(), agreeing.next()) {
            found.push(Slip { loose: *subject, other: only, is_number: *is_number });
        }
    }
    found
}

fn who(indexes: &[(BlindIndex, u32)], wanted: BlindIndex) -> Option<u32> {
    let at = indexes.partition_point(|(index, _)| *index < wanted);
    indexes.get(at).filter(|(index, _)| *index == wanted).map(|(_, subject)| *subject)
}

/// Whether a number's check digits hold.
fn holds(id: &NationalId) -> bool {
    id.evidence().is_some_and(|read| read.check() == Check::Holds)
}

/// Whether name and birth date of two are stated and agree; or are `equal`.
fn agree(people: &People, one: u32, other: u32, equal: bool) -> bool {
    let both = |column| Some((people.value(column, one)?, people.value(column, other)?));
    let Some((born, other_born)) = both(BORN) else { return false };
    let (Some(given), Some(surname)) = (both(GIVEN), both(SURNAME)) else { return false };
    if equal {
        let same = |(one, other): (&str, &str)| one.to_lowercase() == other.to_lowercase();
        return born == other_born && same(given) && same(surname);
    }
    let straight = are_alike_names(given.0, given.1) && are_alike_names(surname.0, surname.1);
    let swapped = are_alike_names(given.0, surname.1) && are_alike_names(surname.0, given.1);
    born == other_born && (straight || swapped)
}

#[cfg(test)]
mod tests {
    use model::national_id::Slip;

    use super::*;

    const TODAY: Date = Date::constant(2026, 1, 1);

    fn one_slip_from_norwegian(text: &str) -> Vec<NationalId> {
        one_slip_from(text, Country::Norway, TODAY)
    }

    #[test]
    fn every_slip_is_undone_and_nothing_farther_is_found() {
        let id = NationalId::synthetic(Date::constant(1957, 3, 14), 345).unwrap();
        let digits = id.reveal();
        let mut slips = 0;
        for at in 0..11 {
            let mut wrong = digits;
            wrong[at] = b'0' + (wrong[at] - b'0' + 3) % 10;
            let mut swapped = digits;
            swapped.swap(at, (at + 1).min(10));
            for spoilt in [wrong, swapped] {
                let text = std::str::from_utf8(&spoilt).unwrap();
                if NationalId::parse(text).is_ok() {
                    continue;
                }
                let found = one_slip_from_norwegian(text);
                assert!(found.contains(&id), "slip at {at}");
                for other in &found {
                    assert!(Slip::between(&other.reveal(), &spoilt).is_some());
                }
                slips += 1;
            }
        }
        assert!(slips > 15, "{slips}");
    }

    #[test]
    fn what_is_no_number_at_all_is_near_none() {
        for text in ["", "unknown", "1234567890", "123456789012", "1481573451x"] {
            assert!(one_slip_from_norwegian(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_slip_is_undone_by_the_rules_of_the_country() {
        // Numbers of people who died before any were given.
        for (country, whole, spoilt) in [
            (Country::Denmark, "140358-5012", "410358-5012"),
            (Country::Sweden, "18250314-0019", "18250314-0029"),
            (Country::Finland, "140325+0022", "140325*0022"),
            (Country::Finland, "140325+0022", "140352+0022"),
        ] {
            let whole = (0..36)
                .filter_map(|last| char::from_digit(last, 36))
                .map(|last| format!("{}{}", &whole[..whole.len() - 1], last.to_ascii_uppercase()))
                .find_map(|text| NationalId::read(country, &text, TODAY).ok());
            let whole = whole.unwrap();
            let written = whole.written();
            let last = &written[written.len() - 1..];
            let spoilt = format!("{}{last}", &spoilt[..spoilt.len() - 1]);
            assert!(NationalId::read(country, &spoilt, TODAY).is_err(), "{country:?}");
            let found = one_slip_from(&spoilt, country, TODAY);
            assert!(found.contains(&whole), "{country:?}");
        }
        assert!(one_slip_from("140358501", Country::Denmark, TODAY).is_empty());
        assert!(one_slip_from("14035a5012", Country::Denmark, TODAY).is_empty());
    }
}
