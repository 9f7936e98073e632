//! Finding m, u and the prior without anybody's answers.
//!
//! u is counted on random pairs, nearly all of which are of different people; the
//! few that are not are taken out by their own probability. m is found by
//! expectation–maximisation, one blocking rule at a time, with the columns of the
//! rule left out: among its pairs these always agree and tell nothing. (All rules
//! at once would let the algorithm explain the blocking instead of the people.)
//! What the rules teach is brought together by how many matches each is sure of.

use super::compare::{Judge, UNKNOWN};
use super::model::{Chances, LEVEL_BITS, Model, Pattern, Session, Trained, level_of};

/// Patterns and how many pairs have them, in a fixed order.
pub(super) type Counts = Vec<(Pattern, f64)>;

/// The pairs of one rule.
pub(super) struct RulePairs {
    pub(super) name: String,
    pub(super) columns: Vec<usize>,
    pub(super) counts: Counts,
}

/// What training looks at.
pub(super) struct Seen<'a> {
    pub(super) judges: &'a [Judge],
    /// The columns of each comparison.
    pub(super) columns: Vec<Vec<usize>>,
    /// Random pairs.
    pub(super) random: Counts,
    /// The pairs of each rule, and how many there are of each kind over all rules.
    pub(super) rules: Vec<RulePairs>,
    pub(super) together: Counts,
    /// How many pairs there are at all, compared or not.
    pub(super) all_pairs: f64,
}

/// Nothing moves by more than this at the end.
const STILL: f64 = 1e-5;
const MOST_ROUNDS: usize = 200;
/// How often u, m and prior are found from each other.
const TURNS: usize = 4;
/// Matches that a level is believed to have seen before any were.
const BELIEF: f64 = 2.0;
/// How much a block's u is held to the u of random pairs, by its own size. It is
/// this that tells what is a match in a block of hardly anything else.
const FOREIGN: f64 = 0.1;
/// A rule that is sure of fewer matches teaches nothing.
const FEWEST: f64 = 5.0;

/// Trains.
pub(super) fn train(seen: &Seen<'_>) -> Model {
    let counted: f64 = seen.random.iter().map(|(_, n)| n).sum();
    let mut chances: Vec<Chances> = seen
        .judges
        .iter()
        .enumerate()
        .map(|(at, judge)| {
            let u = levels(&seen.random, at, judge.levels(), |_| 1.0, &[], 0.5);
            Chances { m: usual_m(judge.levels()), u }
        })
        .collect();
    let constant: Vec<bool> =
        chances.iter().enumerate().map(|(at, _)| is_constant(seen, at)).collect();
    let mut prior = 1.0 / seen.all_pairs.max(2.0);
    let mut sessions = Vec::new();
    let mut trained = vec![Trained::Assumed; chances.len()];
    for _ in 0..TURNS {
        sessions.clear();
        let mut sums: Vec<Vec<f64>> = chances.iter().map(|c| vec![0.0; c.m.len()]).collect();
        for rule in &seen.rules {
            let taught: Vec<bool> = seen
                .columns
                .iter()
                .zip(&constant)
                .map(|(of, constant)| {
                    !constant && !of.iter().any(|column| rule.columns.contains(column))
                })
                .collect();
            let found = alone(&rule.counts, &chances, &taught);
            let sure = if found.matches > 0.0 { found.squares / found.matches } else { 0.0 };
            let names = seen.judges.iter().zip(&taught).filter(|(_, taught)| **taught);
            sessions.push(Session {
                rule: rule.name.clone(),
                pairs: rule.counts.iter().map(|(_, n)| n).sum::<f64>() as u64,
                matches: found.matches,
                rounds: found.rounds,
                taught: names.map(|(judge, _)| judge.name.clone()).collect(),
            });
            if found.matches * sure < FEWEST {
                continue;
            }
            for (at, sums) in sums.iter_mut().enumerate().filter(|(at, _)| taught[*at]) {
                for (sum, expected) in sums.iter_mut().zip(&found.expected[at]) {
                    *sum += sure * expected;
                }
            }
        }
        for (at, sums) in sums.iter().enumerate() {
            if constant[at] {
                trained[at] = Trained::Constant;
                let Chances { m, u } = &mut chances[at];
                m.clone_from(u);
            } else if sums.iter().sum::<f64>() > 0.0 {
                trained[at] = Trained::AcrossRules;
                chances[at].m = shares(sums, &usual_m(sums.len()), BELIEF);
            }
        }
        from_the_others(seen, &mut chances, &mut trained, prior);
        prior = prior_of(seen, &chances, prior);
        let weigh = Weigh::new(&chances, &vec![true; chances.len()], prior);
        for (at, judge) in seen.judges.iter().enumerate().filter(|(at, _)| !constant[*at]) {
            let different = |pattern| 1.0 - weigh.probability(pattern);
            chances[at].u = levels(&seen.random, at, judge.levels(), different, &[], 0.5);
        }
    }
    Model { chances, prior, trained, sessions, sampled_pairs: counted as u64 }
}

