//! The stages in turn: rows made ready, the model trained, pairs weighed, people
//! put together.

mod alike;
mod desk;
mod explain;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use explain::Step;

use super::blocking::{Block, Blocking, Narrowed};
use super::clusters::{self, Evidence};
use super::compare::Judge;
use super::hashing::{NumberMap, mixed};
use super::model::{Model, Pattern, Told, Weights, level_of};
use super::records::{MISSING, Records};
use super::spec::Spec;
use super::training::{self, Counts, RulePairs};
use desk::Desk;

/// Rows made ready to be linked.
///
/// Rows are put in the order of what they say, so that nothing depends on the order
/// in which they came; their ids part only rows that say the same. Its `Debug` shows
/// no value.
pub struct Linker<'a> {
    spec: &'a Spec,
    places: Places,
    /// Where the second file's rows begin.
    second: Option<u32>,
    /// Whether the first file's rows are compared with each other as well.
    within_first: bool,
    judges: Vec<Judge>,
    /// The codes of each place, side by side.
    cells: Vec<u32>,
    width: usize,
    blocking: Blocking,
    /// For each place who stands there, where some rows are known to be of one person.
    persons: Vec<u32>,
}

/// A pair that may be one person: rows by number, the smaller place first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    pub(crate) a: u32,
    pub(crate) b: u32,
    /// Bits for one person, the prior among them.
    pub weight: f32,
}

/// For each place of a linker the row that stands there.
#[derive(Debug)]
pub struct Places(Vec<u32>);

impl Places {
    fn row(&self, place: u32) -> u32 {
        self.0[place as usize]
    }

    /// The two rows of an edge that this linker found; of two files, the first file's first.
    pub fn rows(&self, edge: Edge) -> (u32, u32) {
        (self.row(edge.a), self.row(edge.b))
    }
}

/// What weighing found.
#[derive(Debug)]
pub struct Weighed {
    /// How many pairs were compared.
    pub pairs: u64,
    /// How many of them each rule found first.
    pub by_rule: Vec<(String, u64)>,
    /// Those whose weight is enough to be kept, the heaviest first.
    pub edges: Vec<Edge>,
}

/// Random pairs on which u is counted.
const RANDOM_PAIRS: u64 = 400_000;
/// Pairs of one rule that train at most: of more, so many are picked, or half as many where
/// there are hardly more.
const TRAINING_PAIRS: u64 = 100_000;
/// Where the random pairs begin; the same every time, so that results are too.
const SEED: u64 = 0x005e_edf0_0d5e_edf0;

impl<'a> Linker<'a> {
    /// Makes rows ready.
    pub fn new(records: &Records, spec: &'a Spec) -> Self {
        let mut width = 0;
        let mut judges = Vec::with_capacity(spec.comparisons.len());
        let mut columns = Vec::new();
        for comparison in &spec.comparisons {
            let (judge, codes) = Judge::new(records, comparison, width);
            width = judge.cells.end;
            columns.extend(codes);
            judges.push(judge);
        }
        let order = order(records, &columns);
        let cells = order
            .iter()
            .flat_map(|row| columns.iter().map(move |codes| codes[*row as usize]))
            .collect();
        let blocking = Blocking::new(records, spec, &order);
        let second = records.two.then_some(records.first as u32);
        let within_first = records.within_first;
        let persons = Vec::new();
        let places = Places(order);
        Self { spec, places, second, within_first, judges, cells, width, blocking, persons }
    }

    /// Rows of whom `person` tells the same are one person, and teach nothing of how much
    /// different people have in common.
    #[must_use]
    pub fn knowing(mut self, person: impl Fn(u32) -> u32) -> Self {
        self.persons = self.places.0.iter().map(|row| person(*row)).collect();
        self
    }

    /// The blocks that were too large.
    pub fn narrowed(&self) -> &[Narrowed] {
        &self.blocking.narrowed
    }

    /// The row that an edge's end is.
    pub fn row(&self, place: u32) -> u32 {
        self.places.row(place)
    }

    /// The two rows of an edge; of two files, the first file's first.
    pub fn rows(&self, edge: Edge) -> (u32, u32) {
        self.places.rows(edge)
    }

    /// What is left when nothing more is to be compared.
    pub fn into_places(self) -> Places {
        self.places
    }

    fn cells(&self, place: u32) -> &[u32] {
        let from = place as usize * self.width;
        &self.cells[from..from + self.width]
    }

