//! A table as CSV, for tools that do not read Parquet.
//!
//! R's `read.csv` and pandas read it without loss: numbers with a fraction as
//! the shortest text that reads back as the same number, dates as ISO 8601,
//! `TRUE` and `FALSE`, nothing for a missing value (RFC 4180 otherwise).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use model::{Date, SignedDuration};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::LakeError;
use crate::snapshot::BATCH_ROWS;

/// Writes the Parquet file `table` to the new file `to` as CSV, with a header.
pub fn write_csv(table: &Path, to: &Path) -> Result<(), LakeError> {
    let read =
        |error: &(dyn std::error::Error + 'static)| LakeError::files("reading", table, error);
    let write = |error: &(dyn std::error::Error + 'static)| LakeError::files("writing", to, error);
    let file = File::open(table).map_err(|error| read(&error))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| read(&error))?
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|error| read(&error))?;
    let file = File::create_new(to).map_err(|error| write(&error))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut line = Vec::new();
    header(arrow::record_batch::RecordBatchReader::schema(&reader).as_ref(), &mut line);
    out.write_all(&line).map_err(|error| write(&error))?;
    for batch in reader {
        let batch = batch.map_err(|error| read(&error))?;
        line.clear();
        rows(&batch, &mut line).map_err(|error| read(&error))?;
        out.write_all(&line).map_err(|error| write(&error))?;
    }
    out.flush().and_then(|()| out.get_ref().sync_all()).map_err(|error| write(&error))
}

fn header(schema: &Schema, out: &mut Vec<u8>) {
    for (at, field) in schema.fields().iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        text(field.name(), out);
    }
    out.push(b'\n');
}

/// A column of one of the types an extract has.
enum Column<'a> {
    Person(&'a arrow::array::PrimitiveArray<Int32Type>),
    Integer(&'a arrow::array::PrimitiveArray<Int64Type>),
    Decimal(&'a arrow::array::PrimitiveArray<Float64Type>),
    Date(&'a arrow::array::PrimitiveArray<Date32Type>),
    Boolean(&'a arrow::array::BooleanArray),
    Text(&'a arrow::array::StringArray),
}

/// No contract has such a column.
#[derive(Debug, thiserror::Error)]
#[error("a column of type {0} has no form in CSV")]
struct NoForm(DataType);

impl<'a> Column<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self, NoForm> {
        Ok(match array.data_type() {
            DataType::Int32 => Self::Person(array.as_primitive()),
            DataType::Int64 => Self::Integer(array.as_primitive()),
            DataType::Float64 => Self::Decimal(array.as_primitive()),
            DataType::Date32 => Self::Date(array.as_primitive()),
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Utf8 => Self::Text(array.as_string()),
            other => return Err(NoForm(other.clone())),
        })
    }

    fn write(&self, row: usize, out: &mut Vec<u8>, numbers: &mut Numbers) {
        match self {
            Self::Person(array) => {
                out.extend_from_slice(numbers.whole.format(array.value(row)).as_bytes());
            }
            Self::Integer(array) => {
                out.extend_from_slice(numbers.whole.format(array.value(row)).as_bytes());
            }
            Self::Decimal(array) => decimal(array.value(row), out, numbers),
            Self::Date(array) => date(array.value(row), out),
            Self::Boolean(array) => {
                out.extend_from_slice(if array.value(row) { b"TRUE" } else { b"FALSE" });
            }
            Self::Text(array) => text(array.value(row), out),
        }
    }

    fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Person(array) => array.is_null(row),
            Self::Integer(array) => array.is_null(row),
            Self::Decimal(array) => array.is_null(row),
            Self::Date(array) => array.is_null(row),
            Self::Boolean(array) => array.is_null(row),
            Self::Text(array) => array.is_null(row),
        }
    }
}

/// Room for numbers to be written into.
#[derive(Default)]
struct Numbers {
    whole: itoa::Buffer,
    fraction: ryu::Buffer,
}

fn rows(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), NoForm> {
    let columns = batch.columns().iter().map(Column::of).collect::<Result<Vec<_>, _>>()?;
    let mut numbers = Numbers::default();
    for row in 0..batch.num_rows() {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if !column.is_missing(row) {
                column.write(row, out, &mut numbers);
            }
        }
        out.push(b'\n');
    }
    Ok(())
}

/// The shortest text that reads back as the same number (Adams 2018, "Ryū").
/// What is no number has no value to R and pandas either.
fn decimal(value: f64, out: &mut Vec<u8>, numbers: &mut Numbers) {
    if value.is_finite() {
        out.extend_from_slice(numbers.fraction.format_finite(value).as_bytes());
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"Inf" } else { b"-Inf" });
    } else {
        out.extend_from_slice(b"NaN");
    }
}

fn date(days: i32, out: &mut Vec<u8>) {
    let since = SignedDuration::from_hours(i64::from(days) * 24);
    if let Ok(date) = Date::constant(1970, 1, 1).checked_add(since) {
        // Writing into memory does not fail.
        let _ = write!(out, "{date}");
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    let needs_quotes = text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
        || text.starts_with([' ', '\t'])
        || text.ends_with([' ', '\t']);
    if !needs_quotes {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for part in text.split_inclusive('"') {
        out.extend_from_slice(part.as_bytes());
        if part.ends_with('"') {
            out.push(b'"');
        }
    }
    out.push(b'"');
}
