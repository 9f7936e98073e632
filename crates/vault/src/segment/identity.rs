//! An identity as bytes: inside the vault's memory and, encrypted, its files.
//!
//! ```text
//! 11 digits | which of the three follow | name | birth date | contact | zeros
//! ```

use model::{Date, NationalId, Secret};
use source::{BirthDate, Identity};

const NAME: u8 = 1;
const BIRTH_DATE: u8 = 2;
const CONTACT: u8 = 4;

/// Ciphertexts are padded to whole multiples of this.
const PADDING: usize = 32;

/// Which parts an identity has, one bit each.
pub(super) fn parts(identity: &Identity) -> u8 {
    let mut parts = 0;
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

/// How many bytes [`pack`] writes at the most.
pub(super) fn packed_len(identity: &Identity) -> usize {
    let text = |text: &Option<Secret<String>>| text.as_ref().map_or(0, |t| 4 + t.reveal().len());
    11 + 1 + text(&identity.name) + text(&identity.contact) + 4
}

/// Puts the parts of `identity` that `wanted` names after `out`, without padding.
pub(super) fn pack(identity: &Identity, wanted: u8, out: &mut Vec<u8>) {
    let parts = parts(identity) & wanted;
    out.extend_from_slice(&identity.national_id.reveal());
    out.push(parts);
    let mut text = |text: &Option<Secret<String>>, part: u8| {
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
}

/// Zeros after `packed`, up to a whole multiple of 32 bytes.
pub(super) fn pad(packed: &mut Vec<u8>) {
    packed.resize(packed.len().next_multiple_of(PADDING), 0);
}

/// The identity number alone.
pub(super) fn unpack_id(bytes: &[u8]) -> Option<NationalId> {
    NationalId::parse(std::str::from_utf8(bytes.get(..11)?).ok()?).ok()
}

/// The whole identity.
pub(super) fn unpack(bytes: &[u8]) -> Option<Identity> {
    let national_id = unpack_id(bytes)?;
    let (parts, mut rest) = bytes.get(11..)?.split_first()?;
    let mut text = |part: u8| -> Option<Option<Secret<String>>> {
        if parts & part == 0 {
            return Some(None);
        }
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (text, after) = after.split_at_checked(u32::from_le_bytes(*length).try_into().ok()?)?;
        rest = after;
        Some(Some(Secret::new(std::str::from_utf8(text).ok()?.to_owned())))
    };
    let name = text(NAME)?;
    let contact = text(CONTACT)?;
    let mut birth_date = None;
    if parts & BIRTH_DATE != 0 {
        let ([y0, y1, month, day], after) = rest.split_first_chunk::<4>()?;
        rest = after;
        let year = i16::from_le_bytes([*y0, *y1]);
        let date = Date::new(year, month.cast_signed(), day.cast_signed()).ok()?;
        birth_date = Some(BirthDate::new(date));
    }
    rest.iter().all(|byte| *byte == 0).then_some(Identity {
        national_id,
        name,
        birth_date,
        contact,
    })
}

/// What `earlier` says, and what `later` adds to it.
pub(super) fn merge(earlier: Identity, later: Identity) -> Identity {
    Identity {
        national_id: earlier.national_id,
        name: earlier.name.or(later.name),
        birth_date: earlier.birth_date.or(later.birth_date),
        contact: earlier.contact.or(later.contact),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn revealed(identity: &Identity) -> (Vec<u8>, Option<String>, Option<Date>, Option<String>) {
        (
            identity.national_id.reveal().to_vec(),
            identity.name.as_ref().map(|name| name.reveal().clone()),
            identity.birth_date.as_ref().map(BirthDate::reveal),
            identity.contact.as_ref().map(|contact| contact.reveal().clone()),
        )
    }

    prop_compose! {
        fn identity()(
            day in 1_i8..28, individual in 0_u16..1000, name in proptest::option::of(".{0,40}"),
            contact in proptest::option::of(".{0,40}"), born in proptest::bool::ANY,
        ) -> Option<Identity> {
            let date = Date::constant(1961, 7, 1).with().day(day).build().unwrap();
            Some(Identity {
                national_id: NationalId::synthetic(date, individual)?,
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
            pack(&identity, u8::MAX, &mut packed);
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
        }
    }
}