    /// How many pairs could be compared at all.
    pub fn all_pairs(&self) -> f64 {
        let rows = self.places.0.len() as f64;
        match self.second {
            Some(second) => {
                let first = f64::from(second);
                let among =
                    if self.within_first { first * (first - 1.0).max(0.0) / 2.0 } else { 0.0 };
                first.mul_add(rows - first, among)
            }
            None => rows * (rows - 1.0).max(0.0) / 2.0,
        }
    }

    /// Finds what the evidence weighs, without anybody's answers.
    pub fn train(&self) -> Model {
        self.train_answered(&[])
    }

    /// The same with the answers of people: pairs of places, and whether they are one
    /// person. A pair that was answered teaches that instead of what the model thinks.
    pub(crate) fn train_answered(&self, answered: &[(u32, u32, bool)]) -> Model {
        let answered: HashMap<(u32, u32), bool> =
            answered.iter().map(|(a, b, same)| ((*a.min(b), *a.max(b)), *same)).collect();
        let mut desk = self.desk();
        let random = self.random(&mut desk);
        let mut together = Tally::default();
        let mut together_same = 0.0;
        let mut rules = Vec::new();
        for (at, rule) in self.blocking.rules.iter().enumerate() {
            let pairs = rule.pairs();
            let every = pairs.div_ceil(TRAINING_PAIRS).max(1);
            // Compared and not divided: every pair of a large rule is asked.
            let below = u64::MAX / every;
            let mut tally = Tally::default();
            let mut said = [Tally::default(), Tally::default()];
            let answer = |a: u32, b: u32| {
                if answered.is_empty() { None } else { answered.get(&(a.min(b), a.max(b))) }
            };
            let picked = |a: u32, b: u32| {
                every == 1
                    || mixed(u64::from(a) << 32 | u64::from(b)) <= below
                    || answer(a, b).is_some()
            };
            let pairs = |offer: &mut dyn FnMut(u32, u32)| {
                for block in &rule.blocks {
                    self.blocking.each(at, block, false, |a, b| {
                        if picked(a, b) {
                            offer(a, b);
                        }
                    });
                }
            };
            self.judge_all(&mut desk, pairs, |a, b, pattern| {
                let is_new = !self.blocking.found_before(at, a, b);
                if let Some(same) = answer(a, b) {
                    let [different, same_person] = &mut said;
                    let tally = if *same { same_person } else { different };
                    tally.add(pattern, 1);
                    if *same && is_new {
                        together_same += 1.0;
                    }
                } else {
                    tally.add(pattern, every);
                    if is_new {
                        together.add(pattern, every);
                    }
                }
            });
            rules.push(RulePairs {
                name: rule.name.clone(),
                columns: rule.columns.clone(),
                counts: tally.counts(),
                answered: said.map(Tally::counts),
            });
        }
        training::train(&training::Seen {
            judges: &self.judges,
            columns: self.spec.comparisons.iter().map(|c| c.columns.clone()).collect(),
            random,
            alike_in_two: (0..self.judges.len())
                .flat_map(|one| (one + 1..self.judges.len()).map(move |other| (one, other)))
                .map(|(one, other)| (one, other, self.alike(&[one, other], &mut desk)))
                .collect(),
            rules,
            together: together.counts(),
            together_same,
            all_pairs: self.all_pairs(),
            agreeing: &|at| self.shares_alike(at),
        })
    }

    /// Random pairs; all pairs where there are few.
    fn random(&self, desk: &mut Desk) -> Counts {
        let mut tally = Tally::default();
        self.judge_all(
            desk,
            |offer| self.offer_random(offer),
            |_, _, pattern| tally.add(pattern, 1),
        );
        tally.counts()
    }

    fn offer_random(&self, offer: &mut dyn FnMut(u32, u32)) {
        let rows = self.places.0.len() as u64;
        let first = self.second.map_or(0, u64::from);
        if self.all_pairs() <= RANDOM_PAIRS as f64 {
            let lefts = if self.second.is_some() { first } else { rows };
            for a in 0..lefts {
                let from = if self.within_first || self.second.is_none() { a + 1 } else { first };
                for b in from..rows {
                    offer(a as u32, b as u32);
                }
            }
            return;
        }
        let mut draw = Draw(SEED);
        for _ in 0..RANDOM_PAIRS {
            let (a, b) = match self.second {
                Some(_) if self.within_first => (draw.below(first), draw.below(rows)),
                Some(_) => (draw.below(first), first + draw.below(rows - first)),
                None => (draw.below(rows), draw.below(rows)),
            };
            if a != b {
                offer(a as u32, b as u32);
            }
        }
    }

