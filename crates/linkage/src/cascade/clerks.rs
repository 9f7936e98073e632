//! What clerks decided of pairs that an extract left in doubt, and what they are asked
//! next.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use source::SubjectKey;
use vault::PairHasher;

use super::likely::{LEAST, Pair};
use super::{Cascade, Part, Stage, note};
use crate::probabilistic::weight;
use crate::review::{Decided, GREY_BITS, KeptPair, Known, Outcome, Reviewed, Side, Weighed};

/// A pair that clerks could be asked about.
struct Grey<'a> {
    /// Whether it was decided on what the registers said before.
    again: bool,
    worth: f64,
    who: [[u8; 16]; 2],
    pair: &'a Pair,
}

impl Grey<'_> {
    fn before(&self, other: &Self) -> Ordering {
        let sorted = |mut who: [[u8; 16]; 2]| {
            who.sort_unstable();
            who
        };
        (other.again.cmp(&self.again))
            .then_with(|| other.worth.total_cmp(&self.worth))
            .then_with(|| sorted(self.who).cmp(&sorted(other.who)))
    }
}

impl Cascade<'_> {
    /// Brings what clerks said before to the people here, and makes it so: first who are
    /// two, then who are one. What numbers for life forbid, or what rests on what the
    /// registers do not say any more, is not made so.
    pub(super) fn decide(
        &mut self,
        parts: &[Part<'_>],
        (decided, hasher): (&[Decided], &PairHasher),
    ) {
        for (at, pair) in decided.iter().enumerate() {
            let find = |side: &Side| {
                let source = parts.iter().position(|part| *part.source == side.source)?;
                self.people.find(source, side.subject()?)
            };
            let [one, other] = &pair.kept.sides;
            if let (Some(a), Some(b)) = (find(one), find(other)) {
                let said = |subject| self.people.said(subject, hasher);
                let stands = one.says(said(a)) && other.says(said(b));
                let (subjects, outcome) = ((a, b), pair.outcome);
                self.known.push(Known { at, subjects, stands, outcome });
            }
        }
        for (decision, known) in (0..).zip(&self.known) {
            let (a, b) = known.subjects;
            let (a, b) = (self.entities.root(a), self.entities.root(b));
            if known.says(Outcome::Different) && a != b {
                self.entities.keep_apart(a, b, decision);
            }
        }
        for known in self.known.iter().filter(|known| known.says(Outcome::Same)) {
            let (a, b) = known.subjects;
            let (a, b) = (self.entities.root(a), self.entities.root(b));
            if a != b && self.entities.may_be_one(a, b) {
                note(&mut self.stages, &self.entities, (a, b), Stage::Likely);
                self.entities.merge(a, b);
            }
        }
    }

    /// Pairs of subjects of whom it is known by people's word whether they are one.
    pub(super) fn answered(&self) -> Vec<(u32, u32, bool)> {
        let counts = self.known.iter().filter(|known| self.is_so(known));
        counts
            .map(|known| {
                let (a, b) = known.subjects;
                (a, b, known.outcome == Some(Outcome::Same))
            })
            .collect()
    }

    /// Whether a decision is what became of the two.
    fn is_so(&self, known: &Known) -> bool {
        let (a, b) = known.subjects;
        let one = self.entities.root(a) == self.entities.root(b);
        (known.says(Outcome::Same) && one) || (known.says(Outcome::Different) && !one)
    }

    /// Known pairs of whom the registers say something else now, by their places in the
    /// list that was given.
    pub(crate) fn stale(&self) -> impl Iterator<Item = usize> {
        self.known.iter().filter(|known| !known.stands).map(|known| known.at)
    }

    /// What is told of the decisions. `put_up`: how many pairs clerks are asked about.
    pub(crate) fn reviewed(
        &self,
        is_in: &dyn Fn(usize, u32) -> bool,
        put_up: usize,
        least: u64,
    ) -> Option<Reviewed> {
        let is_in = |subject| {
            let (source, at) = self.place(subject);
            is_in(source, at)
        };
        let decided = || {
            self.known.iter().filter(|known| {
                let (a, b) = known.subjects;
                matches!(known.outcome, Some(Outcome::Same | Outcome::Different))
                    && (is_in(a) || is_in(b))
            })
        };
        if decided().next().is_none() && put_up == 0 {
            return None;
        }
        let count = |counts: &dyn Fn(&Known) -> bool| decided().filter(|k| counts(k)).count();
        let told = |count: usize| Some(count as u64).filter(|count| *count == 0 || *count >= least);
        let so = |outcome| count(&|known: &Known| self.is_so(known) && known.says(outcome));
        Some(Reviewed {
            same: told(so(Outcome::Same)),
            different: told(so(Outcome::Different)),
            set_aside: told(count(&|known: &Known| !self.is_so(known))),
            put_up: told(put_up),
        })
    }

    /// The pairs that clerks are to be asked about, `most` at the most: of those near
    /// the threshold, first those that were decided on what the registers said before,
    /// then those whose answer is likeliest to be another than the extract's, each the
    /// less the more pairs before it agree and differ in the same things: what these
    /// teach, it does not teach again. The same every time: where two are worth as much,
    /// a keyed hash of who they are decides.
    pub(crate) fn asked(
        &self,
        parts: &[Part<'_>],
        is_in: &dyn Fn(usize, u32) -> bool,
        most: usize,
        hasher: &PairHasher,
    ) -> Vec<KeptPair> {
        let Some(weighing) = self.weighing.as_ref().filter(|_| most > 0) else {
            return Vec::new();
        };
        let people = |a: u32, b: u32| {
            let (a, b) = (self.before.root(a), self.before.root(b));
            (a.min(b), a.max(b))
        };
        let known = |stands: bool| -> HashSet<(u32, u32)> {
            let known = self.known.iter().filter(|known| known.stands == stands);
            known.map(|known| people(known.subjects.0, known.subjects.1)).collect()
        };
        let (asked_before, stale) = (known(true), known(false));
        let threshold = weight(self.threshold.max(LEAST));
        let is_in = |subject| {
            let (source, at) = self.place(subject);
            is_in(source, at)
        };
        let mut grey: Vec<Grey<'_>> = self
            .pairs
            .iter()
            .filter(|pair| (weight(pair.probability) - threshold).abs() <= GREY_BITS)
            .filter(|pair| is_in(pair.loose) || is_in(pair.other))
            .filter(|pair| !asked_before.contains(&people(pair.loose, pair.other)))
            .map(|pair| {
                let one = self.entities.root(pair.loose) == self.entities.root(pair.other);
                Grey {
                    again: stale.contains(&people(pair.loose, pair.other)),
                    worth: if one { 1.0 - pair.probability } else { pair.probability },
                    who: [pair.loose, pair.other].map(|at| self.who(parts, at, hasher)),
                    pair,
                }
            })
            .collect();
        grey.sort_by(Grey::before);
        let mut levels = weighing.levels();
        let mut alike: HashMap<u64, f64> = HashMap::new();
        for grey in &mut grey {
            let alike = alike.entry(levels(grey.pair.loose, grey.pair.other)).or_insert(0.0);
            *alike += 1.0;
            grey.worth /= *alike;
        }
        grey.sort_by(Grey::before);
        let kept = grey.into_iter().take(most).filter_map(|Grey { who, pair, .. }| {
            // Which stands first says nothing of where the two are from.
            let [one, other] = who;
            let (a, b) =
                if one <= other { (pair.loose, pair.other) } else { (pair.other, pair.loose) };
            Some(KeptPair {
                sides: [self.side(parts, a, hasher)?, self.side(parts, b, hasher)?],
                steps: weighing.explain(a, b).into_iter().map(Weighed::from).collect(),
                probability: pair.probability,
            })
        });
        kept.collect()
    }

    fn side(&self, parts: &[Part<'_>], subject: u32, hasher: &PairHasher) -> Option<Side> {
        let part = parts.get(self.people.source_of(subject))?;
        let key = self.key(subject)?;
        let said = self.people.said(subject, hasher);
        Some(Side::new(part.source.clone(), part.segment.to_owned(), key, said))
    }

    /// Who a subject is, as a keyed hash that no order can be read from.
    fn who(&self, parts: &[Part<'_>], subject: u32, hasher: &PairHasher) -> [u8; 16] {
        let source = parts.get(self.people.source_of(subject));
        let key = self.key(subject).map(|key| format!("{:032x}", u128::from_be_bytes(key.0)));
        hasher.hash([source.map(|part| part.source.as_str()), key.as_deref()])
    }

    fn key(&self, subject: u32) -> Option<SubjectKey> {
        self.people.subjects.get(subject as usize).copied()
    }
}
