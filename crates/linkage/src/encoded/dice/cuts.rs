//! Where the comparison of two filters is left early.
//!
//! What they have in common is at most what they have in common in front of a cut, and
//! behind it, eighth by eighth, the ones of that filter which has fewer there. How soon
//! this falls below what is needed depends on the threshold and on what the filters are
//! made of: some of the pairs that are to be compared say where it pays to look.

use super::arranged::{Grouped, LANES, QUAD, Quads};
use super::kernel::{Kernel, Visit};

/// How often a comparison is looked at before its end.
pub(super) const LOOKS: usize = 2;
/// The ones behind a cut are counted in so many bytes, of every eighth word in one.
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
    /// A comparison is never left early.
    pub(super) const fn none(words: usize) -> Self {
        Self([words; LOOKS])
    }

    /// In the middle, and in the middle of the rest; later where that is as many words as
    /// bytes can count.
    pub(super) fn even(words: usize) -> Self {
        let first = (words / 2).max(earliest(words));
        Self([first, first + (words - first) / 2])
    }

    /// The stretches of a filter in front of, between and behind them.
    #[inline]
    pub(super) fn split<'a, T>(&self, words: &'a [T]) -> ([&'a [T]; LOOKS], &'a [T]) {
        let [first, second] = self.0;
        let (front, rest) = words.split_at_checked(first).unwrap_or((words, &[]));
        let (between, last) = rest.split_at_checked(second - first).unwrap_or((rest, &[]));
        ([front, between], last)
    }

    /// Whether a comparison of so many words is looked at behind each of the first two.
    pub(super) fn looks(&self, words: usize) -> [bool; LOOKS] {
        self.0.map(|cut| cut < words)
    }

    /// The ones of a filter behind each of them.
    pub(super) fn rest(&self, filter: &[u64]) -> [u64; LOOKS] {
        self.0.map(|cut| rest(filter, cut))
    }
}

/// After how many words the ones of all that is left fit the bytes.
const fn earliest(words: usize) -> usize {
    words.saturating_sub(BYTES * WORDS_A_BYTE)
}

/// The ones of a filter behind a cut that is not before [`earliest`], in bytes.
fn rest(filter: &[u64], cut: usize) -> u64 {
    let mut ones = [0_u8; BYTES];
    for words in filter.get(cut..).unwrap_or_default().chunks(BYTES) {
        for (ones, word) in ones.iter_mut().zip(words) {
            *ones += u8::try_from(word.count_ones()).unwrap_or_default();
        }
    }
    u64::from_le_bytes(ones)
}

/// All ones behind a cut.
pub(super) fn whole(rest: u64) -> u32 {
    rest.to_le_bytes().into_iter().map(u32::from).sum()
}

/// What two filters can have in common behind a cut.
fn in_both(one: u64, other: u64) -> u32 {
    let bytes = one.to_le_bytes().into_iter().zip(other.to_le_bytes());
    bytes.map(|(one, other)| u32::from(one.min(other))).sum()
}

/// For each number of words the share of the comparisons looked at that can still reach the
/// threshold after so many. Those that are left together are open while one of them is.
pub(super) struct Open(Vec<f64>);

impl Open {
    /// What some of the pairs say that are to be compared.
    pub(super) fn sampled(
        quads: &Quads,
        grouped: &Grouped,
        threshold: f64,
        kernel: Kernel,
        visit: &impl Visit,
    ) -> Self {
        let words = grouped.words();
        let mut open_until = vec![0_u32; words + 1];
        let [most_quads, most_groups] = SAMPLED;
        for quad in spread(quads.len(), most_quads) {
            let range = grouped.between(&(0..grouped.len()), quads.ones(quad), threshold);
            for group in spread(range.len(), most_groups) {
                let others = Others::of(grouped, range.start + group);
                let mut until = [0; QUAD];
                for (one, until) in until.iter_mut().enumerate() {
                    let a = quad * QUAD + one;
                    if quads.holds(a) {
                        let need = visit.need(a, others.fewest);
                        *until = others.open_until(quads.filter(a), need, kernel);
                    }
                }
                if kernel.leaves_quads() {
                    until = [until.into_iter().max().unwrap_or_default(); QUAD];
                }
                for until in until {
                    if let Some(count) = open_until.get_mut(until) {
                        *count += 1;
                    }
                }
            }
        }
        let all = f64::from(open_until.iter().sum::<u32>().max(1));
        let mut open = 0;
        let shares = open_until.into_iter().rev().map(|until| {
            open += until;
            f64::from(open) / all
        });
        let mut shares: Vec<f64> = shares.collect();
        shares.reverse();
        Self(shares)
    }