    /// Weighs every pair that the rules find, and keeps those of at least `least`
    /// bits.
    pub fn weigh(&self, model: &Model, least: f64, threads: usize) -> Weighed {
        let scale = Scale::new(self, model);
        let jobs: Vec<(usize, &Block)> = self
            .blocking
            .rules
            .iter()
            .enumerate()
            .flat_map(|(rule, ready)| ready.blocks.iter().map(move |block| (rule, block)))
            .collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut desk = self.desk();
            let mut edges = Vec::new();
            let mut pairs = vec![0_u64; self.blocking.rules.len()];
            loop {
                let from = next.fetch_add(JOBS_AT_ONCE, Ordering::Relaxed);
                if from >= jobs.len() {
                    return (edges, pairs);
                }
                let some = &jobs[from..(from + JOBS_AT_ONCE).min(jobs.len())];
                let offered = |offer: &mut dyn FnMut(u32, u32)| {
                    for (rule, block) in some {
                        let mut new = 0;
                        self.blocking.each(*rule, block, true, |a, b| {
                            new += 1;
                            offer(a, b);
                        });
                        pairs[*rule] += new;
                    }
                };
                self.judge_all(&mut desk, offered, |a, b, pattern| {
                    let weight = scale.weigh(a, b, pattern);
                    if weight >= least {
                        edges.push(Edge { a, b, weight: weight as f32 });
                    }
                });
            }
        };
        let mut edges = Vec::new();
        let mut by_rule = vec![0; self.blocking.rules.len()];
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
            let mut take = |(found, pairs): (Vec<Edge>, Vec<u64>)| {
                if edges.is_empty() {
                    edges = found;
                } else {
                    edges.extend(found);
                }
                by_rule.iter_mut().zip(pairs).for_each(|(sum, pairs)| *sum += pairs);
            };
            take(work());
            for other in others {
                match other.join() {
                    Ok(found) => take(found),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        edges.sort_unstable_by(|x, y| {
            y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b)))
        });
        let names = self.blocking.rules.iter().map(|rule| rule.name.clone());
        Weighed { pairs: by_rule.iter().sum(), by_rule: names.zip(by_rule).collect(), edges }
    }

    /// Of the heaviest edges, those that leave each row at most one partner.
    pub fn one_to_one(&self, edges: &[Edge]) -> Vec<Edge> {
        let mut taken = vec![false; self.places.0.len()];
        let mut kept = Vec::new();
        for edge in edges {
            let (a, b) = (edge.a as usize, edge.b as usize);
            if !taken[a] && !taken[b] {
                taken[a] = true;
                taken[b] = true;
                kept.push(*edge);
            }
        }
        kept
    }

    /// Puts rows together that are one person: for each row the number of its
    /// cluster, which is the smallest row in it.
    pub fn clusters(&self, model: &Model, edges: &[Edge], least: f64) -> Vec<u32> {
        let scale = Scale::new(self, model);
        let mut desk = self.desk();
        let evidence = Evidence {
            rows: self.places.0.len(),
            second: self.second,
            prior: model.prior_weight(),
            weigh: |a, b| scale.weigh(a, b, self.pattern(a, b, &mut desk)),
        };
        self.by_row(&clusters::merged(evidence, edges, least))
    }

    /// The same where every row has at most one partner.
    pub fn couples(&self, edges: &[Edge], least: f64) -> Vec<u32> {
        let mut clusters: Vec<u32> = (0..self.places.0.len() as u32).collect();
        for edge in edges.iter().filter(|edge| f64::from(edge.weight) >= least) {
            clusters[edge.b as usize] = edge.a;
        }
        self.by_row(&clusters)
    }

    /// From clusters of places to clusters of rows.
    fn by_row(&self, of_place: &[u32]) -> Vec<u32> {
        let mut smallest = vec![MISSING; self.places.0.len()];
        for (place, cluster) in of_place.iter().enumerate() {
            let smallest = &mut smallest[*cluster as usize];
            *smallest = (*smallest).min(self.places.0[place]);
        }
        let mut of_row = vec![0; self.places.0.len()];
        for (place, cluster) in of_place.iter().enumerate() {
            of_row[self.places.0[place] as usize] = smallest[*cluster as usize];
        }
        of_row
    }

    /// Weighs any two places, whether a rule finds the pair or not.
    pub(crate) fn weigher(&self, model: &Model) -> impl FnMut(u32, u32) -> f64 {
        let scale = Scale::new(self, model);
        let mut desk = self.desk();
        move |a, b| scale.weigh(a, b, self.pattern(a, b, &mut desk))
    }

    /// The model in words and numbers.
    pub fn told(&self, model: &Model) -> Told {
        model.told(&self.judges)
    }
}

