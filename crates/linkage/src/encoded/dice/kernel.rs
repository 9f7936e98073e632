//! The inner loop, for three kinds of processor. All three find the same pairs.
//!
//! Four filters meet eight at a time. The eight lie word by word beside each
//! other, so that one wide register holds the same word of all of them, and
//! nothing has to be summed across a register.
#![allow(
    unsafe_code,
    reason = "instructions that not every processor has are called after looking that this one \
              has them; decision 0084"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "arrays of two looks, four filters and eight lanes, by numbers below these"
)]

use std::fmt;
use std::ops::Range;

use super::arranged::{Grouped, LANES, Lanes, QUAD, Quads};
use super::cuts::{LOOKS, whole};

/// By which instructions filters are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Eight words at once, with an instruction that counts ones
    /// (VPOPCNTDQ).
    Avx512,
    /// Four words at once; ones are counted in a table of sixteen.
    Avx2,
    /// One word after the other.
    Scalar,
}

/// This processor lacks what the kernel needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this machine cannot compare with `{0}`; it can with: {known}", known = Kernel::names())]
pub struct NoKernel(String);

impl Kernel {
    /// The quickest that this processor has.
    pub fn best() -> Self {
        Self::all().next().unwrap_or(Self(Kind::Scalar))
    }

    /// All that this processor has, the quickest first.
    pub fn all() -> impl Iterator<Item = Self> {
        [Kind::Avx512, Kind::Avx2, Kind::Scalar].into_iter().filter(|kind| has(*kind)).map(Self)
    }

    /// The one of this name, if this processor has it.
    pub fn named(name: &str) -> Result<Self, NoKernel> {
        Self::all().find(|kernel| kernel.name() == name).ok_or_else(|| NoKernel(name.to_owned()))
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self.0 {
            Kind::Avx512 => "avx512",
            Kind::Avx2 => "avx2",
            Kind::Scalar => "scalar",
        }
    }

    fn names() -> String {
        Self::all().map(Self::name).collect::<Vec<_>>().join(", ")
    }

    /// Compares the filters of one quad with those of some groups. `visit` meets
    /// every pair that has as much in common as it needed, and may meet more.
    pub(super) fn scan(
        self,
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        match self.0 {
            // SAFETY: a `Kernel` is made from what `has` found on this processor.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { x86::scan_avx512(quads, quad, grouped, range, visit) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { x86::scan_avx2(quads, quad, grouped, range, visit) },
            // SAFETY: the processor was just asked.
            #[cfg(target_arch = "x86_64")]
            Kind::Scalar if std::arch::is_x86_feature_detected!("popcnt") => unsafe {
                x86::scan_popcnt(quads, quad, grouped, range, visit);
            },
            _ => scan(quads, quad, grouped, range, visit),
        }
    }

    /// Whether the four filters of a quad are left together.
    pub(super) fn leaves_quads(self) -> bool {
        self.0 == Kind::Avx512
    }