    /// The cuts by which pairs like these are left with the least work.
    pub(super) fn cheapest(&self) -> Cuts {
        let words = self.0.len() - 1;
        let first = earliest(words).max(1);
        let cuts = || (first..words).chain([words]);
        let pairs = cuts().flat_map(|one| cuts().map(move |other| [one, other]));
        let in_order = pairs.filter(|[one, other]| one < other || *other == words);
        let cheapest = in_order.min_by(|one, other| self.cost(*one).total_cmp(&self.cost(*other)));
        cheapest.map_or(Cuts::none(words), Cuts)
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

/// Eight filters that others are compared with, filter by filter.
struct Others {
    fewest: u32,
    filters: [Vec<u64>; LANES],
    /// What lies behind each cut that can be, in each.
    rests: [Vec<u64>; LANES],
}

impl Others {
    fn of(grouped: &Grouped, group: usize) -> Self {
        let group = grouped.group(group);
        let lanes = group.as_ref().map_or(&[][..], |group| group.lanes);
        let of = |lane: usize| lanes.iter().filter_map(move |lanes| lanes.0.get(lane)).copied();
        let filters = std::array::from_fn(|lane| of(lane).collect());
        let rests = filters.each_ref().map(|filter: &Vec<u64>| rests(filter));
        Self { fewest: group.map_or(u32::MAX, |group| group.fewest), filters, rests }
    }

    /// After how many words a filter can last reach what it needs with one of them.
    fn open_until(&self, filter: &[u64], need: u32, kernel: Kernel) -> usize {
        let own = rests(filter);
        let first = earliest(filter.len());
        let with = |(other, rests): (&Vec<u64>, &Vec<u64>)| {
            let mut common = 0;
            let mut pairs = filter.iter().zip(other);
            let mut compare = |words: usize| {
                let both =
                    pairs.by_ref().take(words).map(|(one, other)| (one & other).count_ones());
                common += both.sum::<u32>();
                common
            };
            compare(first);
            let cuts = own.iter().zip(rests).enumerate().map(|(at, (own, other))| {
                let common = compare(usize::from(at > 0));
                let rest = if kernel.sees_both() { in_both(*own, *other) } else { whole(*own) };
                common + rest
            });
            (first + cuts.take_while(|most| *most >= need).count()).saturating_sub(1)
        };
        self.filters.iter().zip(&self.rests).map(with).max().unwrap_or_default()
    }
}

/// What lies behind each cut that can be, from the earliest to that behind all.
fn rests(filter: &[u64]) -> Vec<u64> {
    (earliest(filter.len())..=filter.len()).map(|cut| rest(filter, cut)).collect()
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
                let share = Share(threshold, &quads);
                let open = Open::sampled(&quads, &grouped, threshold, kernel, &share);
                let Cuts([first, second]) = open.cheapest();
                assert!(first <= second && second <= 16, "{kernel}: {first}, {second}");
                first
            });
            assert!(firsts.is_sorted() && firsts[0] < firsts[3], "{kernel}: {firsts:?}");
        }
    }

    #[test]
    fn what_lies_behind_a_cut_is_counted_whole_and_cuts_are_two_or_none() {
        for words in [1, 8, 24, 25, 32, 64, 100] {
            let filter = vec![u64::MAX; words];
            let Cuts([first, second]) = Cuts::even(words);
            assert!(first < second || words - first < 2, "{words}: {first}, {second}");
            let rests = Cuts([first, second]).rest(&filter).map(whole);
            assert_eq!(rests, [first, second].map(|cut| 64 * u32::try_from(words - cut).unwrap()));
            assert_eq!(Cuts::none(words).rest(&filter), [0, 0]);
        }
    }
}
