//! The keys of people met a moment ago, so that an HMAC is made about once per
//! person and not with every row.

use model::NationalId;
use zeroize::Zeroize;

use crate::subject::SubjectKey;

/// Two people whose numbers fall on the same place: one line of the processor's cache.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Pair {
    numbers: [u64; 2],
    keys: [[u8; 16]; 2],
}

/// From national identity numbers to keys. Forgets: a place holds two people,
/// and a third takes the place of the one before last. Wiped when dropped.
pub(crate) struct Known {
    pairs: Vec<Pair>,
    seed: u64,
}

impl Known {
    /// Room for the people of files of so many bytes, 64 MiB at the most.
    pub(crate) fn for_bytes(bytes: u64, seed: u64) -> Self {
        let people = usize::try_from(bytes / 64).unwrap_or(usize::MAX);
        let pairs = people.clamp(1 << 8, 1 << 20).next_power_of_two();
        Self { pairs: vec![Pair::default(); pairs], seed: seed | 1 }
    }

    /// Numbers that follow one another fall on different places.
    fn place(&self, number: u64) -> usize {
        let spread = (number ^ self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        usize::try_from(spread).unwrap_or_default() & (self.pairs.len() - 1)
    }

    /// The person's key, if it is remembered. `number`: see [`number_of`].
    pub(crate) fn get(&self, number: u64) -> Option<SubjectKey> {
        let pair = self.pairs.get(self.place(number))?;
        let at = pair.numbers.iter().position(|known| *known == number)?;
        pair.keys.get(at).copied().map(SubjectKey)
    }

    /// Remembers the person's key.
    pub(crate) fn put(&mut self, number: u64, key: SubjectKey) {
        let place = self.place(number);
        if let Some(pair) = self.pairs.get_mut(place) {
            let [first, _] = pair.numbers;
            let [first_key, _] = pair.keys;
            pair.numbers = [number, first];
            pair.keys = [key.0, first_key];
        }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        for pair in &mut self.pairs {
            pair.numbers.zeroize();
            pair.keys.zeroize();
        }
    }
}

/// The eleven digits as a number, plus one so that nobody is 0.
pub(crate) fn number_of(id: &NationalId) -> u64 {
    id.reveal().iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')) + 1
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    proptest::proptest! {
        #[test]
        fn nobody_gets_the_key_of_another(numbers in proptest::collection::vec(1..2000_u64, 1..4000)) {
            let mut known = Known::for_bytes(0, 9);
            let mut all = HashMap::new();
            for (at, number) in numbers.into_iter().enumerate() {
                let key = *all.entry(number).or_insert_with(|| {
                    SubjectKey(u128::try_from(at).unwrap().to_be_bytes())
                });
                match known.get(number) {
                    Some(found) => proptest::prop_assert_eq!(found, key),
                    None => known.put(number, key),
                }
                proptest::prop_assert_eq!(known.get(number), Some(key));
            }
        }
    }

    #[test]
    fn two_people_on_one_place_are_both_remembered() {
        let mut known = Known::for_bytes(0, 9);
        let mut same = (1..).filter(|n| known.place(*n) == known.place(1)).take(3).collect::<Vec<_>>();
        for number in &same {
            known.put(*number, SubjectKey([u8::try_from(number % 251).unwrap(); 16]));
        }
        assert_eq!(known.get(same.remove(0)), None);
        for number in same {
            assert_eq!(known.get(number), Some(SubjectKey([u8::try_from(number % 251).unwrap(); 16])));
        }
    }
}
