//! Many sorted runs as one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::interleave;
use arrow::record_batch::RecordBatch;
use source::{ContentBatch, SinkError};

use super::codes::{self, Values};
use super::layout::{Keys, Layout, arrow_failed, packed};
use super::run::{self, Run};
use super::spill::{SPILL_ROWS, SpilledRows};

/// How many rows a chunk has, unless it must hold whole persons.
const CHUNK_ROWS: usize = 1 << 16;

/// A row's subject and time, and which run it is in: runs ascend with rows.
type Head = Reverse<(u128, u32, usize)>;

/// All rows of some runs, sorted, chunk by chunk.
pub(crate) struct Merge {
    layout: Layout,
    values: Values,
    /// Whether chunks end where a person does, and how many rows one may have then.
    whole_persons: Option<usize>,
    cursors: Vec<Cursor>,
    heap: BinaryHeap<Head>,
}

/// How far one run has been read.
struct Cursor {
    rows: Rows,
    batch: RecordBatch,
    keys: Keys,
    at: usize,
    /// Where `batch` stands among the batches of the chunk that is being made.
    place: usize,
}

enum Rows {
    Memory { whole: RecordBatch, from: usize },
    Spilled(SpilledRows),
}

impl Rows {
    fn next(&mut self) -> Result<Option<RecordBatch>, SinkError> {
        match self {
            Self::Spilled(rows) => rows.next(),
            Self::Memory { whole, from } => {
                let rows = (8 * SPILL_ROWS).min(whole.num_rows() - *from);
                let slice = whole.slice(*from, rows);
                *from += rows;
                Ok((rows > 0).then_some(slice))
            }
        }
    }
}

impl Cursor {
    fn head(&self, run: usize) -> Head {
        Reverse((self.keys.subject(self.at), self.keys.time(self.at), run))
    }
}

impl Merge {
    pub(crate) fn new(layout: Layout, values: Values, runs: Vec<Run>) -> Result<Self, SinkError> {
        let mut cursors = Vec::with_capacity(runs.len());
        for run in runs {
            let mut rows = match run {
                Run::Memory(whole) => Rows::Memory { whole, from: 0 },
                Run::Spilled(path) => Rows::Spilled(SpilledRows::open(&path)?),
            };
            if let Some(batch) = rows.next()? {
                let keys = layout.keys(&batch);
                cursors.push(Cursor { rows, batch, keys, at: 0, place: 0 });
            }
        }
        let heap = cursors.iter().enumerate().map(|(run, cursor)| cursor.head(run)).collect();
        Ok(Self { layout, values, whole_persons: None, cursors, heap })
    }

    /// Asks for chunks that end where a person does, of people with at most so
    /// many rows: they are in memory at once.
    pub(crate) fn whole_persons(mut self, most: Option<usize>) -> Self {
        self.whole_persons = most;
        self
    }

    /// The next rows as they are kept while sorting.
    pub(crate) fn next_packed(&mut self) -> Result<Option<RecordBatch>, SinkError> {
        let mut batches: Vec<RecordBatch> = Vec::with_capacity(2 * self.cursors.len());
        for cursor in &mut self.cursors {
            cursor.place = batches.len();
            batches.push(cursor.batch.clone());
        }
        let mut picked: Vec<(usize, usize)> = Vec::with_capacity(CHUNK_ROWS);
        let (mut last, mut rows_of_last) = (0, 0);
        while let Some(mut head) = self.heap.peek_mut() {
            let Reverse((subject, _, run)) = *head;
            if picked.len() >= CHUNK_ROWS && !(self.whole_persons.is_some() && subject == last) {
                break;
            }
            if subject != last {
                (last, rows_of_last) = (subject, 0);
            }
            rows_of_last += 1;
            let Some(cursor) = self.cursors.get_mut(run) else { break };
            if let Some(most) = self.whole_persons.filter(|most| rows_of_last > *most) {
                return Err(SinkError::TooManyOfOne { row: cursor.keys.row(cursor.at), most });
            }
            picked.push((cursor.place, cursor.at));
            cursor.at += 1;
            if cursor.at == cursor.batch.num_rows() {
                let Some(batch) = cursor.rows.next()? else {
                    PeekMut::pop(head);
                    continue;
                };
                cursor.keys = self.layout.keys(&batch);
                cursor.at = 0;
                cursor.place = batches.len();
                batches.push(batch.clone());
                cursor.batch = batch;
            }
            *head = cursor.head(run);
        }
        if picked.is_empty() {
            return Ok(None);
        }
        self.pick(&batches, &picked).map(Some)
    }

    fn pick(
        &self,
        batches: &[RecordBatch],
        picked: &[(usize, usize)],
    ) -> Result<RecordBatch, SinkError> {
        let width = batches.first().map_or(0, RecordBatch::num_columns);
        let mut columns = Vec::with_capacity(width);
        for index in 0..width {
            let values = index
                .checked_sub(self.layout.before_content())
                .and_then(|content| self.values.get(content))
                .and_then(Option::as_ref);
            let pieces: Vec<ArrayRef> =
                batches.iter().map(|batch| Arc::clone(batch.column(index))).collect();
            let pieces = run::alike(pieces, values)?;
            let borrowed: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            columns.push(interleave(&borrowed, picked).map_err(|error| arrow_failed(&error))?);
        }
        packed(columns).map_err(|error| arrow_failed(&error))
    }

    /// The next rows as the observer sees them.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<ContentBatch>, SinkError> {
        let Some(packed) = self.next_packed()? else { return Ok(None) };
        let chunk = self.layout.unpack(&packed, |content, column| {
            codes::decode(column, self.values.get(content).and_then(Option::as_ref))
        })?;
        Ok(Some(chunk))
    }
}
