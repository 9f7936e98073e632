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

use super::arranged::{Grouped, LANES, Lanes, QUAD, Quads, half};

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
            // SAFETY: as above; every processor with these words counts ones.
            #[cfg(target_arch = "x86_64")]
            Kind::Scalar if std::arch::is_x86_feature_detected!("popcnt") => unsafe {
                x86::scan_popcnt(quads, quad, grouped, range, visit);
            },
            _ => scan(quads, quad, grouped, range, visit, common_scalar),
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
    /// How many ones the filter at `a` must have in common with one of at least
    /// `fewest` ones to be met. Never 0.
    fn need(&self, a: usize, fewest: u32) -> u32;
    /// A pair that has so many in common.
    fn meet(&mut self, a: usize, b: usize, common: u32);
}

/// What a quad needs of a group: after the first half of the words, and in all.
#[inline]
fn needs(
    quads: &Quads,
    quad: usize,
    fewest: u32,
    rest: u32,
    visit: &impl Visit,
) -> ([u32; QUAD], [u32; QUAD]) {
    let need: [u32; QUAD] = std::array::from_fn(|at| {
        let a = quad * QUAD + at;
        if quads.holds(a) { visit.need(a, fewest) } else { u32::MAX }
    });
    let early = std::array::from_fn(|at| {
        let still = quads.rest_of(quad * QUAD + at).min(rest);
        need[at].saturating_sub(still)
    });
    (need, early)
}

