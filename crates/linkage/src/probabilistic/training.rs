//! Finding m, u and the prior without anybody's answers.
//!
//! u is counted on random pairs, nearly all of which are of different people; the
//! few that are not are taken out by their own probability.
//!
//! m is found by expectation–maximisation, first one blocking rule at a time, with the
//! columns of the rule left out: among its pairs these always agree and tell nothing.
//! (All rules at once would let the algorithm explain the blocking instead of the
//! people.) From there on a pair teaches that is a match by all that is known, and by
//! all but the comparison that is taught: what confirms itself is learnt wrong. Pairs that agree on
//! two comparisons teach besides, where most of them are matches, so that little hangs
//! on which rules were thought of; and what teaches counts by the square of its share
//! of matches, since what is taken for a match among many others is often a relative.

use std::collections::BTreeMap;

use super::compare::{AGREED, Judge, UNKNOWN};
use super::model::{
    Chances, LEVEL_BITS, LEVELS, Model, Pattern, Session, Trained, agreeing, level_of,
};
use super::strangers::Strangers;

/// For each comparison how many pairs are on each level.
type Sums = Vec<Vec<f64>>;

/// Patterns and how many pairs have them, in a fixed order.
pub(super) type Counts = Vec<(Pattern, f64)>;

/// The pairs of one rule.
pub(super) struct RulePairs {
    pub(super) name: String,
    pub(super) columns: Vec<usize>,
    pub(super) counts: Counts,
    /// Those of which people said that they are of two, and of one: not in `counts`.
    pub(super) answered: [Counts; 2],
}

/// Random pairs that say the same in a comparison.
pub(super) struct Alike {
    pub(super) counts: Counts,
    /// The share of all pairs that does.
    pub(super) share: f64,
}

/// Counts the pairs that agree on some comparisons: their share of all that are
/// compared, and of two files the share of those within a file.
pub(super) type CountAgreeing<'a> = dyn Fn(&[usize]) -> (f64, Option<f64>) + 'a;

/// What training looks at.
pub(super) struct Seen<'a> {
    pub(super) judges: &'a [Judge],
    /// The columns of each comparison.
    pub(super) columns: Vec<Vec<usize>>,
    /// Random pairs.
    pub(super) random: Counts,
    /// For each two comparisons random pairs that agree on both.
    pub(super) alike_in_two: Vec<(usize, usize, Alike)>,
    /// The pairs of each rule, and how many there are of each kind over all rules.
    pub(super) rules: Vec<RulePairs>,
    pub(super) together: Counts,
    /// How many pairs over all rules are of one person by people's word.
    pub(super) together_same: f64,
    /// How many pairs there are at all, compared or not.
    pub(super) all_pairs: f64,
    /// The share of pairs that agree on some comparisons: of all that are compared, and
    /// of two files of those within a file.
    pub(super) agreeing: &'a CountAgreeing<'a>,
}

/// Nothing moves by more than this at the end.
const STILL: f64 = 1e-5;
const MOST_ROUNDS: usize = 200;
/// How often u, m and prior are found from each other.
const TURNS: usize = 8;
/// Matches that a level is believed to have seen before any were.
const BELIEF: f64 = 2.0;
/// How much a block's u is held to the u of random pairs, by its own size. It is
/// this that tells what is a match in a block of hardly anything else.
const FOREIGN: f64 = 0.1;
/// The share of matches that may differ in what seldom does. Where families are as
/// many as people they look alike, and only this tells them apart.
const SELDOM: f64 = 0.01;
/// The share of matches from which on pairs that agree on two comparisons teach.
const PURE: f64 = 0.5;
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
            Chances { m: usual_m(judge.levels()), u, given: None, seldom: judge.seldom }
        })
        .collect();
    let constant: Vec<bool> =
        chances.iter().enumerate().map(|(at, _)| is_constant(seen, at)).collect();
    let lessons = lessons(seen, &constant);
    let mut prior = 1.0 / seen.all_pairs.max(2.0);
    let mut sessions = Vec::new();
    let mut trained = vec![Trained::Assumed; chances.len()];
    let mut agreeing = BTreeMap::new();
    for turn in 0..TURNS {
        let mut learnt: Sums = chances.iter().map(|c| vec![0.0; c.m.len()]).collect();
        for lesson in &lessons {
            if turn == 0 {
                if lesson.two.is_none() {
                    sessions.push(first_lesson(seen, lesson, &chances, &mut learnt));
                }
            } else if lesson.is_pure(&chances, prior) {
                further_lesson(lesson, &chances, prior, &mut learnt);
            }
        }
        for (at, chances) in chances.iter_mut().enumerate() {
            if constant[at] {
                trained[at] = Trained::Constant;
                chances.m.clone_from(&chances.u);
            } else if learnt[at].iter().sum::<f64>() > 0.0 {
                trained[at] = Trained::AcrossRules;
                chances.m = shares(&learnt[at], &usual_m(learnt[at].len()), BELIEF);
                if let Some(from) = chances.seldom {
                    keep_seldom(&mut chances.m, from);
                }
            }
        }
        from_the_others(seen, &mut chances, &mut trained, prior);
        prior = prior_of(seen, &chances, prior);
        let weigh = Weigh::new(&chances, &vec![true; chances.len()], prior);
        for (at, chances) in chances.iter_mut().enumerate().filter(|(at, _)| !constant[*at]) {
            let different = |pattern| 1.0 - weigh.probability(pattern);
            chances.u = levels(&seen.random, at, chances.u.len(), different, &[], 0.5);
        }
        let given = Strangers::new(seen, &chances, prior, &mut agreeing).given(&constant);
        for (chances, given) in chances.iter_mut().zip(given) {
            chances.given = given;
        }
    }
    Model { chances, prior, trained, sessions, sampled_pairs: counted as u64 }
}

