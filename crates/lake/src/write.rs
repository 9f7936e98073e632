//! Writing sorted rows as Parquet.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use source::{SinkError, SubjectKey};

use crate::SUBJECT;
use crate::delta::DataFile;
use crate::durable;
use crate::error::sink_error;

/// Rows of a file: large enough to be worth opening, small enough for another
/// tool to read several at once.
const FILE_ROWS: u64 = 1 << 24;

/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 20;

/// Or bytes, about, as encoded: a row group is in memory until it is written, and
/// rows with long texts are not to fill it.
const GROUP_BYTES: usize = 128 << 20;

/// How large a row group's dictionary of subjects may grow: enough for people
/// with three rows each. Where they have fewer, repeating a subject is cheaper.
const SUBJECT_DICTIONARY_BYTES: usize = 8 << 20;

/// Writes rows in the order they come to one file after another.
pub(crate) struct TableWriter {
    folder: PathBuf,
    /// What a file's name begins with.
    stem: String,
    schema: SchemaRef,
    properties: WriterProperties,
    open: Option<OpenFile>,
    files: Vec<DataFile>,
}

struct OpenFile {
    name: String,
    rows: u64,
    writer: ArrowWriter<File>,
}

impl TableWriter {
    pub(crate) fn new(folder: PathBuf, stem: String, schema: SchemaRef) -> Self {
        let subject = || ColumnPath::from(SUBJECT);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            // The smallest and largest subject of a row group are two people's keys.
            .set_column_statistics_enabled(subject(), EnabledStatistics::None)
            .set_column_dictionary_page_size_limit(subject(), SUBJECT_DICTIONARY_BYTES)
            .set_created_by(concat!("helserom ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        Self { folder, stem, schema, properties, open: None, files: Vec::new() }
    }

    /// Writes rows whose content is in the order of the schema, after the subject.
    pub(crate) fn write(
        &mut self,
        subjects: &[SubjectKey],
        content: &RecordBatch,
    ) -> Result<(), SinkError> {
        if content.num_rows() == 0 {
            return Ok(());
        }
        let batch = self.table_rows(subjects, content)?;
        if self.open.as_ref().is_some_and(|open| open.rows >= FILE_ROWS) {
            self.close()?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let name = format!("{}-{:05}.parquet", self.stem, self.files.len());
                let path = self.folder.join(&name);
                let writer = create(&path, &self.schema, &self.properties)?;
                none.insert(OpenFile { name, rows: 0, writer })
            }
        };
        open.rows += batch.num_rows() as u64;
        let path = self.folder.join(&open.name);
        let fail = |error: &parquet::errors::ParquetError| sink_error("writing", &path, error);
        open.writer.write(&batch).map_err(|error| fail(&error))?;
        if open.writer.in_progress_size() >= GROUP_BYTES {
            open.writer.flush().map_err(|error| fail(&error))?;
        }
        Ok(())
    }

    fn table_rows(
        &self,
        subjects: &[SubjectKey],
        content: &RecordBatch,
    ) -> Result<RecordBatch, SinkError> {
        let fail = |error: &arrow::error::ArrowError| sink_error("writing", &self.folder, error);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(binary(subjects))];
        for (column, field) in content.columns().iter().zip(self.schema.fields().iter().skip(1)) {
            // A dictionary of text is written as text: no other tool need know of it.
            let same = column.data_type() == field.data_type();
            columns.push(if same {
                Arc::clone(column)
            } else {
                cast(column, field.data_type()).map_err(|error| fail(&error))?
            });
        }
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|error| fail(&error))
    }

    fn close(&mut self) -> Result<(), SinkError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let path = self.folder.join(&open.name);
        let fail = |error: &(dyn std::error::Error + 'static)| sink_error("writing", &path, error);
        let file = open.writer.into_inner().map_err(|error| fail(&error))?;
        file.sync_all().map_err(|error| fail(&error))?;
        let bytes = file.metadata().map_err(|error| fail(&error))?.len();
        self.files.push(DataFile { name: open.name, bytes, rows: open.rows });
        Ok(())
    }

    /// Returns when all files are on the disk.
    pub(crate) fn finish(mut self) -> Result<Vec<DataFile>, SinkError> {
        self.close()?;
        durable::sync(&self.folder)?;
        Ok(self.files)
    }
}

fn create(
    path: &Path,
    schema: &SchemaRef,
    properties: &WriterProperties,
) -> Result<ArrowWriter<File>, SinkError> {
    let file = durable::create(path).map_err(|error| sink_error("making", path, &error))?;
    let options = ArrowWriterOptions::new()
        .with_properties(properties.clone())
        .with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(file, Arc::clone(schema), options)
        .map_err(|error| sink_error("writing", path, &error))
}

/// The subjects as a column of 16 bytes each.
fn binary(subjects: &[SubjectKey]) -> BinaryArray {
    let bytes: Vec<u8> = subjects.iter().flat_map(|subject| subject.0).collect();
    let offsets = (0..=subjects.len()).map(|row| i32::try_from(16 * row).unwrap_or(i32::MAX));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets.collect::<Vec<i32>>()));
    BinaryArray::new(offsets, Buffer::from_vec(bytes), None)
}
