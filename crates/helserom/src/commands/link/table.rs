//! Tables in CSV or Parquet files as texts, a thousand rows at a time.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::path::Path;

use arrow::array::{Array as _, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::answer::Stop;

/// Rows that are read before they are worked on: few enough to stay near the processor.
const AT_ONCE: usize = 1024;

/// A field that goes on over more lines is not a field: a quote was not closed.
const MOST_LINES: u64 = 20;
/// Columns that are named where one is missing, and letters of each name.
const TOLD: usize = 40;

/// How a CSV file is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    /// What separates the fields; found from the header when not said.
    pub(super) delimiter: Option<u8>,
    pub(super) encoding: Encoding,
}

impl Written {
    /// Whether a character can separate fields.
    pub(super) fn separates(character: char) -> bool {
        character.is_ascii() && !matches!(character, '"' | '\n' | '\r')
    }
}

/// How the letters of a CSV file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Encoding {
    /// UTF-8 and nothing else
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    /// Windows-1252, of which Latin-1 is a part
    #[value(name = "latin-1", aliases = ["latin1", "iso-8859-1", "windows-1252"])]
    Latin1,
    /// UTF-8, and where it is not, Windows-1252
    Mixed,
}

/// A table in a file, of which the columns are known.
pub(super) struct Table {
    path: String,
    columns: Vec<String>,
    /// What separates the fields of a CSV file.
    delimiter: Option<u8>,
    from: Opened,
}

enum Opened {
    Csv(Box<csv::Reader<BufReader<File>>>, Encoding),
    Parquet(Box<ParquetRecordBatchReaderBuilder<File>>),
}

/// The rows of a table from its beginning to its end.
pub(super) struct Rows {
    path: String,
    from: From,
    /// Rows that were read.
    read: u64,
}