/// Pairs that teach something, and what.
struct Lesson<'a> {
    name: String,
    counts: &'a Counts,
    answered: Option<&'a [Counts; 2]>,
    taught: Vec<bool>,
    /// The two comparisons that the pairs agree on, and the share of all pairs that does.
    two: Option<(usize, usize, f64)>,
}

impl Lesson<'_> {
    /// Whether most of its pairs are matches.
    fn is_pure(&self, chances: &[Chances], prior: f64) -> bool {
        self.two.is_none_or(|(one, other, share)| {
            prior * chances[one].m[AGREED] * chances[other].m[AGREED] >= PURE * share
        })
    }
}

/// One lesson for each rule, and one for each two comparisons: what is learnt hangs
/// little on which rules were thought of.
fn lessons<'a>(seen: &'a Seen<'_>, constant: &[bool]) -> Vec<Lesson<'a>> {
    let of_rules = seen.rules.iter().map(|rule| Lesson {
        name: rule.name.clone(),
        counts: &rule.counts,
        answered: Some(&rule.answered),
        taught: without(seen, constant, &rule.columns),
        two: None,
    });
    let of_two = seen.alike_in_two.iter().map(|(one, other, alike)| Lesson {
        name: format!("{} and {} the same", seen.judges[*one].name, seen.judges[*other].name),
        counts: &alike.counts,
        answered: None,
        taught: without(seen, constant, &[&*seen.columns[*one], &seen.columns[*other]].concat()),
        two: Some((*one, *other, alike.share)),
    });
    of_rules.chain(of_two).collect()
}

/// The comparisons that use none of some columns.
fn without(seen: &Seen<'_>, constant: &[bool], columns: &[usize]) -> Vec<bool> {
    let uses = |of: &Vec<usize>| of.iter().any(|column| columns.contains(column));
    seen.columns.iter().zip(constant).map(|(of, constant)| !constant && !uses(of)).collect()
}

/// What a rule teaches by itself. It counts the less the fewer of its pairs are
/// matches: what is taken for matches among many others may be families.
fn first_lesson(
    seen: &Seen<'_>,
    lesson: &Lesson<'_>,
    chances: &[Chances],
    learnt: &mut Sums,
) -> Session {
    let found = alone(lesson.counts, chances, &lesson.taught);
    let all: f64 = lesson.counts.iter().map(|(_, n)| n).sum();
    let share = |of: f64, all: f64| if all > 0.0 { of / all } else { 0.0 };
    let (sure, matches) = (share(found.squares, found.matches), share(found.matches, all));
    if found.matches * sure >= FEWEST {
        for at in (0..chances.len()).filter(|at| lesson.taught[*at]) {
            for (sum, n) in learnt[at].iter_mut().zip(&found.expected[at]) {
                *sum += sure * matches * matches * n;
            }
        }
    }
    let names = seen.judges.iter().zip(&lesson.taught).filter(|(_, taught)| **taught);
    Session {
        rule: lesson.name.clone(),
        pairs: all as u64,
        matches: found.matches,
        rounds: found.rounds,
        taught: names.map(|(judge, _)| judge.name.clone()).collect(),
    }
}

