//! What the evidence weighs: for each level the chance that two rows of one person
//! agree on it (m), and that two rows of different people do (u).

use serde::Serialize;

use super::compare::{Judge, UNKNOWN};
use super::spec::MOST_COMPARISONS;

/// Levels of one pair, four bits for each comparison.
pub(super) type Pattern = u64;

/// Bits of a pattern for one comparison.
pub(super) const LEVEL_BITS: usize = 64 / MOST_COMPARISONS;

/// Puts a comparison's level into a pattern.
pub(super) const fn put(pattern: Pattern, comparison: usize, level: usize) -> Pattern {
    pattern | (level as u64) << (comparison * LEVEL_BITS)
}

/// A comparison's level in a pattern.
pub(super) const fn level_of(pattern: Pattern, comparison: usize) -> usize {
    (pattern >> (comparison * LEVEL_BITS) & 15) as usize
}

/// The probabilities of one comparison's levels; level 0 stands empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chances {
    pub(super) m: Vec<f64>,
    pub(super) u: Vec<f64>,
}

/// The trained model.
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) chances: Vec<Chances>,
    /// The share of all possible pairs that are of one person.
    pub(super) prior: f64,
    /// How the comparisons were trained.
    pub(super) trained: Vec<Trained>,
    /// What training looked at.
    pub(super) sessions: Vec<Session>,
    pub(super) sampled_pairs: u64,
}

/// Where a comparison's m comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trained {
    /// From blocking rules that do not use its columns.
    AcrossRules,
    /// Every rule uses its columns: from pairs that the others say are matches.
    FromTheOthers,
    /// Its values tell nothing apart: it weighs nothing.
    Constant,
    /// Too few pairs to learn from: what is usual.
    Assumed,
}

/// What one blocking rule taught.
#[derive(Debug, Clone, Serialize)]
pub struct Session {
    /// The rule.
    pub rule: String,
    /// How many of its pairs were looked at.
    pub pairs: u64,
    /// How many of them are matches by its own estimate.
    pub matches: f64,
    /// Rounds until nothing moved.
    pub rounds: usize,
    /// The comparisons that it taught.
    pub taught: Vec<String>,
}

impl Model {
    /// The prior as a weight: bits before any evidence.
    pub(super) fn prior_weight(&self) -> f64 {
        (self.prior / (1.0 - self.prior)).log2()
    }

    /// The share of all possible pairs that are of one person.
    pub fn prior(&self) -> f64 {
        self.prior
    }

    /// What each blocking rule taught.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// For each comparison the weight of each level, in bits.
    pub(super) fn weights(&self) -> Vec<[f64; 16]> {
        self.chances
            .iter()
            .map(|chances| {
                let mut weights = [0.0; 16];
                let both = chances.m.iter().zip(&chances.u).skip(UNKNOWN + 1);
                for (weight, (m, u)) in weights.iter_mut().skip(UNKNOWN + 1).zip(both) {
                    *weight = (m / u).log2();
                }
                weights
            })
            .collect()
    }

    /// The model in words and numbers.
    pub(super) fn told(&self, judges: &[Judge]) -> Told {
        let weights = self.weights();
        let comparisons = judges
            .iter()
            .zip(&self.chances)
            .zip(&weights)
            .zip(&self.trained)
            .map(|(((judge, chances), weights), trained)| ToldComparison {
                name: judge.name.clone(),
                trained: *trained,
                levels: judge
                    .labels
                    .iter()
                    .enumerate()
                    .map(|(at, label)| ToldLevel {
                        label: label.clone(),
                        m: chances.m[at + 1],
                        u: chances.u[at + 1],
                        weight: weights[at + 1],
                        term_frequency: !judge.frequencies[at + 1].is_empty(),
                    })
                    .collect(),
            })
            .collect();
        Told {
            prior: self.prior,
            prior_weight: self.prior_weight(),
            sampled_pairs: self.sampled_pairs,
            comparisons,
            sessions: self.sessions.clone(),
        }
    }
}

/// The probability that goes with a weight.
pub fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// The weight that goes with a probability.
pub fn weight(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}

/// A model in words and numbers.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Told {
    /// The share of all possible pairs that are of one person.
    pub prior: f64,
    /// The same in bits.
    pub prior_weight: f64,
    /// How many random pairs u was found on.
    pub sampled_pairs: u64,
    /// The evidence.
    pub comparisons: Vec<ToldComparison>,
    /// What each blocking rule taught.
    pub sessions: Vec<Session>,
}

/// One comparison of a model.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ToldComparison {
    /// What the spec calls it.
    pub name: String,
    /// Where its m comes from.
    pub trained: Trained,
    /// From the strongest agreement to none.
    pub levels: Vec<ToldLevel>,
}

/// One level of a comparison.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ToldLevel {
    /// What it is called.
    pub label: String,
    /// The chance that two rows of one person agree so.
    pub m: f64,
    /// The chance that two rows of different people do.
    pub u: f64,
    /// Bits for a match, or against it.
    pub weight: f64,
    /// Whether the weight also depends on how rare the value is.
    pub term_frequency: bool,
}
