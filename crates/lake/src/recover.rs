//! Removing what no entry of the ledger can speak of.

use std::collections::BTreeSet;
use std::path::Path;

use model::SourceId;

use crate::delta;
use crate::durable;
use crate::error::LakeError;
use crate::place::Lake;

/// What was found and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Files of rows that nothing can be read through any more.
    pub files: usize,
    /// Whether an import had been at work.
    pub work: bool,
    /// The newest version, if the ledger does not name it (yet).
    pub unnamed: Option<u64>,
}

impl Lake {
    /// Cleans up after a process that was killed. `named` are the versions of
    /// the source's table that the ledger names.
    ///
    /// Removes work in progress, files in no version, and the rows of versions
    /// that the ledger passed over: its entries only ever name newer versions. A
    /// version newer than all named ones is left, as its entry may be on its
    /// way; the next commit takes nothing from it.
    ///
    /// Safe at any time: fails with [`LakeError::Busy`] while an import is at work.
    pub fn recover(&self, source: &SourceId, named: &[u64]) -> Result<Recovered, LakeError> {
        let _lock = self.lock(source)?;
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
        for version in versions {
            if !named.contains(&version) && Some(version) < newest_named {
                continue;
            }
            if let Some(state) = delta::load(&table, version)? {
                wanted.extend(state.files.into_iter().map(|file| file.name));
            }
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
