//! Draws that repeat: quick, and for nothing that must not be guessed.

/// A sequence of draws (`SplitMix64`: Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014).
pub(super) struct Draws(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Draws {
    /// The sequence of one lot for one purpose.
    pub(super) const fn of(seed: u64, lot: u64, purpose: u64) -> Self {
        Self(mix(mix(mix(seed ^ STEP).wrapping_add(lot)).wrapping_add(purpose)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number below `bound`; 0 when it is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        // Lemire's multiplication: the bias below 2^32 is of no matter here.
        let wide = u128::from(self.next()) * u128::from(bound);
        u32::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: i32, most: i32) -> i32 {
        let span = u32::try_from(most - least + 1).unwrap_or_default();
        least + i32::try_from(self.below(span)).unwrap_or_default()
    }

    /// Whether something that happens `per_mille` times in a thousand happens.
    pub(super) fn happens(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// One of them, each as probable.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let at = self.below(u32::try_from(of.len()).unwrap_or_default());
        of.get(at as usize).copied()
    }

    /// One of them, the first far more often than the last, as names are.
    pub(super) fn common<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let count = u32::try_from(of.len()).unwrap_or_default();
        let at = self.below(count).min(self.below(count));
        of.get(at as usize).copied().unwrap_or_default()
    }

    /// Puts them in random order.
    pub(super) fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            let other = self.below(u32::try_from(at + 1).unwrap_or_default());
            all.swap(at, other as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_differ_by_lot_and_purpose() {
        let all = |seed, lot, purpose| {
            let mut draws = Draws::of(seed, lot, purpose);
            (0..8).map(|_| draws.below(1 << 30)).collect::<Vec<_>>()
        };
        assert_eq!(all(1, 2, 3), all(1, 2, 3));
        assert_ne!(all(1, 2, 3), all(1, 3, 2));
        assert_ne!(all(1, 2, 3), all(2, 2, 3));
        let mut draws = Draws::of(7, 0, 0);
        let mean = (0..10_000).map(|_| draws.below(100)).sum::<u32>() / 10_000;
        assert!((48..52).contains(&mean), "{mean}");
        assert!((0..1000).all(|_| (-3..=3).contains(&draws.between(-3, 3))));
    }
}
