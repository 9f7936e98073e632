//! Sorted rows that memory has no room for, in Arrow's own format, uncompressed:
//! what is written is read back once, soon.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use source::SinkError;

use super::merge::Merge;
use super::run::Run;
use crate::durable;
use crate::error::sink_error;

/// How many rows of a spilled run are in memory while runs are merged.
pub(crate) const SPILL_ROWS: usize = 1 << 13;

const BUFFER: usize = 1 << 18;

/// Writes a sorted run.
pub(crate) fn write(path: &Path, sorted: &RecordBatch) -> Result<Run, SinkError> {
    let mut rows = Rows::create(path, sorted)?;
    rows.put(sorted)?;
    rows.finish()
}

/// Writes what comes of merging runs.
pub(crate) fn write_all(path: &Path, mut merged: Merge) -> Result<Run, SinkError> {
    let mut rows: Option<Rows> = None;
    while let Some(batch) = merged.next_packed()? {
        let rows = match &mut rows {
            Some(rows) => rows,
            none => none.insert(Rows::create(path, &batch)?),
        };
        rows.put(&batch)?;
    }
    match rows {
        Some(rows) => rows.finish(),
        None => Err(SinkError::Failed { what: "merging".to_owned(), why: "no rows".to_owned() }),
    }
}

struct Rows {
    path: PathBuf,
    writer: StreamWriter<BufWriter<File>>,
}

impl Rows {
    fn create(path: &Path, like: &RecordBatch) -> Result<Self, SinkError> {
        let file = durable::create(path).map_err(|error| sink_error("writing", path, &error))?;
        let writer = StreamWriter::try_new(BufWriter::with_capacity(BUFFER, file), &like.schema())
            .map_err(|error| sink_error("writing", path, &error))?;
        Ok(Self { path: path.to_path_buf(), writer })
    }

    fn put(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        let mut from = 0;
        while from < batch.num_rows() {
            let rows = SPILL_ROWS.min(batch.num_rows() - from);
            self.writer
                .write(&batch.slice(from, rows))
                .map_err(|error| sink_error("writing", &self.path, &error))?;
            from += rows;
        }
        Ok(())
    }

    fn finish(self) -> Result<Run, SinkError> {
        let Self { path, mut writer } = self;
        writer.finish().map_err(|error| sink_error("writing", &path, &error))?;
        let mut buffer =
            writer.into_inner().map_err(|error| sink_error("writing", &path, &error))?;
        buffer.flush().map_err(|error| sink_error("writing", &path, &error))?;
        Ok(Run::Spilled(path))
    }
}

/// Reads a spilled run. Its file has no name from then on: it is gone when it
/// was read, or when the process ends.
pub(crate) struct SpilledRows {
    path: PathBuf,
    reader: StreamReader<BufReader<File>>,
}

impl SpilledRows {
    pub(crate) fn open(path: &Path) -> Result<Self, SinkError> {
        let file = File::open(path).map_err(|error| sink_error("reading", path, &error))?;
        std::fs::remove_file(path).map_err(|error| sink_error("removing", path, &error))?;
        let reader = StreamReader::try_new(BufReader::with_capacity(BUFFER, file), None)
            .map_err(|error| sink_error("reading", path, &error))?;
        Ok(Self { path: path.to_path_buf(), reader })
    }

    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, SinkError> {
        self.reader.next().transpose().map_err(|error| sink_error("reading", &self.path, &error))
    }
}
