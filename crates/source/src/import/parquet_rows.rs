//! Parquet files, read by the same rules as separated values: every value is
//! written out as text and checked like a field. One set of rules is worth more
//! here than speed.
//!
//! A Parquet file from outside may be made to break its reader, or to have it use all
//! memory: its pages say themselves to how much they unpack. So the reader is somewhere
//! else ([`ParquetReader`]), and what comes from there is rows in Arrow's inter-process
//! format, whose reader makes no more of them than there is.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use model::ValueType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::feed::refused;
use super::intake::Intake;
use super::progress::{Progress, Step};
use super::refusal::ImportRefusal;
use crate::contract::{Column, Contract};
use crate::delivery::file::Opened;
use crate::delivery::header::compare;
use crate::delivery::record::Field;
use crate::delivery::{FileFault, HeaderFault};
use crate::manifest::DeliveredFile;
use crate::row::{Plan, RowReader, Rows, SeenSubjects};
use crate::sink::ContentSink;
use crate::subject::Pseudonymiser;

/// Reads Parquet files where whoever made one can do no harm.
pub trait ParquetReader: Sync {
    /// What [`stream_parquet`] makes of a file. Reading from it fails with its reason.
    fn open(&self, file: File) -> io::Result<Box<dyn Read>>;
}

/// Writes the rows of a Parquet file in Arrow's inter-process format, some thousands at a
/// time. Fails with what is wrong with the file; a panic of the reader is that too.
pub fn stream_parquet(file: File, to: impl Write) -> Result<(), String> {
    let stream = || {
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
        let batches = builder.with_batch_size(ROWS).build().map_err(|error| error.to_string())?;
        let schema = arrow::record_batch::RecordBatchReader::schema(&batches);
        let mut to = StreamWriter::try_new(BufWriter::new(to), &schema)
            .map_err(|error| error.to_string())?;
        for batch in batches {
            let batch = batch.map_err(|error| error.to_string())?;
            to.write(&batch).map_err(|error| error.to_string())?;
        }
        to.finish().map_err(|error| error.to_string())
    };
    catch_unwind(AssertUnwindSafe(stream)).unwrap_or_else(|_| Err(GAVE_UP.to_owned()))
}

const GAVE_UP: &str = "its reader gave up on it: it is damaged, or unpacks to more at a time than \
                       there is memory for";

const ROWS: usize = 8192;

/// Reads all files into `intake`.
pub(super) fn read_all<S: ContentSink>(
    contract: &Contract,
    plan: &Plan,
    (opened, parquet): (&[Opened], &dyn ParquetReader),
    keys: &dyn Pseudonymiser,
    seen: &SeenSubjects,
    intake: &mut Intake<'_, S>,
    progress: &dyn Progress,
) -> Result<Vec<DeliveredFile>, ImportRefusal> {
    let of = opened.iter().map(Opened::bytes).sum();
    let mut reader = RowReader::new(plan, keys, seen);
    let mut before = 0;
    each_batch(contract, opened, parquet, &mut |file, first_row, texts| {
        let mut rows = Rows::default();
        for at in 0..texts.len() {
            let fields = texts.fields(at);
            let line = first_row + u64::from(rows.len()) + 1;
            reader.row(&mut rows, &fields, line, &|| texts.whole(at));
        }
        let parsed = reader.end_block(rows)?;
        intake.take(file, parsed, plan.encoding)?;
        if first_row == 0 && file > 0 {
            before += opened.get(file - 1).map_or(0, Opened::bytes);
        }
        progress.at(Step::Reading { read: before, of, rows: intake.rows() });
        Ok(())
    })
}

/// Takes one row: its number and a way to its bytes.
pub(super) type EachRow<'a> =
    dyn FnMut(u64, &dyn Fn() -> Vec<u8>) -> Result<(), ImportRefusal> + 'a;

/// Shows every row again.
pub(super) fn revisit(
    contract: &Contract,
    opened: &[Opened],
    parquet: &dyn ParquetReader,
    each: &mut EachRow<'_>,
) -> Result<Vec<DeliveredFile>, ImportRefusal> {
    each_batch(contract, opened, parquet, &mut |_, first_row, texts| {
        (first_row + 1..)
            .zip(0..texts.len())
            .try_for_each(|(line, at)| each(line, &|| texts.whole(at)))
    })
}

type EachBatch<'a> = dyn FnMut(usize, u64, &Texts) -> Result<(), ImportRefusal> + 'a;

fn each_batch(
    contract: &Contract,
    opened: &[Opened],
    parquet: &dyn ParquetReader,
    each: &mut EachBatch<'_>,
) -> Result<Vec<DeliveredFile>, ImportRefusal> {
    let mut delivered = Vec::with_capacity(opened.len());
    for (at, file) in opened.iter().enumerate() {
        let told = |fault| refused(file, fault);
        let fingerprint = file.fingerprint().map_err(told)?;
        let (mut batches, order) = guarded(|| open(file, contract, parquet)).map_err(told)?;
        let mut first_row = 0;
        while let Some(texts) = guarded(|| next(&mut batches, &order, contract)).map_err(told)? {
            each(at, first_row, &texts)?;
            first_row += texts.len() as u64;
        }
        file.unchanged().map_err(told)?;
        delivered.push(fingerprint);
    }
    Ok(delivered)
}

