//! Who is who where the national identity number does not tell it of everybody.
//!
//! In turn, each on what the one before left: numbers that hold and are equal, by blind
//! index; the register's own number, within one register; numbers with one slip of the
//! pen, where name and birth date agree; and names, birth, sex and place together, by
//! [`probabilistic`](crate::probabilistic). What one stage found no later one undoes,
//! so that the first finds exactly what it finds alone.
//!
//! Names are held in this process's memory while it lasts, and nowhere else. Nothing
//! here has a `Debug` that shows one.

mod clerks;
mod entities;
mod likely;
mod near;
mod people;
mod places;
mod report;

use std::cell::OnceCell;

use model::Date;
use vault::{BlindHasher, PairHasher, Vault};

use crate::crosswalk::LinkError;
use crate::found::Found;
use crate::probabilistic::{Narrowed, Spec, Told, probability};
use crate::review::{Decided, Known};
use entities::{Entities, Groups};
use likely::{LEAST, Pair, Weighing};
use people::People;
pub(crate) use people::{BESIDE, COLUMNS, MUNICIPALITY, POSTCODE, Part, Said};

/// The names of all blocking rules that there may be.
pub(crate) fn rule_names() -> Vec<String> {
    likely::rule_names()
}

/// By which stage somebody was found in another record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Exact = 0,
    OwnNumber = 1,
    Near = 2,
    Likely = 3,
}

/// A link that was made by more than an equal number.
struct Link {
    /// Who had no number for life.
    loose: u32,
    other: u32,
    probability: f64,
}

/// Who is who.
pub(crate) struct Cascade<'a> {
    people: People,
    entities: Entities,
    /// For each subject by which stage it was found; `None`: it stands alone.
    stages: Vec<Option<Stage>>,
    /// For each subject how likely it is the person it was put with.
    probabilities: Vec<f64>,
    links: Vec<Link>,
    pairs: Vec<Pair>,
    /// For each pair whether it would be made with every threshold below its own.
    merged: Vec<bool>,
    /// How two-person evidence starts out: subjects before the last stage.
    before: Groups,
    compared: u64,
    narrowed: Vec<Narrowed>,
    by_rule: Vec<(String, u64)>,
    model: Option<Told>,
    threshold: f64,
    /// Pairs that clerks were asked about before.
    known: Vec<Known>,
    /// What weighed the rest, if there was anything to weigh.
    weighing: Option<Weighing<'a>>,
}

