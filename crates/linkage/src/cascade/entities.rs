//! Subjects that are one person so far, and what forbids that two of these are one.

use model::national_id::Birth;

use super::people::{Number, People};

/// Which subjects are one person.
#[derive(Clone)]
pub(super) struct Entities {
    /// For each subject its representative's representative: see [`Self::root`].
    parents: Vec<u32>,
    members: Vec<Vec<u32>>,
    known: Vec<Known>,
}

/// What is known of a person as a whole.
#[derive(Clone, Default)]
struct Known {
    /// The birth that the number for life states, if there is such a number.
    for_life: Option<Birth>,
    /// The births that temporary numbers state.
    temporary: Vec<Birth>,
    /// Sources that hold a person once, and hold this one, a bit each.
    once: u64,
    /// Decisions that two are different people, and on which side of each this one is.
    apart: Vec<(u32, bool)>,
}

/// Sources beyond so many are not told apart by what they hold once.
const BITS: usize = 64;

impl Entities {
    /// Everybody alone.
    pub(super) fn alone(people: &People) -> Self {
        let all = 0..u32::try_from(people.subjects.len()).unwrap_or(u32::MAX);
        let known = all
            .clone()
            .zip(&people.numbers)
            .map(|(subject, number)| {
                let source = people.source_of(subject);
                let once = people.once.get(source) == Some(&true) && source < BITS;
                let once = if once { 1 << source } else { 0 };
                match number {
                    Number::None => Known { once, ..Known::default() },
                    Number::Temporary(birth) => {
                        Known { temporary: vec![*birth], once, ..Known::default() }
                    }
                    Number::ForLife(birth) => {
                        Known { for_life: Some(*birth), once, ..Known::default() }
                    }
                }
            })
            .collect();
        Self { members: all.clone().map(|one| vec![one]).collect(), parents: all.collect(), known }
    }

    /// The representative of the person whom a subject is.
    pub(super) fn root(&self, subject: u32) -> u32 {
        self.parents.get(subject as usize).copied().unwrap_or(subject)
    }

    /// The subjects of a representative.
    pub(super) fn members(&self, root: u32) -> &[u32] {
        self.members.get(root as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether the person has a number for life.
    pub(super) fn is_settled(&self, root: u32) -> bool {
        self.known.get(root as usize).is_some_and(|known| known.for_life.is_some())
    }

    /// Whether two may be one person at all: numbers for life are never two, what
    /// numbers state of the birth agrees, and no source that holds a person once
    /// holds both.
    pub(super) fn may_be_one(&self, a: u32, b: u32) -> bool {
        let (Some(a), Some(b)) = (self.known.get(a as usize), self.known.get(b as usize)) else {
            return false;
        };
        if a.once & b.once != 0 || (a.for_life.is_some() && b.for_life.is_some()) {
            return false;
        }
        if a.apart.iter().any(|(decision, side)| b.apart.contains(&(*decision, !side))) {
            return false;
        }
        let births = |known: &Known| -> Vec<Birth> {
            known.temporary.iter().copied().chain(known.for_life).collect()
        };
        let of_b = births(b);
        births(a).into_iter().all(|one| of_b.iter().all(|other| one.agrees(*other)))
    }

    /// Keeps two representatives apart for good: people decided so. `decision` is a
    /// number of its own for each.
    pub(super) fn keep_apart(&mut self, a: u32, b: u32, decision: u32) {
        for (root, side) in [(a, false), (b, true)] {
            if let Some(known) = self.known.get_mut(root as usize) {
                known.apart.push((decision, side));
            }
        }
    }

    /// Makes two representatives one; the larger stays one.
    pub(super) fn merge(&mut self, a: u32, b: u32) {
        if a == b {
            return;
        }
        let larger = self.members(a).len() >= self.members(b).len();
        let (into, from) = if larger { (a, b) } else { (b, a) };
        let moved = self.members.get_mut(from as usize).map(std::mem::take).unwrap_or_default();
        for subject in &moved {
            if let Some(parent) = self.parents.get_mut(*subject as usize) {
                *parent = into;
            }
        }
        if let Some(members) = self.members.get_mut(into as usize) {
            members.extend(moved);
        }
        let from = self.known.get_mut(from as usize).map(std::mem::take).unwrap_or_default();
        if let Some(known) = self.known.get_mut(into as usize) {
            known.for_life = known.for_life.or(from.for_life);
            for birth in from.temporary {
                if !known.temporary.contains(&birth) {
                    known.temporary.push(birth);
                }
            }
            known.once |= from.once;
            known.apart.extend(from.apart);
        }
    }
}
