//! Short texts such as dates and postcodes, made ready to be compared two by two.

use std::collections::HashMap;
use std::num::NonZeroU64;

use super::likeness::{distance_within, letter_set, letters};
use super::records::MISSING;

/// The letters of each value, and which there are.
#[derive(Debug)]
pub(super) struct Texts {
    values: Vec<(Box<[u16]>, u64)>,
    /// The same in one word each, where they fit.
    short: Vec<Option<Short>>,
}

impl Texts {
    pub(super) fn new(values: &[Box<str>]) -> Self {
        let of = |value: &str| {
            let letters = letters(value);
            let set = letter_set(&letters);
            (letters.into_boxed_slice(), set)
        };
        let values: Vec<_> = values.iter().map(|value| of(value)).collect();
        let short = values.iter().map(|(letters, _)| Short::new(letters)).collect();
        Self { values, short }
    }

    fn get(&self, at: u32) -> (&[u16], u64) {
        let (letters, set) = &self.values[at as usize];
        (letters, *set)
    }

    pub(super) fn distance(&self, a: u32, b: u32, most: usize) -> Option<usize> {
        distance_within(self.get(a), self.get(b), most)
    }

    /// Whether two different values are one change apart.
    pub(super) fn are_near(&self, a: u32, b: u32) -> bool {
        match (self.short[a as usize], self.short[b as usize]) {
            (Some(a), Some(b)) if a.length() == b.length() => a.is_near(b),
            _ => self.distance(a, b, 1).is_some(),
        }
    }
}

/// A text of at most eight letters of eight bits, in one word.
#[derive(Debug, Clone, Copy)]
struct Short(NonZeroU64);

impl Short {
    /// `None`: it does not fit.
    fn new(text: &[u16]) -> Option<Self> {
        let mut word = 0_u64;
        for letter in text {
            let letter = u8::try_from(*letter).ok().filter(|letter| *letter != 0)?;
            word = (word >> 56 == 0).then_some(word << 8 | u64::from(letter))?;
        }
        NonZeroU64::new(word).map(Self)
    }

    const fn length(self) -> u32 {
        8 - self.0.leading_zeros() / 8
    }

    /// Whether two different texts of one length are one letter apart, or two neighbours
    /// that stand the other way round.
    const fn is_near(self, other: Self) -> bool {
        let (a, b) = (self.0.get(), other.0.get());
        let (first, last) = ((a ^ b).leading_zeros() / 8, 7 - (a ^ b).trailing_zeros() / 8);
        let shift = (a ^ b).trailing_zeros() / 8 * 8;
        let is_swapped = ((a >> shift) as u16).swap_bytes() == (b >> shift) as u16;
        first == last || (first + 1 == last && is_swapped)
    }
}

/// For each code the numbers of its sector, district and area.
pub(super) fn postcode_parts(texts: &Texts) -> Vec<[u32; 3]> {
    let mut numbers: HashMap<&[u16], u32> = HashMap::new();
    let mut parts = Vec::with_capacity(texts.values.len());
    for (code, _) in &texts.values {
        parts.push(ends_of_parts(code).map(|end| {
            let next = numbers.len() as u32;
            if end == 0 { MISSING } else { *numbers.entry(&code[..end]).or_insert(next) }
        }));
    }
    parts
}

/// Where sector, district and area end. A British postcode says its area by one or two
/// letters, its district by all before the last three, its sector by one more. Of a
/// number the first digit is the area, the first two the district, all but the last the
/// sector.
fn ends_of_parts(code: &[u16]) -> [usize; 3] {
    let is_letter = |letter: &&u16| !(u16::from(b'0')..=u16::from(b'9')).contains(*letter);
    let area = code.iter().take_while(is_letter).count();
    let n = code.len();
    if area > 0 {
        [n.saturating_sub(2).max(area), n.saturating_sub(3).max(area), area]
    } else {
        [n.saturating_sub(1), n.min(2), n.min(1)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn near_is_one_change_away(a in "[a-cå]{0,9}", b in "[a-cå]{0,9}", c in "[0-2]{8}", d in "[0-2]{8}") {
            for (a, b) in [(a, b), (c, d)] {
                let texts = Texts::new(&[a.as_str().into(), b.as_str().into()]);
                let distance = strsim::damerau_levenshtein(&a, &b);
                prop_assert!(a == b || texts.are_near(0, 1) == (distance == 1), "{a} {b}");
            }
        }
    }
}
