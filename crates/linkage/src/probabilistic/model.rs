//! What the evidence weighs: for each level the chance that two rows of one person
//! agree on it (m), and that two rows of different people do (u).

use serde::Serialize;

use super::compare::{AGREED, Judge, UNKNOWN};
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
    /// u where other comparisons agree, if they say partly the same.
    pub(super) given: Option<Given>,
    /// The levels from this one on are seldom seen of one person.
    pub(super) seldom: Option<usize>,
}

/// What is known of a comparison where two rows of different people say the same in
/// others: families share a name, a street and a town.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given {
    /// The other comparisons.
    pub(super) on: Vec<usize>,
    /// The chance that this one agrees too, by which of those do: bit by bit.
    pub(super) agreed: Vec<f64>,
}

impl Given {
    /// The same where it is not known whether `at` agrees.
    pub(super) fn forget(&mut self, at: usize) {
        if let Some(bit) = self.on.iter().position(|on| *on == at) {
            self.on.remove(bit);
            let kept = |bits: &usize| bits >> bit & 1 == 0;
            let agreed = self.agreed.iter().enumerate().filter(|(bits, _)| kept(bits));
            self.agreed = agreed.map(|(_, agreed)| *agreed).collect();
        }
    }
}

/// Other comparisons that one leans on at most.
pub(super) const MOST_LEANT_ON: usize = 4;

impl Chances {
    /// u where some of the comparisons that this one leans on agree.
    pub(super) fn u_at(&self, agreeing: usize) -> Vec<f64> {
        let mut u = self.u.clone();
        if let Some(agreed) = self.given.as_ref().and_then(|given| given.agreed.get(agreeing)) {
            let rest = (1.0 - agreed) / (1.0 - u[AGREED]);
            for u in &mut u {
                *u *= rest;
            }
            u[AGREED] = *agreed;
        }
        u
    }

    pub(super) fn on(&self) -> &[usize] {
        self.given.as_ref().map_or(&[], |given| &given.on)
    }
}

/// Which of some comparisons agree, bit by bit.
#[inline]
pub(super) fn agreeing(on: &[usize], level: impl Fn(usize) -> usize) -> usize {
    on.iter().rev().fold(0, |bits, at| bits << 1 | usize::from(level(*at) == AGREED))
}

/// What the levels of one comparison weigh.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    /// The comparisons that have to be known besides.
    on: Vec<usize>,
    /// By which of those agree: bits for each level, and how much of what a rare
    /// value adds is left.
    rows: Vec<[Weight; LEVELS]>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weight {
    pub(super) bits: f64,
    pub(super) rarity: f64,
}

/// Levels that a pattern has place for, [`UNKNOWN`] among them.
pub(super) const LEVELS: usize = 1 << LEVEL_BITS;

impl Weights {
    fn new(chances: &Chances) -> Self {
        let row = |agreeing: usize| {
            let u = chances.u_at(agreeing);
            let mut row = [Weight::default(); LEVELS];
            let both = chances.m.iter().zip(&u).zip(&chances.u).skip(UNKNOWN + 1);
            for (weight, ((m, u), alone)) in row.iter_mut().skip(UNKNOWN + 1).zip(both) {
                // A value that is agreed on because another is says less by being rare.
                let rarity = (u.ln() / alone.ln()).clamp(0.0, 1.0);
                *weight = Weight { bits: (m / u).log2(), rarity };
            }
            row
        };
        let on = chances.on().to_vec();
        Self { rows: (0..1 << on.len()).map(row).collect(), on }
    }

    /// Which of the comparisons that this one leans on agree.
    #[inline]
    pub(super) fn agreeing(&self, level: impl Fn(usize) -> usize) -> usize {
        if self.on.is_empty() { 0 } else { agreeing(&self.on, level) }
    }

    /// The comparisons that are meant by some bits.
    pub(super) fn named(&self, agreeing: usize) -> impl Iterator<Item = usize> {
        self.on
            .iter()
            .enumerate()
            .filter(move |(bit, _)| agreeing >> bit & 1 == 1)
            .map(|(_, at)| *at)
    }

    #[inline]
    pub(super) fn of(&self, level: usize, agreeing: usize) -> Weight {
        self.rows[agreeing][level]
    }
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

    /// For each comparison what its levels weigh.
    pub(super) fn weights(&self) -> Vec<Weights> {
        self.chances.iter().map(Weights::new).collect()
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
                given: chances.on().iter().map(|on| judges[*on].name.clone()).collect(),
                levels: judge
                    .labels
                    .iter()
                    .enumerate()
                    .map(|(at, label)| ToldLevel {
                        label: label.clone(),
                        m: chances.m[at + 1],
                        u: chances.u[at + 1],
                        weight: weights.of(at + 1, 0).bits,
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
    /// The comparisons that say partly the same: where they agree this one counts by
    /// what it adds to them. The weights told here are those it has alone.
    pub given: Vec<String>,
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
