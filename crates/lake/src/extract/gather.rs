//! From buckets to one Parquet file, sorted by person.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arrow::array::{Array, AsArray};
use arrow::compute::interleave;
use arrow::datatypes::{Date32Type, Int32Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use linkage::Hash;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use sha2::{Digest, Sha256};

use super::spill::Filled;
use crate::error::LakeError;
use crate::snapshot::BATCH_ROWS;

/// A row group has about so many rows…
const GROUP_ROWS: u64 = 1 << 20;
/// …or takes about so much memory, whichever is less.
const GROUP_BYTES: u64 = 64 << 20;

/// What came of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) rows: u64,
    /// People with at least one row.
    pub(super) persons: u64,
    pub(super) bytes: u64,
    pub(super) sha256: Hash,
}

/// A row group that is encoded and waits for its turn.
struct Encoded {
    chunks: Vec<ArrowColumnChunk>,
    persons: u64,
    rows: u64,
}

/// Writes the rows of all buckets to `path`, sorted by person, a person's rows
/// in the order in which they came, or where `by_time` by the column behind those of
/// `schema`. `parts` are the stretches of the snapshot, in order; `workers` threads
/// encode.
pub(super) fn write(
    path: &Path,
    schema: &SchemaRef,
    by_time: bool,
    parts: &[Filled],
    workers: usize,
) -> Result<Written, LakeError> {
    let fail = |error: &(dyn std::error::Error + 'static)| LakeError::files("writing", path, error);
    let file = File::create_new(path).map_err(|error| fail(&error))?;
    let file =
        Hashing { file: BufWriter::with_capacity(1 << 20, file), sha256: Sha256::new(), bytes: 0 };
    let (mut writer, factory) = open(file, schema).map_err(|error| fail(&error))?;
    let groups = groups(parts);
    let (mut rows, mut persons) = (0, 0);
    std::thread::scope(|threads| -> Result<(), LakeError> {
        // Worker k encodes groups k, k + workers, …: taking from the workers in
        // turn gives the groups in order, and each is at most one ahead.
        let mut encoded: Vec<Receiver<Result<Encoded, LakeError>>> = Vec::new();
        for worker in 0..workers {
            let (sender, receiver) = sync_channel(0);
            encoded.push(receiver);
            let mine: Vec<_> = groups.iter().skip(worker).step_by(workers).cloned().collect();
            let worker = Worker { path, schema, by_time, parts, factory: &factory };
            threads.spawn(move || worker.run(&mine, &sender));
        }
        for receiver in encoded.iter().cycle().take(groups.len()) {
            let group = receiver.recv().map_err(|_| interrupted(path))??;
            rows += group.rows;
            persons += group.persons;
            append(&mut writer, group.chunks).map_err(|error| fail(&error))?;
        }
        Ok(())
    })?;
    let mut hashing = writer.into_inner().map_err(|error| fail(&error))?;
    hashing.flush().map_err(|error| fail(&error))?;
    hashing.file.get_ref().sync_all().map_err(|error| fail(&error))?;
    let sha256 = Hash(hashing.sha256.finalize().into());
    Ok(Written { rows, persons, bytes: hashing.bytes, sha256 })
}

fn interrupted(path: &Path) -> LakeError {
    LakeError::files("writing", path, &std::io::Error::other("a thread ended too early"))
}

/// Neighbouring buckets that make up one row group each.
fn groups(parts: &[Filled]) -> Vec<std::ops::Range<usize>> {
    let buckets = parts.iter().map(|part| part.rows().len()).max().unwrap_or(0);
    let rows_of =
        |bucket: usize| -> u64 { parts.iter().filter_map(|part| part.rows().get(bucket)).sum() };
    let total: u64 = (0..buckets).map(rows_of).sum();
    let bytes: u64 = parts.iter().map(Filled::bytes).sum();
    let by_memory = (GROUP_BYTES * total).checked_div(bytes).unwrap_or(GROUP_ROWS);
    let most = GROUP_ROWS.min(by_memory).max(1);
    let mut groups = Vec::new();
    let (mut start, mut rows) = (0, 0);
    for bucket in 0..buckets {
        let more = rows_of(bucket);
        if rows > 0 && rows + more > most {
            groups.push(start..bucket);
            (start, rows) = (bucket, 0);
        }
        rows += more;
    }
    if rows > 0 {
        groups.push(start..buckets);
    }
    groups
}

fn open(
    file: Hashing,
    schema: &SchemaRef,
) -> parquet::errors::Result<(SerializedFileWriter<Hashing>, ArrowRowGroupWriterFactory)> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by(concat!("helserom ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(file, Arc::clone(schema), options)?.into_serialized_writer()
}

fn append(
    writer: &mut SerializedFileWriter<Hashing>,
    chunks: Vec<ArrowColumnChunk>,
) -> parquet::errors::Result<()> {
    let mut group = writer.next_row_group()?;
    for chunk in chunks {
        chunk.append_to_row_group(&mut group)?;
    }
    group.close().map(|_| ())
}

/// Sorts and encodes row groups.
struct Worker<'a> {
    path: &'a Path,
    schema: &'a SchemaRef,
    /// Whether a time by which rows are sorted comes behind the columns of `schema`.
    by_time: bool,
    parts: &'a [Filled],
    factory: &'a ArrowRowGroupWriterFactory,
}

impl Worker<'_> {
    fn run(
        &self,
        groups: &[std::ops::Range<usize>],
        sender: &SyncSender<Result<Encoded, LakeError>>,
    ) {
        for group in groups {
            let encoded = self.encode(group.clone());
            let failed = encoded.is_err();
            // Nobody listens any more when another group failed.
            if sender.send(encoded).is_err() || failed {
                return;
            }
        }
    }

    fn encode(&self, buckets: std::ops::Range<usize>) -> Result<Encoded, LakeError> {
        let fail = |error: &(dyn std::error::Error + 'static)| {
            LakeError::files("writing", self.path, error)
        };
        let mut rows = Vec::new();
        for bucket in buckets {
            for part in self.parts {
                part.read(bucket, &mut rows)?;
            }
        }
        let (mut order, persons) = by_person(&rows);
        if self.by_time {
            sort_by_time(&rows, self.schema.fields().len(), &mut order);
        }
        // The row group's number matters only to encryption.
        let mut writers = self.factory.create_column_writers(0).map_err(|error| fail(&error))?;
        for (column, (field, writer)) in self.schema.fields().iter().zip(&mut writers).enumerate() {
            let arrays: Vec<&dyn Array> =
                rows.iter().map(|batch| batch.column(column).as_ref()).collect();
            for stretch in order.chunks(BATCH_ROWS) {
                let array = interleave(&arrays, stretch).map_err(|error| fail(&error))?;
                for leaf in compute_leaves(field, &array).map_err(|error| fail(&error))? {
                    writer.write(&leaf).map_err(|error| fail(&error))?;
                }
            }
        }
        let chunks = writers
            .into_iter()
            .map(|writer| writer.close().map_err(|error| fail(&error)))
            .collect::<Result<_, _>>()?;
        Ok(Encoded { chunks, persons, rows: order.len() as u64 })
    }
}

