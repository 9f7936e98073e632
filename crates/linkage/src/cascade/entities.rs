//! Subjects that are one person so far, and what forbids that two of these are one.
//!
//! A country has millions of subjects, nearly all of them of few others and of nothing
//! out of the ordinary: what each takes is a few numbers side by side.

use std::collections::HashMap;

use model::national_id::{Birth, Country};

use super::people::{Number, People};

/// Behind the last subject of a person.
const NOBODY: u32 = u32::MAX;

/// Which subjects are one person, each of whom has a subject that represents them.
#[derive(Clone)]
pub(super) struct Groups {
    /// For each subject its representative.
    roots: Vec<u32>,
    /// For each subject the next one of its person: a person's begin with the
    /// representative.
    next: Vec<u32>,
    /// For each representative the last subject, and how many there are.
    last: Vec<u32>,
    sizes: Vec<u32>,
}

impl Groups {
    fn alone(subjects: u32) -> Self {
        let all: Vec<u32> = (0..subjects).collect();
        let (next, sizes) = (vec![NOBODY; all.len()], vec![1; all.len()]);
        Self { roots: all.clone(), next, last: all, sizes }
    }

    /// The representative of the person whom a subject is.
    pub(super) fn root(&self, subject: u32) -> u32 {
        self.roots.get(subject as usize).copied().unwrap_or(subject)
    }

    /// The subjects of a representative.
    pub(super) fn members(&self, root: u32) -> impl Iterator<Item = u32> + Clone {
        let next = |at: &u32| self.next.get(*at as usize).copied().filter(|at| *at != NOBODY);
        std::iter::successors(Some(root), next)
    }

    /// How many subjects a representative has.
    pub(super) fn size(&self, root: u32) -> u32 {
        self.sizes.get(root as usize).copied().unwrap_or(1)
    }

    /// Makes two representatives one; the larger stays one. Which stayed, and which did
    /// not; `None`: they are one.
    pub(super) fn merge(&mut self, a: u32, b: u32) -> Option<(u32, u32)> {
        if a == b {
            return None;
        }
        let (into, from) = if self.size(a) >= self.size(b) { (a, b) } else { (b, a) };
        let mut moved = Some(from);
        while let Some(subject) = moved {
            if let Some(root) = self.roots.get_mut(subject as usize) {
                *root = into;
            }
            moved = self.next.get(subject as usize).copied().filter(|next| *next != NOBODY);
        }
        let size = self.size(a) + self.size(b);
        let end = self.last.get(from as usize).copied().unwrap_or(from);
        if let Some(last) = self.last.get_mut(into as usize) {
            if let Some(next) = self.next.get_mut(*last as usize) {
                *next = from;
            }
            *last = end;
        }
        if let Some(of) = self.sizes.get_mut(into as usize) {
            *of = size;
        }
        Some((into, from))
    }
}

/// Which subjects are one person, and who they may be.
#[derive(Clone)]
pub(super) struct Entities {
    pub(super) groups: Groups,
    known: Vec<Known>,
    /// The births that temporary numbers of a person state, and those for life of further
    /// countries.
    further: HashMap<u32, Vec<Birth>>,
    /// Decisions that two are different people, and on which side of each a person is.
    apart: HashMap<u32, Vec<(u32, bool)>>,
}

/// What is known of a person as a whole.
#[derive(Clone, Copy, Default)]
struct Known {
    /// The birth that a number for life states, if there is such a number.
    for_life: Option<Birth>,
    /// Who issued numbers for life, a bit each.
    issued_by: u8,
    /// Sources that hold a person once, and hold this one, a bit each.
    once: u64,
}

/// Sources beyond so many are not told apart by what they hold once.
const BITS: usize = 64;