/// The loop over groups, filter by filter: `common` counts what a filter has in
/// common with each of the eight in some words.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it must be compiled for the caller's processor")]
fn scan(
    quads: &Quads,
    quad: usize,
    grouped: &Grouped,
    range: Range<usize>,
    visit: &mut impl Visit,
    common: impl Fn(&[u64], &[Lanes]) -> [u32; LANES],
) {
    let filters = quads.filters(quad);
    for at in range {
        let Some((group, lanes)) = grouped.group(at) else { return };
        let (need, early) = needs(quads, quad, group.fewest, group.rest, visit);
        let (first, second) = lanes.split_at(half(lanes.len()));
        for (one, filter) in filters.iter().enumerate() {
            let (filter_first, filter_second) = filter.split_at(first.len());
            let sofar = common(filter_first, first);
            if sofar.iter().all(|sofar| *sofar < early[one]) {
                continue;
            }
            let more = common(filter_second, second);
            for (lane, (sofar, more)) in sofar.iter().zip(more).enumerate() {
                if sofar + more >= need[one] {
                    visit.meet(quad * QUAD + one, at * LANES + lane, sofar + more);
                }
            }
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "it must be compiled for the caller's processor")]
fn common_scalar(filter: &[u64], lanes: &[Lanes]) -> [u32; LANES] {
    let mut common = [0; LANES];
    for (word, lanes) in filter.iter().zip(lanes) {
        for (common, other) in common.iter_mut().zip(lanes.0) {
            *common += (word & other).count_ones();
        }
    }
    common
}

#[cfg(target_arch = "x86_64")]
#[expect(clippy::cast_ptr_alignment, reason = "these loads and stores take any address")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_add_epi8, _mm256_and_si256, _mm256_loadu_si256, _mm256_sad_epu8,
        _mm256_set1_epi8, _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_setzero_si256,
        _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256, _mm512_add_epi64,
        _mm512_and_si512, _mm512_cmpge_epu64_mask, _mm512_loadu_si512, _mm512_popcnt_epi64,
        _mm512_set1_epi64, _mm512_setzero_si512, _mm512_storeu_si512,
    };
    use std::ops::Range;

    use super::super::arranged::{Grouped, LANES, Lanes, QUAD, Quads, half};
    use super::{Visit, common_scalar, needs, scan};

    #[target_feature(enable = "popcnt")]
    pub(super) fn scan_popcnt(
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        scan(quads, quad, grouped, range, visit, common_scalar);
    }

    #[target_feature(enable = "avx2,popcnt")]
    pub(super) fn scan_avx2(
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        scan(quads, quad, grouped, range, visit, |filter, lanes| common_avx2(filter, lanes));
    }

    /// Ones are counted by looking up each half of a byte (Muła, Kurz and Lemire,
    /// "Faster population counts using AVX2 instructions", 2018). A byte counts to 8
    /// in a word, so that 31 words fit before it runs over.
    #[target_feature(enable = "avx2,popcnt")]
    fn common_avx2(filter: &[u64], lanes: &[Lanes]) -> [u32; LANES] {
        let table = _mm256_setr_epi8(
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2,
            3, 3, 4,
        );
        let low = _mm256_set1_epi8(0x0f);
        let mut common = [0; LANES];
        for (filter, lanes) in filter.chunks(31).zip(lanes.chunks(31)) {
            let mut counts = [_mm256_setzero_si256(); 2];
            for (word, lanes) in filter.iter().zip(lanes) {
                let word = _mm256_set1_epi64x(word.cast_signed());
                for (count, lanes) in counts.iter_mut().zip(lanes.0.as_chunks::<4>().0) {
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
            for (count, common) in counts.iter().zip(common.as_chunks_mut::<4>().0) {
                let mut sums = [0_u64; 4];
                let summed = _mm256_sad_epu8(*count, _mm256_setzero_si256());
                // SAFETY: as above.
                unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast::<__m256i>(), summed) };
                for (common, sum) in common.iter_mut().zip(sums) {
                    #[expect(clippy::cast_possible_truncation, reason = "a byte's sums")]
                    let sum = sum as u32;
                    *common += sum;
                }
            }
        }
        common
    }

    /// All four filters of the quad at once: a group is loaded once for them.
    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    pub(super) fn scan_avx512(
        quads: &Quads,
        quad: usize,
        grouped: &Grouped,
        range: Range<usize>,
        visit: &mut impl Visit,
    ) {
        let filters = quads.filters(quad);
        for at in range {
            let Some((group, lanes)) = grouped.group(at) else { return };
            let (need, early) = needs(quads, quad, group.fewest, group.rest, visit);
            let middle = half(lanes.len());
            let (first, second) = lanes.split_at(middle);
            let counts = common_avx512(&filters, 0, first, [_mm512_setzero_si512(); QUAD]);
            if reached(&counts, &early) == [0; QUAD] {
                continue;
            }
            let counts = common_avx512(&filters, middle, second, counts);
            let reached = reached(&counts, &need);
            for (one, mut lanes) in reached.into_iter().enumerate() {
                if lanes == 0 {
                    continue;
                }
                let mut sums = [0_u64; LANES];
                // SAFETY: eight words are as long as what is stored.
                unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast::<__m512i>(), counts[one]) };
                while lanes != 0 {
                    let lane = lanes.trailing_zeros() as usize;
                    lanes &= lanes - 1;
                    #[expect(clippy::cast_possible_truncation, reason = "no more than the bits")]
                    let common = sums[lane % LANES] as u32;
                    visit.meet(quad * QUAD + one, at * LANES + lane, common);
                }
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    fn common_avx512(
        filters: &[&[u64]; QUAD],
        from: usize,
        lanes: &[Lanes],
        mut counts: [__m512i; QUAD],
    ) -> [__m512i; QUAD] {
        // Closures would be compiled for this processor and the functions that call
        // them for any, and nothing of it be inlined: hence no `map` here.
        let [one, two, three, four] = filters;
        let words = one.iter().zip(*two).zip(*three).zip(*four).skip(from);
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

    /// Which lanes have as much as is needed, for each of the four.
    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    fn reached(counts: &[__m512i; QUAD], need: &[u32; QUAD]) -> [u8; QUAD] {
        let mut reached = [0; QUAD];
        for ((reached, count), need) in reached.iter_mut().zip(counts).zip(need) {
            *reached = _mm512_cmpge_epu64_mask(*count, _mm512_set1_epi64(i64::from(*need)));
        }
        reached
    }
}
