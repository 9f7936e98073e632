//! What is told of a cascade.

use std::collections::BTreeMap;

use model::{Date, SourceId};

use super::people::{BORN, COUNTRY, SEX};
use super::{Cascade, Stage};
use crate::found::{
    AtThreshold, Counted, Found, Group, LevelWeight, NarrowedBlock, RuleCount, WeightColumn,
    tenths, told,
};
use crate::probabilistic::Told;

pub(super) struct Report<'a> {
    pub(super) cascade: &'a Cascade<'a>,
    pub(super) names: &'a [&'a SourceId],
    /// Whether a subject, by source and place, is in the extract.
    pub(super) is_in: &'a dyn Fn(usize, u32) -> bool,
    pub(super) as_of: Date,
    pub(super) least: u64,
}

/// Thresholds that are worked out besides the permit's own.
const THRESHOLDS: [f64; 8] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];
/// Columns of weights: where the first and the last begin, and how wide each is, bits.
const WEIGHTS: (i32, i32) = (-6, 40);
const WEIGHT_WIDTH: usize = 2;
/// Ages from which a group begins.
const AGES: [(i16, &str); 5] =
    [(80, "80+"), (65, "65-79"), (40, "40-64"), (18, "18-39"), (0, "0-17")];

type Groups = BTreeMap<Option<String>, Counted>;

