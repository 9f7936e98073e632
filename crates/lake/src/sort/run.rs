//! Sorting as many rows as fit in memory.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{concat, take};
use arrow::record_batch::RecordBatch;
use source::SinkError;

use super::codes::{self, Values};
use super::layout::{Layout, arrow_failed, packed};

/// Sorted rows.
pub(crate) enum Run {
    /// In memory.
    Memory(RecordBatch),
    /// In a file.
    Spilled(PathBuf),
}

impl Run {
    /// How many bytes of memory it holds.
    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::Memory(rows) => rows.get_array_memory_size(),
            Self::Spilled(_) => 0,
        }
    }
}

/// All rows of `gathered`, sorted by subject, time and row.
pub(crate) fn sort(
    layout: &Layout,
    gathered: &[RecordBatch],
    values: &Values,
) -> Result<RecordBatch, SinkError> {
    let order = order(layout, gathered);
    let Some(first) = gathered.first() else {
        return packed(Vec::new()).map_err(|error| arrow_failed(&error));
    };
    let mut columns = Vec::with_capacity(first.num_columns());
    // One column after the other: only one is in memory twice.
    for index in 0..first.num_columns() {
        let values = index
            .checked_sub(layout.before_content())
            .and_then(|content| values.get(content))
            .and_then(Option::as_ref);
        let pieces: Vec<ArrayRef> =
            gathered.iter().map(|batch| Arc::clone(batch.column(index))).collect();
        let pieces = alike(pieces, values)?;
        let borrowed: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
        let whole = concat(&borrowed).map_err(|error| arrow_failed(&error))?;
        columns.push(take(&whole, &order, None).map_err(|error| arrow_failed(&error))?);
    }
    packed(columns).map_err(|error| arrow_failed(&error))
}

/// Pieces of one column in one form: numbers if all are, else text.
pub(crate) fn alike(
    pieces: Vec<ArrayRef>,
    values: Option<&Arc<arrow::array::StringArray>>,
) -> Result<Vec<ArrayRef>, SinkError> {
    let Some(first) = pieces.first() else { return Ok(pieces) };
    if pieces.iter().all(|piece| piece.data_type() == first.data_type()) {
        return Ok(pieces);
    }
    pieces.iter().map(|piece| codes::decode_plain(piece, values)).collect()
}

/// Which row comes first, second, …: places in all of `gathered`.
fn order(layout: &Layout, gathered: &[RecordBatch]) -> UInt32Array {
    // Subject's first half, time and place in one number: sorting those is
    // sorting rows, as places ascend with rows, …
    let total = gathered.iter().map(RecordBatch::num_rows).sum();
    let mut keys: Vec<u128> = Vec::with_capacity(total);
    let mut lows: Vec<u64> = Vec::with_capacity(total);
    let mut place = 0_u32;
    for batch in gathered {
        let columns = layout.keys(batch);
        lows.extend_from_slice(columns.low());
        for (row, &high) in columns.high().iter().enumerate() {
            let rest = (u64::from(columns.time(row)) << 32) | u64::from(place);
            keys.push((u128::from(high) << 64) | u128::from(rest));
            place += 1;
        }
    }
    keys.sort_unstable();
    // … but for two subjects that share their first half.
    let low = |key: u128| lows.get(place_of(key) as usize).copied().unwrap_or_default();
    for same in keys.chunk_by_mut(|a, b| a >> 64 == b >> 64) {
        let mut seen = same.iter().map(|key| low(*key));
        let first = seen.next();
        if seen.any(|other| Some(other) != first) {
            same.sort_unstable_by_key(|key| (low(*key), *key));
        }
    }
    keys.into_iter().map(place_of).collect::<Vec<u32>>().into()
}

#[expect(clippy::cast_possible_truncation, reason = "the place is the lower 32 bits")]
const fn place_of(key: u128) -> u32 {
    key as u32
}
