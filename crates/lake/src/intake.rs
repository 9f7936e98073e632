//! Taking one delivery's content in.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use model::{ImportId, SourceId};
use source::{ContentBatch, ContentSink, Contract, SinkError, SortedObserver, content_schema};

use crate::delta;
use crate::durable;
use crate::lock::SourceLock;
use crate::place::Lake;
use crate::sort::{Merge, Sorter};
use crate::staged::{Staged, WorkFolder};
use crate::write::TableWriter;

/// How many chunks may wait between two threads.
const WAITING: usize = 2;

/// Where the content of one delivery goes. Dropped before it is committed, it
/// leaves nothing.
pub struct TableIntake {
    source: SourceId,
    import: ImportId,
    content: SchemaRef,
    sorter: Sorter,
    work: WorkFolder,
    most_rows_of_one: usize,
}

impl Lake {
    /// Begins to take in a delivery to the source that `lock` is for, under
    /// `contract`.
    pub fn intake(
        &self,
        lock: &SourceLock,
        import: &ImportId,
        contract: &Contract,
    ) -> Result<TableIntake, SinkError> {
        lock.check(&contract.source)?;
        let work = self.work(lock.source());
        // Whoever holds the lock is alone: what is here, a killed import left.
        durable::remove_folder(&work)?;
        durable::make_folder(&work)?;
        let work = WorkFolder(work);
        let content = content_schema(contract);
        let sorter = Sorter::new(
            content.clone(),
            contract.time.as_deref(),
            self.sort_memory(),
            work.0.clone(),
        )?;
        Ok(TableIntake {
            source: lock.source().clone(),
            import: import.clone(),
            content,
            sorter,
            work,
            most_rows_of_one: self.most_rows_of_one(),
        })
    }
}

impl ContentSink for TableIntake {
    type Staged = Staged;

    fn put(&mut self, batch: ContentBatch) -> Result<(), SinkError> {
        self.sorter.put(batch)
    }

    fn finish(self, observer: &mut dyn SortedObserver) -> Result<Staged, SinkError> {
        let Self { source, import, content, sorter, work, most_rows_of_one } = self;
        let most = observer.wants_whole_persons().then_some(most_rows_of_one);
        let merge = sorter.finish()?.whole_persons(most);
        let schema = delta::table_schema(&content);
        let writer = TableWriter::new(work.0.clone(), format!("part-{import}"), schema.clone());
        // Merging, looking and writing at once.
        let files = thread::scope(|scope| {
            let (merged, to_observe) = sync_channel(WAITING);
            let (kept, to_write) = sync_channel(WAITING);
            let merging = scope.spawn(move || merge_all(merge, &merged));
            let writing = scope.spawn(move || write_all(writer, &to_write));
            let observed = observe_all(observer, &to_observe, &kept);
            // Both neighbours end when nobody takes from them or gives to them.
            drop((to_observe, kept));
            let merged = merging.join().unwrap_or_else(|_| gave_up("merging"));
            let written = writing.join().unwrap_or_else(|_| gave_up("writing"));
            // Whoever failed first made the others stop: their ends are no news.
            merged?;
            let files = written?;
            observed.map(|()| files)
        })?;
        Ok(Staged::new(source, import, schema, files, work))
    }
}

fn gave_up<T>(what: &str) -> Result<T, SinkError> {
    Err(SinkError::Failed { what: what.to_owned(), why: "its thread gave up".to_owned() })
}

fn merge_all(mut merge: Merge, to: &SyncSender<ContentBatch>) -> Result<(), SinkError> {
    while let Some(chunk) = merge.next_chunk()? {
        if to.send(chunk).is_err() {
            break;
        }
    }
    Ok(())
}

fn observe_all(
    observer: &mut dyn SortedObserver,
    from: &Receiver<ContentBatch>,
    to: &SyncSender<ContentBatch>,
) -> Result<(), SinkError> {
    for mut chunk in from {
        if let Some(flags) = observer.observe(&chunk)? {
            keep(&mut chunk, &flags)?;
        }
        if to.send(chunk).is_err() {
            break;
        }
    }
    Ok(())
}

/// Drops the rows whose flag is down.
fn keep(chunk: &mut ContentBatch, flags: &[bool]) -> Result<(), SinkError> {
    let fail = |why: String| SinkError::Failed { what: "dropping rows".to_owned(), why };
    if flags.len() != chunk.content.num_rows() {
        return Err(fail(format!("{} flags for {} rows", flags.len(), chunk.content.num_rows())));
    }
    if flags.iter().all(|kept| *kept) {
        return Ok(());
    }
    chunk.content = filter_record_batch(&chunk.content, &BooleanArray::from(flags.to_vec()))
        .map_err(|error| fail(error.to_string()))?;
    let mut kept = flags.iter();
    chunk.subjects.retain(|_| kept.next().copied().unwrap_or_default());
    Ok(())
}

fn write_all(
    mut writer: TableWriter,
    from: &Receiver<ContentBatch>,
) -> Result<Vec<delta::DataFile>, SinkError> {
    for chunk in from {
        writer.write(&chunk.subjects, &chunk.content)?;
    }
    writer.finish()
}
