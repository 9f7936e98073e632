//! Registers and the truth about them in files.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::Source;
use super::registers::{COLUMNS, Record, Register};

/// How files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Separated by commas, UTF-8.
    Csv,
    /// Parquet.
    Parquet,
}

impl Form {
    /// The name of a file.
    pub(super) fn name(self, stem: &str) -> String {
        match self {
            Self::Csv => format!("{stem}.csv"),
            Self::Parquet => format!("{stem}.parquet"),
        }
    }
}

/// One file, to which texts are written row by row.
enum Table {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Parquet { to: Box<ArrowWriter<File>>, schema: Arc<Schema> },
}

/// The files of all registers, and the truth.
pub(super) struct Writers {
    registers: Vec<(Source, Table)>,
    truth: Table,
    truth_column: bool,
}

const TRUTH: [&str; 3] = ["source", "record", "person"];
const PERSON: &str = "person";

impl Writers {
    pub(super) fn create(
        folder: &Path,
        registers: &[Register],
        form: Form,
        truth_column: bool,
    ) -> io::Result<Self> {
        let mut columns = COLUMNS.to_vec();
        if truth_column {
            columns.push(PERSON);
        }
        let register = |register: &Register| {
            let file = PathBuf::from(form.name(register.name));
            let table = Table::create(&folder.join(&file), form, &columns)?;
            let source = Source { name: register.name.to_owned(), file, records: 0 };
            Ok((source, table))
        };
        Ok(Self {
            registers: registers.iter().map(register).collect::<io::Result<_>>()?,
            truth: Table::create(&folder.join(form.name("truth")), form, &TRUTH)?,
            truth_column,
        })
    }

    /// Writes what each register saw of some people.
    pub(super) fn write(&mut self, seen: Vec<Vec<Record>>) -> io::Result<()> {
        for ((source, table), records) in self.registers.iter_mut().zip(seen) {
            let first = source.records;
            source.records += records.len() as u64;
            let name = |at: u64| format!("{}-{:08}", source.name, at + 1);
            let numbered = || (first..).zip(&records);
            table.rows(records.len(), |row| {
                for (at, record) in numbered() {
                    let own = name(at);
                    let person = self.truth_column.then(|| record.person.to_string());
                    row(&mut std::iter::once(own.as_str())
                        .chain(record.fields())
                        .chain(person.as_deref()))?;
                }
                Ok(())
            })?;
            self.truth.rows(records.len(), |row| {
                for (at, record) in numbered() {
                    let (own, person) = (name(at), record.person.to_string());
                    row(&mut [source.name.as_str(), &own, &person].into_iter())?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Ends every file and says what is in them.
    pub(super) fn end(self) -> io::Result<Vec<Source>> {
        self.truth.end()?;
        self.registers.into_iter().map(|(source, table)| table.end().map(|()| source)).collect()
    }
}

/// Takes the fields of a row.
type TakeRow<'a> = dyn FnMut(&mut dyn Iterator<Item = &str>) -> io::Result<()> + 'a;

impl Table {
    fn create(path: &Path, form: Form, columns: &[&str]) -> io::Result<Self> {
        let file = File::create_new(path)?;
        match form {
            Form::Csv => {
                let mut to = csv::Writer::from_writer(BufWriter::with_capacity(1 << 18, file));
                to.write_record(columns)?;
                Ok(Self::Csv(Box::new(to)))
            }
            Form::Parquet => {
                let field = |name: &&str| match *name {
                    PERSON => Field::new(PERSON, DataType::UInt64, false),
                    name => Field::new(name, DataType::Utf8, true),
                };
                let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
                let properties =
                    WriterProperties::builder().set_compression(Compression::SNAPPY).build();
                let to = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))?;
                Ok(Self::Parquet { to: Box::new(to), schema })
            }
        }
    }

    /// Writes some rows: `rows` hands each to what it is given.
    fn rows(
        &mut self,
        count: usize,
        rows: impl FnOnce(&mut TakeRow<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Csv(to) => rows(&mut |fields| {
                for field in fields {
                    to.write_field(field)?;
                }
                to.write_record(None::<&[u8]>)?;
                Ok(())
            }),
            Self::Parquet { to, schema } => {
                let mut columns: Vec<StringBuilder> = Vec::new();
                columns.resize_with(schema.fields().len(), || {
                    StringBuilder::with_capacity(count, count * 12)
                });
                rows(&mut |fields| {
                    for (column, field) in columns.iter_mut().zip(fields) {
                        // What is missing is missing.
                        column.append_option(Some(field).filter(|field| !field.is_empty()));
                    }
                    Ok(())
                })?;
                let columns =
                    columns.into_iter().zip(schema.fields()).map(|(mut column, field)| {
                        let texts = column.finish();
                        match field.data_type() {
                            DataType::UInt64 => {
                                let numbers = texts.iter().map(|text| text?.parse().ok());
                                Arc::new(numbers.collect::<UInt64Array>()) as ArrayRef
                            }
                            _ => Arc::new(texts),
                        }
                    });
                let batch = RecordBatch::try_new(Arc::clone(schema), columns.collect());
                to.write(&batch.map_err(io::Error::other)?)?;
                Ok(())
            }
        }
    }

    fn end(self) -> io::Result<()> {
        match self {
            Self::Csv(to) => {
                let to = to.into_inner().map_err(csv::IntoInnerError::into_error)?;
                to.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
            }
            Self::Parquet { to, .. } => to.into_inner()?.sync_all(),
        }
    }
}