/// Runs the reader of what comes so that a panic of it is a damaged file.
fn guarded<T>(read: impl FnOnce() -> Result<T, FileFault>) -> Result<T, FileFault> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(FileFault::Parquet(GAVE_UP.to_owned())))
}

fn damaged(error: impl std::fmt::Display) -> FileFault {
    FileFault::Parquet(error.to_string())
}

/// The same of what comes: where its reader failed, in the reader's own words.
fn not_come(error: ArrowError) -> FileFault {
    match error {
        ArrowError::IoError(why, _) => FileFault::Parquet(why),
        other => damaged(other),
    }
}

/// The rows of a file, as they come.
type Batches = StreamReader<BufReader<Box<dyn Read>>>;

/// Opens the file, and says where in it each column of the contract is.
fn open(
    opened: &Opened,
    contract: &Contract,
    parquet: &dyn ParquetReader,
) -> Result<(Batches, Vec<usize>), FileFault> {
    let rows = parquet.open(opened.handle()?).map_err(damaged)?;
    let batches = StreamReader::try_new(BufReader::new(rows), None).map_err(not_come)?;
    let order = check_schema(&arrow::record_batch::RecordBatchReader::schema(&batches), contract)?;
    Ok((batches, order))
}

fn check_schema(schema: &Schema, contract: &Contract) -> Result<Vec<usize>, HeaderFault> {
    let found: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let expected: Vec<&str> = contract.columns.iter().map(Column::header).collect();
    match compare(&found, &expected) {
        // Parquet columns are found by name.
        None | Some(HeaderFault::Order { .. }) => {}
        Some(fault) => return Err(fault),
    }
    contract
        .columns
        .iter()
        .map(|column| {
            let (at, field) = schema.column_with_name(column.header()).ok_or_else(|| {
                HeaderFault::Columns { missing: vec![column.name.clone()], unexpected: Vec::new() }
            })?;
            if holds(field.data_type(), column) {
                Ok(at)
            } else {
                Err(HeaderFault::Type {
                    column: column.name.clone(),
                    found: field.data_type().to_string(),
                    said: format!("{:?}", column.value_type).to_lowercase(),
                })
            }
        })
        .collect()
}

fn holds(found: &DataType, column: &Column) -> bool {
    if let DataType::Dictionary(_, values) = found {
        return holds(values, column);
    }
    let text = matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    match column.value_type {
        // A number that names a person has lost its leading zeros.
        ValueType::Text | ValueType::Code if column.identifies.is_some() => text,
        ValueType::Text | ValueType::Code => text || found.is_integer(),
        ValueType::Integer => found.is_integer(),
        ValueType::Decimal => found.is_numeric() && *found != DataType::Float16,
        ValueType::Date => {
            text || matches!(
                found,
                DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, None)
            )
        }
        ValueType::Boolean => *found == DataType::Boolean,
    }
}

/// Some rows with every value as text, in the contract's order.
struct Texts {
    names: Vec<String>,
    dates: Vec<bool>,
    columns: Vec<StringArray>,
}

fn next(
    batches: &mut Batches,
    order: &[usize],
    contract: &Contract,
) -> Result<Option<Texts>, FileFault> {
    let Some(batch) = batches.next() else { return Ok(None) };
    let batch: RecordBatch = batch.map_err(not_come)?;
    let columns = order
        .iter()
        .map(|at| {
            let column: &ArrayRef =
                batch.columns().get(*at).ok_or_else(|| damaged("a column is gone"))?;
            let text = cast(column, &DataType::Utf8).map_err(damaged)?;
            text.as_string_opt::<i32>().cloned().ok_or_else(|| damaged("a column is no text"))
        })
        .collect::<Result<_, FileFault>>()?;
    Ok(Some(Texts {
        names: contract.columns.iter().map(|column| column.name.clone()).collect(),
        dates: contract.columns.iter().map(|c| c.value_type == ValueType::Date).collect(),
        columns,
    }))
}

/// The text of a row in one column, `None` where nothing stands.
fn text_of(column: &StringArray, is_date: bool, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    let text = column.value(row);
    // A day written as the instant it begins is that day.
    let text = if is_date { text.strip_suffix("T00:00:00").unwrap_or(text) } else { text };
    Some(text.to_owned())
}

impl Texts {
    fn len(&self) -> usize {
        self.columns.first().map_or(0, Array::len)
    }

    fn fields(&self, row: usize) -> Vec<Field<'static>> {
        self.columns
            .iter()
            .zip(&self.dates)
            .map(|(column, is_date)| {
                Field::Unescaped(text_of(column, *is_date, row).unwrap_or_default().into_bytes())
            })
            .collect()
    }

    /// The row as one line of JSON.
    fn whole(&self, row: usize) -> Vec<u8> {
        let values: serde_json::Map<String, serde_json::Value> = self
            .names
            .iter()
            .zip(self.columns.iter().zip(&self.dates))
            .map(|(name, (column, is_date))| (name.clone(), text_of(column, *is_date, row).into()))
            .collect();
        serde_json::to_vec(&values).unwrap_or_default()
    }
}