impl<'a> Cascade<'a> {
    /// Reads everybody and finds out. `decided`: what clerks were asked before. What is
    /// compared is put into `spec`.
    pub(crate) fn run(
        parts: &[Part<'_>],
        vault: &Vault,
        hasher: &BlindHasher,
        threshold: f64,
        decided: (&[Decided], &PairHasher),
        spec: &'a OnceCell<Spec>,
    ) -> Result<Self, LinkError> {
        let people = People::read(parts, vault, hasher)?;
        let entities = Entities::alone(&people);
        let count = people.subjects.len();
        let mut cascade = Self {
            before: entities.groups.clone(),
            entities,
            stages: vec![None; count],
            probabilities: vec![1.0; count],
            links: Vec::new(),
            pairs: Vec::new(),
            merged: Vec::new(),
            compared: 0,
            narrowed: Vec::new(),
            by_rule: Vec::new(),
            model: None,
            threshold,
            known: Vec::new(),
            weighing: None,
            people,
        };
        cascade.exact();
        places::join_renumbered(&mut cascade.people);
        cascade.own_numbers();
        cascade.decide(parts, decided);
        let spec = spec.get_or_init(|| likely::spec(&cascade.people));
        let weighing = Weighing::new(&cascade.people, &cascade.entities, spec, &cascade.answered());
        cascade.near(hasher, weighing.as_ref());
        cascade.before.clone_from(&cascade.entities.groups);
        if let Some(weighing) = &weighing {
            cascade.likely(weighing);
        }
        cascade.weighing = weighing;
        Ok(cascade)
    }

    fn exact(&mut self) {
        let indexes = std::mem::take(&mut self.people.indexes);
        for same in indexes.chunk_by(|(one, _), (other, _)| one == other) {
            self.unite(same.iter().map(|(_, subject)| *subject), Stage::Exact);
        }
        self.people.indexes = indexes;
    }

    /// One register calls two subjects by one number of its own: the same person, whose
    /// national number was missing or another one in some rows. Two numbers for life
    /// under one of its own are its mistake, and then it says nothing.
    fn own_numbers(&mut self) {
        let own = std::mem::take(&mut self.people.own);
        for same in own.chunk_by(|(source, key, _), (of, other, _)| source == of && key == other) {
            let mut roots: Vec<u32> =
                same.iter().map(|(.., subject)| self.entities.root(*subject)).collect();
            roots.sort_unstable();
            roots.dedup();
            let mut pairs = roots
                .iter()
                .enumerate()
                .flat_map(|(at, a)| roots.iter().skip(at + 1).map(|b| (*a, *b)));
            if pairs.all(|(a, b)| self.entities.may_be_one(a, b)) {
                self.unite(roots.into_iter(), Stage::OwnNumber);
            }
        }
        self.people.own = own;
    }

    fn unite(&mut self, subjects: impl Iterator<Item = u32>, stage: Stage) {
        let mut first = None;
        for subject in subjects {
            let root = self.entities.root(subject);
            let Some(one) = first.replace(root) else { continue };
            let one = self.entities.root(one);
            if one != root {
                note(&mut self.stages, &self.entities, (one, root), stage);
                self.entities.merge(one, root);
                first = Some(self.entities.root(one));
            }
        }
    }

    fn near(&mut self, hasher: &BlindHasher, weighing: Option<&Weighing<'_>>) {
        let (people, entities) = (&self.people, &self.entities);
        let found = near::found(
            people,
            hasher,
            |subject| entities.root(subject),
            |root| entities.members(root).collect(),
        );
        let mut weigh = weighing.map(Weighing::weigher);
        for near::Slip { loose, other, is_number } in found {
            let (a, b) = (self.entities.root(loose), self.entities.root(other));
            // A number that several records have is no slip.
            let may = if is_number {
                self.entities.size(a) == 1 && self.entities.may_be_one_but_for_numbers(a, b)
            } else {
                self.entities.may_be_one(a, b)
            };
            if a == b || !may {
                continue;
            }
            let bits = weigh.as_mut().map_or(0.0, |weigh| weigh(loose, other));
            let probability = probability(bits + near::SLIP_BITS);
            self.doubt((a, b), probability);
            note(&mut self.stages, &self.entities, (a, b), Stage::Near);
            self.links.push(Link { loose, other, probability });
            self.entities.merge(a, b);
        }
    }

    fn likely(&mut self, weighing: &Weighing<'_>) {
        let found = weighing.pairs(&self.entities);
        let (stages, links) = (&mut self.stages, &mut self.links);
        let mut doubted = Vec::new();
        let merges = likely::merge(
            &found.pairs,
            &mut self.entities,
            self.threshold.max(LEAST),
            weighing.weigher(),
            weighing.prior(),
            |entities, pair| {
                let (a, b) = (entities.root(pair.loose), entities.root(pair.other));
                note(stages, entities, (a, b), Stage::Likely);
                let side = lesser(entities, (a, b));
                doubted.extend(entities.members(side).map(|subject| (subject, pair.probability)));
                let (loose, other, probability) = (pair.loose, pair.other, pair.probability);
                links.push(Link { loose, other, probability });
            },
        );
        for (subject, probability) in doubted {
            self.lower(subject, probability);
        }
        self.pairs = found.pairs;
        self.merged = merges.merged;
        self.compared = found.compared;
        self.narrowed = found.narrowed;
        self.by_rule = found.by_rule;
        self.model = found.model;
    }

    /// The side that is put to the other is as doubtful as the link.
    fn doubt(&mut self, sides: (u32, u32), probability: f64) {
        let side = lesser(&self.entities, sides);
        for subject in self.entities.members(side).collect::<Vec<_>>() {
            self.lower(subject, probability);
        }
    }

    fn lower(&mut self, subject: u32, to: f64) {
        if let Some(probability) = self.probabilities.get_mut(subject as usize) {
            *probability = probability.min(to);
        }
    }

    /// Everybody's subjects, person by person, as source and place within it.
    pub(crate) fn persons(&self) -> impl Iterator<Item = Vec<(usize, u32)>> {
        let all = 0..u32::try_from(self.people.subjects.len()).unwrap_or(u32::MAX);
        all.filter(|subject| self.entities.root(*subject) == *subject).map(|root| {
            let mut same: Vec<(usize, u32)> =
                self.entities.members(root).map(|subject| self.place(subject)).collect();
            same.sort_unstable();
            same
        })
    }

    fn place(&self, subject: u32) -> (usize, u32) {
        let source = self.people.source_of(subject);
        let start = self.people.starts.get(source).copied().unwrap_or(0);
        (source, subject - start)
    }

    /// The subjects of a source, in the order of their keys, each with how likely it is
    /// the person it was put with.
    pub(crate) fn of_source(
        &self,
        source: usize,
    ) -> impl Iterator<Item = (source::SubjectKey, f64)> {
        let range = match (self.people.starts.get(source), self.people.starts.get(source + 1)) {
            (Some(from), Some(to)) => *from as usize..*to as usize,
            _ => 0..0,
        };
        let subjects = self.people.subjects.get(range.clone()).unwrap_or_default();
        let probabilities = self.probabilities.get(range).unwrap_or_default();
        subjects.iter().copied().zip(probabilities.iter().copied())
    }

    /// A subject of a source.
    pub(crate) fn subject(&self, source: usize, at: u32) -> Option<source::SubjectKey> {
        let subject = self.people.starts.get(source)? + at;
        self.people.subjects.get(subject as usize).copied()
    }

    /// The key that a subject would have by its register's own number, where that is
    /// known.
    pub(crate) fn own_key(&self, source: usize, at: u32) -> Option<source::SubjectKey> {
        let subject = self.people.starts.get(source)? + at;
        self.people.own_key(subject)
    }

    /// What is told of it. `is_in`: whether a subject is in the extract.
    pub(crate) fn found(
        &self,
        names: &[&model::SourceId],
        is_in: &dyn Fn(usize, u32) -> bool,
        as_of: Date,
        least: u64,
    ) -> Found {
        report::Report { cascade: self, names, is_in, as_of, least }.found()
    }
}

/// Which of two people is put to the other: who has no number for life, then who is in
/// fewer records.
fn lesser(entities: &Entities, (a, b): (u32, u32)) -> u32 {
    let rank = |root: u32| (entities.issued_by(root) != 0, entities.size(root));
    if rank(a) <= rank(b) { a } else { b }
}

/// Notes by which stage two people were found, where no earlier one had.
fn note(stages: &mut [Option<Stage>], entities: &Entities, (a, b): (u32, u32), stage: Stage) {
    for subject in entities.members(a).chain(entities.members(b)) {
        if let Some(found) = stages.get_mut(subject as usize) {
            *found = found.or(Some(stage));
        }
    }
}