enum From {
    Csv { reader: Box<csv::Reader<BufReader<File>>>, encoding: Encoding, wanted: Vec<usize> },
    Parquet { reader: Box<ParquetRecordBatchReader>, wanted: Vec<String> },
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
        columns: Vec<StringArray>,
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
                for (number, at) in (self.before + 1..).zip(0..*rows) {
                    let value = |column: &StringArray| column.is_valid(at).then_some(at);
                    values.clear();
                    values.extend(
                        columns
                            .iter()
                            .map(|column| value(column).map_or("", |at| column.value(at))),
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

impl Table {
    /// Opens a file; what it is, is told by its first bytes.
    pub(super) fn open(path: &Path, written: Written) -> Result<Self, Stop> {
        let named = path.display().to_string();
        let cannot = |error: &dyn std::fmt::Display| {
            Stop::refused(format!("`{named}` cannot be read: {error}"))
        };
        let mut file = File::open(path)
            .map_err(|error| Stop::usage(format!("`{named}` cannot be opened: {error}")))?;
        let mut magic = [0; 4];
        let is_parquet = file.read_exact(&mut magic).is_ok() && &magic == b"PAR1";
        file.rewind().map_err(|error| cannot(&error))?;
        if is_parquet {
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)
                .map_err(|error| cannot(&error))?
                .with_batch_size(AT_ONCE);
            let columns = builder.schema().fields().iter().map(|f| f.name().clone()).collect();
            let from = Opened::Parquet(Box::new(builder));
            return Ok(Self { path: named, columns, delimiter: None, from });
        }
        let mut file = BufReader::with_capacity(1 << 16, file);
        let start = file.fill_buf().map_err(|error| cannot(&error))?;
        if start.is_empty() {
            return Err(Stop::refused(format!("`{named}` is empty")));
        }
        if let Some(what) = no_text(start) {
            return Err(Stop::refused(format!("`{named}` is {what}")));
        }
        let delimiter = written.delimiter.unwrap_or_else(|| delimiter(start));
        // Programs on Windows begin a file with a byte order mark.
        if start.starts_with(b"\xef\xbb\xbf") {
            file.consume(3);
        }
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(file);
        let header = reader.byte_headers().map_err(|error| broken(&named, &error))?;
        let names = header.iter().map(|name| {
            let name = decoded(name, written.encoding).ok_or_else(|| not_utf8(&named, 1))?;
            Ok(name)
        });
        let columns = names.collect::<Result<_, Stop>>()?;
        let from = Opened::Csv(Box::new(reader), written.encoding);
        Ok(Self { path: named, columns, delimiter: Some(delimiter), from })
    }

    /// Whether what stands in a column may be numbers. Of texts in Parquet it is not
    /// asked whether they could be.
    pub(super) fn may_be_numbers(&self, column: usize) -> bool {
        match &self.from {
            Opened::Csv(..) => true,
            Opened::Parquet(builder) => {
                let fields = builder.schema().fields();
                fields.get(column).is_some_and(|field| field.data_type().is_numeric())
            }
        }
    }

    /// Where these columns are. Each must be there, and once.
    pub(super) fn find<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<usize>, Stop> {
        let find = |name| self.place(name).map_err(Stop::refused);
        names.map(find).collect()
    }

    /// Where a column is, or why nobody can tell. Blanks around names count where they tell
    /// two apart.
    pub(super) fn place(&self, name: &str) -> Result<usize, String> {
        let is_called = |blanks: bool| {
            let columns = self.columns.iter().enumerate();
            columns.filter(
                move |(_, column)| if blanks { *column == name } else { column.trim() == name },
            )
        };
        let exactly = is_called(true).count() > 0;
        let mut at = is_called(exactly);
        match (at.next(), at.next()) {
            (Some((at, _)), None) => Ok(at),
            (None, _) => {
                let split = self.delimiter.map_or_else(String::new, |delimiter| {
                    format!(", with `{}` between them", char::from(delimiter).escape_default())
                });
                Err(format!(
                    "`{}` has no column `{name}`: it has {}{split}",
                    self.path,
                    self.told()
                ))
            }
            _ => Err(format!("`{}` has more than one column `{name}`", self.path)),
        }
    }

    /// What its columns are called; little of each, since a file of another kind has
    /// anything there.
    fn told(&self) -> String {
        let short = |name: &String| name.chars().take(TOLD).collect::<String>();
        let names =
            self.columns.iter().take(TOLD).map(|name| format!("`{}`", short(name).escape_debug()));
        let more = if self.columns.len() > TOLD { " and more" } else { "" };
        names.collect::<Vec<_>>().join(", ") + more
    }

    /// Its rows, of which these columns count.
    pub(super) fn rows(self, wanted: &[usize]) -> Result<Rows, Stop> {
        let Self { path, columns, from, .. } = self;
        let from = match from {
            Opened::Csv(reader, encoding) => {
                From::Csv { reader, encoding, wanted: wanted.to_vec() }
            }
            Opened::Parquet(builder) => {
                let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.iter().copied());
                let reader = builder
                    .with_projection(mask)
                    .build()
                    .map_err(|error| Stop::refused(format!("`{path}` cannot be read: {error}")))?;
                let name = |at: &usize| columns.get(*at).cloned().unwrap_or_default();
                From::Parquet {
                    reader: Box::new(reader),
                    wanted: wanted.iter().map(name).collect(),
                }
            }
        };
        Ok(Rows { path, from, read: 0 })
    }
}

impl Rows {
    /// The next rows; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Batch>, Stop> {
        let before = self.read;
        let rows = match &mut self.from {
            From::Csv { reader, encoding, wanted } => {
                let (mut text, mut ends) = (String::new(), Vec::new());
                let mut record = csv::ByteRecord::new();
                for row in (before + 1..).take(AT_ONCE) {
                    let read = reader.read_byte_record(&mut record);
                    if !read.map_err(|error| broken(&self.path, &error))? {
                        break;
                    }
                    let line = record.position().map_or(row + 1, csv::Position::line);
                    if reader.position().line().saturating_sub(line) > MOST_LINES {
                        return Err(Stop::refused(format!(
                            "`{}`, line {line}: a field goes on over more than {MOST_LINES} \
                             lines: a quote is not closed",
                            self.path
                        )));
                    }
                    for at in &*wanted {
                        let value = record.get(*at).unwrap_or_default();
                        if !push_decoded(&mut text, value, *encoding) {
                            return Err(not_utf8(&self.path, line));
                        }
                        ends.push(text.len());
                    }
                }
                Kept::Csv { text, ends, width: wanted.len().max(1) }
            }
            From::Parquet { reader, wanted } => {
                let refused = |why: &dyn std::fmt::Display| {
                    Stop::refused(format!("`{}` cannot be read: {why}", self.path))
                };
                let Some(batch) = reader.next() else { return Ok(None) };
                let batch = batch.map_err(|error| refused(&error))?;
                let columns = wanted.iter().map(|name| texts(&batch, name));
                let columns = columns.collect::<Result<_, _>>().map_err(|why| refused(&why))?;
                Kept::Parquet { rows: batch.num_rows(), columns }
            }
        };
        let batch = Batch { before, rows };
        self.read += batch.len() as u64;
        Ok((batch.len() > 0).then_some(batch))
    }
}

