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
    reason = "arrays of four filters and eight lanes, by numbers below four and eight"
)]

use std::fmt;
use std::ops::Range;

use super::arranged::{Grouped, LANES, Lanes, QUAD, Quads, cuts};

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
        // Filters of 1,024 bits are what most people make: their loops are unrolled.
        if grouped.words() == 16 {
            self.scan_words::<16>(quads, quad, grouped, range, visit);
        } else {
            self.scan_words::<0>(quads, quad, grouped, range, visit);
        }
    }

    /// The same for filters of `WORDS` words; 0 stands for any number.
    fn scan_words<const WORDS: usize>(
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
            Kind::Avx512 => unsafe {
                x86::scan_avx512::<WORDS>(quads, quad, grouped, range, visit);
            },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { x86::scan_avx2::<WORDS>(quads, quad, grouped, range, visit) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Scalar if std::arch::is_x86_feature_detected!("popcnt") => unsafe {
                x86::scan_popcnt::<WORDS>(quads, quad, grouped, range, visit);
            },
            _ => scan::<WORDS>(quads, quad, grouped, range, visit),
        }
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
            std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512vpopcntdq")
        }
        Kind::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
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

/// What the four filters of a quad need of a group of at least `fewest` ones: in all,
/// and behind each cut, when the filter had all the rest in common.
struct Needs {
    fewest: u32,
    all: [u32; QUAD],
    early: [[u32; QUAD]; 2],
}

impl Needs {
    #[inline]
    fn of(quads: &Quads, quad: usize, fewest: u32, visit: &impl Visit) -> Self {
        let mut needs = Self { fewest, all: [u32::MAX; QUAD], early: [[u32::MAX; QUAD]; 2] };
        for at in 0..QUAD {
            let a = quad * QUAD + at;
            if quads.holds(a) {
                needs.all[at] = visit.need(a, fewest);
                for (early, rest) in needs.early.iter_mut().zip(quads.rest_of(a)) {
                    early[at] = needs.all[at].saturating_sub(rest);
                }
            }
        }
        needs
    }

    /// Groups come by their number of ones: most need what the one before did.
    #[inline]
    fn follow<V: Visit>(&mut self, quads: &Quads, quad: usize, fewest: u32, visit: &V) {
        if !V::STEADY || self.fewest != fewest {
            *self = Self::of(quads, quad, fewest, visit);
        }
    }
}

/// Filters of a number of words that the compiler may know.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it must be compiled for the caller's processor")]
fn known<const WORDS: usize, T>(words: &[T]) -> &[T] {
    if WORDS == 0 { words } else { words.get(..WORDS).unwrap_or_default() }
}