/// What a rule's pairs teach of each comparison that the rule does not use: those that
/// all the others say are matches, and that with it still are. (Without the first what
/// confirms itself is learnt; without the second, where little else is known, chance.)
fn further_lesson(lesson: &Lesson<'_>, chances: &[Chances], prior: f64, learnt: &mut Sums) {
    let whole = Weigh::new(chances, &vec![true; chances.len()], prior);
    for at in (0..chances.len()).filter(|at| lesson.taught[*at]) {
        let mut others = chances.to_vec();
        let mut with = vec![true; chances.len()];
        with[at] = false;
        for other in &mut others {
            if let Some(given) = &mut other.given {
                given.forget(at);
            }
        }
        let without = Weigh::new(&others, &with, prior);
        let mut matches = vec![0.0; learnt[at].len()];
        let mut all = 0.0;
        for (pattern, n) in lesson.counts {
            let level = level_of(*pattern, at);
            if level != UNKNOWN {
                let sure = whole.probability(*pattern) * without.probability(*pattern);
                matches[level] += n * sure;
                all += n;
            }
        }
        // What people said is not doubted.
        for (same, counts) in [0.0, 1.0].iter().zip(lesson.answered.into_iter().flatten()) {
            for (pattern, n) in counts {
                let level = level_of(*pattern, at);
                if level != UNKNOWN {
                    matches[level] += n * same;
                    all += n;
                }
            }
        }
        let share = matches.iter().sum::<f64>() / f64::max(all, 1.0);
        for (sum, n) in learnt[at].iter_mut().zip(matches) {
            *sum += share * share * n;
        }
    }
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

/// Leaves no more than [`SELDOM`] to the levels from one on.
fn keep_seldom(m: &mut [f64], from: usize) {
    let (usual, seldom) = m.split_at_mut(from);
    let (of_usual, of_seldom): (f64, f64) = (usual.iter().sum(), seldom.iter().sum());
    if of_seldom > SELDOM && of_usual > 0.0 {
        for m in usual {
            *m *= (1.0 - SELDOM) / of_usual;
        }
        for m in seldom {
            *m *= SELDOM / of_seldom;
        }
    }
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
        let matches = matches + seen.together_same;
        let next = (matches.max(0.5) / seen.all_pairs.max(2.0)).clamp(1e-12, 0.5);
        let still = (next / prior).ln().abs() < STILL;
        prior = next;
        if still {
            break;
        }
    }
    prior
}

/// Weighs patterns, for training. Pairs that differ in what seldom does are left to
/// others: hardly a match is among them, and most relatives are.
struct Weigh {
    prior: f64,
    tables: Vec<Table>,
}

/// What the levels of one comparison weigh.
struct Table {
    at: usize,
    on: Vec<usize>,
    /// By which of those agree, the logarithm of m to u for each level.
    rows: Vec<[f64; LEVELS]>,
    /// From this level on no pair is taken for a match.
    never: usize,
}

impl Weigh {
    fn new(chances: &[Chances], with: &[bool], prior: f64) -> Self {
        let row = |chances: &Chances, agreeing: usize| {
            let mut logs = [0.0; LEVELS];
            let u = chances.u_at(agreeing);
            for (log, (m, u)) in logs.iter_mut().zip(chances.m.iter().zip(&u)).skip(UNKNOWN + 1) {
                *log = (m / u).ln();
            }
            logs
        };
        let table = |(at, chances): (usize, &Chances)| {
            let on = chances.on().to_vec();
            let rows = (0..1 << on.len()).map(|bits| row(chances, bits)).collect();
            Table { at, rows, never: chances.seldom.unwrap_or(LEVELS), on }
        };
        let counted = chances.iter().enumerate().filter(|(at, _)| with[*at]);
        Self { prior: (prior / (1.0 - prior)).ln(), tables: counted.map(table).collect() }
    }

    fn probability(&self, pattern: Pattern) -> f64 {
        let mut sum = self.prior;
        for Table { at, on, rows, never } in &self.tables {
            let level = level_of(pattern, *at);
            if level >= *never {
                return 0.0;
            }
            sum += rows[agreeing(on, |on| level_of(pattern, on))][level];
        }
        1.0 / (1.0 + (-sum).exp())
    }
}
