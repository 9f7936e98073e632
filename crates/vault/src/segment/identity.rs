//! An identity as bytes: inside the vault's memory and, encrypted, its files.
//!
//! ```text
//! number   | which parts follow | name | contact | birth date | clues | zeros
//! ```
//!
//! A national number has eleven bytes ([`NationalId::reveal`]); zeros stand where there is
//! none that holds. Clues are
//! their number, then each one's kind, length and text.

use model::{Date, NationalId, Secret};
use source::{BirthDate, Clue, Clues, Identity};

/// Parts of an identity, one bit each: three, and behind them a clue of each kind.
pub(super) type Parts = u16;

const NAME: Parts = 1;
const BIRTH_DATE: Parts = 2;
const CONTACT: Parts = 4;
/// In a file one bit says that there are clues.
const CLUES: u8 = 8;
const NO_NUMBER: [u8; 11] = [0; 11];

/// Ciphertexts are padded to whole multiples of this.
const PADDING: usize = 32;

/// Which parts an identity has, one bit each.
pub(super) fn parts(identity: &Identity) -> Parts {
    let mut parts = 0;
    for (clue, _) in identity.clues.iter() {
        parts |= bit(clue);
    }
    if identity.name.is_some() {
        parts |= NAME;
    }
    if identity.birth_date.is_some() {
        parts |= BIRTH_DATE;
    }
    if identity.contact.is_some() {
        parts |= CONTACT;
    }
    parts
}

/// The parts that change in a life, of which a later row may say something else.
pub(super) fn changing() -> Parts {
    Clue::ALL.into_iter().filter(|clue| clue.changes()).map(bit).fold(0, |all, one| all | one)
}

fn bit(clue: Clue) -> Parts {
    8 << clue.code()
}

/// How many bytes [`pack`] writes at the most.
pub(super) fn packed_len(identity: &Identity) -> usize {
    let text = |text: &Option<Secret<String>>| text.as_ref().map_or(0, |t| 4 + t.reveal().len());
    let clues: usize = identity.clues.iter().map(|(_, text)| 5 + text.reveal().len()).sum();
    11 + 1 + text(&identity.name) + text(&identity.contact) + 4 + 1 + clues
}

/// Puts the parts of `identity` that `wanted` names after `out`, without padding.
pub(super) fn pack(identity: &Identity, wanted: Parts, out: &mut Vec<u8>) {
    let parts = parts(identity) & wanted;
    out.extend_from_slice(&identity.national_id.as_ref().map_or(NO_NUMBER, NationalId::reveal));
    let [plain, _] = (parts & (NAME | BIRTH_DATE | CONTACT)).to_le_bytes();
    let clues = || identity.clues.iter().filter(|(clue, _)| parts & bit(*clue) != 0);
    let count = u8::try_from(clues().count()).unwrap_or(u8::MAX);
    out.push(if count > 0 { plain | CLUES } else { plain });
    let mut text = |text: &Option<Secret<String>>, part: Parts| {
        if let Some(text) = text.as_ref().filter(|_| parts & part != 0) {
            let text = text.reveal().as_bytes();
            // The writer refuses what is longer than half a record.
            out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            out.extend_from_slice(text);
        }
    };
    text(&identity.name, NAME);
    text(&identity.contact, CONTACT);
    if let Some(born) = identity.birth_date.as_ref().filter(|_| parts & BIRTH_DATE != 0) {
        let born = born.reveal();
        out.extend_from_slice(&born.year().to_le_bytes());
        out.extend_from_slice(&[born.month().cast_unsigned(), born.day().cast_unsigned()]);
    }
    if count > 0 {
        out.push(count);
        for (clue, text) in clues() {
            let text = text.reveal().as_bytes();
            out.push(clue.code());
            out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            out.extend_from_slice(text);
        }
    }
}

/// Zeros after `packed`, up to a whole multiple of 32 bytes.
pub(super) fn pad(packed: &mut Vec<u8>) {
    packed.resize(packed.len().next_multiple_of(PADDING), 0);
}

/// The identity number alone, if there is one; `None` outside: damage.
#[expect(clippy::option_option, reason = "damage is not the same as no number")]
pub(super) fn unpack_id(bytes: &[u8]) -> Option<Option<NationalId>> {
    let digits = bytes.get(..11)?;
    if digits == NO_NUMBER {
        return Some(None);
    }
    Some(Some(NationalId::of_kept(digits)?))
}

