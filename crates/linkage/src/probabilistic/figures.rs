//! How good a linkage is, held against the truth.

use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

/// Pairs found, and how many of them are right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Figures {
    /// Pairs that were said to be one person.
    pub found: u64,
    /// Of these, pairs that are.
    pub right: u64,
    /// Pairs that are one person.
    pub all: u64,
    /// The share of what was found that is right.
    pub precision: f64,
    /// The share of what is right that was found.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

impl Figures {
    fn new(found: u64, right: u64, all: u64) -> Self {
        let share = |of: u64| if of == 0 { 0.0 } else { right as f64 / of as f64 };
        let (precision, recall) = (share(found), share(all));
        let f1 = if right == 0 { 0.0 } else { 2.0 * right as f64 / (found + all) as f64 };
        Self { found, right, all, precision, recall, f1 }
    }
}

/// Who each row truly is, where it is known: rows of which it is not count nowhere.
#[derive(Debug)]
pub struct Truth<'a> {
    people: &'a [Option<u32>],
    second: Option<usize>,
    all: u64,
}

impl<'a> Truth<'a> {
    /// Each row's person; of two files, the second's rows begin at `second`.
    pub fn new(people: &'a [Option<u32>], second: Option<usize>) -> Self {
        let known = people.iter().enumerate().filter_map(|(row, person)| Some((row, (*person)?)));
        Self { people, second, all: pairs(known, second) }
    }

    /// Of pairs of rows.
    pub fn of_pairs(&self, found: impl IntoIterator<Item = (u32, u32)>) -> Figures {
        let (mut all, mut right) = (0, 0);
        for (a, b) in found {
            let of = |row: u32| self.people.get(row as usize).copied().flatten();
            if let (Some(a), Some(b)) = (of(a), of(b)) {
                all += 1;
                right += u64::from(a == b);
            }
        }
        Figures::new(all, right, self.all)
    }

    /// Of each row's cluster: every pair within a cluster counts.
    pub fn of_clusters(&self, clusters: &[u32]) -> Figures {
        let known = || {
            let both = self.people.iter().zip(clusters).enumerate();
            both.filter_map(|(row, (person, cluster))| Some((row, *cluster, (*person)?)))
        };
        let found = pairs(known().map(|(row, cluster, _)| (row, cluster)), self.second);
        let right =
            pairs(known().map(|(row, cluster, person)| (row, (cluster, person))), self.second);
        Figures::new(found, right, self.all)
    }
}

/// How many pairs of rows are in one group; of two files, pairs across them.
fn pairs<T: Hash + Eq>(rows: impl Iterator<Item = (usize, T)>, second: Option<usize>) -> u64 {
    let mut groups: HashMap<T, [u64; 2]> = HashMap::new();
    for (row, group) in rows {
        let side = usize::from(second.is_some_and(|second| row >= second));
        groups.entry(group).or_default()[side] += 1;
    }
    groups
        .values()
        .map(|[one, other]| if second.is_some() { one * other } else { one * (one - 1) / 2 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_clusters_are_counted_by_hand() {
        let people = [Some(1), Some(1), Some(1), Some(2), None];
        let truth = Truth::new(&people, None);
        let of = truth.of_pairs([(0, 1), (0, 3), (3, 4)]);
        assert_eq!((of.found, of.right, of.all), (2, 1, 3));
        assert!((of.f1 - 0.4).abs() < 1e-12);
        let of = truth.of_clusters(&[0, 0, 2, 2, 2]);
        assert_eq!((of.found, of.right, of.all), (2, 1, 3));
    }

    #[test]
    fn of_two_files_only_pairs_across_count() {
        let people = [Some(1), Some(1), Some(2), Some(1), Some(2)];
        let truth = Truth::new(&people, Some(3));
        let of = truth.of_clusters(&[0, 0, 2, 0, 2]);
        assert_eq!((of.found, of.right, of.all), (3, 3, 3));
    }
}