    /// Whether what two filters can have in common behind a cut is told from the ones of
    /// both, or of one alone.
    pub(super) fn sees_both(self) -> bool {
        self.0 != Kind::Scalar
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(target_arch = "x86_64")]
fn has(kind: Kind) -> bool {
    match kind {
        Kind::Avx512 => {
            std::arch::is_x86_feature_detected!("popcnt")
                && std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512bw")
                && std::arch::is_x86_feature_detected!("avx512vpopcntdq")
        }
        Kind::Avx2 => {
            std::arch::is_x86_feature_detected!("popcnt")
                && std::arch::is_x86_feature_detected!("avx2")
        }
        Kind::Scalar => true,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn has(kind: Kind) -> bool {
    kind == Kind::Scalar
}

/// What the pairs are looked at for.
pub(super) trait Visit {
    /// Whether what is needed stays the same while pairs are met.
    const STEADY: bool;
    /// How many ones the filter at `a` must have in common with one of at least
    /// `fewest` ones to be met. Never 0.
    fn need(&self, a: usize, fewest: u32) -> u32;
    /// A pair that has so many in common.
    fn meet(&mut self, a: usize, b: usize, common: u32);
}

/// What the four filters of a quad need of a group of at least `fewest` ones.
struct Needs {
    fewest: u32,
    all: [u32; QUAD],
}

impl Needs {
    #[inline]
    fn of(quads: &Quads, quad: usize, fewest: u32, visit: &impl Visit) -> Self {
        let mut all = [u32::MAX; QUAD];
        for (one, all) in all.iter_mut().enumerate() {
            let a = quad * QUAD + one;
            if quads.holds(a) {
                *all = visit.need(a, fewest);
            }
        }
        Self { fewest, all }
    }

    /// Groups come by their number of ones: most need what the one before did.
    #[inline]
    fn follow<V: Visit>(&mut self, quads: &Quads, quad: usize, fewest: u32, visit: &V) {
        if !V::STEADY || self.fewest != fewest {
            *self = Self::of(quads, quad, fewest, visit);
        }
    }
}

/// One word after the other, filter by filter. What the rest can have in common is told
/// from the filter alone: without wide registers it takes as long to hold its bytes against
/// those of eight others as to compare words.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it must be compiled for the caller's processor")]
fn scan(
    quads: &Quads,
    quad: usize,
    grouped: &Grouped,
    range: Range<usize>,
    visit: &mut impl Visit,
) {
    let cuts = grouped.cuts();
    let filters = quads.filters(quad).map(|filter| cuts.split(filter));
    let rest = quads.rest(quad).map(|four| four.map(whole));
    let looks = cuts.looks(grouped.words());
    let mut needs = Needs::of(quads, quad, 0, visit);
    for at in range {
        let Some(group) = grouped.group(at) else { return };
        needs.follow(quads, quad, group.fewest, visit);
        let (lanes, last_lanes) = cuts.split(group.lanes);
        'filters: for (one, (filter, last)) in filters.iter().enumerate() {
            let mut sums = [0; LANES];
            for look in 0..LOOKS {
                add_common(&mut sums, filter[look], lanes[look]);
                if looks[look] && below(&sums, needs.all[one].saturating_sub(rest[look][one])) {
                    continue 'filters;
                }
            }
            add_common(&mut sums, last, last_lanes);
            for (lane, common) in sums.into_iter().enumerate() {
                if common >= needs.all[one] {
                    visit.meet(quad * QUAD + one, at * LANES + lane, common);
                }
            }
        }
    }
}

/// Adds the ones that a filter has in common with each lane in some words.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it must be compiled for the caller's processor")]
fn add_common(sums: &mut [u32; LANES], filter: &[u64], lanes: &[Lanes]) {
    for (word, lanes) in filter.iter().zip(lanes) {
        for (sum, other) in sums.iter_mut().zip(lanes.0) {
            *sum += (word & other).count_ones();
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "it must be compiled for the caller's processor")]
fn below(sums: &[u32; LANES], need: u32) -> bool {
    // Without a branch for each.
    sums.iter().fold(0, |most, sum| most.max(*sum)) < need
}

#[cfg(target_arch = "x86_64")]
#[expect(clippy::cast_ptr_alignment, reason = "these loads and stores take any address")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_add_epi8, _mm256_add_epi64, _mm256_and_si256, _mm256_castsi256_pd,
        _mm256_cmpgt_epi64, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_pd,
        _mm256_sad_epu8, _mm256_set1_epi8, _mm256_set1_epi64x, _mm256_setr_epi8,
        _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256,
        _mm512_add_epi64, _mm512_and_si512, _mm512_cmpge_epu64_mask, _mm512_loadu_si512,
        _mm512_min_epu8, _mm512_popcnt_epi64, _mm512_sad_epu8, _mm512_set1_epi64,
        _mm512_setzero_si512, _mm512_storeu_si512,
    };
    use std::ops::Range;

    use super::super::arranged::{Grouped, LANES, Lanes, QUAD, Quads};
    use super::super::cuts::LOOKS;
    use super::{Needs, Visit, scan};

    // Closures are compiled for the processor of the function they stand in, and
    // library functions that call them for any, so that nothing of it is inlined:
    // hence loops below, and no `map`.

    #[target_feature(enable = "popcnt")]
    pub(super) fn scan_popcnt(
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        scan(quads, quad, grouped, range, visit);
    }

    /// Eight lanes in two registers.
    type Two = [__m256i; 2];

    #[target_feature(enable = "avx2,popcnt")]
    pub(super) fn scan_avx2(
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        let cuts = grouped.cuts();
        let mut filters = [([&[][..]; LOOKS], &[][..]); QUAD];
        for (split, filter) in filters.iter_mut().zip(quads.filters(quad)) {
            *split = cuts.split(filter);
        }
        let rest = quads.rest(quad);
        let looks = cuts.looks(grouped.words());
        let mut needs = Needs::of(quads, quad, 0, visit);
        for at in range {
            let Some(group) = grouped.group(at) else { return };
            needs.follow(quads, quad, group.fewest, visit);
            let (lanes, last_lanes) = cuts.split(group.lanes);
            'filters: for (one, (filter, last)) in filters.iter().enumerate() {
                let mut counts = [_mm256_setzero_si256(); 2];
                for look in 0..LOOKS {
                    counts = common_avx2(filter[look], lanes[look], counts);
                    if looks[look] {
                        let most = most_avx2(&counts, rest[look][one], &group.rest[look]);
                        if reached_avx2(&most, needs.all[one]) == 0 {
                            continue 'filters;
                        }
                    }
                }
                counts = common_avx2(last, last_lanes, counts);
                let reached = reached_avx2(&counts, needs.all[one]);
                if reached != 0 {
                    let mut sums = [0_u64; LANES];
                    for (count, sums) in counts.iter().zip(sums.as_chunks_mut::<4>().0) {
                        // SAFETY: four words are as long as what is stored, which may
                        // lie anywhere.
                        unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast::<__m256i>(), *count) };
                    }
                    meet(reached, &sums, quad * QUAD + one, at * LANES, visit);
                }
            }
        }
    }

    /// What each lane has in common at most, when what lies behind a cut is as alike as its
    /// ones allow.
    #[target_feature(enable = "avx2,popcnt")]
    #[inline]
    fn most_avx2(counts: &Two, rest: u64, others: &Lanes) -> Two {
        let rest = _mm256_set1_epi64x(rest.cast_signed());
        let mut most = *counts;
        for (most, others) in most.iter_mut().zip(others.0.as_chunks::<4>().0) {
            // SAFETY: four words are as long as what is loaded, which may lie anywhere.
            let others = unsafe { _mm256_loadu_si256(others.as_ptr().cast::<__m256i>()) };
            let fewer = _mm256_min_epu8(rest, others);
            *most = _mm256_add_epi64(*most, _mm256_sad_epu8(fewer, _mm256_setzero_si256()));
        }
        most
    }

    /// Ones are counted by looking up each half of a byte (Muła, Kurz and Lemire,
    /// "Faster population counts using AVX2 instructions", 2018). A byte counts to 8
    /// in a word, so that 31 words fit before it runs over.
    #[target_feature(enable = "avx2,popcnt")]
    #[inline]
    fn common_avx2(mut filter: &[u64], mut lanes: &[Lanes], mut counts: Two) -> Two {
        let table = _mm256_setr_epi8(
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2,
            3, 3, 4,
        );
        let low = _mm256_set1_epi8(0x0f);
        while !filter.is_empty() {
            let (words, filter_left) = filter.split_at_checked(31).unwrap_or((filter, &[]));
            let (eights, lanes_left) = lanes.split_at_checked(31).unwrap_or((lanes, &[]));
            (filter, lanes) = (filter_left, lanes_left);
            let mut bytes = [_mm256_setzero_si256(); 2];
            for (word, lanes) in words.iter().zip(eights) {
                let word = _mm256_set1_epi64x(word.cast_signed());
                for (count, lanes) in bytes.iter_mut().zip(lanes.0.as_chunks::<4>().0) {
                    // SAFETY: four words are as long as what is loaded, which may
                    // lie anywhere.
                    let lanes = unsafe { _mm256_loadu_si256(lanes.as_ptr().cast::<__m256i>()) };
                    let both = _mm256_and_si256(word, lanes);
                    let lower = _mm256_shuffle_epi8(table, _mm256_and_si256(both, low));
                    let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low);
                    let upper = _mm256_shuffle_epi8(table, upper);
                    *count = _mm256_add_epi8(*count, _mm256_add_epi8(lower, upper));
                }
            }
            for (count, bytes) in counts.iter_mut().zip(bytes) {
                let summed = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
                *count = _mm256_add_epi64(*count, summed);
            }
        }
        counts
    }

    /// Which lanes have as much as is needed.
    #[target_feature(enable = "avx2,popcnt")]
    #[inline]
    fn reached_avx2(counts: &Two, need: u32) -> u8 {
        let below = _mm256_set1_epi64x(i64::from(need) - 1);
        let mut reached = 0;
        for (at, count) in counts.iter().enumerate() {
            let lanes = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(*count, below)));
            reached |= u8::try_from(lanes).unwrap_or_default() << (4 * at);
        }
        reached
    }

    /// Tells of the lanes that have as much as is needed.
    #[inline]
    fn meet(mut reached: u8, sums: &[u64; LANES], a: usize, b: usize, visit: &mut impl Visit) {
        while reached != 0 {
            let lane = reached.trailing_zeros() as usize;
            reached &= reached - 1;
            #[expect(clippy::cast_possible_truncation, reason = "no more than the bits")]
            let common = sums[lane % LANES] as u32;
            visit.meet(a, b + lane, common);
        }
    }

    /// All four filters of the quad at once: a group is loaded once for them.
    #[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq,popcnt")]
    pub(super) fn scan_avx512(
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        let cuts = grouped.cuts();
        let (mut filters, mut last) = ([[&[][..]; QUAD]; LOOKS], [&[][..]; QUAD]);
        for (one, filter) in quads.filters(quad).into_iter().enumerate() {
            let (split, rest) = cuts.split(filter);
            last[one] = rest;
            for (filters, part) in filters.iter_mut().zip(split) {
                filters[one] = part;
            }
        }
        let rest = quads.rest(quad);
        let looks = cuts.looks(grouped.words());
        let mut needs = Needs::of(quads, quad, 0, visit);
        'groups: for at in range {
            let Some(group) = grouped.group(at) else { return };
            needs.follow(quads, quad, group.fewest, visit);
            let (lanes, last_lanes) = cuts.split(group.lanes);
            let mut counts = [_mm512_setzero_si512(); QUAD];
            for look in 0..LOOKS {
                counts = common_avx512(filters[look], lanes[look], counts);
                if looks[look] {
                    let most = most_avx512(&counts, &rest[look], &group.rest[look]);
                    if reached_avx512(&most, &needs.all) == [0; QUAD] {
                        continue 'groups;
                    }
                }
            }
            counts = common_avx512(last, last_lanes, counts);
            let reached = reached_avx512(&counts, &needs.all);
            for (one, reached) in reached.into_iter().enumerate() {
                if reached != 0 {
                    let mut sums = [0_u64; LANES];
                    // SAFETY: eight words are as long as what is stored.
                    unsafe {
                        _mm512_storeu_si512(sums.as_mut_ptr().cast::<__m512i>(), counts[one]);
                    };
                    meet(reached, &sums, quad * QUAD + one, at * LANES, visit);
                }
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq,popcnt")]
    #[inline]
    fn common_avx512(
        [one, two, three, four]: [&[u64]; QUAD],
        lanes: &[Lanes],
        mut counts: [__m512i; QUAD],
    ) -> [__m512i; QUAD] {
        let words = one.iter().zip(two).zip(three).zip(four);
        for ((((one, two), three), four), lanes) in words.zip(lanes) {
            // SAFETY: eight words are as long as what is loaded.
            let lanes = unsafe { _mm512_loadu_si512(lanes.0.as_ptr().cast::<__m512i>()) };
            for (count, word) in counts.iter_mut().zip([one, two, three, four]) {
                let both = _mm512_and_si512(lanes, _mm512_set1_epi64(word.cast_signed()));
                *count = _mm512_add_epi64(*count, _mm512_popcnt_epi64(both));
            }
        }
        counts
    }

    /// What each lane has in common at most with each of the four, when what lies behind a
    /// cut is as alike as its ones allow.
    #[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq,popcnt")]
    #[inline]
    fn most_avx512(
        counts: &[__m512i; QUAD],
        rests: &[u64; QUAD],
        others: &Lanes,
    ) -> [__m512i; QUAD] {
        // SAFETY: eight words are as long as what is loaded.
        let others = unsafe { _mm512_loadu_si512(others.0.as_ptr().cast::<__m512i>()) };
        let mut most = *counts;
        for (most, rest) in most.iter_mut().zip(rests) {
            let fewer = _mm512_min_epu8(_mm512_set1_epi64(rest.cast_signed()), others);
            *most = _mm512_add_epi64(*most, _mm512_sad_epu8(fewer, _mm512_setzero_si512()));
        }
        most
    }

    /// Which lanes have as much as is needed, for each of the four.
    #[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq,popcnt")]
    #[inline]
    fn reached_avx512(counts: &[__m512i; QUAD], need: &[u32; QUAD]) -> [u8; QUAD] {
        let mut reached = [0; QUAD];
        for ((reached, count), need) in reached.iter_mut().zip(counts).zip(need) {
            *reached = _mm512_cmpge_epu64_mask(*count, _mm512_set1_epi64(i64::from(*need)));
        }
        reached
    }
}
