//! From a snapshot, sorted by subject, to rows in buckets of person numbers.
//!
//! Only permitted rows of people who are in the extract go on, without their
//! subject key, in the order in which they stand in the snapshot.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use source::SubjectKey;

use super::select::{Selection, WrongType};
use super::spill::{Buckets, Filled};
use crate::error::LakeError;
use crate::snapshot::{BATCH_ROWS, SUBJECT, Snapshot, subjects};

/// The subject whose rows come now, its person if it is in the extract, and the
/// bucket of that person's number.
type Present = ([u8; 16], Option<(i32, usize)>, usize);

/// Some row groups of a snapshot, in order.
#[derive(Debug)]
pub(super) struct Stretch(Vec<(PathBuf, ArrowReaderMetadata, Vec<usize>)>);

/// Cuts the files into `count` stretches of about as many rows each; together
/// and in order they are the whole snapshot.
pub(super) fn stretches(files: &[PathBuf], count: usize) -> Result<Vec<Stretch>, LakeError> {
    let mut groups = Vec::new();
    let mut total: u64 = 0;
    for path in files {
        let fail =
            |error: &(dyn std::error::Error + 'static)| LakeError::files("opening", path, error);
        let file = File::open(path).map_err(|error| fail(&error))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|error| fail(&error))?;
        for (at, group) in metadata.metadata().row_groups().iter().enumerate() {
            let rows = u64::try_from(group.num_rows()).unwrap_or(0);
            groups.push((path, metadata.clone(), at, total));
            total += rows;
        }
    }
    let mut stretches: Vec<Stretch> = (0..count).map(|_| Stretch(Vec::new())).collect();
    for (path, metadata, group, before) in groups {
        let at = usize::try_from(before * count as u64 / total.max(1)).unwrap_or(0);
        let Some(Stretch(files)) = stretches.get_mut(at.min(count.saturating_sub(1))) else {
            continue;
        };
        match files.last_mut() {
            Some((last, _, row_groups)) if last == path => row_groups.push(group),
            _ => files.push((path.clone(), metadata, vec![group])),
        }
    }
    Ok(stretches)
}

/// What is done with the rows of one snapshot.
pub(super) struct Scatter<'a> {
    /// Whose rows.
    pub(super) snapshot: &'a Snapshot,
    /// Subject keys and person numbers, sorted by subject key.
    pub(super) people: &'a [(SubjectKey, i32)],
    /// How likely each of them is who they are said to be, if rows tell it.
    pub(super) doubts: Option<&'a [f64]>,
    /// Which rows are allowed.
    pub(super) selection: &'a Selection,
    /// How many columns are permitted.
    pub(super) columns: usize,
    /// The column that rows of a person are sorted by, where they do not come so.
    pub(super) time: Option<&'a str>,
    /// `person`, then the permitted columns, then how likely, then the time.
    pub(super) schema: SchemaRef,
    /// How many person numbers a bucket has.
    pub(super) width: u32,
    /// Called with how many rows were read since the last call. `Break`: whoever waits
    /// for the extract has given it up.
    pub(super) on_rows: &'a (dyn Fn(u64) -> ControlFlow<()> + Sync),
}