impl Entities {
    /// Everybody alone.
    pub(super) fn alone(people: &People) -> Self {
        let mut further = HashMap::new();
        let known = (0..)
            .zip(&people.numbers)
            .map(|(subject, number)| {
                let source = people.source_of(subject);
                let once = people.once.get(source) == Some(&true) && source < BITS;
                let once = if once { 1 << source } else { 0 };
                let (for_life, issued_by) = match number {
                    Number::None => (None, 0),
                    Number::Temporary(birth) => {
                        further.insert(subject, vec![*birth]);
                        (None, 0)
                    }
                    Number::ForLife(country, birth) => (Some(*birth), bit(*country)),
                };
                Known { for_life, issued_by, once }
            })
            .collect();
        let subjects = u32::try_from(people.subjects.len()).unwrap_or(NOBODY);
        let apart = HashMap::new();
        Self { groups: Groups::alone(subjects), known, further, apart }
    }

    /// The representative of the person whom a subject is.
    pub(super) fn root(&self, subject: u32) -> u32 {
        self.groups.root(subject)
    }

    /// The subjects of a representative.
    pub(super) fn members(&self, root: u32) -> impl Iterator<Item = u32> + Clone {
        self.groups.members(root)
    }

    /// How many subjects a representative has.
    pub(super) fn size(&self, root: u32) -> u32 {
        self.groups.size(root)
    }

    /// Who issued the person's numbers for life, a bit each.
    pub(super) fn issued_by(&self, root: u32) -> u8 {
        self.known.get(root as usize).map_or(0, |known| known.issued_by)
    }

    /// Whether two may be one person at all: numbers for life of one country are never two, what
    /// numbers state of the birth agrees, and no source that holds a person once
    /// holds both.
    pub(super) fn may_be_one(&self, a: u32, b: u32) -> bool {
        self.issued_by(a) & self.issued_by(b) == 0 && self.may_be_one_but_for_numbers(a, b)
    }

    /// The same, were it not for two numbers of one country.
    pub(super) fn may_be_one_but_for_numbers(&self, a: u32, b: u32) -> bool {
        let (Some(of_a), Some(of_b)) = (self.known.get(a as usize), self.known.get(b as usize))
        else {
            return false;
        };
        if of_a.once & of_b.once != 0 {
            return false;
        }
        if let (Some(a), Some(b)) = (self.apart.get(&a), self.apart.get(&b))
            && a.iter().any(|(decision, side)| b.contains(&(*decision, !side)))
        {
            return false;
        }
        let births = |root: u32, known: &Known| {
            self.further.get(&root).into_iter().flatten().copied().chain(known.for_life)
        };
        births(a, of_a).all(|one| births(b, of_b).all(|other| one.agrees(other)))
    }

    /// Keeps two representatives apart for good: people decided so. `decision` is a
    /// number of its own for each.
    pub(super) fn keep_apart(&mut self, a: u32, b: u32, decision: u32) {
        for (root, side) in [(a, false), (b, true)] {
            self.apart.entry(root).or_default().push((decision, side));
        }
    }

    /// Makes two representatives one; the larger stays one.
    pub(super) fn merge(&mut self, a: u32, b: u32) {
        let Some((into, from)) = self.groups.merge(a, b) else { return };
        let gone = self.known.get_mut(from as usize).map(std::mem::take).unwrap_or_default();
        if let Some(known) = self.known.get_mut(into as usize) {
            // Equal numbers state the same: nothing more is kept of those.
            let second =
                gone.for_life.filter(|birth| known.for_life.is_some_and(|own| own != *birth));
            known.for_life = known.for_life.or(gone.for_life);
            known.issued_by |= gone.issued_by;
            known.once |= gone.once;
            if let Some(birth) = second {
                self.further.entry(into).or_default().push(birth);
            }
        }
        if let Some(births) = self.further.remove(&from) {
            let known = self.further.entry(into).or_default();
            for birth in births {
                if !known.contains(&birth) {
                    known.push(birth);
                }
            }
        }
        if let Some(apart) = self.apart.remove(&from) {
            self.apart.entry(into).or_default().extend(apart);
        }
    }
}

/// The bit of a country.
const fn bit(country: Country) -> u8 {
    1 << country as u8
}