/// Whether all random pairs that say anything say the same.
fn is_constant(seen: &Seen<'_>, at: usize) -> bool {
    let all = || {
        let together = seen.rules.iter().flat_map(|rule| &rule.counts);
        seen.random.iter().chain(together).map(|(pattern, _)| level_of(*pattern, at))
    };
    let mut told = all().filter(|level| *level != UNKNOWN);
    let first = told.next();
    first.is_none_or(|first| told.all(|level| level == first))
}

/// The shares of a comparison's levels among pairs that count as much as is said.
fn levels(
    counts: &Counts,
    at: usize,
    levels: usize,
    count: impl Fn(Pattern) -> f64,
    usual: &[f64],
    belief: f64,
) -> Vec<f64> {
    let mut sums = vec![0.0; levels];
    for (pattern, n) in counts {
        sums[level_of(*pattern, at)] += n * count(*pattern);
    }
    sums[UNKNOWN] = 0.0;
    shares(&sums, usual, belief)
}

/// Sums as shares, with a belief of so many cases shared out as is usual, or evenly.
fn shares(sums: &[f64], usual: &[f64], belief: f64) -> Vec<f64> {
    let told: f64 = sums.iter().skip(UNKNOWN + 1).sum();
    let levels = (sums.len() - 1) as f64;
    sums.iter()
        .enumerate()
        .map(|(level, sum)| {
            if level == UNKNOWN {
                return 0.0;
            }
            let share = usual.get(level).copied().unwrap_or(1.0 / levels);
            belief.mul_add(share, *sum) / (told + belief)
        })
        .collect()
}

/// m before anything is known: mostly equal, less the weaker the level.
fn usual_m(levels: usize) -> Vec<f64> {
    let mut m: Vec<f64> = (0..levels)
        .map(|level| match level {
            UNKNOWN => 0.0,
            1 => 0.85,
            level => 0.15 * 0.5_f64.powi(level as i32 - 1),
        })
        .collect();
    let sum: f64 = m.iter().sum();
    for m in &mut m {
        *m /= sum;
    }
    m
}

/// What one rule's pairs say.
struct Alone {
    matches: f64,
    /// The sum of the squares of the probabilities: as large as `matches` when every
    /// pair is certain.
    squares: f64,
    expected: Vec<Vec<f64>>,
    rounds: usize,
}

/// Expectation–maximisation over one rule's pairs. Pairs that agree on where
/// people live agree on where they were born more often than random ones do,
/// without being one person: so a block's u is found along with its m, from what is
/// usual outside, and only its m is kept.
fn alone(counts: &Counts, usual: &[Chances], taught: &[bool]) -> Alone {
    let mut chances = usual.to_vec();
    let counts = merged(counts, taught);
    let all: f64 = counts.iter().map(|(_, n)| n).sum();
    let mut found = Alone { matches: 0.0, squares: 0.0, expected: Vec::new(), rounds: 0 };
    if all == 0.0 || !taught.contains(&true) {
        found.expected = chances.iter().map(|c| vec![0.0; c.m.len()]).collect();
        return found;
    }
    let mut share = 0.3;
    while found.rounds < MOST_ROUNDS {
        found.rounds += 1;
        let weigh = Weigh::new(&chances, taught, share);
        found.matches = 0.0;
        found.squares = 0.0;
        found.expected = chances.iter().map(|c| vec![0.0; c.m.len()]).collect();
        for (pattern, n) in &counts {
            let p = weigh.probability(*pattern);
            found.matches += n * p;
            found.squares += n * p * p;
            for (at, expected) in found.expected.iter_mut().enumerate() {
                expected[level_of(*pattern, at)] += n * p;
            }
        }
        for (at, chances) in chances.iter_mut().enumerate().filter(|(at, _)| taught[*at]) {
            let levels_of = chances.u.len();
            let different = |pattern| 1.0 - weigh.probability(pattern);
            let belief = FOREIGN * all;
            chances.u = levels(&counts, at, levels_of, different, &usual[at].u, belief);
        }
        let mut moved = ((found.matches / all) - share).abs();
        share = (found.matches / all).clamp(1e-9, 1.0 - 1e-9);
        for (at, chances) in chances.iter_mut().enumerate().filter(|(at, _)| taught[*at]) {
            let mut expected = found.expected[at].clone();
            expected[UNKNOWN] = 0.0;
            let m = shares(&expected, &usual_m(expected.len()), BELIEF);
            for (new, old) in m.iter().zip(&chances.m) {
                moved = moved.max((new - old).abs());
            }
            chances.m = m;
        }
        if moved < STILL {
            break;
        }
    }
    for expected in &mut found.expected {
        expected[UNKNOWN] = 0.0;
    }
    found
}

