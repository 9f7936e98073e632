//! Rows of one person that cannot all be right.
//!
//! * The same key twice, and the rows equal in everything: the first is kept,
//!   the others are kept aside as repeated.
//! * The same key twice, and the rows say different things: all of them are
//!   kept aside, since nobody here can know which is right.
//! * One national identity number with two dates of birth, or, where the number
//!   is the whole key, with two names: two people. All rows are kept aside.

use crate::contract::{Contract, Identifies};
use crate::import::Reason;
use crate::row::hash;
use crate::sink::{ContentBatch, IdentityMark};

use super::Late;
use super::cells::Cells;

/// How rows of one person are compared.
pub(super) struct Duplicates {
    /// The content columns of the key, by place; `None`: rows may repeat.
    key: Option<Vec<usize>>,
    seed: u64,
}

impl Duplicates {
    /// `None` when nothing could be found: no key, and nothing that tells two
    /// people apart.
    pub(super) fn of(contract: &Contract, seed: u64) -> Option<Self> {
        let key = (!contract.key.is_empty()).then(|| {
            contract
                .content_columns()
                .enumerate()
                .filter(|(_, column)| contract.key.iter().any(|name| name == column.name))
                .map(|(at, _)| at)
                .collect()
        });
        let births = contract.identifying(Identifies::BirthDate).is_some();
        (key.is_some() || births).then_some(Self { key, seed })
    }

    /// Which rows of a chunk of whole persons are kept; `None`: all.
    pub(super) fn find(&self, chunk: &ContentBatch, late: &mut Vec<Late>) -> Option<Vec<bool>> {
        let cells: Vec<Cells<'_>> = chunk.content.columns().iter().map(Cells::of).collect();
        let key: Option<Vec<&Cells<'_>>> =
            self.key.as_ref().map(|key| key.iter().filter_map(|at| cells.get(*at)).collect());
        let mut found = Vec::new();
        let mut order = Vec::new();
        let mut at = 0;
        while let Some(subject) = chunk.subjects.get(at) {
            let rest = chunk.subjects.get(at..).unwrap_or_default();
            let end = at + rest.iter().take_while(|other| *other == subject).count();
            if end - at > 1 {
                let person = Person { chunk, cells: &cells, at, end };
                if let Some(births) = person.two_births() {
                    found.extend((at..end).map(|row| (row, Reason::TwoPeople, births)));
                } else if let Some(key) = &key {
                    person.same_key(key, self.seed, &mut order, &mut found);
                }
            }
            at = end;
        }
        if found.is_empty() {
            return None;
        }
        let mut keep = vec![true; chunk.rows.len()];
        let number = |row: usize| chunk.rows.get(row).copied().unwrap_or_default();
        for (row, reason, (one, other)) in found {
            if let Some(flag) = keep.get_mut(row) {
                *flag = false;
            }
            let other = if one == row { other } else { one };
            late.push(Late { row: number(row), reason, other: number(other) });
        }
        Some(keep)
    }
}

/// Two rows that do not go together.
type Pair = (usize, usize);

/// The rows of one person.
struct Person<'a> {
    chunk: &'a ContentBatch,
    cells: &'a [Cells<'a>],
    at: usize,
    end: usize,
}

impl Person<'_> {
    fn mark(&self, row: usize) -> IdentityMark {
        self.chunk.marks.get(row).copied().unwrap_or_default()
    }

    /// Two rows that state different dates of birth.
    fn two_births(&self) -> Option<Pair> {
        let mut stated = (self.at..self.end).filter(|row| self.mark(*row).birth_date != 0);
        let first = stated.next()?;
        let born = self.mark(first).birth_date;
        stated.find(|row| self.mark(*row).birth_date != born).map(|other| (first, other))
    }

    /// Rows with the same key: `order` is room to sort them in.
    fn same_key(
        &self,
        key: &[&Cells<'_>],
        seed: u64,
        order: &mut Vec<(u64, usize)>,
        found: &mut Vec<(usize, Reason, Pair)>,
    ) {
        order.clear();
        order.extend((self.at..self.end).map(|row| (key_hash(key, row, seed), row)));
        order.sort_unstable();
        let mut rest = order.as_slice();
        while let Some((hash, first)) = rest.first().copied() {
            let same = rest.iter().take_while(|(other, _)| *other == hash).count();
            let (run, later) = rest.split_at(same);
            rest = later;
            if same > 1 {
                self.run(key, first, run, found);
            }
        }
    }

    /// Rows whose keys have the same hash, and so but for a miracle the same key.
    fn run(
        &self,
        key: &[&Cells<'_>],
        first: usize,
        run: &[(u64, usize)],
        found: &mut Vec<(usize, Reason, Pair)>,
    ) {
        let same: Vec<usize> = run
            .iter()
            .map(|(_, row)| *row)
            .filter(|row| key.iter().all(|cells| cells.equal(first, *row)))
            .collect();
        let differs = same.iter().copied().find(|row| !self.equal(first, *row));
        match differs {
            None => {
                found
                    .extend(same.iter().skip(1).map(|row| (*row, Reason::Repeated, (first, *row))));
            }
            Some(other) => {
                let two = key.is_empty() && self.mark(first).name != self.mark(other).name;
                let reason = if two { Reason::TwoPeople } else { Reason::DuplicateKey };
                found.extend(same.iter().map(|row| (*row, reason, (first, other))));
            }
        }
    }

    /// Whether two rows say the same.
    fn equal(&self, a: usize, b: usize) -> bool {
        self.mark(a) == self.mark(b) && self.cells.iter().all(|cells| cells.equal(a, b))
    }
}

fn key_hash(key: &[&Cells<'_>], row: usize, seed: u64) -> u64 {
    key.iter().fold(seed, |state, cells| match cells.number(row, seed) {
        Some(number) => hash(state, &number.to_le_bytes()),
        None => hash(state, b"none"),
    })
}
