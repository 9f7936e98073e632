//! Where the comparison of two filters is left early.
//!
//! What they have in common is at most what they have in common in front of a cut, and
//! behind it, part by part, the ones of that filter which has fewer there. How soon this
//! falls below what is needed depends on the threshold and on what the filters are made
//! of: some of the pairs that are to be compared say where it pays to look.

use super::arranged::{Grouped, LANES, QUAD, Quads};
use super::kernel::{Kernel, Visit};

/// How often a comparison is looked at before its end.
pub(super) const LOOKS: usize = 2;
/// The parts of a filter in front of, between and behind the cuts.
pub(super) const PARTS: usize = LOOKS + 1;
/// Behind a cut ones are counted in so many bytes of a word.
const BYTES: usize = 8;
/// Words whose ones a byte holds.
const WORDS_A_BYTE: usize = 3;
/// How many of the quads, and of the groups for each, say where to look.
const SAMPLED: [usize; 2] = [48, 12];
/// What it costs to look, and to be surprised by what is seen, in words compared.
const LOOK: f64 = 1.0;
const SURPRISE: f64 = 3.0;

/// After how many words a comparison is looked at. A cut behind the last word is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cuts([usize; LOOKS]);

impl Cuts {
    /// In the middle, and in the middle of the rest.
    pub(super) fn even(words: usize) -> Self {
        Self::of(words, [words / 2, words * 3 / 4])
    }

    /// The cuts, not so far in front that the ones of a part behind them overrun.
    fn of(words: usize, at: [usize; LOOKS]) -> Self {
        Self(at.map(|cut| cut.max(words.saturating_sub(BYTES * WORDS_A_BYTE))))
    }

    /// What lies in front of, between and behind them.
    #[inline]
    pub(super) fn part<'a, T>(&self, words: &'a [T]) -> [&'a [T]; PARTS] {
        let [first, second] = self.0;
        let (front, rest) = words.split_at_checked(first).unwrap_or((words, &[]));
        let (between, rest) = rest.split_at_checked(second - first).unwrap_or((rest, &[]));
        [front, between, rest]
    }

    /// Whether a comparison of so many words is looked at behind each part.
    pub(super) fn looks(&self, words: usize) -> [bool; PARTS] {
        let [first, second] = self.0.map(|cut| cut < words);
        [first, second, false]
    }

    /// What lies behind each of them in a filter: [`behind`].
    pub(super) fn behind(&self, filter: &[u64]) -> [u64; LOOKS] {
        self.0.map(|cut| behind(filter, cut))
    }

    /// Where pairs like some of these are left with the least work.
    pub(super) fn chosen(
        quads: &Quads,
        grouped: &Grouped,
        threshold: f64,
        kernel: Kernel,
        visit: &impl Visit,
    ) -> Self {
        let words = grouped.words();
        let open = Open::sampled(quads, grouped, threshold, kernel, visit);
        let cuts = || (1..=words).step_by((words / 32).max(1));
        let pairs = cuts().flat_map(|first| cuts().map(move |second| [first, second]));
        let cheapest = pairs
            .filter(|[first, second]| first <= second)
            .min_by(|one, other| open.cost(*one).total_cmp(&open.cost(*other)));
        cheapest.map_or_else(|| Self::even(words), |cuts| Self::of(words, cuts))
    }
}

/// The ones of a filter behind a cut, of every eighth word in one byte.
fn behind(filter: &[u64], cut: usize) -> u64 {
    let mut ones = [0_u8; BYTES];
    for words in filter.get(cut..).unwrap_or_default().chunks(BYTES) {
        for (ones, word) in ones.iter_mut().zip(words) {
            *ones += u8::try_from(word.count_ones()).unwrap_or_default();
        }
    }
    u64::from_le_bytes(ones)
}

/// All ones behind a cut.
pub(super) fn whole(behind: u64) -> u32 {
    behind.to_le_bytes().into_iter().map(u32::from).sum()
}

/// Which of the comparisons looked at can still reach the threshold after so many words:
/// all after none, and of those that are left together all while one can.
struct Open(Vec<f64>);