impl Scatter<'_> {
    /// Reads a stretch and puts what is allowed into `buckets`.
    pub(super) fn run(&self, stretch: &Stretch, mut buckets: Buckets) -> Result<Filled, LakeError> {
        // INVARIANT: rows of one subject stand together, sorted by subject: decision
        // 0034. So looking for the next one begins where the last one was found.
        let mut people = Seeker { people: self.people, at: 0 };
        let bucket_count =
            self.people.iter().map(|(_, person)| self.bucket(*person)).max().map_or(0, |b| b + 1);
        for (path, metadata, row_groups) in &stretch.0 {
            let fail = |error: &(dyn std::error::Error + 'static)| {
                LakeError::files("reading", path, error)
            };
            let file = File::open(path).map_err(|error| fail(&error))?;
            let permitted = self.permitted().map(|field| field.name().as_str());
            let names = permitted.chain(self.selection.columns()).chain(self.time).chain([SUBJECT]);
            let mask = ProjectionMask::columns(metadata.parquet_schema(), names);
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
                .with_projection(mask)
                .with_row_groups(row_groups.clone())
                .with_batch_size(BATCH_ROWS)
                .build()
                .map_err(|error| fail(&error))?;
            for batch in reader {
                let batch = batch.map_err(|error| fail(&error))?;
                let (rows, pieces) =
                    self.allowed(&batch, &mut people, bucket_count).map_err(|why| match why {
                        Refused::Type(WrongType(column)) => LakeError::NotAsPromised {
                            source_id: self.snapshot.source().to_string(),
                            version: self.snapshot.version(),
                            column,
                        },
                        Refused::Arrow(error) => fail(&error),
                    })?;
                if rows.num_rows() > 0 {
                    buckets.put(&rows, &pieces)?;
                }
                if (self.on_rows)(batch.num_rows() as u64).is_break() {
                    return Err(LakeError::Stopped);
                }
            }
        }
        buckets.filled()
    }

    fn permitted(&self) -> impl Iterator<Item = &FieldRef> {
        self.schema.fields().iter().skip(1).take(self.columns)
    }

    fn bucket(&self, person: i32) -> usize {
        // Numbers begin with 1.
        (person.unsigned_abs().saturating_sub(1) / self.width.max(1)) as usize
    }

    /// The allowed rows of a batch, bucket after bucket, and how many each
    /// bucket has.
    fn allowed(
        &self,
        batch: &RecordBatch,
        people: &mut Seeker<'_>,
        bucket_count: usize,
    ) -> Result<(RecordBatch, Vec<usize>), Refused> {
        let subjects = subject_column(batch)?;
        let mut keep = vec![true; batch.num_rows()];
        self.selection.keep(batch, &mut keep).map_err(Refused::Type)?;

        // Which person each kept row is of, and how many each bucket gets.
        let mut kept: Vec<(u32, (i32, usize), usize)> = Vec::with_capacity(batch.num_rows());
        let mut pieces = vec![0_usize; bucket_count];
        let mut present: Option<Present> = None;
        for ((row, subject), keep) in (0_u32..).zip(&subjects).zip(keep) {
            if !keep {
                continue;
            }
            let (person, bucket) = match present {
                Some((of, person, bucket)) if of == *subject => (person, bucket),
                _ => {
                    let person = people.find(SubjectKey(*subject));
                    let bucket = person.map_or(0, |(person, _)| self.bucket(person));
                    present = Some((*subject, person, bucket));
                    (person, bucket)
                }
            };
            if let Some(person) = person {
                kept.push((row, person, bucket));
                if let Some(piece) = pieces.get_mut(bucket) {
                    *piece += 1;
                }
            }
        }

        // Rows of one bucket next to each other, each bucket in its old order.
        let mut next: Vec<usize> = pieces
            .iter()
            .scan(0, |sum, piece| {
                let start = *sum;
                *sum += piece;
                Some(start)
            })
            .collect();
        let (mut rows, mut persons) = (vec![0_u32; kept.len()], vec![0_i32; kept.len()]);
        let mut likely = self.doubts.map(|_| vec![1.0; kept.len()]);
        for (row, (person, known), bucket) in kept {
            if let Some(at) = next.get_mut(bucket) {
                if let (Some(r), Some(p)) = (rows.get_mut(*at), persons.get_mut(*at)) {
                    (*r, *p) = (row, person);
                }
                if let (Some(doubts), Some(likely)) = (self.doubts, &mut likely)
                    && let (Some(to), Some(from)) = (likely.get_mut(*at), doubts.get(known))
                {
                    *to = *from;
                }
                *at += 1;
            }
        }
        let rows = UInt32Array::from(rows);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(persons))];
        let cut = |name: &str, of: &DataType| {
            let column = batch
                .column_by_name(name)
                .filter(|column| column.data_type() == of)
                .ok_or_else(|| Refused::Type(WrongType(name.to_owned())))?;
            take(column, &rows, None).map_err(Refused::Arrow)
        };
        for field in self.permitted() {
            columns.push(cut(field.name(), field.data_type())?);
        }
        if let Some(likely) = likely {
            columns.push(Arc::new(Float64Array::from(likely)));
        }
        if let Some(time) = self.time {
            columns.push(cut(time, &DataType::Date32)?);
        }
        let batch =
            RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(Refused::Arrow)?;
        Ok((batch, pieces))
    }
}

/// Why a batch could not be used.
enum Refused {
    Type(WrongType),
    Arrow(arrow::error::ArrowError),
}

/// The subjects of a batch that a file gave, wherever the column stands.
fn subject_column(batch: &RecordBatch) -> Result<Vec<[u8; 16]>, Refused> {
    let wrong = || Refused::Type(WrongType(SUBJECT.to_owned()));
    let at = batch.schema_ref().index_of(SUBJECT).map_err(|_| wrong())?;
    let alone = batch.project(&[at]).map_err(Refused::Arrow)?;
    subjects(&alone).map(<[[u8; 16]]>::to_vec).ok_or_else(wrong)
}

/// Finds people by subject key, in order.
struct Seeker<'a> {
    people: &'a [(SubjectKey, i32)],
    at: usize,
}

impl Seeker<'_> {
    /// The person's number, and which of the people it is.
    fn find(&mut self, subject: SubjectKey) -> Option<(i32, usize)> {
        let rest = self.people.get(self.at..)?;
        // Almost always the next one or a few on; a leap only at the start.
        let near = rest.iter().take(16).position(|(key, _)| *key >= subject);
        self.at += near.unwrap_or_else(|| rest.partition_point(|(key, _)| *key < subject));
        let (key, person) = self.people.get(self.at)?;
        (*key == subject).then_some((*person, self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_in_order_and_strangers_are_not() {
        let key = |n: u8| SubjectKey([n; 16]);
        let people: Vec<_> = (0..200).step_by(2).map(|n| (key(n), i32::from(n))).collect();
        for start in [0, 1, 60, 199] {
            let mut seeker = Seeker { people: &people, at: 0 };
            for n in start..=255 {
                let expected =
                    (n % 2 == 0 && n < 200).then_some((i32::from(n), usize::from(n / 2)));
                assert_eq!(seeker.find(key(n)), expected, "{n}");
                assert_eq!(seeker.find(key(n)), expected, "{n} again");
            }
        }
        assert_eq!(Seeker { people: &[], at: 0 }.find(key(1)), None);
    }
}
