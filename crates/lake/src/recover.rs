//! Removing what no entry of the ledger can speak of.

use std::collections::BTreeSet;
use std::path::Path;

use model::SourceId;

use crate::delta;
use crate::durable;
use crate::error::LakeError;
use crate::lock::SourceLock;
use crate::place::Lake;

/// What was found and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Files of rows that nothing can be read through any more.
    pub files: usize,
    /// Whether an import had been at work.
    pub work: bool,
    /// The newest version, if the ledger does not name it: its rows are gone.
    pub unnamed: Option<u64>,
}

impl Lake {
    /// Cleans up after a process that was killed. `named` are the versions of
    /// the source's table that the ledger names, all of them: it must have been
    /// read while no import could be at work, as by a program that is alone.
    ///
    /// Removes work in progress, files in no version, and the rows of versions
    /// that the ledger does not name. Their entries in the table's log stay: the
    /// next commit comes after them and takes nothing from them.
    ///
    /// Fails with [`LakeError::Busy`] while an import is at work.
    pub fn recover(&self, source: &SourceId, named: &[u64]) -> Result<Recovered, LakeError> {
        let lock = self.lock(source)?;
        self.undo(&lock, named)
    }

    /// The same for whoever holds the source's lock and could not have the
    /// version written down that [`Lake::commit`] made.
    ///
    /// INVARIANT: an entry that names a version is written under the lock
    /// (decision 0037), so a list read under it lacks none.
    pub fn undo(&self, lock: &SourceLock, named: &[u64]) -> Result<Recovered, LakeError> {
        let source = lock.source();
        let table = self.table(source);
        let versions = delta::versions(&table)?;
        let newest = versions.last().copied();
        let newest_named = named.iter().max().copied();
        if let Some(known) = newest_named.filter(|known| newest.is_none_or(|last| last < *known)) {
            return Err(LakeError::Behind {
                source_id: source.to_string(),
                found: newest.map_or_else(|| "none".to_owned(), |last| last.to_string()),
                known,
            });
        }
        let mut wanted: BTreeSet<String> = BTreeSet::new();
        for version in versions.into_iter().filter(|version| named.contains(version)) {
            wanted.extend(delta::files_of(&table, version)?);
        }
        Ok(Recovered {
            work: durable::remove_folder(&self.work(source))?,
            files: remove_unwanted(&table, &wanted)?,
            unnamed: newest.filter(|newest| Some(*newest) > newest_named),
        })
    }
}

fn remove_unwanted(table: &Path, wanted: &BTreeSet<String>) -> Result<usize, LakeError> {
    let mut removed = 0;
    for name in durable::names(table)? {
        if name.ends_with(".parquet") && !wanted.contains(&name) {
            durable::remove_file(&table.join(name))?;
            removed += 1;
        }
    }
    // The log's library writes an entry as `….json#1` before it gets its name.
    let log = table.join(delta::LOG);
    for name in durable::names(&log)? {
        if name.contains(".json#") {
            durable::remove_file(&log.join(name))?;
        }
    }
    Ok(removed)
}