/// The whole identity.
pub(super) fn unpack(bytes: &[u8]) -> Option<Identity> {
    let national_id = unpack_id(bytes)?;
    let (kept, mut rest) = bytes.get(11..)?.split_first()?;
    let parts = Parts::from(*kept);
    let mut name = None;
    let mut contact = None;
    for (part, to) in [(NAME, &mut name), (CONTACT, &mut contact)] {
        if parts & part != 0 {
            *to = Some(take_text(&mut rest)?);
        }
    }
    let mut birth_date = None;
    if parts & BIRTH_DATE != 0 {
        let ([y0, y1, month, day], after) = rest.split_first_chunk::<4>()?;
        rest = after;
        let year = i16::from_le_bytes([*y0, *y1]);
        let date = Date::new(year, month.cast_signed(), day.cast_signed()).ok()?;
        birth_date = Some(BirthDate::new(date));
    }
    let mut clues = Clues::default();
    if kept & CLUES != 0 {
        let (count, after) = rest.split_first()?;
        rest = after;
        for _ in 0..*count {
            let (code, after) = rest.split_first()?;
            rest = after;
            clues.put(Clue::of_code(*code)?, take_text(&mut rest)?);
        }
    }
    rest.iter().all(|byte| *byte == 0).then_some(Identity {
        national_id,
        name,
        birth_date,
        contact,
        clues,
    })
}

/// Takes a text with its length before it off `bytes`.
fn take_text(bytes: &mut &[u8]) -> Option<Secret<String>> {
    let (length, after) = bytes.split_first_chunk::<4>()?;
    let (text, after) = after.split_at_checked(u32::from_le_bytes(*length).try_into().ok()?)?;
    *bytes = after;
    Some(Secret::new(std::str::from_utf8(text).ok()?.to_owned()))
}

/// What `earlier` says, and what `later` adds to it.
pub(super) fn merge(earlier: Identity, later: Identity) -> Identity {
    Identity {
        national_id: earlier.national_id,
        name: earlier.name.or(later.name),
        birth_date: earlier.birth_date.or(later.birth_date),
        contact: earlier.contact.or(later.contact),
        clues: earlier.clues.and(later.clues),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Revealed =
        (Option<Vec<u8>>, Option<String>, Option<Date>, Option<String>, Vec<Option<String>>);

    fn revealed(identity: &Identity) -> Revealed {
        (
            identity.national_id.as_ref().map(|id| id.reveal().to_vec()),
            identity.name.as_ref().map(|name| name.reveal().clone()),
            identity.birth_date.as_ref().map(BirthDate::reveal),
            identity.contact.as_ref().map(|contact| contact.reveal().clone()),
            Clue::ALL.map(|clue| identity.clues.reveal(clue).map(ToOwned::to_owned)).to_vec(),
        )
    }

    prop_compose! {
        fn identity()(
            day in 1_i8..28, individual in 0_u16..1000, name in proptest::option::of(".{0,40}"),
            contact in proptest::option::of(".{0,40}"), born in proptest::bool::ANY,
            numbered in proptest::bool::ANY,
            said in proptest::collection::vec((0_u8..8, ".{0,20}"), 0..6),
        ) -> Option<Identity> {
            let date = Date::constant(1961, 7, 1).with().day(day).build().unwrap();
            let national_id = NationalId::synthetic(date, individual)?;
            let mut clues = Clues::default();
            for (code, text) in said {
                clues.put(Clue::of_code(code).unwrap(), Secret::new(text));
            }
            Some(Identity {
                national_id: numbered.then_some(national_id),
                clues,
                name: name.map(Secret::new),
                birth_date: born.then(|| BirthDate::new(date)),
                contact: contact.map(Secret::new),
            })
        }
    }

    proptest! {
        #[test]
        fn an_identity_reads_back_and_its_length_is_a_whole_number_of_blocks(
            identity in identity(),
        ) {
            let Some(identity) = identity else { return Ok(()) };
            let mut packed = Vec::new();
            pack(&identity, Parts::MAX, &mut packed);
            prop_assert!(packed.len() <= packed_len(&identity));
            pad(&mut packed);
            prop_assert_eq!(packed.len() % PADDING, 0);
            prop_assert_eq!(revealed(&unpack(&packed).unwrap()), revealed(&identity));
            for cut in 0..12 {
                prop_assert!(unpack(&packed[..cut]).is_none());
            }
        }

        #[test]
        fn what_was_stated_first_stays_and_what_was_missing_is_added(
            a in identity(), b in identity(),
        ) {
            let (Some(a), Some(b)) = (a, b) else { return Ok(()) };
            let (first, second) = (revealed(&a), revealed(&b));
            let merged = revealed(&merge(a, b));
            prop_assert_eq!(merged.0, first.0);
            prop_assert_eq!(merged.1, first.1.or(second.1));
            prop_assert_eq!(merged.2, first.2.or(second.2));
            prop_assert_eq!(merged.3, first.3.or(second.3));
            for ((merged, first), second) in merged.4.into_iter().zip(first.4).zip(second.4) {
                prop_assert_eq!(merged, first.or(second));
            }
        }
    }
}
