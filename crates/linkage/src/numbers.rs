//! Person numbers in random order: dense, 1 to N, unrelated from one extract to
//! the next.

use model::Entropy;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use zeroize::Zeroize;

/// The numbers 1 to `count` in random order, each order equally likely: the
/// shuffle of Fisher and Yates (Durstenfeld 1964, "Algorithm 235") on ChaCha20
/// from a seed that `entropy` gives. The seed is kept nowhere: the order cannot
/// be worked out again.
pub fn shuffled(count: u32, entropy: &dyn Entropy) -> Vec<i32> {
    let mut seed = [0_u8; 32];
    entropy.fill(&mut seed);
    let mut random = ChaCha20Rng::from_seed(seed);
    seed.zeroize();
    let mut numbers: Vec<i32> = (1..=count).map(u32::cast_signed).collect();
    for last in (1..count).rev() {
        let drawn = below(last + 1, &mut random);
        numbers.swap(last as usize, drawn as usize);
    }
    numbers
}

/// A number below `bound`, each equally likely: Lemire 2019, "Fast random
/// integer generation in an interval", algorithm 5.
fn below(bound: u32, random: &mut ChaCha20Rng) -> u32 {
    let draw = |random: &mut ChaCha20Rng| u64::from(random.next_u32()) * u64::from(bound);
    let mut product = draw(random);
    let threshold = bound.wrapping_neg() % bound.max(1);
    while low(product) < threshold {
        product = draw(random);
    }
    high(product)
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn low(product: u64) -> u32 {
    product as u32
}

const fn high(product: u64) -> u32 {
    (product >> 32) as u32
}

#[cfg(test)]
mod tests {
    use model::SeededEntropy;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_from_one_to_the_count_comes_once(count in 0_u32..2000, seed: u64) {
            let mut numbers = shuffled(count, &SeededEntropy::new(seed));
            numbers.sort_unstable();
            prop_assert!(numbers.iter().copied().eq(1..=count.cast_signed()));
        }
    }

    #[test]
    fn every_order_of_four_is_as_likely_as_any_other() {
        let entropy = SeededEntropy::new(7);
        let mut seen = std::collections::BTreeMap::new();
        let rounds = 24_000;
        for _ in 0..rounds {
            *seen.entry(shuffled(4, &entropy)).or_insert(0_u32) += 1;
        }
        assert_eq!(seen.len(), 24);
        // Chi-squared with 23 degrees of freedom: above 49.7 once in a thousand.
        let expected = f64::from(rounds) / 24.0;
        let chi: f64 = seen.values().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
        assert!(chi < 49.7, "{chi}");
    }
}