/// One word after the other, filter by filter.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it must be compiled for the caller's processor")]
fn scan<const WORDS: usize>(
    quads: &Quads,
    quad: usize,
    grouped: &Grouped,
    range: Range<usize>,
    visit: &mut impl Visit,
) {
    let filters = quads.filters(quad);
    let mut needs = Needs::of(quads, quad, 0, visit);
    for at in range {
        let Some((fewest, lanes)) = grouped.group(at) else { return };
        let lanes = known::<WORDS, _>(lanes);
        needs.follow(quads, quad, fewest, visit);
        let [first, second] = cuts(lanes.len());
        for (one, filter) in filters.iter().enumerate() {
            let filter = known::<WORDS, _>(filter);
            let mut sums = [0; LANES];
            add_common(&mut sums, filter, lanes, 0..first);
            if below(&sums, needs.early[0][one]) {
                continue;
            }
            add_common(&mut sums, filter, lanes, first..second);
            if below(&sums, needs.early[1][one]) {
                continue;
            }
            add_common(&mut sums, filter, lanes, second..lanes.len());
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
fn add_common(sums: &mut [u32; LANES], filter: &[u64], lanes: &[Lanes], words: Range<usize>) {
    let filter = filter.get(words.clone()).unwrap_or_default();
    let lanes = lanes.get(words).unwrap_or_default();
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
        _mm256_cmpgt_epi64, _mm256_loadu_si256, _mm256_movemask_pd, _mm256_sad_epu8,
        _mm256_set1_epi8, _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_setzero_si256,
        _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256, _mm512_add_epi64,
        _mm512_and_si512, _mm512_cmpge_epu64_mask, _mm512_loadu_si512, _mm512_popcnt_epi64,
        _mm512_set1_epi64, _mm512_setzero_si512, _mm512_storeu_si512,
    };
    use std::ops::Range;

    use super::super::arranged::{Grouped, LANES, Lanes, QUAD, Quads, cuts};
    use super::{Needs, Visit, known, scan};

    // Closures are compiled for the processor of the function they stand in, and
    // library functions that call them for any, so that nothing of it is inlined:
    // hence loops below, and no `map`.

    #[target_feature(enable = "popcnt")]
    pub(super) fn scan_popcnt<const WORDS: usize>(
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        scan::<WORDS>(quads, quad, grouped, range, visit);
    }

    /// Eight lanes in two registers.
    type Two = [__m256i; 2];

    #[target_feature(enable = "avx2,popcnt")]
    pub(super) fn scan_avx2<const WORDS: usize>(
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        let filters = quads.filters(quad);
        let mut needs = Needs::of(quads, quad, 0, visit);
        for at in range {
            let Some((fewest, lanes)) = grouped.group(at) else { return };
            let lanes = known::<WORDS, _>(lanes);
            needs.follow(quads, quad, fewest, visit);
            let [first, second] = cuts(lanes.len());
            for (one, filter) in filters.iter().enumerate() {
                let filter = known::<WORDS, _>(filter);
                let counts = [_mm256_setzero_si256(); 2];
                let counts = common_avx2(filter, lanes, 0..first, counts);
                if reached_avx2(&counts, needs.early[0][one]) == 0 {
                    continue;
                }
                let counts = common_avx2(filter, lanes, first..second, counts);
                if reached_avx2(&counts, needs.early[1][one]) == 0 {
                    continue;
                }
                let counts = common_avx2(filter, lanes, second..lanes.len(), counts);
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

    /// Ones are counted by looking up each half of a byte (Muła, Kurz and Lemire,
    /// "Faster population counts using AVX2 instructions", 2018). A byte counts to 8
    /// in a word, so that 31 words fit before it runs over.
    #[target_feature(enable = "avx2,popcnt")]
    #[inline]
    fn common_avx2(filter: &[u64], lanes: &[Lanes], words: Range<usize>, mut counts: Two) -> Two {
        let table = _mm256_setr_epi8(
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2,
            3, 3, 4,
        );
        let low = _mm256_set1_epi8(0x0f);
        let filter = filter.get(words.clone()).unwrap_or_default();
        let lanes = lanes.get(words).unwrap_or_default();
        for (filter, lanes) in filter.chunks(31).zip(lanes.chunks(31)) {
            let mut bytes = [_mm256_setzero_si256(); 2];
            for (word, lanes) in filter.iter().zip(lanes) {
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
    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    pub(super) fn scan_avx512<const WORDS: usize>(
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        let mut filters = quads.filters(quad);
        for filter in &mut filters {
            *filter = known::<WORDS, _>(filter);
        }
        let mut needs = Needs::of(quads, quad, 0, visit);
        for at in range {
            let Some((fewest, lanes)) = grouped.group(at) else { return };
            let lanes = known::<WORDS, _>(lanes);
            needs.follow(quads, quad, fewest, visit);
            let [first, second] = cuts(lanes.len());
            let counts = [_mm512_setzero_si512(); QUAD];
            let counts = common_avx512(&filters, lanes, 0..first, counts);
            if none_reached_avx512(&counts, &needs.early[0]) {
                continue;
            }
            let counts = common_avx512(&filters, lanes, first..second, counts);
            if none_reached_avx512(&counts, &needs.early[1]) {
                continue;
            }
            let counts = common_avx512(&filters, lanes, second..lanes.len(), counts);
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

    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    #[inline]
    fn common_avx512(
        filters: &[&[u64]; QUAD],
        lanes: &[Lanes],
        words: Range<usize>,
        mut counts: [__m512i; QUAD],
    ) -> [__m512i; QUAD] {
        let mut parts = [&[][..]; QUAD];
        for (part, filter) in parts.iter_mut().zip(filters) {
            *part = filter.get(words.clone()).unwrap_or_default();
        }
        let [one, two, three, four] = parts;
        let lanes = lanes.get(words).unwrap_or_default();
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

    /// Whether no lane of the four has as much as is needed.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    fn none_reached_avx512(counts: &[__m512i; QUAD], need: &[u32; QUAD]) -> bool {
        let mut any = 0;
        for (count, need) in counts.iter().zip(need) {
            any |= _mm512_cmpge_epu64_mask(*count, _mm512_set1_epi64(i64::from(*need)));
        }
        any == 0
    }

    /// Which lanes have as much as is needed, for each of the four.
    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    #[inline]
    fn reached_avx512(counts: &[__m512i; QUAD], need: &[u32; QUAD]) -> [u8; QUAD] {
        let mut reached = [0; QUAD];
        for ((reached, count), need) in reached.iter_mut().zip(counts).zip(need) {
            *reached = _mm512_cmpge_epu64_mask(*count, _mm512_set1_epi64(i64::from(*need)));
        }
        reached
    }
}