/// Which row of which batch comes when, sorted by the first column and within a
/// person as they came; and how many people there are. A counting sort: the
/// people of a few buckets are neighbours.
fn by_person(rows: &[RecordBatch]) -> (Vec<(usize, usize)>, u64) {
    let persons =
        || rows.iter().map(|batch| batch.column(0).as_primitive::<Int32Type>().values().as_ref());
    let smallest = persons().flatten().copied().min().unwrap_or(0);
    let largest = persons().flatten().copied().max().unwrap_or(-1);
    let place = |person: i32| usize::try_from(person - smallest).unwrap_or(0);
    let mut next = vec![0_usize; place(largest.saturating_add(1)).max(1)];
    for person in persons().flatten() {
        if let Some(count) = next.get_mut(place(*person)) {
            *count += 1;
        }
    }
    let people = next.iter().filter(|count| **count > 0).count() as u64;
    let mut total = 0;
    for start in &mut next {
        let count = std::mem::replace(start, total);
        total += count;
    }
    let mut order = vec![(0, 0); total];
    for (batch, persons) in persons().enumerate() {
        for (row, person) in persons.iter().enumerate() {
            if let Some(at) = next.get_mut(place(*person)) {
                if let Some(slot) = order.get_mut(*at) {
                    *slot = (batch, row);
                }
                *at += 1;
            }
        }
    }
    (order, people)
}

/// Sorts each person's rows by the date in a column; those without one come first, and
/// rows of one day stay as they came.
fn sort_by_time(rows: &[RecordBatch], column: usize, order: &mut [(usize, usize)]) {
    let person = |(batch, row): &(usize, usize)| {
        let batch = rows.get(*batch)?;
        batch.column(0).as_primitive::<Int32Type>().values().get(*row).copied()
    };
    let time = |(batch, row): &(usize, usize)| {
        let times = rows.get(*batch)?.column(column).as_primitive::<Date32Type>();
        if times.is_null(*row) { None } else { times.values().get(*row).copied() }
    };
    for of_one in order.chunk_by_mut(|one, other| person(one) == person(other)) {
        of_one.sort_by_key(time);
    }
}

/// Hashes and counts what is written.
struct Hashing {
    file: BufWriter<File>,
    sha256: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