impl Open {
    fn sampled(
        quads: &Quads,
        grouped: &Grouped,
        threshold: f64,
        kernel: Kernel,
        visit: &impl Visit,
    ) -> Self {
        let mut left_after = vec![0_u32; grouped.words() + 1];
        let [most_quads, most_groups] = SAMPLED;
        for quad in spread(quads.len(), most_quads) {
            let range = grouped.between(&(0..grouped.len()), quads.ones(quad), threshold);
            for group in spread(range.len(), most_groups) {
                let mut until = [0; QUAD];
                for (one, until) in until.iter_mut().enumerate() {
                    *until = open_until(
                        quads,
                        quad * QUAD + one,
                        grouped,
                        range.start + group,
                        kernel,
                        visit,
                    );
                }
                if kernel.leaves_quads() {
                    until = [until.into_iter().max().unwrap_or_default(); QUAD];
                }
                for until in until {
                    if let Some(left) = left_after.get_mut(until) {
                        *left += 1;
                    }
                }
            }
        }
        // Those that are left after a word or a later one were open before it.
        let mut open = left_after;
        for at in (1..open.len()).rev() {
            let behind = open.get(at).copied().unwrap_or_default();
            if let Some(open) = open.get_mut(at - 1) {
                *open += behind;
            }
        }
        let all = open.first().copied().unwrap_or_default().max(1);
        Self(open.into_iter().map(|open| f64::from(open) / f64::from(all)).collect())
    }

    fn after(&self, words: usize) -> f64 {
        self.0.get(words).copied().unwrap_or_default()
    }

    /// What comparing costs with these cuts, in words.
    fn cost(&self, cuts: [usize; LOOKS]) -> f64 {
        let words = self.0.len() - 1;
        let (mut cost, mut from, mut open) = (0.0, 0, 1.0);
        for cut in cuts.into_iter().filter(|cut| *cut < words) {
            let still = self.after(cut);
            let surprised = still.min(open - still);
            cost += open * (length(from, cut) + LOOK) + SURPRISE * surprised;
            (from, open) = (cut, still);
        }
        cost + open * length(from, words)
    }
}

#[expect(clippy::cast_precision_loss, reason = "words of a filter")]
const fn length(from: usize, to: usize) -> f64 {
    (to - from) as f64
}

/// At most `most` numbers below `of`, evenly.
fn spread(of: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..of).step_by(of.div_ceil(most).max(1))
}

/// After how many words the filter at `a` can last reach the threshold with one of the
/// group.
fn open_until(
    quads: &Quads,
    a: usize,
    grouped: &Grouped,
    group: usize,
    kernel: Kernel,
    visit: &impl Visit,
) -> usize {
    let Some(group) = grouped.group(group).filter(|_| quads.holds(a)) else { return 0 };
    let need = visit.need(a, group.fewest);
    let filter = quads.filter(a);
    let rest = |word: u64, other: u64| {
        let ones = word.count_ones();
        if kernel.sees_parts() { ones.min(other.count_ones()) } else { ones }
    };
    let lane = |lane: usize| {
        let others =
            || group.lanes.iter().map(move |lanes| lanes.0.get(lane).copied().unwrap_or(0));
        let mut most: u32 =
            filter.iter().zip(others()).map(|(word, other)| rest(*word, other)).sum();
        let mut until = 0;
        for (word, other) in filter.iter().zip(others()) {
            most = most - rest(*word, other) + (word & other).count_ones();
            if most < need {
                break;
            }
            until += 1;
        }
        until
    };
    (0..LANES).map(lane).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::clks::Clks;
    use super::*;

    /// Needs a share of the ones of both.
    struct Share<'a>(f64, &'a Quads);

    impl Visit for Share<'_> {
        const STEADY: bool = true;

        fn need(&self, a: usize, fewest: u32) -> u32 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ones")]
            let need = (self.0 * f64::from(self.1.ones_of(a) + fewest) / 2.0).ceil() as u32;
            need
        }

        fn meet(&mut self, _: usize, _: usize, _: u32) {}
    }

    #[test]
    fn the_more_is_needed_the_sooner_a_comparison_is_left() {
        let mut clks = Clks::empty(1024);
        let mut word = 1_u64;
        for _ in 0..400 {
            let mut filter = [0; 16];
            for word_of in &mut filter {
                // Three of eight bits, at random.
                word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                *word_of = word & word.rotate_left(21) | word & word.rotate_left(43);
            }
            clks.push(&filter);
        }
        let quads = Quads::of(clks.iter()).unwrap();
        let grouped = Grouped::of(&clks).unwrap();
        for kernel in Kernel::all() {
            let firsts = [0.99, 0.9, 0.8, 0.7].map(|threshold| {
                let Cuts([first, second]) =
                    Cuts::chosen(&quads, &grouped, threshold, kernel, &Share(threshold, &quads));
                assert!(first <= second && second <= 16, "{kernel}: {first}, {second}");
                first
            });
            assert!(firsts.is_sorted() && firsts[0] < firsts[3], "{kernel}: {firsts:?}");
        }
    }

    #[test]
    fn what_lies_behind_a_cut_is_counted_whole() {
        for words in [1, 8, 24, 25, 64] {
            let filter = vec![u64::MAX; words];
            let cuts = Cuts::of(words, [0, words]);
            let [first, last] = cuts.behind(&filter).map(whole);
            assert_eq!((first, last), (64 * u32::try_from(words.min(24)).unwrap(), 0));
        }
    }
}
