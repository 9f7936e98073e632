//! Rows of a CSV or Parquet file as texts, some thousands at a time.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::answer::Stop;

/// Rows that are read before they are worked on.
pub(super) const AT_ONCE: usize = 8192;

/// A table in a file, read from its beginning to its end.
pub(super) struct Rows {
    path: String,
    columns: Vec<String>,
    from: From,
    /// Rows that were read.
    read: u64,
}

enum From {
    Csv(Box<csv::Reader<BufReader<File>>>),
    Parquet(Box<ParquetRecordBatchReader>),
}

/// Some rows, of which the wanted columns are kept.
pub(super) struct Batch {
    /// How many rows stand before them in the file.
    pub(super) before: u64,
    rows: Kept,
}

enum Kept {
    /// The values, one behind the other, and where each ends: so many to a row.
    Csv {
        text: String,
        ends: Vec<usize>,
        width: usize,
    },
    Parquet {
        rows: usize,
        columns: Vec<arrow::array::ArrayRef>,
    },
}

impl Batch {
    /// Each row's values, in the order in which the columns were asked for. What is
    /// missing is empty.
    pub(super) fn each<E>(
        &self,
        mut row: impl FnMut(u64, &[&str]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut values: Vec<&str> = Vec::new();
        match &self.rows {
            Kept::Csv { text, ends, width } => {
                let mut from = 0;
                for (number, ends) in (self.before + 1..).zip(ends.chunks_exact(*width)) {
                    values.clear();
                    values.extend(ends.iter().map(|end| {
                        let value = text.get(from..*end).unwrap_or_default();
                        from = *end;
                        value
                    }));
                    row(number, &values)?;
                }
            }
            Kept::Parquet { rows, columns } => {
                let columns: Vec<_> = columns.iter().map(AsArray::as_string::<i32>).collect();
                for (number, at) in (self.before + 1..).zip(0..*rows) {
                    let value = |column: &&arrow::array::StringArray| column.is_valid(at);
                    values.clear();
                    values.extend(
                        columns.iter().map(
                            |column| {
                                if value(column) { column.value(at) } else { "" }
                            },
                        ),
                    );
                    row(number, &values)?;
                }
            }
        }
        Ok(())
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        match &self.rows {
            Kept::Csv { ends, width, .. } => ends.len() / width,
            Kept::Parquet { rows, .. } => *rows,
        }
    }
}

impl Rows {
    /// Opens a file; what it is, is told by its first bytes.
    pub(super) fn open(path: &Path, delimiter: u8) -> Result<Self, Stop> {
        let named = path.display().to_string();
        let cannot = |error: &dyn std::fmt::Display| {
            Stop::refused(format!("`{named}` cannot be read: {error}"))
        };
        let mut file = File::open(path).map_err(|error| cannot(&error))?;
        let mut magic = [0; 4];
        let is_parquet = file.read_exact(&mut magic).is_ok() && &magic == b"PAR1";
        file.rewind().map_err(|error| cannot(&error))?;
        let (from, columns) = if is_parquet {
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)
                .map_err(|error| cannot(&error))?
                .with_batch_size(AT_ONCE);
            let columns = reader.schema().fields().iter().map(|f| f.name().clone()).collect();
            let reader = reader.build().map_err(|error| cannot(&error))?;
            (From::Parquet(Box::new(reader)), columns)
        } else {
            let mut reader =
                csv::ReaderBuilder::new().delimiter(delimiter).from_reader(BufReader::new(file));
            let header = reader.headers().map_err(|error| cannot(&said(error.kind())))?.clone();
            // Programs on Windows begin a file with a byte order mark.
            let name = |name: &str| name.trim_start_matches('\u{feff}').to_owned();
            (From::Csv(Box::new(reader)), header.iter().map(name).collect())
        };
        Ok(Self { path: named, columns, from, read: 0 })
    }

    /// Where these columns are. Each must be there, and once.
    pub(super) fn find<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<usize>, Stop> {
        names
            .map(|name| {
                let mut at = self.columns.iter().enumerate().filter(|(_, column)| *column == name);
                match (at.next(), at.next()) {
                    (Some((at, _)), None) => Ok(at),
                    (None, _) => Err(Stop::refused(format!(
                        "`{}` has no column `{name}`; it has: {}",
                        self.path,
                        self.columns.join(", ")
                    ))),
                    _ => Err(Stop::refused(format!("`{}` has two columns `{name}`", self.path))),
                }
            })
            .collect()
    }

    /// The next rows, of which `wanted` columns count; `None` at the end.
    pub(super) fn next(&mut self, wanted: &[usize]) -> Result<Option<Batch>, Stop> {
        let before = self.read;
        let refused = |why: String| Stop::refused(format!("`{}`: {why}", self.path));
        let rows = match &mut self.from {
            From::Csv(reader) => {
                let (mut text, mut ends) = (String::new(), Vec::new());
                let mut record = csv::StringRecord::new();
                for row in (before + 1..).take(AT_ONCE) {
                    let read = reader.read_record(&mut record);
                    if !read.map_err(|e| refused(format!("row {row}: {}", said(e.kind()))))? {
                        break;
                    }
                    for at in wanted {
                        text.push_str(record.get(*at).unwrap_or_default());
                        ends.push(text.len());
                    }
                }
                Kept::Csv { text, ends, width: wanted.len().max(1) }
            }
            From::Parquet(reader) => match reader.next() {
                None => return Ok(None),
                Some(batch) => {
                    let batch = batch.map_err(|error| refused(error.to_string()))?;
                    texts(&batch, wanted).map_err(refused)?
                }
            },
        };
        let batch = Batch { before, rows };
        self.read += batch.len() as u64;
        Ok((batch.len() > 0).then_some(batch))
    }
}

fn texts(batch: &RecordBatch, wanted: &[usize]) -> Result<Kept, String> {
    let columns = wanted.iter().map(|at| {
        let name = batch.schema().field(*at).name().clone();
        text_of(batch.column(*at)).map_err(|error| format!("column `{name}` is no text: {error}"))
    });
    Ok(Kept::Parquet { rows: batch.num_rows(), columns: columns.collect::<Result<_, _>>()? })
}

/// A column as texts. A whole number among missing ones is often kept as a fraction, and a
/// day as its first second.
pub(super) fn text_of(column: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let texts = arrow::compute::cast(column, &DataType::Utf8)?;
    let end = match column.data_type() {
        kind if kind.is_floating() => ".0",
        DataType::Timestamp(_, None) => "T00:00:00",
        _ => return Ok(texts),
    };
    let said = texts.as_string::<i32>().iter().map(|text| {
        let text = text.filter(|text| *text != "NaN")?;
        Some(text.strip_suffix(end).unwrap_or(text))
    });
    Ok(Arc::new(said.collect::<StringArray>()))
}

/// What is wrong with a row, without what stands in it.
fn said(kind: &csv::ErrorKind) -> String {
    match kind {
        csv::ErrorKind::Utf8 { err, .. } => {
            format!("field {} is not UTF-8", err.field() + 1)
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields and the header has {expected_len}")
        }
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => "it cannot be read".to_owned(),
    }
}