/// Blocks that a thread takes at once.
const JOBS_AT_ONCE: usize = 16;

/// Weighs pairs by a model.
struct Scale<'a> {
    linker: &'a Linker<'a>,
    prior: f64,
    weights: Vec<Weights>,
    /// For each comparison, cell and value the bits that its frequency adds.
    rarity: Vec<Vec<Vec<f32>>>,
}

impl<'a> Scale<'a> {
    fn new(linker: &'a Linker<'a>, model: &Model) -> Self {
        // How many rows besides a row are the same person's.
        let partners =
            2.0 * model.prior * linker.all_pairs() / (linker.places.0.len() as f64).max(1.0);
        let rarity = linker
            .judges
            .iter()
            .zip(&model.chances)
            .map(|(judge, chances)| {
                let of_cell = |(cell, counts): (usize, &Vec<u32>)| {
                    let levels = judge.frequencies.iter().zip(&chances.m);
                    let agree: f64 =
                        levels.filter(|(of, _)| of.contains(&cell)).map(|(_, m)| m).sum();
                    rarity(counts, partners * agree)
                };
                judge.counts.iter().enumerate().map(of_cell).collect()
            })
            .collect();
        Self { linker, prior: model.prior_weight(), weights: model.weights(), rarity }
    }

    /// What a pair with this pattern weighs.
    #[inline]
    fn weigh(&self, a: u32, b: u32, pattern: Pattern) -> f64 {
        let mut sum = self.prior;
        for (at, (judge, weights)) in self.linker.judges.iter().zip(&self.weights).enumerate() {
            let level = level_of(pattern, at);
            let weight = weights.of(level, weights.agreeing(|at| level_of(pattern, at)));
            sum += weight.bits;
            if weight.rarity > 0.0 && !judge.frequencies[level].is_empty() {
                let cells = judge.cells.clone();
                let (a, b) = (self.linker.cells(a), self.linker.cells(b));
                sum += weight.rarity * self.rarity(at, level, &a[cells.clone()], &b[cells]);
            }
        }
        sum
    }

    fn rarity(&self, at: usize, level: usize, a: &[u32], b: &[u32]) -> f64 {
        let of = |cells: &[u32]| -> f64 {
            let frequencies = self.linker.judges[at].frequencies[level].iter();
            frequencies.map(|cell| f64::from(self.rarity[at][*cell][cells[*cell] as usize])).sum()
        };
        of(a).min(of(b))
    }
}

/// For each value how much rarer it is than what two rows of different people agree
/// on by chance, in bits. A person's own further rows, so many for each row, do not
/// make a value frequent.
fn rarity(counts: &[u32], own: f64) -> Vec<f32> {
    let all: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let others = |count: u32| (f64::from(count) - own).max(1.0);
    let agreeing: f64 =
        counts.iter().map(|count| f64::from(*count) * others(*count)).sum::<f64>() / all;
    counts.iter().map(|count| (agreeing / others(*count)).log2() as f32).collect()
}

/// Rows in the order of what they say: the first file's first, rows that say the
/// same by their ids.
fn order(records: &Records, columns: &[Vec<u32>]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..records.rows() as u32).collect();
    let said = |row: u32| columns.iter().map(move |codes| codes[row as usize]);
    let second = |row: u32| row as usize >= records.first;
    order.sort_unstable_by(|x, y| {
        let files = second(*x).cmp(&second(*y));
        let rest =
            || records.columns.iter().map(|c| c.codes[*x as usize].cmp(&c.codes[*y as usize]));
        files
            .then_with(|| said(*x).cmp(said(*y)))
            .then_with(|| rest().find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal))
            .then_with(|| records.ids.get(*x as usize).cmp(records.ids.get(*y as usize)))
    });
    order
}

/// Numbers that are the same every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((u128::from(mixed(self.0)) * u128::from(most)) >> 64) as u64
    }
}

/// How many pairs have each pattern.
#[derive(Default)]
struct Tally(NumberMap<u64>);

impl Tally {
    #[inline]
    fn add(&mut self, pattern: Pattern, pairs: u64) {
        *self.0.entry(pattern).or_default() += pairs;
    }

    fn counts(self) -> Counts {
        let mut counts: Vec<(Pattern, u64)> = self.0.into_iter().collect();
        counts.sort_unstable();
        counts.into_iter().map(|(pattern, n)| (pattern, n as f64)).collect()
    }
}
