//! How often rows of different people say the same in several things at once: families
//! share a name, a street and a town.

use std::collections::BTreeMap;

use super::compare::AGREED;
use super::model::{Chances, Given, MOST_LEANT_ON};
use super::training::Seen;

/// Comparisons that say less of each other are independent: nats a pair, times the
/// share of pairs that are of one person.
const LEAST_TOLD: f64 = 0.1;
/// The share of the pairs that agree from which on those that are left when matches
/// are taken off are believed to be there.
const NOTABLE: f64 = 0.25;

/// The share of pairs that agree on some comparisons: of all that are compared, and of
/// two files of those within a file.
pub(super) type Agreeing = BTreeMap<Vec<usize>, (f64, Option<f64>)>;

/// What is known of pairs of different people.
///
/// Which pairs those are is not asked of the model: what takes families for people
/// would learn from families. Of two files, each holds most people once, and pairs
/// within the one that does so best are of different people. Of one file, from the
/// pairs that agree, counted exactly, as many are taken off as matches there can be.
pub(super) struct Strangers<'a> {
    seen: &'a Seen<'a>,
    chances: &'a [Chances],
    prior: f64,
    /// What was counted so far.
    counted: &'a mut Agreeing,
}

impl<'a> Strangers<'a> {
    pub(super) fn new(
        seen: &'a Seen<'a>,
        chances: &'a [Chances],
        prior: f64,
        counted: &'a mut Agreeing,
    ) -> Self {
        Self { seen, chances, prior, counted }
    }

    /// For each comparison those before it that it leans on.
    pub(super) fn given(mut self, constant: &[bool]) -> Vec<Option<Given>> {
        let n = constant.len();
        let mut strength = vec![vec![0.0; n]; n];
        for (one, other, _) in &self.seen.alike_in_two {
            let (of_one, of_other) = (&self.seen.columns[*one], &self.seen.columns[*other]);
            let shared = of_one.iter().any(|column| of_other.contains(column));
            if !constant[*one] && !constant[*other] && !shared {
                let (both, chance) = (self.agreeing(&[*one, *other]), self.chance(&[*one, *other]));
                let told = both * (both / chance).ln();
                if told > LEAST_TOLD * self.prior {
                    strength[*other][*one] = told;
                }
            }
        }
        (0..n)
            .map(|at| {
                let mut on: Vec<usize> = (0..at).filter(|on| strength[at][*on] > 0.0).collect();
                on.sort_by(|x, y| strength[at][*y].total_cmp(&strength[at][*x]));
                on.truncate(MOST_LEANT_ON);
                on.sort_unstable();
                (!on.is_empty()).then(|| {
                    let agreed = (0..1_usize << on.len()).map(|bits| self.agreed(at, &on, bits));
                    let agreed = agreed.collect();
                    Given { on, agreed }
                })
            })
            .collect()
    }

    /// The chance that a comparison agrees where some others do.
    fn agreed(&mut self, at: usize, on: &[usize], bits: usize) -> f64 {
        let alone = self.chances[at].u[AGREED];
        let others: Vec<usize> = on
            .iter()
            .enumerate()
            .filter(|(bit, _)| bits >> bit & 1 == 1)
            .map(|(_, on)| *on)
            .collect();
        if others.is_empty() {
            return alone;
        }
        let mut all = others.clone();
        all.push(at);
        // Agreeing never counts against.
        let most = self.chances[at].m[AGREED].max(alone);
        (self.agreeing(&all) / self.agreeing(&others)).clamp(alone, most)
    }

    /// The share of all pairs that are of different people and agree on some
    /// comparisons: at least as many as do by chance, and where the others could be
    /// matches, no more.
    fn agreeing(&mut self, at: &[usize]) -> f64 {
        let chance = self.chance(at);
        if at.len() == 1 {
            return chance;
        }
        let seen = self.seen;
        let (share, within) =
            *self.counted.entry(at.to_vec()).or_insert_with(|| (seen.agreeing)(at));
        if let Some(within) = within {
            return within.min(share).max(chance);
        }
        let matches = at.iter().fold(self.prior, |p, at| p * self.chances[*at].m[AGREED]);
        let rest = share - matches;
        if rest > NOTABLE * share { rest.max(chance) } else { chance }
    }

    fn chance(&self, at: &[usize]) -> f64 {
        at.iter().map(|at| self.chances[*at].u[AGREED]).product()
    }
}
