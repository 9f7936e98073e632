//! Reading one version of a source's table.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::BinaryArray;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use model::SourceId;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::delta;
use crate::error::LakeError;
use crate::place::Lake;

/// The first column of every table: 16 bytes that mean nothing outside the source.
pub const SUBJECT: &str = "subject";

/// How many rows a batch has, but for the last of a file.
pub(crate) const BATCH_ROWS: usize = 1 << 16;

/// One version of a source's table. It never changes.
#[derive(Debug, Clone)]
pub struct Snapshot {
    source: SourceId,
    version: u64,
    schema: SchemaRef,
    files: Vec<PathBuf>,
    rows: u64,
}

impl Lake {
    /// Opens a version of the source's table: the one the ledger names.
    pub fn snapshot(&self, source: &SourceId, version: u64) -> Result<Snapshot, LakeError> {
        let table = self.table(source);
        let Some(state) = delta::load(&table, version)? else {
            return Err(LakeError::NoVersion { source_id: source.to_string(), version });
        };
        Ok(Snapshot {
            source: source.clone(),
            version,
            schema: state.schema,
            rows: state.files.iter().map(|file| file.rows).sum(),
            files: state.files.iter().map(|file| table.join(&file.name)).collect(),
        })
    }
}

impl Snapshot {
    /// Which version.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// `subject` (binary, 16 bytes), then the content columns.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) const fn source(&self) -> &SourceId {
        &self.source
    }

    /// The files, in the order of their rows.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// How many rows.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// All rows, sorted by subject, time and row of the delivery, in batches of
    /// about 64 Ki rows: `subject` first, then `columns` in the order asked for.
    /// Text comes as `Utf8`. Only the columns asked for are read.
    pub fn scan(&self, columns: &[&str]) -> Result<Scan, LakeError> {
        let mut wanted = vec![SUBJECT.to_owned()];
        wanted.extend(columns.iter().filter(|name| **name != SUBJECT).map(ToString::to_string));
        let mut fields = Vec::with_capacity(wanted.len());
        for name in &wanted {
            let field = self.schema.field_with_name(name).map_err(|_| LakeError::NoColumn {
                source_id: self.source.to_string(),
                version: self.version,
                column: name.clone(),
            })?;
            fields.push(field.clone());
        }
        Ok(Scan {
            files: self.files.clone().into_iter(),
            schema: Arc::new(Schema::new(fields)),
            reader: None,
        })
    }
}

/// The rows of a snapshot, batch by batch.
#[derive(Debug)]
pub struct Scan {
    files: std::vec::IntoIter<PathBuf>,
    schema: SchemaRef,
    reader: Option<(PathBuf, ParquetRecordBatchReader)>,
}

impl Scan {
    /// The columns of every batch.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn open(&self, path: &PathBuf) -> Result<ParquetRecordBatchReader, LakeError> {
        let fail =
            |error: &(dyn std::error::Error + 'static)| LakeError::files("opening", path, error);
        let file = File::open(path).map_err(|error| fail(&error))?;
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| fail(&error))?;
        let names = self.schema.fields().iter().map(|field| field.name().as_str());
        let mask = ProjectionMask::columns(builder.parquet_schema(), names);
        builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| fail(&error))
    }

    /// The file's columns stand in the file's order; callers named their own.
    fn in_order(&self, batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
        let columns = self
            .schema
            .fields()
            .iter()
            .map(|field| {
                batch.column_by_name(field.name()).cloned().ok_or_else(|| {
                    arrow::error::ArrowError::SchemaError(format!("no column `{}`", field.name()))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

impl Iterator for Scan {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((path, reader)) = &mut self.reader {
                let batch = reader.next();
                let path = path.clone();
                if let Some(batch) = batch {
                    let batch = batch.and_then(|batch| self.in_order(&batch));
                    return Some(batch.map_err(|e| LakeError::files("reading", &path, &e)));
                }
                self.reader = None;
            }
            let path = self.files.next()?;
            match self.open(&path) {
                Ok(reader) => self.reader = Some((path, reader)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The subjects of a batch that a [`Scan`] gave, without a copy; `None` if its
/// first column holds anything but 16 bytes a row.
pub fn subjects(batch: &RecordBatch) -> Option<&[[u8; 16]]> {
    let array = batch.columns().first()?.as_any().downcast_ref::<BinaryArray>()?;
    let offsets = array.value_offsets();
    let (first, last) = (*offsets.first()?, *offsets.last()?);
    if !offsets.windows(2).all(|pair| matches!(pair, [a, b] if b - a == 16)) {
        return None;
    }
    let bytes = array.values().get(usize::try_from(first).ok()?..usize::try_from(last).ok()?)?;
    Some(bytes.as_chunks::<16>().0)
}
