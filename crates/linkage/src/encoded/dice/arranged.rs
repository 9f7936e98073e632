//! Sets of filters as the inner loop wants them.

use std::ops::Range;

use super::super::clks::Clks;
use super::cuts::{Cuts, LOOKS};

/// Filters that are compared at once.
pub(super) const LANES: usize = 8;
/// Filters of the first set that are taken through the second together.
pub(super) const QUAD: usize = 4;
/// What stays in the second cache of a processor while the first set goes by.
const BLOCK_BYTES: usize = 256 * 1024;

/// The same word of eight filters, in one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Lanes(pub(super) [u64; LANES]);

/// The first set, by the number of ones, in fours. The last four may be filled up
/// with filters that have no ones.
pub(super) struct Quads {
    words: usize,
    filters: Vec<u64>,
    /// The number in the set of each filter, and its ones.
    about: Vec<(u32, u32)>,
    /// The ones of each filter behind each cut: [`Cuts::rest`].
    rests: Vec<[u64; LOOKS]>,
}

/// The second set, by the number of ones, in eights, word by word.
pub(super) struct Grouped {
    words: usize,
    lanes: Vec<Lanes>,
    about: Vec<(u32, u32)>,
    groups: Vec<Bounds>,
    cuts: Cuts,
    /// The ones of each filter behind each cut: [`Cuts::rest`].
    rests: Vec<[Lanes; LOOKS]>,
}

/// Eight filters.
pub(super) struct Group<'a> {
    /// The ones of that which has fewest.
    pub(super) fewest: u32,
    /// Word by word.
    pub(super) lanes: &'a [Lanes],
    /// Their ones behind each cut.
    pub(super) rest: &'a [Lanes; LOOKS],
}

/// Bounds for eight filters.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    fewest: u32,
    fullest: u32,
}

fn ones(filter: &[u64]) -> u32 {
    filter.iter().map(|word| word.count_ones()).sum()
}

/// Number and ones of each filter, fewest first.
fn sorted<'a>(filters: impl Iterator<Item = &'a [u64]>) -> Option<Vec<(u32, u32)>> {
    let mut about = Vec::new();
    for (at, filter) in filters.enumerate() {
        about.push((u32::try_from(at).ok()?, ones(filter)));
    }
    about.sort_by_key(|(_, ones)| *ones);
    Some(about)
}

impl Quads {
    /// `None` for more filters than can be numbered.
    pub(super) fn of<'a>(filters: impl Iterator<Item = &'a [u64]>) -> Option<Self> {
        let filters: Vec<&[u64]> = filters.collect();
        let words = filters.first().map_or(0, |filter| filter.len());
        let sorted = sorted(filters.iter().copied())?;
        let mut arranged = Vec::with_capacity(words * sorted.len().next_multiple_of(QUAD));
        for (at, _) in &sorted {
            arranged.extend_from_slice(filters.get(*at as usize)?);
        }
        arranged.resize(words * sorted.len().next_multiple_of(QUAD), 0);
        let rests = vec![[0; LOOKS]; sorted.len().next_multiple_of(QUAD)];
        Some(Self { words, filters: arranged, about: sorted, rests })
    }

    /// Counts what lies behind the cuts of the second set.
    pub(super) fn cut(&mut self, cuts: Cuts) {
        for a in 0..self.rests.len() {
            let rest = cuts.rest(self.filter(a));
            if let Some(kept) = self.rests.get_mut(a) {
                *kept = rest;
            }
        }
    }

    /// How many fours there are.
    pub(super) fn len(&self) -> usize {
        self.about.len().div_ceil(QUAD)
    }

    /// The filter at `a`.
    pub(super) fn filter(&self, a: usize) -> &[u64] {
        let start = a * self.words;
        self.filters.get(start..start + self.words).unwrap_or_default()
    }

    /// The four filters of one quad.
    pub(super) fn filters(&self, quad: usize) -> [&[u64]; QUAD] {
        std::array::from_fn(|at| self.filter(quad * QUAD + at))
    }

    /// Their ones behind each cut.
    pub(super) fn rest(&self, quad: usize) -> [[u64; QUAD]; LOOKS] {
        let of = |at: usize| self.rests.get(quad * QUAD + at).copied().unwrap_or_default();
        let four = std::array::from_fn::<_, QUAD, _>(of);
        std::array::from_fn(|look| four.map(|rest| rest.get(look).copied().unwrap_or_default()))
    }

    /// Whether there is a filter at `a`, or only what fills up.
    pub(super) fn holds(&self, a: usize) -> bool {
        a < self.about.len()
    }

    pub(super) fn ones_of(&self, a: usize) -> u32 {
        self.about.get(a).map_or(0, |(_, ones)| *ones)
    }

    /// The number in the set.
    pub(super) fn original(&self, a: usize) -> u32 {
        self.about.get(a).map_or(0, |(at, _)| *at)
    }

    /// The fewest and the most ones in a quad.
    pub(super) fn ones(&self, quad: usize) -> (u32, u32) {
        let last = (quad * QUAD + QUAD - 1).min(self.about.len().saturating_sub(1));
        (self.ones_of(quad * QUAD), self.ones_of(last))
    }
}

