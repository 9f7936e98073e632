//! How a row looks while it is sorted: numbers, so that moving one is copying a
//! few words.
//!
//! Columns: the subject's first and last eight bytes as numbers that order as
//! the bytes do, the row, the two marks if the source has any, then the content.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::{DataType, Date32Type, Field, Schema, SchemaRef, UInt64Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use source::{ContentBatch, IdentityMark, SinkError, SubjectKey};

/// Where things stand in a packed row.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The content's columns.
    pub(crate) content: SchemaRef,
    /// Which of them is the time.
    time: Option<usize>,
    /// Whether rows have marks. Told by the first batch.
    marks: Option<bool>,
}

/// What rows are compared by, column by column.
pub(crate) struct Keys {
    high: UInt64Array,
    low: UInt64Array,
    row: UInt64Array,
    time: Option<ArrayRef>,
}

pub(crate) fn arrow_failed(error: &ArrowError) -> SinkError {
    SinkError::Failed { what: "sorting".to_owned(), why: error.to_string() }
}

fn misfit(why: &str) -> SinkError {
    SinkError::Failed { what: "taking rows".to_owned(), why: why.to_owned() }
}

impl Layout {
    pub(crate) fn new(content: SchemaRef, time: Option<&str>) -> Result<Self, SinkError> {
        let time = match time {
            None => None,
            Some(name) => match content.index_of(name) {
                Ok(index) if content.field(index).data_type() == &DataType::Date32 => Some(index),
                _ => return Err(misfit(&format!("the time column `{name}` is no date"))),
            },
        };
        Ok(Self { content, time, marks: None })
    }

    /// How many columns come before the content's.
    pub(crate) fn before_content(&self) -> usize {
        if self.marks == Some(true) { 5 } else { 3 }
    }

    pub(crate) fn pack(
        &mut self,
        batch: ContentBatch,
        content: Vec<ArrayRef>,
    ) -> Result<RecordBatch, SinkError> {
        let rows = batch.content.num_rows();
        let marks = !batch.marks.is_empty();
        if batch.subjects.len() != rows
            || batch.rows.len() != rows
            || (marks && batch.marks.len() != rows)
        {
            return Err(misfit("subjects, rows, marks and content are not equally many"));
        }
        if *self.marks.get_or_insert(marks) != marks {
            return Err(misfit("some batches have marks, others have none"));
        }
        let number = |values: Vec<u64>| Arc::new(UInt64Array::from(values)) as ArrayRef;
        let mut columns = vec![
            number(batch.subjects.iter().map(|subject| subject.prefix()).collect()),
            number(batch.subjects.iter().map(|subject| low(*subject)).collect()),
            number(batch.rows),
        ];
        if marks {
            columns.push(number(batch.marks.iter().map(|mark| mark.birth_date).collect()));
            columns.push(number(batch.marks.iter().map(|mark| mark.name).collect()));
        }
        columns.extend(content);
        packed(columns).map_err(|error| arrow_failed(&error))
    }

    pub(crate) fn keys(&self, packed: &RecordBatch) -> Keys {
        let number = |index: usize| packed.column(index).as_primitive::<UInt64Type>().clone();
        Keys {
            high: number(0),
            low: number(1),
            row: number(2),
            time: self.time.map(|time| Arc::clone(packed.column(self.before_content() + time))),
        }
    }

    /// The rows as the observer sees them. `text` makes a content column of its
    /// packed form.
    pub(crate) fn unpack(
        &self,
        packed: &RecordBatch,
        mut text: impl FnMut(usize, &ArrayRef) -> Result<ArrayRef, SinkError>,
    ) -> Result<ContentBatch, SinkError> {
        let number = |index: usize| packed.column(index).as_primitive::<UInt64Type>().values();
        let subjects =
            number(0).iter().zip(number(1)).map(|(&high, &low)| subject(high, low)).collect();
        let marks = if self.marks == Some(true) {
            let pairs = number(3).iter().zip(number(4));
            pairs.map(|(&birth_date, &name)| IdentityMark { birth_date, name }).collect()
        } else {
            Vec::new()
        };
        let mut fields = Vec::with_capacity(self.content.fields().len());
        let mut columns = Vec::with_capacity(self.content.fields().len());
        for (index, field) in self.content.fields().iter().enumerate() {
            let column = text(index, packed.column(self.before_content() + index))?;
            fields.push(Field::new(field.name(), column.data_type().clone(), true));
            columns.push(column);
        }
        let content = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
            .map_err(|error| arrow_failed(&error))?;
        Ok(ContentBatch { subjects, rows: number(2).to_vec(), marks, content })
    }
}

/// A batch of columns that need no names.
pub(crate) fn packed(columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    let fields: Vec<Field> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| Field::new(index.to_string(), column.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// How many bytes the rows themselves take. What a batch has been cut from may
/// be larger: sorting copies the rows and lets go of the rest.
pub(crate) fn bytes(packed: &RecordBatch) -> usize {
    let column = |column: &ArrayRef| {
        column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size())
    };
    packed.columns().iter().map(column).sum()
}

fn low(subject: SubjectKey) -> u64 {
    let [_, _, _, _, _, _, _, _, low @ ..] = subject.0;
    u64::from_be_bytes(low)
}

fn subject(high: u64, low: u64) -> SubjectKey {
    let both = (u128::from(high) << 64) | u128::from(low);
    SubjectKey(both.to_be_bytes())
}

impl Keys {
    /// The subject as a number that orders as its bytes do.
    pub(crate) fn subject(&self, row: usize) -> u128 {
        let high = self.high.values().get(row).copied().unwrap_or_default();
        let low = self.low.values().get(row).copied().unwrap_or_default();
        (u128::from(high) << 64) | u128::from(low)
    }

    /// Which row of the delivery it is; the first is 0.
    pub(crate) fn row(&self, row: usize) -> u64 {
        self.row.values().get(row).copied().unwrap_or_default()
    }

    pub(crate) fn high(&self) -> &[u64] {
        self.high.values()
    }

    pub(crate) fn low(&self) -> &[u64] {
        self.low.values()
    }

    /// The time as a number that orders as dates do; a row without one comes first.
    pub(crate) fn time(&self, row: usize) -> u32 {
        let Some(time) = &self.time else { return 0 };
        let time = time.as_primitive::<Date32Type>();
        if time.is_null(row) {
            return 0;
        }
        let day = time.values().get(row).copied().unwrap_or_default();
        // Flipping the sign bit turns the order of `i32` into that of `u32`.
        (day.cast_unsigned() ^ (1 << 31)).max(1)
    }
}
