//! Filters that give less away, for some loss in linking.
//!
//! * *Balancing* (Schnell and Borgs, "Randomized response and balanced Bloom
//!   filters", 2016): a filter is followed by its complement and the bits are
//!   shuffled by the key, so that every filter has as many ones. How much text a
//!   record has is no longer seen.
//! * *Diffusion* (Armknecht, Heng and Schnell, "Strengthening privacy-preserving
//!   record linkage using diffusion", 2023): every bit is replaced by the sum
//!   modulo 2 of `spread` bits that the key picks, so that a bit no longer stands
//!   for a token.
//!
//! Diffusion comes first where both are asked for: the other way around the sums
//! would not be balanced.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::keys::{self, KeyError};
use super::schema::KeyHash;

/// How filters are hardened; both sides must do the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hardening {
    /// Every bit becomes the sum of so many; 0 changes nothing.
    pub spread: usize,
    /// Whether a filter is followed by its complement.
    pub balanced: bool,
}

/// Why filters cannot be hardened so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HardeningError {
    /// More bits than there are, or than keep records comparable.
    #[error("bits can be spread over 2 to 64 others, and not over more than the filter has")]
    Spread,
    /// No key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Hardens filters of one length.
pub(super) struct Hardener {
    bits: usize,
    /// For each bit, those whose sum it becomes, `spread` a time.
    sums: Vec<u32>,
    spread: usize,
    /// Where each bit of filter and complement goes.
    shuffled: Vec<u32>,
    out: Vec<u64>,
    between: Vec<u64>,
}

impl Hardener {
    /// `None` when nothing is asked for.
    pub(super) fn new(
        how: Hardening,
        secret: &[u8],
        bits: usize,
    ) -> Result<Option<Self>, HardeningError> {
        let spread = how.spread;
        if spread == 1 || spread > 64 || spread > bits {
            return Err(HardeningError::Spread);
        }
        if spread == 0 && !how.balanced {
            return Ok(None);
        }
        // Keys of their own, for what they are for and for filters of this length.
        let random = |what: &str| -> Result<ChaCha20Rng, KeyError> {
            let info = format!("helserom encoded linkage 1 {what} {bits}");
            let seed = keys::expand(secret, KeyHash::Sha256, &[], info.as_bytes(), 32)?;
            let mut bytes = [0; 32];
            bytes.copy_from_slice(&seed);
            Ok(ChaCha20Rng::from_seed(bytes))
        };
        let mut sums = Vec::with_capacity(bits * spread);
        if spread > 0 {
            let mut random = random("diffusion")?;
            let mut all = numbers(bits);
            for _ in 0..bits {
                shuffle(&mut all, spread, &mut random);
                sums.extend(all.iter().take(spread));
            }
        }
        let mut shuffled = Vec::new();
        if how.balanced {
            shuffled = numbers(2 * bits);
            shuffle(&mut shuffled, 2 * bits, &mut random("balance")?);
        }
        let out = if how.balanced { 2 * bits } else { bits };
        Ok(Some(Self {
            bits,
            sums,
            spread,
            shuffled,
            out: vec![0; out.div_ceil(64)],
            between: vec![0; bits.div_ceil(64)],
        }))
    }

    /// Bits of what comes out.
    pub(super) fn bits(&self) -> usize {
        if self.shuffled.is_empty() { self.bits } else { 2 * self.bits }
    }

    pub(super) fn harden(&mut self, filter: &[u64]) -> &[u64] {
        self.between.fill(0);
        if self.spread == 0 {
            self.between.copy_from_slice(filter);
        } else {
            for (at, sum) in self.sums.chunks_exact(self.spread).enumerate() {
                let sum = sum.iter().fold(0, |sum, place| sum ^ bit(filter, *place as usize));
                put(&mut self.between, at, sum);
            }
        }
        self.out.fill(0);
        if self.shuffled.is_empty() {
            self.out.copy_from_slice(&self.between);
        } else {
            let (plain, complement) = self.shuffled.split_at(self.bits);
            for (at, (one, other)) in plain.iter().zip(complement).enumerate() {
                let value = bit(&self.between, at);
                put(&mut self.out, *one as usize, value);
                put(&mut self.out, *other as usize, 1 - value);
            }
        }
        &self.out
    }
}

fn bit(filter: &[u64], place: usize) -> u64 {
    filter.get(place / 64).map_or(0, |word| (word >> ((place % 64) ^ 7)) & 1)
}

fn put(filter: &mut [u64], place: usize, value: u64) {
    if let Some(word) = filter.get_mut(place / 64) {
        *word |= value << ((place % 64) ^ 7);
    }
}

fn numbers(of: usize) -> Vec<u32> {
    (0..).take(of).collect()
}

/// Puts a random choice of `first` values at the beginning, in random order
/// (Fisher and Yates).
fn shuffle(values: &mut [u32], first: usize, random: &mut ChaCha20Rng) {
    for at in 0..first.min(values.len()) {
        let left = (values.len() - at) as u64;
        // The bias of a remainder of 64 bits below 2^21 is below 2^-43.
        let other = at + usize::try_from(random.next_u64() % left).unwrap_or_default();
        values.swap(at, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hardener(spread: usize, balanced: bool, secret: &[u8]) -> Hardener {
        Hardener::new(Hardening { spread, balanced }, secret, 256).unwrap().unwrap()
    }

    #[test]
    fn balanced_filters_have_as_many_ones() {
        let mut both = hardener(0, true, b"secret");
        for filter in [[0; 4], [u64::MAX; 4], [5, 0, 77, 1 << 63]] {
            let ones: u32 = both.harden(&filter).iter().map(|word| word.count_ones()).sum();
            assert_eq!(ones, 256);
        }
        assert_eq!(both.bits(), 512);
    }

    #[test]
    fn a_changed_bit_changes_as_many_sums_as_it_stands_in() {
        let mut diffused = hardener(5, false, b"secret");
        let none = diffused.harden(&[0; 4]).to_vec();
        assert_eq!(none, [0; 4]);
        let stands_in = diffused.sums.iter().filter(|place| **place == 3).count();
        let one = diffused.harden(&[1 << (3 ^ 7), 0, 0, 0]).to_vec();
        let ones: u32 = one.iter().map(|word| word.count_ones()).sum();
        assert_eq!(ones as usize, stands_in);
        assert!(stands_in > 0);
        for sum in diffused.sums.chunks(5) {
            let different: std::collections::BTreeSet<_> = sum.iter().collect();
            assert_eq!(different.len(), 5, "a bit that is summed twice is not summed");
        }
    }

    #[test]
    fn another_secret_hardens_otherwise() {
        let filter = [0x0123_4567_89ab_cdef; 4];
        let one = hardener(8, true, b"one").harden(&filter).to_vec();
        assert_ne!(one, hardener(8, true, b"two").harden(&filter).to_vec());
        assert_eq!(one, hardener(8, true, b"one").harden(&filter).to_vec());
    }

    #[test]
    fn what_cannot_be_spread_is_refused() {
        for spread in [1, 65, 300] {
            let how = Hardening { spread, balanced: false };
            assert_eq!(Hardener::new(how, b"s", 256).err(), Some(HardeningError::Spread));
        }
        let nothing = Hardening { spread: 0, balanced: false };
        assert!(Hardener::new(nothing, b"s", 256).unwrap().is_none());
    }
}