impl Grouped {
    /// `None` for more filters than can be numbered.
    pub(super) fn of(clks: &Clks) -> Option<Self> {
        let filters: Vec<&[u64]> = clks.iter().collect();
        let words = filters.first().map_or(0, |filter| filter.len());
        let about = sorted(filters.iter().copied())?;
        let mut lanes = Vec::with_capacity(words * about.len().div_ceil(LANES));
        let mut groups = Vec::with_capacity(about.len().div_ceil(LANES));
        for eight in about.chunks(LANES) {
            let of = |lane: usize| eight.get(lane).and_then(|(at, _)| filters.get(*at as usize));
            for word in 0..words {
                let lane = |lane| of(lane).and_then(|f| f.get(word)).copied().unwrap_or(0);
                lanes.push(Lanes(std::array::from_fn(lane)));
            }
            groups.push(Bounds {
                fewest: eight.first().map_or(0, |(_, ones)| *ones),
                fullest: eight.last().map_or(0, |(_, ones)| *ones),
            });
        }
        let rests = vec![[Lanes([0; LANES]); LOOKS]; groups.len()];
        Some(Self { words, lanes, about, groups, cuts: Cuts::none(words), rests })
    }

    /// Looks at comparisons behind these cuts, and counts what lies there.
    pub(super) fn cut(&mut self, cuts: Cuts) {
        self.cuts = cuts;
        let mut filter = vec![0; self.words];
        for (at, rest) in self.rests.iter_mut().enumerate() {
            let lanes = self.lanes.get(at * self.words..(at + 1) * self.words).unwrap_or_default();
            for lane in 0..LANES {
                for (word, lanes) in filter.iter_mut().zip(lanes) {
                    *word = lanes.0.get(lane).copied().unwrap_or_default();
                }
                for (lanes, rest) in rest.iter_mut().zip(cuts.rest(&filter)) {
                    if let Some(lane) = lanes.0.get_mut(lane) {
                        *lane = rest;
                    }
                }
            }
        }
    }

    /// After how many words comparisons are looked at.
    pub(super) const fn cuts(&self) -> Cuts {
        self.cuts
    }

    /// How many eights there are.
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Words of a filter.
    pub(super) const fn words(&self) -> usize {
        self.words
    }

    /// Parts of the set that fit the cache.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let groups = (BLOCK_BYTES / ((self.words + LOOKS) * size_of::<Lanes>())).max(1);
        let all = self.groups.len();
        (0..all).step_by(groups).map(move |start| start..(start + groups).min(all))
    }

    /// The groups of a block in which a filter of `fewest` to `fullest` ones can
    /// reach a threshold: what two have in common is at most what the one with
    /// fewer ones has.
    pub(super) fn between(
        &self,
        block: &Range<usize>,
        (fewest, fullest): (u32, u32),
        threshold: f64,
    ) -> Range<usize> {
        let ratio = threshold / (2.0 - threshold);
        // A little wider than it must be, for what doubles round away.
        let least = f64::from(fewest) * ratio - 1.0;
        let most = f64::from(fullest) / ratio + 1.0;
        let groups = self.groups.get(block.clone()).unwrap_or_default();
        let first = groups.partition_point(|group| f64::from(group.fullest) < least);
        let last = groups.partition_point(|group| f64::from(group.fewest) <= most);
        block.start + first..block.start + last.max(first)
    }

    /// One group.
    pub(super) fn group(&self, at: usize) -> Option<Group<'_>> {
        let start = at * self.words;
        Some(Group {
            fewest: self.groups.get(at)?.fewest,
            lanes: self.lanes.get(start..start + self.words)?,
            rest: self.rests.get(at)?,
        })
    }

    /// The number in the set, and the ones, of what stands at `b`.
    pub(super) fn original(&self, b: usize) -> Option<(u32, u32)> {
        self.about.get(b).copied()
    }
}
