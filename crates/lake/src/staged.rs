//! Rows that are written and wait to be committed.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use model::{ImportId, SourceId};

use crate::delta::{self, DataFile, NewVersion};
use crate::durable;
use crate::error::LakeError;
use crate::lock::SourceLock;
use crate::place::Lake;

/// The folder of what is not committed yet; it goes when its owner does.
#[derive(Debug)]
pub(crate) struct WorkFolder(pub(crate) PathBuf);

impl Drop for WorkFolder {
    fn drop(&mut self) {
        // What cannot be removed now, the next import or `recover` removes.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Rows that are on the disk, but in no version of the table. Dropped, it
/// leaves nothing.
#[derive(Debug)]
pub struct Staged {
    source: SourceId,
    import: ImportId,
    schema: SchemaRef,
    files: Vec<DataFile>,
    work: WorkFolder,
}

impl Staged {
    pub(crate) const fn new(
        source: SourceId,
        import: ImportId,
        schema: SchemaRef,
        files: Vec<DataFile>,
        work: WorkFolder,
    ) -> Self {
        Self { source, import, schema, files, work }
    }

    /// How many rows.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// How many bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// In how many files.
    pub const fn files(&self) -> usize {
        self.files.len()
    }
}

impl Lake {
    /// Makes a version of the table whose rows are the staged ones and no
    /// others, and returns its number. `known` is the newest version that the
    /// ledger names.
    ///
    /// The table may hold a newer version that no entry names, of an import that
    /// was killed before the ledger had it: the new version comes after it and
    /// takes nothing from it.
    pub fn commit(
        &self,
        lock: &SourceLock,
        staged: Staged,
        known: Option<u64>,
    ) -> Result<u64, LakeError> {
        lock.check(&staged.source)?;
        let table = self.table(&staged.source);
        let after = delta::versions(&table)?.last().copied();
        if let Some(known) = known.filter(|known| after.is_none_or(|after| after < *known)) {
            return Err(LakeError::Behind {
                source_id: staged.source.to_string(),
                found: after.map_or_else(|| "none".to_owned(), |after| after.to_string()),
                known,
            });
        }
        durable::make_folder(&table)?;
        let mut table_id = [0; 16];
        self.entropy.fill(&mut table_id);
        let done = move_files(&staged, &table).and_then(|()| {
            delta::commit(
                &table,
                &NewVersion {
                    source: staged.source.as_str(),
                    import: staged.import.as_str(),
                    schema: &staged.schema,
                    files: &staged.files,
                    after,
                    now_ms: self.clock.now().as_millisecond(),
                    table_id,
                },
            )
        });
        let next = after.map_or(0, |after| after + 1);
        if done.is_err() && !table.join(delta::LOG).join(delta::log_entry(next)).exists() {
            // Best effort: `recover` removes what no version names.
            for file in &staged.files {
                let _ = durable::remove_file(&table.join(&file.name));
            }
        }
        done
    }
}

fn move_files(staged: &Staged, table: &Path) -> Result<(), LakeError> {
    for file in &staged.files {
        let (from, to) = (staged.work.0.join(&file.name), table.join(&file.name));
        fs::rename(&from, &to).map_err(|error| LakeError::files("moving", &from, &error))?;
    }
    durable::sync(table)
}
