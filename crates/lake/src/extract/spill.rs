//! Rows waiting to be sorted: in memory as long as they fit, then in one
//! temporary file, bucket by bucket.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Cursor, Seek, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;

use crate::error::LakeError;

/// Rows in buckets. Each bucket keeps the order in which rows came.
pub(super) struct Buckets {
    schema: SchemaRef,
    waiting: Vec<Vec<RecordBatch>>,
    waiting_bytes: usize,
    most_bytes: usize,
    rows: Vec<u64>,
    path: PathBuf,
    spilt: Option<Spilt>,
}

struct Spilt {
    file: BufWriter<File>,
    end: u64,
    blocks: Blocks,
}

/// Per bucket: where its blocks begin and how long they are, in order.
type Blocks = Vec<Vec<(u64, usize)>>;

/// Rows in buckets, complete: for reading.
pub(super) struct Filled {
    waiting: Vec<Vec<RecordBatch>>,
    rows: Vec<u64>,
    bytes: u64,
    path: PathBuf,
    spilt: Option<(File, Blocks)>,
}

impl Buckets {
    /// `path` is where rows go once they take more than `most_bytes` of memory.
    pub(super) fn new(schema: SchemaRef, count: usize, path: PathBuf, most_bytes: usize) -> Self {
        Self {
            schema,
            waiting: vec![Vec::new(); count],
            waiting_bytes: 0,
            most_bytes,
            rows: vec![0; count],
            path,
            spilt: None,
        }
    }

    /// Takes rows for several buckets: `batch` holds those of each bucket in one
    /// piece, and `pieces` says how many rows each bucket gets, in order.
    pub(super) fn put(&mut self, batch: &RecordBatch, pieces: &[usize]) -> Result<(), LakeError> {
        let mut start = 0;
        for ((waiting, rows), piece) in self.waiting.iter_mut().zip(&mut self.rows).zip(pieces) {
            if *piece > 0 {
                waiting.push(batch.slice(start, *piece));
                *rows += *piece as u64;
                start += piece;
            }
        }
        self.waiting_bytes += batch.get_array_memory_size();
        if self.waiting_bytes > self.most_bytes { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<(), LakeError> {
        let fail = |error: &(dyn std::error::Error + 'static)| {
            LakeError::files("writing", &self.path, error)
        };
        let spilt = match &mut self.spilt {
            Some(spilt) => spilt,
            none => {
                let file = create(&self.path).map_err(|error| fail(&error))?;
                let file = BufWriter::with_capacity(1 << 20, file);
                none.insert(Spilt { file, end: 0, blocks: vec![Vec::new(); self.rows.len()] })
            }
        };
        for (waiting, blocks) in self.waiting.iter_mut().zip(&mut spilt.blocks) {
            if waiting.is_empty() {
                continue;
            }
            let mut block = StreamWriter::try_new(&mut spilt.file, &self.schema)
                .map_err(|error| fail(&error))?;
            for batch in waiting.drain(..) {
                block.write(&batch).map_err(|error| fail(&error))?;
            }
            block.finish().map_err(|error| fail(&error))?;
            drop(block);
            let end = spilt.file.stream_position().map_err(|error| fail(&error))?;
            let length = usize::try_from(end - spilt.end).unwrap_or(usize::MAX);
            blocks.push((spilt.end, length));
            spilt.end = end;
        }
        self.waiting_bytes = 0;
        Ok(())
    }

    /// No more rows.
    pub(super) fn filled(self) -> Result<Filled, LakeError> {
        let mut bytes = self.waiting_bytes as u64;
        let spilt = match self.spilt {
            None => None,
            Some(mut spilt) => {
                spilt
                    .file
                    .flush()
                    .map_err(|error| LakeError::files("writing", &self.path, &error))?;
                bytes += spilt.end;
                let file = spilt.file.into_parts().0;
                Some((file, spilt.blocks))
            }
        };
        Ok(Filled { waiting: self.waiting, rows: self.rows, bytes, path: self.path, spilt })
    }
}

/// A file that is ours alone and has no name any more: it goes with the process.
fn create(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

impl Filled {
    /// How many rows each bucket has.
    pub(super) fn rows(&self) -> &[u64] {
        &self.rows
    }

    /// About how much all rows take.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Puts the rows of `bucket` after `rows`, in the order in which they came.
    pub(super) fn read(&self, bucket: usize, rows: &mut Vec<RecordBatch>) -> Result<(), LakeError> {
        let fail = |error: &(dyn std::error::Error + 'static)| {
            LakeError::files("reading", &self.path, error)
        };
        if let Some((file, blocks)) = &self.spilt {
            for (start, length) in blocks.get(bucket).map_or(&[][..], Vec::as_slice) {
                let mut bytes = vec![0; *length];
                file.read_exact_at(&mut bytes, *start).map_err(|error| fail(&error))?;
                let block = StreamReader::try_new(Cursor::new(bytes), None)
                    .map_err(|error| fail(&error))?;
                for batch in block {
                    rows.push(batch.map_err(|error| fail(&error))?);
                }
            }
        }
        rows.extend(self.waiting.get(bucket).into_iter().flatten().cloned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Int32Array};
    use arrow::datatypes::Int32Type;

    use super::*;

    fn batch(values: &[i32]) -> RecordBatch {
        let array: ArrayRef = Arc::new(Int32Array::from(values.to_vec()));
        RecordBatch::try_from_iter([("x", array)]).unwrap()
    }

    fn values(rows: &[RecordBatch]) -> Vec<i32> {
        rows.iter()
            .flat_map(|batch| batch.column(0).as_primitive::<Int32Type>().values().to_vec())
            .collect()
    }

    #[test]
    fn each_bucket_keeps_its_order_whether_or_not_memory_sufficed() {
        for most_bytes in [0, 200, usize::MAX] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("spill");
            let mut buckets = Buckets::new(batch(&[]).schema(), 3, path, most_bytes);
            buckets.put(&batch(&[1, 2, 20]), &[2, 0, 1]).unwrap();
            buckets.put(&batch(&[3, 10]), &[1, 1, 0]).unwrap();
            buckets.put(&batch(&[21, 22]), &[0, 0, 2]).unwrap();
            // The file has no name: nothing is left when the process dies.
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
            let filled = buckets.filled().unwrap();
            assert_eq!(filled.rows(), [3, 1, 3]);
            assert_eq!(filled.spilt.is_some(), most_bytes < usize::MAX);
            if most_bytes == 0 {
                assert!(filled.waiting.iter().all(Vec::is_empty), "rows are in memory");
            }
            for (bucket, expected) in [&[1, 2, 3][..], &[10], &[20, 21, 22]].iter().enumerate() {
                let mut rows = Vec::new();
                filled.read(bucket, &mut rows).unwrap();
                assert_eq!(values(&rows), *expected, "at most {most_bytes} bytes");
            }
        }
    }
}
