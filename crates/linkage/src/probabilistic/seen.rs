//! Levels of pairs of values that were compared a moment ago.

/// Levels of pairs of values that were looked at lately: values meet again and
/// again. A place that two pairs share keeps the later one.
#[derive(Debug)]
pub(super) struct Seen(Vec<u64>);

const SEEN_BITS: u32 = 16;
const CODE_BITS: u32 = 30;

impl Seen {
    pub(super) fn new() -> Self {
        Self(vec![u64::MAX; 1 << SEEN_BITS])
    }

    #[inline]
    pub(super) fn level(&mut self, a: u32, b: u32, find: impl FnOnce(u32, u32) -> usize) -> usize {
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        if b >> CODE_BITS != 0 {
            return find(a, b);
        }
        let key = u64::from(a) << CODE_BITS | u64::from(b);
        let place = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SEEN_BITS);
        let entry = &mut self.0[place as usize];
        if *entry >> 4 != key {
            *entry = key << 4 | find(a, b) as u64;
        }
        (*entry & 15) as usize
    }
}
