//! The rows of a linkage, read from CSV or Parquet.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::path::Path;

use arrow::array::{Array as _, AsArray as _, StringArray};
use linkage::probabilistic::{Intake, Records};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::spec::{Asked, Encoding, Named};
use super::table::text_of;
use crate::answer::Stop;

/// What was read.
pub(super) struct Read {
    pub(super) records: Records,
    /// Who each row truly is, where that was asked for.
    pub(super) people: Option<Vec<Option<u32>>>,
    /// Whether every id is a whole number.
    pub(super) ids_are_numbers: bool,
}

/// Reads one or two files.
pub(super) fn read(
    asked: &Asked,
    first: &Path,
    second: Option<&Path>,
    truth: Option<&str>,
) -> Result<Read, Stop> {
    let mut taking = Taking {
        asked,
        intake: Intake::new(asked.columns.len()),
        truth: truth.map(|_| Truth::default()),
        ids_are_numbers: true,
    };
    taking.file(first, false, truth)?;
    if let Some(second) = second {
        taking.intake.second_file();
        taking.file(second, true, truth)?;
    }
    let records = taking.intake.finish();
    for (path, rows) in
        [(Some(first), records.rows_of_first()), (second, records.rows() - records.rows_of_first())]
    {
        if let Some(path) = path.filter(|_| rows == 0) {
            return Err(Stop::refused(format!("`{}` has no rows", path.display())));
        }
    }
    no_id_twice(&records, first, second, &asked.id.name)?;
    let ids_are_numbers = taking.ids_are_numbers;
    Ok(Read { records, people: taking.truth.map(|truth| truth.people), ids_are_numbers })
}

