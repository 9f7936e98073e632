//! Sorting more rows than memory holds, by subject, time and row.
//!
//! Rows are gathered until they fill a share of the memory, then sorted on a
//! thread of their own while the next are gathered. A sorted run stays in memory
//! as long as half of it is free, else it is spilled. In the end all runs are
//! merged (Knuth, The Art of Computer Programming, vol. 3, section 5.4).

mod codes;
mod layout;
mod merge;
mod run;
mod spill;

use std::path::PathBuf;
use std::thread::JoinHandle;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use source::{ContentBatch, SinkError};

pub(crate) use merge::Merge;

use codes::TextCodes;
use layout::Layout;
use run::Run;

/// The most runs that are merged at once: each has a file open and a batch in memory.
const FAN_IN: usize = 64;

/// The most rows of a run, so that a place in it is a `u32`.
const RUN_ROWS: usize = 1 << 22;

/// Takes rows in any order of subject and time.
pub(crate) struct Sorter {
    layout: Layout,
    codes: TextCodes,
    memory: usize,
    folder: PathBuf,
    gathered: Vec<RecordBatch>,
    gathered_bytes: usize,
    gathered_rows: usize,
    sorting: Sorting,
    runs: Vec<Run>,
    started: usize,
}

impl Sorter {
    /// A sorter of rows of `content`, sorted by its column `time` if it has one,
    /// that holds about `memory` bytes and spills to files in `folder`.
    pub(crate) fn new(
        content: SchemaRef,
        time: Option<&str>,
        memory: usize,
        folder: PathBuf,
    ) -> Result<Self, SinkError> {
        Ok(Self {
            codes: TextCodes::new(&content),
            layout: Layout::new(content, time)?,
            memory,
            folder,
            gathered: Vec::new(),
            gathered_bytes: 0,
            gathered_rows: 0,
            sorting: Sorting(None),
            runs: Vec::new(),
            started: 0,
        })
    }

    /// Takes rows. A row's number is larger than any before it.
    pub(crate) fn put(&mut self, batch: ContentBatch) -> Result<(), SinkError> {
        if batch.content.num_rows() == 0 {
            return Ok(());
        }
        let coded = self.codes.encode(&batch.content)?;
        let packed = self.layout.pack(batch, coded)?;
        self.gathered_bytes += layout::bytes(&packed);
        self.gathered_rows += packed.num_rows();
        self.gathered.push(packed);
        if self.gathered_bytes >= self.memory / 8 || self.gathered_rows >= RUN_ROWS / 2 {
            self.start_run()?;
        }
        Ok(())
    }

    fn start_run(&mut self) -> Result<(), SinkError> {
        self.end_run()?;
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered);
        (self.gathered_bytes, self.gathered_rows) = (0, 0);
        let held: usize = self.runs.iter().map(Run::memory).sum();
        let free = (self.memory / 2).saturating_sub(held);
        let path = self.folder.join(format!("run-{:06}", self.started));
        self.started += 1;
        let (layout, values) = (self.layout.clone(), self.codes.values());
        self.sorting = Sorting(Some(std::thread::spawn(move || {
            let sorted = run::sort(&layout, &gathered, &values)?;
            drop(gathered);
            if sorted.get_array_memory_size() <= free {
                Ok(Run::Memory(sorted))
            } else {
                spill::write(&path, &sorted)
            }
        })));
        Ok(())
    }

    fn end_run(&mut self) -> Result<(), SinkError> {
        self.runs.extend(self.sorting.end()?);
        Ok(())
    }

    /// All rows, sorted.
    pub(crate) fn finish(mut self) -> Result<Merge, SinkError> {
        self.start_run()?;
        self.end_run()?;
        let values = self.codes.values();
        while self.runs.len() > FAN_IN {
            // Runs that came after one another stay so: where subject and time
            // are equal, the earlier run has the earlier rows.
            let mut fewer = Vec::with_capacity(self.runs.len().div_ceil(FAN_IN));
            let mut runs = self.runs.into_iter().peekable();
            while runs.peek().is_some() {
                let group: Vec<Run> = runs.by_ref().take(FAN_IN).collect();
                let path = self.folder.join(format!("run-{:06}", self.started));
                self.started += 1;
                let merge = Merge::new(self.layout.clone(), values.clone(), group)?;
                fewer.push(spill::write_all(&path, merge)?);
            }
            self.runs = fewer;
        }
        Merge::new(self.layout, values, self.runs)
    }
}

/// A run that is being sorted. Dropped, it waits: nobody may write a file when
/// the folder is to be removed.
struct Sorting(Option<JoinHandle<Result<Run, SinkError>>>);

impl Sorting {
    fn end(&mut self) -> Result<Option<Run>, SinkError> {
        let Some(thread) = self.0.take() else { return Ok(None) };
        thread
            .join()
            .unwrap_or_else(|_| {
                Err(SinkError::Failed {
                    what: "sorting".to_owned(),
                    why: "the sorting thread gave up".to_owned(),
                })
            })
            .map(Some)
    }
}

impl Drop for Sorting {
    fn drop(&mut self) {
        // The error of work that nobody wants any more is no news.
        let _ = self.end();
    }
}