/// The same pairs, with the levels of other comparisons forgotten.
fn merged(counts: &Counts, taught: &[bool]) -> Counts {
    let mut mask = 0;
    for (at, _) in taught.iter().enumerate().filter(|(_, taught)| **taught) {
        mask |= 15 << (at * LEVEL_BITS);
    }
    let mut merged: Counts = counts.iter().map(|(pattern, n)| (pattern & mask, *n)).collect();
    merged.sort_by_key(|(pattern, _)| *pattern);
    merged.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    merged
}

/// m of comparisons whose columns every rule uses: among all pairs, by what the
/// other comparisons say of them.
fn from_the_others(seen: &Seen<'_>, chances: &mut [Chances], trained: &mut [Trained], prior: f64) {
    let known: Vec<bool> = trained.iter().map(|t| *t == Trained::AcrossRules).collect();
    if !known.contains(&true) {
        return;
    }
    let weigh = Weigh::new(chances, &known, prior_of_some(seen, chances, &known, prior));
    for at in 0..chances.len() {
        if matches!(trained[at], Trained::Assumed | Trained::FromTheOthers) {
            let levels_of = chances[at].m.len();
            let usual = usual_m(levels_of);
            let same = |pattern| weigh.probability(pattern);
            chances[at].m = levels(&seen.together, at, levels_of, same, &usual, BELIEF);
            trained[at] = Trained::FromTheOthers;
        }
    }
}

/// The share of all pairs that are matches, as far as the rules find them.
fn prior_of(seen: &Seen<'_>, chances: &[Chances], start: f64) -> f64 {
    prior_of_some(seen, chances, &vec![true; chances.len()], start)
}

fn prior_of_some(seen: &Seen<'_>, chances: &[Chances], with: &[bool], start: f64) -> f64 {
    let mut prior = start;
    for _ in 0..MOST_ROUNDS {
        let weigh = Weigh::new(chances, with, prior);
        let matches: f64 = seen.together.iter().map(|(p, n)| n * weigh.probability(*p)).sum();
        let next = (matches.max(0.5) / seen.all_pairs.max(2.0)).clamp(1e-12, 0.5);
        let still = (next / prior).ln().abs() < STILL;
        prior = next;
        if still {
            break;
        }
    }
    prior
}

/// Weighs patterns.
struct Weigh {
    prior: f64,
    logs: Vec<[f64; 16]>,
}

impl Weigh {
    fn new(chances: &[Chances], with: &[bool], prior: f64) -> Self {
        let logs = chances
            .iter()
            .zip(with)
            .map(|(chances, with)| {
                let mut logs = [0.0; 16];
                if *with {
                    for (level, log) in logs.iter_mut().enumerate().skip(UNKNOWN + 1) {
                        if let (Some(m), Some(u)) = (chances.m.get(level), chances.u.get(level)) {
                            *log = (m / u).ln();
                        }
                    }
                }
                logs
            })
            .collect();
        Self { prior: (prior / (1.0 - prior)).ln(), logs }
    }

    fn probability(&self, pattern: Pattern) -> f64 {
        let mut sum = self.prior;
        for (at, logs) in self.logs.iter().enumerate() {
            sum += logs[level_of(pattern, at)];
        }
        1.0 / (1.0 + (-sum).exp())
    }
}