/// Ids tell rows apart; edges and clusters are told by them.
fn no_id_twice(
    records: &Records,
    first: &Path,
    second: Option<&Path>,
    column: &str,
) -> Result<(), Stop> {
    let split = records.rows_of_first();
    let files = [(Some(first), 0, split), (second, split, records.rows() - split)];
    for (path, from, count) in files {
        let Some(path) = path else { continue };
        let mut seen: HashMap<&str, usize> = HashMap::with_capacity(count);
        let (mut twice, mut example) = (0_u64, None);
        for (at, row) in (0_u32..).skip(from).take(count).enumerate() {
            if let Some(before) = seen.insert(records.id(row), at) {
                twice += 1;
                example.get_or_insert((before + 1, at + 1));
            }
        }
        if let Some((one, other)) = example {
            return Err(Stop::refused(format!(
                "`{}`: {twice} rows have an id in column `{column}` that another row has, the \
                 rows {one} and {other} for one: every row needs an id of its own",
                path.display()
            )));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Truth {
    people: Vec<Option<u32>>,
    known: HashMap<String, u32>,
}

impl Truth {
    fn push(&mut self, person: Option<&str>) {
        let person = person.map(str::trim).filter(|person| !person.is_empty());
        self.people.push(person.map(|person| {
            if let Some(known) = self.known.get(person) {
                return *known;
            }
            let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
            self.known.insert(person.to_owned(), next);
            next
        }));
    }
}

struct Taking<'a> {
    asked: &'a Asked,
    intake: Intake,
    truth: Option<Truth>,
    ids_are_numbers: bool,
}

impl Taking<'_> {
    fn file(&mut self, path: &Path, second: bool, truth: Option<&str>) -> Result<(), Stop> {
        let mut file = File::open(path).map_err(|error| {
            Stop::usage(format!("`{}` cannot be opened: {error}", path.display()))
        })?;
        let mut magic = [0; 4];
        let is_parquet = file.read_exact(&mut magic).is_ok() && &magic == b"PAR1";
        file.rewind().map_err(|error| unreadable(path, error))?;
        if is_parquet {
            self.parquet(path, file, second, truth)
        } else {
            self.csv(path, file, second, truth)
        }
    }

    /// Where the columns stand: the id, what is compared, the truth.
    fn places(
        &self,
        path: &Path,
        header: &[String],
        second: bool,
        truth: Option<&str>,
    ) -> Result<Vec<usize>, Stop> {
        let place = |name: &str| header.iter().position(|column| column == name);
        let called = |name: &str| {
            let name = if second { self.asked.in_second(name) } else { name };
            name.to_owned()
        };
        let placed = |column: &Named| {
            let name = called(&column.name);
            if header.iter().filter(|column| **column == name).count() > 1 {
                return Err(column
                    .at
                    .wrong(&format!("`{}` has more than one column `{name}`", path.display())));
            }
            place(&name).ok_or_else(|| {
                column.at.wrong(&format!(
                    "`{}` has no column `{name}`: it has `{}`",
                    path.display(),
                    header.join("`, `")
                ))
            })
        };
        let mut places = vec![placed(&self.asked.id)?];
        for column in &self.asked.columns {
            places.push(placed(column)?);
        }
        if let Some(truth) = truth.map(called) {
            places.push(place(&truth).ok_or_else(|| {
                Stop::usage(format!(
                    "`--truth`: `{}` has no column `{truth}`: it has `{}`",
                    path.display(),
                    header.join("`, `")
                ))
            })?);
        }
        Ok(places)
    }

    /// A row, its values in the order of [`Taking::places`].
    fn row<'v>(
        &mut self,
        path: &Path,
        row: u64,
        mut values: impl Iterator<Item = Option<&'v str>>,
    ) -> Result<(), Stop> {
        let missing = &self.asked.missing;
        let known = |value: Option<&'v str>| {
            value.filter(|value| !missing.iter().any(|missing| missing == value.trim()))
        };
        let id = values.next().flatten().map(str::trim).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| {
            Stop::refused(format!(
                "`{}`, row {row}: nothing stands in column `{}`, which tells rows apart",
                path.display(),
                self.asked.id.name
            ))
        })?;
        let id = whole(Some(id)).unwrap_or(id);
        self.ids_are_numbers &= is_number(id);
        let columns = self.asked.columns.len();
        self.intake.push(id, values.by_ref().take(columns).map(known).map(whole));
        if let Some(truth) = &mut self.truth {
            truth.push(whole(known(values.next().flatten())));
        }
        Ok(())
    }

    fn csv(
        &mut self,
        path: &Path,
        file: File,
        second: bool,
        truth: Option<&str>,
    ) -> Result<(), Stop> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        let start = file.fill_buf().map_err(|error| unreadable(path, error))?;
        if start.is_empty() {
            return Err(Stop::refused(format!("`{}` is empty", path.display())));
        }
        let marked = start.starts_with(b"\xef\xbb\xbf");
        let delimiter = self.asked.delimiter.unwrap_or_else(|| delimiter(start));
        if marked {
            file.consume(3);
        }
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(file);
        let broken = |error: csv::Error| {
            let line = error.position().map_or(String::new(), |at| format!(", line {}", at.line()));
            let why = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("{len} fields where the header has {expected_len}")
                }
                _ => error.to_string(),
            };
            Stop::refused(format!("`{}`{line}: {why}", path.display()))
        };
        let encoding = self.asked.encoding;
        let decoded = |bytes: &[u8], line: u64| {
            decoded(bytes, encoding).ok_or_else(|| {
                Stop::refused(format!(
                    "`{}`, line {line}: not UTF-8; say `encoding = \"latin-1\"` in the spec, or \
                     \"mixed\" where only some lines are not",
                    path.display()
                ))
            })
        };
        let header: Vec<String> = reader
            .byte_headers()
            .map_err(broken)?
            .iter()
            .map(|name| Ok(decoded(name, 1)?.trim().to_owned()))
            .collect::<Result<_, Stop>>()?;
        let places = self.places(path, &header, second, truth)?;
        let mut record = csv::ByteRecord::new();
        let mut texts: Vec<String> = Vec::with_capacity(places.len());
        let mut row = 0;
        while reader.read_byte_record(&mut record).map_err(broken)? {
            row += 1;
            let line = record.position().map_or(row + 1, csv::Position::line);
            let bytes = |place: usize| record.get(place).unwrap_or_default();
            if encoding == Encoding::Utf8 {
                // Nothing is copied where nothing has to be decoded.
                let mut values = Vec::with_capacity(places.len());
                for place in &places {
                    let text = std::str::from_utf8(bytes(*place));
                    values.push(Some(text.or_else(|_| decoded(bytes(*place), line).map(|_| ""))?));
                }
                self.row(path, row, values.into_iter())?;
            } else {
                texts.clear();
                for place in &places {
                    texts.push(decoded(bytes(*place), line)?);
                }
                self.row(path, row, texts.iter().map(|text| Some(text.as_str())))?;
            }
        }
        Ok(())
    }

    fn parquet(
        &mut self,
        path: &Path,
        file: File,
        second: bool,
        truth: Option<&str>,
    ) -> Result<(), Stop> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|error| unreadable(path, error))?;
        let schema = builder.schema().clone();
        let header: Vec<String> =
            schema.fields().iter().map(|field| field.name().clone()).collect();
        let places = self.places(path, &header, second, truth)?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), places.iter().copied());
        let reader = builder
            .with_projection(mask)
            .with_batch_size(8192)
            .build()
            .map_err(|error| unreadable(path, error))?;
        let mut row = 0;
        for batch in reader {
            let batch = batch.map_err(|error| unreadable(path, error))?;
            let mut columns: Vec<StringArray> = Vec::with_capacity(places.len());
            for place in &places {
                let name = header.get(*place).map_or("", String::as_str);
                let column = batch.column_by_name(name).ok_or_else(|| {
                    Stop::refused(format!("`{}`: column `{name}` is lost", path.display()))
                })?;
                let texts = text_of(column).map_err(|_| {
                    Stop::refused(format!(
                        "`{}`: column `{name}` is of type {}, which is no text, number or date",
                        path.display(),
                        column.data_type()
                    ))
                })?;
                // Of texts it is not asked whether they could be numbers.
                if columns.is_empty() && !column.data_type().is_numeric() {
                    self.ids_are_numbers = false;
                }
                columns.push(texts.as_string::<i32>().clone());
            }
            for at in 0..batch.num_rows() {
                row += 1;
                let values =
                    columns.iter().map(|column| column.is_valid(at).then_some(column.value(at)));
                self.row(path, row, values)?;
            }
        }
        Ok(())
    }
}

/// Whether a text is a whole number, written in the one way that numbers are.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain && (text == "0" || !matches!(digits.bytes().next(), None | Some(b'0')))
}

/// A whole number that was written as a fraction, as what it is: columns with missing
/// values are often kept so.
fn whole(value: Option<&str>) -> Option<&str> {
    let value = value?;
    match value.strip_suffix(".0") {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits)
        }
        _ => Some(value),
    }
}

fn unreadable(path: &Path, error: impl std::fmt::Display) -> Stop {
    Stop::refused(format!("`{}` cannot be read: {error}", path.display()))
}

/// What separates most fields of the first line.
fn delimiter(start: &[u8]) -> u8 {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.split(|byte| *byte == delimiter).count();
    // The comma, where nothing else is more frequent.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn decoded(bytes: &[u8], encoding: Encoding) -> Option<String> {
    let latin =
        || Some(encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned());
    match (std::str::from_utf8(bytes), encoding) {
        (_, Encoding::Latin1) => latin(),
        (Ok(text), _) => Some(text.to_owned()),
        (Err(_), Encoding::Mixed) => latin(),
        (Err(_), Encoding::Utf8) => None,
    }
}
