//! What only shows once rows are sorted by person: rows that contradict each
//! other, and figures that count people.

mod cells;
mod duplicates;
mod tally;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;

use crate::contract::Contract;
use crate::import::Reason;
use crate::profile::VariableProfile;
use crate::sink::{ContentBatch, SinkError, SortedObserver};
use crate::subject::SubjectKey;
use duplicates::Duplicates;
use tally::Tally;

/// A row that does not fit with the others of its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Late {
    /// Which row of the delivery.
    pub(crate) row: u64,
    pub(crate) reason: Reason,
    /// The row it does not fit with.
    pub(crate) other: u64,
}

/// Looks at sorted rows.
pub(crate) struct Quality<'a> {
    duplicates: Option<Duplicates>,
    tallies: Vec<Tally>,
    smallest_count: u64,
    /// How many rows may still be kept aside.
    room: u64,
    pub(crate) late: Vec<Late>,
    /// People none of whose rows was kept.
    pub(crate) withdrawn: Vec<SubjectKey>,
    pub(crate) rows: u64,
    pub(crate) persons: u64,
    last: Option<SubjectKey>,
    /// The ordinal of `last`.
    ordinal: u32,
    on_chunk: &'a mut (dyn FnMut(u64) + Send),
}

impl<'a> Quality<'a> {
    /// `room`: how many more rows may be kept aside. `on_chunk` is told how many
    /// rows have been seen.
    pub(crate) fn new(
        contract: &Contract,
        salt: u64,
        room: u64,
        on_chunk: &'a mut (dyn FnMut(u64) + Send),
    ) -> Self {
        Self {
            duplicates: Duplicates::of(contract, salt),
            tallies: contract
                .content_columns()
                .map(|column| Tally::new(column.name, column.value_type, contract.smallest_count))
                .collect(),
            smallest_count: u64::from(contract.smallest_count),
            room,
            late: Vec::new(),
            withdrawn: Vec::new(),
            rows: 0,
            persons: 0,
            last: None,
            ordinal: 0,
            on_chunk,
        }
    }

    /// The figures, once all rows have been seen.
    pub(crate) fn variables(self) -> Vec<VariableProfile> {
        self.tallies.into_iter().map(|tally| tally.finish(self.smallest_count)).collect()
    }

    /// The ordinal of each row's person; the first of the chunk may go on from
    /// the chunk before.
    fn ordinals(&mut self, subjects: &[SubjectKey]) -> Vec<u32> {
        subjects
            .iter()
            .map(|subject| {
                if self.last != Some(*subject) {
                    self.ordinal += u32::from(self.last.is_some());
                    self.last = Some(*subject);
                }
                self.ordinal
            })
            .collect()
    }

    fn count_people(
        &mut self,
        subjects: &[SubjectKey],
        before: Option<SubjectKey>,
        keep: Option<&[bool]>,
    ) {
        let mut at = 0;
        while let Some(subject) = subjects.get(at) {
            let rows = subjects.get(at..).unwrap_or_default();
            let count = rows.iter().take_while(|other| *other == subject).count();
            let kept = keep.is_none_or(|keep| {
                keep.get(at..at + count).is_some_and(|flags| flags.contains(&true))
            });
            if kept {
                // Chunks may only be cut inside a person when nothing is dropped.
                self.persons += u64::from(before != Some(*subject));
            } else {
                self.withdrawn.push(*subject);
            }
            at += count;
        }
    }
}

impl SortedObserver for Quality<'_> {
    fn wants_whole_persons(&self) -> bool {
        self.duplicates.is_some()
    }

    fn observe(&mut self, chunk: &ContentBatch) -> Result<Option<Vec<bool>>, SinkError> {
        let keep = match &self.duplicates {
            Some(duplicates) => duplicates.find(chunk, &mut self.late),
            None => None,
        };
        if self.late.len() as u64 > self.room {
            return Err(SinkError::SeenEnough);
        }
        let before = self.last;
        let persons = self.ordinals(&chunk.subjects);
        self.count_people(&chunk.subjects, before, keep.as_deref());
        match &keep {
            None => {
                for (tally, column) in self.tallies.iter_mut().zip(chunk.content.columns()) {
                    tally.add(column, &persons, &chunk.rows);
                }
                self.rows += chunk.rows.len() as u64;
            }
            Some(keep) => {
                let mask = BooleanArray::from(keep.clone());
                let kept = filter_record_batch(&chunk.content, &mask).map_err(|error| {
                    SinkError::Failed { what: "filtering rows".to_owned(), why: error.to_string() }
                })?;
                let persons = only(&persons, keep);
                let rows = only(&chunk.rows, keep);
                for (tally, column) in self.tallies.iter_mut().zip(kept.columns()) {
                    tally.add(column, &persons, &rows);
                }
                self.rows += rows.len() as u64;
            }
        }
        (self.on_chunk)(self.rows);
        Ok(keep)
    }
}

/// The elements whose flag is set.
fn only<T: Copy>(all: &[T], keep: &[bool]) -> Vec<T> {
    all.iter().zip(keep).filter(|(_, keep)| **keep).map(|(one, _)| *one).collect()
}
