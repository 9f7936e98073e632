//! Pairs that say the same in some comparisons: how many there are, and some of them.

use super::desk::Desk;
use super::{Draw, Linker, SEED, Tally};
use crate::probabilistic::hashing::mixed;
use crate::probabilistic::records::MISSING;
use crate::probabilistic::training::Alike;

/// Pairs that agree on a comparison, drawn for each.
const ALIKE_PAIRS: u64 = 20_000;
/// Rows from whose values these are drawn, about.
const ALIKE_ROWS: usize = 500_000;

impl Linker<'_> {
    /// Random pairs of those that say the same in some comparisons, and which share
    /// of all pairs does.
    pub(super) fn alike(&self, at: &[usize], desk: &mut Desk) -> Alike {
        let (places, every) = self.sorted_by(at);
        // Each group of more than one: its rows, those of the first file, and how many
        // pairs there are up to its end.
        let mut groups = Vec::new();
        let mut all = 0;
        for group in places.chunk_by(|a, b| a.0 == b.0) {
            let (first, pairs) = self.pairs_in(group);
            if pairs > 0 {
                all += pairs;
                groups.push((group, first, all));
            }
        }
        let mut tally = Tally::default();
        let mut draw = Draw(at.iter().fold(SEED, |seed, at| mixed(seed ^ (*at as u64 + 1))));
        let pairs = |offer: &mut dyn FnMut(u32, u32)| {
            for _ in 0..ALIKE_PAIRS.min(all) {
                let wanted = draw.below(all);
                let (group, first, _) = groups[groups.partition_point(|(.., end)| *end <= wanted)];
                let n = group.len() as u64;
                let (a, b) = if self.second.is_some() && !self.within_first {
                    (draw.below(first as u64), first as u64 + draw.below(n - first as u64))
                } else {
                    let a = draw.below(if self.within_first { first as u64 } else { n });
                    let b = draw.below(n - 1);
                    (a, if b >= a { b + 1 } else { b })
                };
                let (a, b) = (group[a as usize].1, group[b as usize].1);
                offer(a.min(b), a.max(b));
            }
        };
        self.judge_all(desk, pairs, |_, _, pattern| tally.add(pattern, 1));
        Alike { counts: tally.counts(), share: self.share(all, every) }
    }

    /// The share of pairs that say the same in some comparisons: of those that are
    /// compared, and of two files also of those within a file, the file of the two
    /// with the smaller.
    pub(super) fn shares_alike(&self, at: &[usize]) -> (f64, Option<f64>) {
        let (places, every) = self.sorted_by(at);
        let of = |n: f64| n * (n - 1.0) / 2.0;
        let (mut across, mut within) = (0, [0.0; 2]);
        for group in places.chunk_by(|a, b| a.0 == b.0) {
            let (first, pairs) = self.pairs_in(group);
            across += pairs;
            let (one, other) = group.split_at(first);
            within[0] += self.different(one);
            within[1] += self.different(other);
        }
        let within = self.second.map(|second| {
            let rows = [f64::from(second), self.places.0.len() as f64 - f64::from(second)];
            let shares =
                within.iter().zip(rows).map(|(n, rows)| n * every as f64 / of(rows).max(1.0));
            shares.fold(f64::INFINITY, f64::min)
        });
        (self.share(across, every), within)
    }

    /// How many pairs of rows there are that are not known to be of one person.
    fn different(&self, rows: &[(u64, u32)]) -> f64 {
        let of = |n: usize| n as f64 * (n as f64 - 1.0) / 2.0;
        if self.persons.is_empty() || rows.len() < 2 {
            return of(rows.len());
        }
        let mut persons: Vec<u32> = rows.iter().map(|(_, at)| self.persons[*at as usize]).collect();
        persons.sort_unstable();
        let same: f64 = persons.chunk_by(|a, b| a == b).map(|same| of(same.len())).sum();
        of(rows.len()) - same
    }

    fn share(&self, pairs: u64, every: u64) -> f64 {
        pairs as f64 * every as f64 / self.all_pairs().max(1.0)
    }

    /// Rows sorted by what they say in some comparisons: of many rows, those that say
    /// one thing of so many.
    fn sorted_by(&self, at: &[usize]) -> (Vec<(u64, u32)>, u64) {
        let every = self.places.0.len().div_ceil(ALIKE_ROWS) as u64;
        let said = |place: u32| {
            let cells = at.iter().flat_map(|at| self.judges[*at].cells.clone());
            let mut codes = cells.map(|cell| self.cells(place)[cell]);
            let key = codes.try_fold(SEED, |key, code| {
                (code != MISSING).then(|| mixed(key ^ u64::from(code)))
            });
            key.filter(|key| key.is_multiple_of(every)).map(|key| (key, place))
        };
        let mut places: Vec<_> = (0..self.places.0.len() as u32).filter_map(said).collect();
        places.sort_unstable();
        (places, every)
    }

    /// How many rows of a group are the first file's, and how many pairs it has.
    fn pairs_in(&self, group: &[(u64, u32)]) -> (usize, u64) {
        let n = group.len() as u64;
        match self.second {
            Some(second) => {
                let first = group.partition_point(|(_, at)| *at < second);
                let of_first = first as u64;
                let among = of_first * of_first.saturating_sub(1) / 2;
                let among = if self.within_first { among } else { 0 };
                (first, of_first * (n - of_first) + among)
            }
            None => (0, n * (n - 1) / 2),
        }
    }
}