/// What a file is that begins so, if it is no text in UTF-8 or Windows-1252.
fn no_text(start: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 8] = [
        (b"\x1f\x8b", "compressed (gzip): unpack it first"),
        (b"\x28\xb5\x2f\xfd", "compressed (zstd): unpack it first"),
        (b"BZh91AY&SY", "compressed (bzip2): unpack it first"),
        (b"\xfd7zXZ", "compressed (xz): unpack it first"),
        (b"PK\x03\x04", "an archive or a spreadsheet: save it as CSV"),
        (b"\xd0\xcf\x11\xe0", "an old spreadsheet: save it as CSV"),
        (b"\xff\xfe", "in UTF-16: save it in UTF-8"),
        (b"\xfe\xff", "in UTF-16: save it in UTF-8"),
    ];
    KINDS.iter().find_map(|(magic, what)| start.starts_with(magic).then_some(*what))
}

/// What separates most fields of the first line. Within quotes nothing does.
fn delimiter(start: &[u8]) -> u8 {
    let mut counts = [(b'|', 0), (b'\t', 0), (b';', 0), (b',', 0)];
    let mut quoted = false;
    for byte in start {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(of, _)| of == byte).for_each(|(_, n)| *n += 1),
        }
    }
    // The comma, where nothing else is more frequent.
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

fn decoded(bytes: &[u8], encoding: Encoding) -> Option<String> {
    let mut text = String::new();
    push_decoded(&mut text, bytes, encoding).then_some(text)
}

/// Whether `bytes` could be read; then `text` has them.
fn push_decoded(text: &mut String, bytes: &[u8], encoding: Encoding) -> bool {
    if encoding != Encoding::Latin1
        && let Ok(value) = std::str::from_utf8(bytes)
    {
        text.push_str(value);
        return true;
    }
    if encoding == Encoding::Utf8 {
        return false;
    }
    text.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0);
    true
}

fn not_utf8(path: &str, line: u64) -> Stop {
    Stop::refused(format!(
        "`{path}`, line {line}: not UTF-8; say that the encoding is \"latin-1\", or \"mixed\" \
         where only some lines are not"
    ))
}

/// What is wrong with a row, without what stands in it.
fn broken(path: &str, error: &csv::Error) -> Stop {
    let line = error.position().map_or(String::new(), |at| format!(", line {}", at.line()));
    let why = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where the header has {expected_len}")
        }
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => "it cannot be read".to_owned(),
    };
    Stop::refused(format!("`{path}`{line}: {why}"))
}

fn texts(batch: &RecordBatch, name: &str) -> Result<StringArray, String> {
    let column = batch.column_by_name(name).ok_or_else(|| format!("column `{name}` is lost"))?;
    text_of(column).map_err(|_| {
        let kind = column.data_type();
        format!("column `{name}` is of type {kind}, which is no text, number or date")
    })
}

/// A column as texts. A whole number among missing ones is often kept as a fraction, and a
/// day as its first second.
fn text_of(column: &ArrayRef) -> Result<StringArray, arrow::error::ArrowError> {
    let column = match column.data_type() {
        DataType::Dictionary(_, values) => &arrow::compute::cast(column, values)?,
        _ => column,
    };
    let kind = column.data_type();
    let is_said = kind.is_numeric() || kind.is_temporal() || kind.is_string() || kind.is_null();
    if !is_said && *kind != DataType::Boolean {
        return Err(arrow::error::ArrowError::CastError(kind.to_string()));
    }
    let texts = arrow::compute::cast(column, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let end = match kind {
        kind if kind.is_floating() => ".0",
        DataType::Timestamp(_, None) => "T00:00:00",
        _ => return Ok(texts.clone()),
    };
    let said = texts.iter().map(|text| {
        let text = text.filter(|text| *text != "NaN")?;
        Some(text.strip_suffix(end).unwrap_or(text))
    });
    Ok(said.collect())
}