impl Report<'_> {
    pub(super) fn found(&self) -> Found {
        let mut all = Counted::default();
        let mut sources: Vec<Counted> = vec![Counted::default(); self.names.len()];
        let (mut sexes, mut ages, mut countries) = (Groups::new(), Groups::new(), Groups::new());
        // What a record lacks, the one it is linked with may say of the person: who is in
        // doubt lacks more than others do.
        let mut each = |(subject, other): (u32, u32), count: &dyn Fn(&mut Counted)| {
            let value = |column| self.value(column, subject).or_else(|| self.value(column, other));
            let age = self.age(subject).or_else(|| self.age(other));
            count(&mut all);
            if let Some(of) = sources.get_mut(self.cascade.people.source_of(subject)) {
                count(of);
            }
            count(sexes.entry(value(SEX)).or_default());
            count(ages.entry(age).or_default());
            count(countries.entry(value(COUNTRY)).or_default());
        };
        for (subject, stage) in (0..).zip(&self.cascade.stages) {
            if self.is_in(subject) {
                let at = stage.map_or(4, |stage: Stage| stage as usize);
                each((subject, subject), &|counted| {
                    if let Some(count) = counted.stages.get_mut(at) {
                        *count += 1;
                    }
                });
            }
        }
        for link in &self.cascade.links {
            if self.is_in(link.loose) || self.is_in(link.other) {
                each((link.loose, link.other), &|counted| {
                    counted.false_links += 1.0 - link.probability;
                });
            }
        }
        let entities = &self.cascade.entities;
        for pair in &self.cascade.pairs {
            let apart = entities.root(pair.loose) != entities.root(pair.other);
            if apart && (self.is_in(pair.loose) || self.is_in(pair.other)) {
                each((pair.loose, pair.other), &|counted| counted.missed_links += pair.probability);
            }
        }
        self.withheld(all, &sources, &sexes, &ages, countries)
    }

    fn withheld(
        &self,
        all: Counted,
        sources: &[Counted],
        sexes: &Groups,
        ages: &Groups,
        countries: Groups,
    ) -> Found {
        let countries = self.frequent(countries);
        let counts = |groups: &Groups| groups.values().copied().collect::<Vec<_>>();
        let (in_sexes, in_ages, in_countries) = (counts(sexes), counts(ages), counts(&countries));
        // A division of which nothing is known says nothing.
        let divisions: [&[Counted]; 4] = [sources, &in_sexes, &in_ages, &in_countries];
        let (all, [of_sources, of_sexes, of_ages, of_countries]) = told(all, divisions, self.least);
        let grouped = |groups: &Groups, cells: Vec<_>| -> Vec<Group> {
            if groups.keys().all(Option::is_none) {
                return Vec::new();
            }
            let values = groups.keys().cloned();
            values.zip(cells).map(|(value, cell)| Group { value, cell }).collect()
        };
        Found {
            threshold: self.cascade.threshold,
            smallest_count: self.least,
            compared: self.cascade.compared,
            all,
            sources: self.names.iter().map(|name| (*name).clone()).zip(of_sources).collect(),
            sexes: grouped(sexes, of_sexes),
            ages: grouped(ages, of_ages),
            countries: grouped(&countries, of_countries),
            weights: self.weights(),
            thresholds: self.thresholds(),
            rules: self.rules(),
            levels: self.cascade.model.as_ref().map(levels).unwrap_or_default(),
            narrowed: self.narrowed(),
            reviewed: None,
        }
    }

    fn is_in(&self, subject: u32) -> bool {
        let (source, at) = self.cascade.place(subject);
        (self.is_in)(source, at)
    }

    fn value(&self, column: usize, subject: u32) -> Option<String> {
        self.cascade.people.value(column, subject).map(ToOwned::to_owned)
    }

    fn age(&self, subject: u32) -> Option<String> {
        let born: Date = self.cascade.people.value(BORN, subject)?.parse().ok()?;
        let before = (self.as_of.month(), self.as_of.day()) < (born.month(), born.day());
        let age = self.as_of.year() - born.year() - i16::from(before);
        AGES.iter().find(|(from, _)| age >= *from).map(|(_, name)| (*name).to_owned())
    }

    /// Values of few people are no groups of their own: what stands in a register may
    /// be anything. They are one together.
    fn frequent(&self, groups: Groups) -> Groups {
        const OTHERS: &str = "…";
        let mut frequent = Groups::new();
        for (value, counted) in groups {
            let people: u64 = counted.stages.iter().sum();
            let value = value.map(|v| if people < self.least { OTHERS.to_owned() } else { v });
            let of: &mut Counted = frequent.entry(value).or_default();
            for (sum, count) in of.stages.iter_mut().zip(counted.stages) {
                *sum += count;
            }
            of.false_links += counted.false_links;
            of.missed_links += counted.missed_links;
        }
        frequent
    }

    fn weights(&self) -> Vec<WeightColumn> {
        let (first, last) = WEIGHTS;
        let mut columns: BTreeMap<i32, u64> =
            (first..=last).step_by(WEIGHT_WIDTH).map(|from| (from, 0)).collect();
        for pair in &self.cascade.pairs {
            if self.is_in(pair.loose) || self.is_in(pair.other) {
                let bits = pair.weight.clamp(f64::from(first), f64::from(last));
                if let Some((_, count)) = columns.range_mut(..=whole(bits)).next_back() {
                    *count += 1;
                }
            }
        }
        let told = |count: u64| Some(count).filter(|count| *count == 0 || *count >= self.least);
        columns.into_iter().map(|(from, count)| WeightColumn { from, pairs: told(count) }).collect()
    }

    /// What each threshold comes to: its merges are made in turn, from the highest
    /// threshold down, on what there was before the last stage.
    fn thresholds(&self) -> Vec<AtThreshold> {
        let cascade = self.cascade;
        let is_in = |loose, other| self.is_in(loose) || self.is_in(other);
        let mut groups = cascade.before.clone();
        let mut thresholds: Vec<f64> = THRESHOLDS.to_vec();
        thresholds.push(cascade.threshold);
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let (mut links, mut false_links, mut next) = (0_u64, 0.0, 0);
        let mut shown = 0;
        let mut found = Vec::new();
        for threshold in thresholds {
            while let Some(pair) = cascade.pairs.get(next) {
                if pair.probability < threshold {
                    break;
                }
                if cascade.merged.get(next) == Some(&true) {
                    groups.merge(groups.root(pair.loose), groups.root(pair.other));
                    if is_in(pair.loose, pair.other) {
                        links += 1;
                        false_links += 1.0 - pair.probability;
                    }
                }
                next += 1;
            }
            let missed_links: f64 = cascade
                .pairs
                .iter()
                .filter(|pair| groups.root(pair.loose) != groups.root(pair.other))
                .filter(|pair| is_in(pair.loose, pair.other))
                .map(|pair| pair.probability)
                .sum();
            // Two thresholds that few links lie between would tell of these.
            let told = links == shown || links - shown >= self.least;
            if told {
                shown = links;
            }
            found.push(AtThreshold {
                threshold,
                links: told.then_some(links),
                false_links: tenths(false_links),
                missed_links: tenths(missed_links),
            });
        }
        found.reverse();
        found
    }

    fn rules(&self) -> Vec<RuleCount> {
        let told = |count: u64| Some(count).filter(|count| *count == 0 || *count >= self.least);
        let rules = self.cascade.by_rule.iter();
        rules.map(|(rule, pairs)| RuleCount { rule: rule.clone(), pairs: told(*pairs) }).collect()
    }

    fn narrowed(&self) -> Vec<NarrowedBlock> {
        let block = |block: &crate::probabilistic::Narrowed| NarrowedBlock {
            rule: block.rule.clone(),
            rows: block.rows,
            pairs: block.pairs,
            narrowed: block.narrowed,
            whole: block.whole,
        };
        self.cascade.narrowed.iter().map(block).collect()
    }
}

fn levels(model: &Told) -> Vec<LevelWeight> {
    let weight = |comparison: &str, level: &str, bits| LevelWeight {
        comparison: comparison.to_owned(),
        level: level.to_owned(),
        bits: tenths(bits),
    };
    let prior = weight(LevelWeight::PRIOR, "", model.prior_weight);
    let comparisons = model.comparisons.iter().flat_map(|comparison| {
        let levels = comparison.levels.iter();
        levels.map(move |level| weight(&comparison.name, &level.label, level.weight))
    });
    std::iter::once(prior).chain(comparisons).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a weight between the first and last column")]
fn whole(bits: f64) -> i32 {
    bits.floor() as i32
}
