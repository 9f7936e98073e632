//! National identity numbers to keys that mean nothing elsewhere: HMAC-SHA256
//! (RFC 2104), cut to 128 bits (RFC 2104 section 5).

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use model::{NationalId, SourceId};
use sha2::Sha256;
use source::{Pseudonymiser, SubjectKey};
use zeroize::Zeroizing;

use crate::key::Key;

/// HMAC-SHA256 with the two key blocks hashed beforehand, so that an identity
/// number costs two runs of the compression function.
pub(crate) struct Hasher(Hmac<Sha256>);

impl Hasher {
    pub(crate) fn new(key: &Key) -> Self {
        // HMAC takes a key of its block's length as it is: no step can fail.
        let mut block = Zeroizing::new([0_u8; 64]);
        for (to, from) in block.iter_mut().zip(key.reveal()) {
            *to = *from;
        }
        Self(Hmac::new(&(*block).into()))
    }

    fn hash(&self, id: &NationalId) -> [u8; 16] {
        self.hash_bytes(&[Zeroizing::new(id.reveal()).as_ref()])
    }

    pub(crate) fn hash_bytes(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut hmac = self.0.clone();
        for part in parts {
            hmac.update(part);
        }
        let full: [u8; 32] = hmac.finalize().into_bytes().into();
        let [half, _] = bisect(full);
        half
    }
}

fn bisect(full: [u8; 32]) -> [[u8; 16]; 2] {
    let mut halves = [[0_u8; 16]; 2];
    for (to, from) in halves.iter_mut().flatten().zip(full) {
        *to = from;
    }
    halves
}

/// Turns identity numbers into the subject keys of one source.
pub struct SubjectHasher(Hasher);

impl SubjectHasher {
    pub(crate) fn new(key: &Key) -> Self {
        Self(Hasher::new(key))
    }
}

impl Pseudonymiser for SubjectHasher {
    fn subject(&self, id: &NationalId) -> SubjectKey {
        SubjectKey(self.0.hash(id))
    }

    fn local(&self, id: &str) -> SubjectKey {
        // No national number begins so: the two never meet.
        SubjectKey(self.0.hash_bytes(&[b"local\0", id.as_bytes()]))
    }
}

impl fmt::Debug for SubjectHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectHasher([redacted])")
    }
}

/// Who a person is within one permit's linkage: equal for equal identity
/// numbers of different sources, unrelated to every other permit's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlindIndex(pub(crate) [u8; 16]);

impl BlindIndex {
    /// The index as a number that orders as the index does.
    pub const fn number(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndex([redacted])")
    }
}

/// Turns identity numbers into the blind indexes of one permit.
pub struct BlindHasher(Hasher);

impl BlindHasher {
    pub(crate) fn new(key: &Key) -> Self {
        Self(Hasher::new(key))
    }

    /// The index of the person that `id` belongs to.
    pub fn index(&self, id: &NationalId) -> BlindIndex {
        BlindIndex(self.0.hash(id))
    }

    /// The index of somebody who has no number that could be compared: nobody
    /// else's, in any source.
    pub fn index_alone(&self, source: &SourceId, subject: SubjectKey) -> BlindIndex {
        BlindIndex(self.0.hash_bytes(&[b"alone\0", source.as_str().as_bytes(), b"\0", &subject.0]))
    }
}

impl fmt::Debug for BlindHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindHasher([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use model::{Date, SeededEntropy};

    use super::*;

    fn id() -> NationalId {
        NationalId::synthetic(Date::constant(1957, 3, 14), 345).unwrap()
    }

    #[test]
    fn a_subject_key_is_the_first_half_of_the_hmac_of_the_digits() {
        let key = Key::random(&SeededEntropy::new(1));
        let mut hmac = Hmac::<Sha256>::new_from_slice(key.reveal()).unwrap();
        hmac.update(&id().reveal());
        let expected = hmac.finalize().into_bytes();
        assert_eq!(SubjectHasher::new(&key).subject(&id()).0, expected[..16]);
    }

    #[test]
    fn a_registers_own_number_never_meets_a_national_one() {
        let hasher = SubjectHasher::new(&Key::random(&SeededEntropy::new(1)));
        let digits = String::from_utf8(id().reveal().to_vec()).unwrap();
        assert_ne!(hasher.local(&digits), hasher.subject(&id()));
        assert_ne!(hasher.local("17"), hasher.local("18"));
        assert_eq!(hasher.local("17"), hasher.local("17"));
    }

    #[test]
    fn one_person_has_unrelated_keys_under_two_keys() {
        let entropy = SeededEntropy::new(1);
        let keys = [Key::random(&entropy), Key::random(&entropy)];
        let [a, b] = keys.map(|key| SubjectHasher::new(&key).subject(&id()));
        assert_ne!(a, b);
    }
}
