//! Levels of pairs of values that were compared a moment ago.

use super::compare::{AGREED, UNKNOWN};
use super::records::MISSING;

/// Levels of pairs of values that were looked at lately: values meet again and
/// again. A place that two pairs share keeps the later one.
#[derive(Debug)]
pub(super) struct Seen(Vec<u64>);

const PLACE_BITS: u32 = 16;
const CODE_BITS: u32 = 30;

/// Pairs that are looked up at once.
pub(super) const AT_ONCE: usize = 64;

impl Seen {
    pub(super) fn new() -> Self {
        // No two different values have the key 0.
        Self(vec![0; 1 << PLACE_BITS])
    }

    /// The level of two values that are there and differ.
    #[inline]
    pub(super) fn level(&mut self, a: u32, b: u32, find: impl FnOnce(u32, u32) -> usize) -> usize {
        let (a, b) = (a.min(b), a.max(b));
        if b >> CODE_BITS != 0 {
            return find(a, b);
        }
        let key = key(a, b);
        let entry = &mut self.0[place(key)];
        if *entry >> 4 != key {
            *entry = key << 4 | find(a, b) as u64;
        }
        (*entry & 15) as usize
    }

    /// The levels of at most [`AT_ONCE`] pairs of any values. No look into memory waits
    /// for another.
    #[inline]
    pub(super) fn levels(
        &mut self,
        pairs: impl Iterator<Item = (u32, u32)>,
        find: impl Fn(u32, u32) -> usize,
        mut put: impl FnMut(usize, usize),
    ) {
        let mut held = [(0, 0, 0); AT_ONCE];
        let mut count = 0;
        for (held, (a, b)) in held.iter_mut().zip(pairs) {
            let (a, b) = (a.min(b), a.max(b));
            *held = (a, b, self.0[place(key(a, b))]);
            count += 1;
        }
        for (pair, (a, b, entry)) in held.into_iter().take(count).enumerate() {
            let level = if b == MISSING {
                UNKNOWN
            } else if a == b {
                AGREED
            } else if entry >> 4 == key(a, b) && b >> CODE_BITS == 0 {
                (entry & 15) as usize
            } else {
                self.level(a, b, &find)
            };
            put(pair, level);
        }
    }
}

#[inline]
const fn key(a: u32, b: u32) -> u64 {
    (a as u64) << CODE_BITS | b as u64
}

#[inline]
const fn place(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACE_BITS)) as usize
}
