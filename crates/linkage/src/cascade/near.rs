//! Numbers that are one slip of the pen from a number that holds.
//!
//! What stood where a number belongs is spoilt in every way that one slip could have
//! come about, and what then holds is looked up by its blind index: nothing but the
//! spoilt text itself is ever compared as digits.

use model::NationalId;
use vault::{BlindHasher, BlindIndex};
use zeroize::Zeroizing;

use super::people::{BORN, GIVEN, People, SURNAME};
use crate::probabilistic::are_alike_names;

/// Of two strangers with one birthday, one in so many has a number one slip from a
/// spoilt one, in bits: a day has some four hundred numbers, and a spoilt text is one
/// slip from about one of them.
pub(super) const SLIP_BITS: f64 = 8.0;

/// Every number that holds and is one wrong digit or one swap of neighbours from
/// `stated`.
pub(super) fn one_slip_from(stated: &str) -> Vec<NationalId> {
    let digits: Zeroizing<Vec<u8>> =
        Zeroizing::new(stated.bytes().filter(|byte| !matches!(byte, b' ' | b'-')).collect());
    if digits.len() != 11 || !digits.iter().all(u8::is_ascii_digit) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut take = |text: &[u8]| {
        let holds = std::str::from_utf8(text).ok().and_then(|text| NationalId::parse(text).ok());
        found.extend(holds);
    };
    let mut spoilt = digits.clone();
    for at in 0..digits.len() {
        let Some(own) = digits.get(at).copied() else { continue };
        for other in (b'0'..=b'9').filter(|other| *other != own) {
            if let Some(digit) = spoilt.get_mut(at) {
                *digit = other;
            }
            take(&spoilt);
        }
        if let Some(digit) = spoilt.get_mut(at) {
            *digit = own;
        }
        if at + 1 < digits.len() && digits.get(at + 1) != Some(&own) {
            spoilt.swap(at, at + 1);
            take(&spoilt);
            spoilt.swap(at, at + 1);
        }
    }
    found
}

/// For each subject whose number is one slip from that of exactly one other whose name
/// and birth agree: the two, in the order of subjects. `root` tells who is one person
/// already.
pub(super) fn found(
    people: &People,
    hasher: &BlindHasher,
    root: impl Fn(u32) -> u32,
    members: impl Fn(u32) -> Vec<u32>,
) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for (subject, stated) in &people.stated {
        let mut candidates: Vec<u32> = one_slip_from(stated.reveal())
            .iter()
            .filter_map(|id| who(&people.indexes, hasher.index(id)))
            .map(&root)
            .filter(|other| *other != root(*subject))
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        let mut agreeing = candidates.into_iter().filter_map(|candidate| {
            members(candidate).into_iter().find(|other| agree(people, *subject, *other))
        });
        // Two that agree are twins more often than a slip.
        if let (Some(only), None) = (agreeing.next(), agreeing.next()) {
            found.push((*subject, only));
        }
    }
    found
}

fn who(indexes: &[(BlindIndex, u32)], wanted: BlindIndex) -> Option<u32> {
    let at = indexes.partition_point(|(index, _)| *index < wanted);
    indexes.get(at).filter(|(index, _)| *index == wanted).map(|(_, subject)| *subject)
}

/// Whether name and birth date of two are stated and agree.
fn agree(people: &People, one: u32, other: u32) -> bool {
    let both = |column| Some((people.value(column, one)?, people.value(column, other)?));
    let Some((born, other_born)) = both(BORN) else { return false };
    let (Some(given), Some(surname)) = (both(GIVEN), both(SURNAME)) else { return false };
    let straight = are_alike_names(given.0, given.1) && are_alike_names(surname.0, surname.1);
    let swapped = are_alike_names(given.0, surname.1) && are_alike_names(surname.0, given.1);
    born == other_born && (straight || swapped)
}

#[cfg(test)]
mod tests {
    use model::Date;
    use model::national_id::Slip;

    use super::*;

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
                let found = one_slip_from(text);
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
            assert!(one_slip_from(text).is_empty(), "{text}");
        }
    }
}
