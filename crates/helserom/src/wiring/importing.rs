//! Deliveries: source reads and validates, vault keeps the names, lake the rest.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use centre::ports::{
    Blame, Checked, Delivered, Deliveries, MOST_REASONS, NotDelivered, Progress, QuarantinedRow,
    Turn,
};
use lake::{Lake, LakeError, SourceLock};
use model::{Clock, Entropy, ImportId, Lang, SourceId, Text};
use source::{
    ContentBatch, ContentSink, Contract, Delivery, ImportManifest, ImportRefusal, Ports, SinkError,
    SortedObserver, SourceRecord, Step,
};
use vault::Vault;

use crate::unpacking::Unpacking;

/// Takes deliveries into vault and lake.
#[derive(Clone)]
pub(crate) struct Importing {
    pub(crate) vault: Arc<Vault>,
    pub(crate) lake: Arc<Lake>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The data folder.
    pub(crate) folder: PathBuf,
}

/// Where the reasons for rows kept aside are listed, without values.
const REASONS: &str = "quarantine";
/// What a list of reasons ends with.
const LIST: &str = ".jsonl";
/// And what one ends with that is being written.
const UNFINISHED_LIST: &str = ".jsonl.partial";

struct Shown<'a>(&'a dyn Progress);

// `source` calls from the thread that called it and from one it started.
impl source::Progress for Shown<'_> {
    fn at(&self, step: Step) {
        match step {
            Step::Reading { read, of, .. } => self.0.at("reading", read, of),
            Step::Writing { rows, of } => self.0.at("writing", rows, of),
            Step::SettingAside { rows } => self.0.at("setting aside", 0, rows),
        }
    }
}

/// Content that is taken in for as long as somebody waits for it.
struct WhileWanted<'a, S> {
    content: S,
    progress: &'a dyn Progress,
}

/// Goes on only if somebody still waits.
fn wanted(progress: &dyn Progress) -> Result<(), SinkError> {
    if progress.is_given_up() { Err(SinkError::Stopped) } else { Ok(()) }
}

impl<S: ContentSink> ContentSink for WhileWanted<'_, S> {
    type Staged = S::Staged;

    fn put(&mut self, batch: ContentBatch) -> Result<(), SinkError> {
        wanted(self.progress)?;
        self.content.put(batch)
    }

    fn finish(self, observer: &mut dyn SortedObserver) -> Result<S::Staged, SinkError> {
        wanted(self.progress)?;
        self.content.finish(&mut ObservedWhileWanted { observer, progress: self.progress })
    }
}

struct ObservedWhileWanted<'a> {
    observer: &'a mut dyn SortedObserver,
    progress: &'a dyn Progress,
}

impl SortedObserver for ObservedWhileWanted<'_> {
    fn wants_whole_persons(&self) -> bool {
        self.observer.wants_whole_persons()
    }

    fn observe(&mut self, chunk: &ContentBatch) -> Result<Option<Vec<bool>>, SinkError> {
        wanted(self.progress)?;
        self.observer.observe(chunk)
    }
}

fn by_machine(why: impl ToString) -> NotDelivered {
    let why = Text::from(why.to_string().as_str());
    NotDelivered { why, blame: Blame::Machine, reasons: Vec::new(), list: None }
}

fn not_locked(error: &LakeError) -> NotDelivered {
    let blame = if matches!(error, LakeError::Busy { .. }) { Blame::Busy } else { Blame::Machine };
    NotDelivered { blame, ..by_machine(error) }
}

fn refused(refusal: &ImportRefusal, list: &Path) -> NotDelivered {
    let reasons = refusal.first_reasons().to_vec();
    NotDelivered {
        why: refusal.told(),
        blame: if refusal.is_about_the_delivery() { Blame::Delivery } else { Blame::Machine },
        list: (!reasons.is_empty()).then(|| list.to_owned()),
        reasons,
    }
}

fn remove(path: &Path) -> Result<(), String> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("`{}`: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

/// What a list is called while it is being written.
fn unfinished(list: &Path) -> PathBuf {
    list.with_extension(UNFINISHED_LIST.trim_start_matches('.'))
}

/// A list that nobody reads afterwards.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        // What cannot be removed now, the next start removes.
        let _ = remove(&self.0);
    }
}

impl Importing {
    fn list_of(&self, source: &SourceId, import: &ImportId) -> PathBuf {
        self.folder.join(REASONS).join(source.as_str()).join(format!("{import}{LIST}"))
    }

    /// Where the list of reasons is to be; its folder is for our eyes alone.
    fn new_list(&self, source: &SourceId, import: &ImportId) -> Result<PathBuf, NotDelivered> {
        let list = self.list_of(source, import);
        if let Some(folder) = list.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|error| by_machine(format!("`{}`: {error}", folder.display())))?;
        }
        Ok(list)
    }

    /// Reads a delivery into `content`; names and rows kept aside go to the
    /// vault, unpublished.
    fn read<S: ContentSink>(
        &self,
        contract: &Contract,
        import: &ImportId,
        files: &[PathBuf],
        reasons: &Path,
        content: S,
        progress: &dyn Progress,
    ) -> Result<(source::ImportReport, S::Staged, Unpublished), NotDelivered> {
        let source = &contract.source;
        let keys = self.vault.pseudonymiser(source).map_err(by_machine)?;
        let mut identities = self.vault.identity_writer(source, import).map_err(by_machine)?;
        let mut quarantine = self.vault.quarantine_writer(source, import).map_err(by_machine)?;
        let ports = Ports {
            keys: &keys,
            identities: &mut identities,
            quarantine: &mut quarantine,
            reasons,
            progress: &Shown(progress),
            parquet: &Unpacking,
            clock: self.clock.as_ref(),
            entropy: self.entropy.as_ref(),
        };
        let delivery = Delivery { contract, files };
        let content = WhileWanted { content, progress };
        let (report, staged) = source::import(&delivery, content, ports)
            .map_err(|refusal| refused(&refusal, reasons))?;
        let segment = identities.finish().map_err(by_machine)?;
        let quarantine = quarantine.finish().map_err(by_machine)?;
        // From here on it is kept.
        wanted(progress).map_err(by_machine)?;
        Ok((report, staged, Unpublished { segment, quarantine }))
    }

    /// Removes lists of reasons that no entry speaks of, and those of refusals
    /// that the source's record has forgotten, as a later delivery was taken in.
    fn sweep_lists(&self, record: &SourceRecord) -> Result<(), String> {
        let folder = self.folder.join(REASONS).join(record.source.as_str());
        for name in names(&folder)? {
            let import = name.strip_suffix(LIST).and_then(import_of);
            let counts = import.as_ref().is_some_and(|import| {
                record.imports.iter().any(|known| known.manifest.import == *import)
                    || record.refused.iter().any(|known| known.import == *import)
            });
            if name.ends_with(UNFINISHED_LIST) || (import.is_some() && !counts) {
                remove(&folder.join(name))?;
            }
        }
        Ok(())
    }

    /// Removes the lists of checks that were killed.
    fn sweep_checks(&self) -> Result<(), String> {
        let folder = self.folder.join("tmp");
        for name in names(&folder)? {
            let stem = name.strip_suffix(UNFINISHED_LIST).or_else(|| name.strip_suffix(LIST));
            if stem.and_then(import_of).is_some() {
                remove(&folder.join(name))?;
            }
        }
        Ok(())
    }
}

/// The import that a file is called after; `None`: it is not one of ours.
fn import_of(stem: &str) -> Option<ImportId> {
    stem.parse().ok().filter(|import: &ImportId| import.as_str().starts_with(ImportId::PREFIX))
}

/// The names in a folder; none if it is not there.
fn names(folder: &Path) -> Result<Vec<String>, String> {
    let fail = |error: std::io::Error| format!("`{}`: {error}", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(fail)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(fail)?.file_name().into_string().ok());
    }
    Ok(names)
}

struct Unpublished {
    segment: vault::UnpublishedSegment,
    quarantine: vault::UnpublishedQuarantine,
}

/// A source's turn: the lake's lock on it.
struct LockedSource {
    importing: Importing,
    lock: SourceLock,
}

impl LockedSource {
    /// Gives what was read its names. From here on only [`Turn::undo`] removes it.
    fn keep(
        &self,
        record: &SourceRecord,
        staged: lake::Staged,
        unpublished: Unpublished,
    ) -> Result<(u64, String), NotDelivered> {
        unpublished.quarantine.publish().map_err(by_machine)?;
        let segment = unpublished.segment.publish().map_err(by_machine)?;
        let version = self
            .importing
            .lake
            .commit(&self.lock, staged, record.lake_version())
            .map_err(by_machine)?;
        Ok((version, segment.name))
    }
}

impl LockedSource {
    /// Removes what a delivery left that was killed while others had the data folder
    /// open, so that no start came that would have.
    fn clear(&self, record: &SourceRecord) -> Result<(), String> {
        let Importing { vault, lake, .. } = &self.importing;
        let in_words = |error: &dyn std::fmt::Display| error.to_string();
        lake.undo(&self.lock, &versions(record)).map_err(|error| in_words(&error))?;
        let counts =
            |import: &ImportId| record.imports.iter().any(|known| known.manifest.import == *import);
        vault.sweep_source(&record.source, &counts).map_err(|error| in_words(&error))?;
        self.importing.sweep_lists(record)
    }
}

impl Turn for LockedSource {
    fn take_in(
        &self,
        record: &SourceRecord,
        import: &ImportId,
        files: &[PathBuf],
        progress: &dyn Progress,
    ) -> Result<Delivered, NotDelivered> {
        let Importing { lake, .. } = &self.importing;
        let contract = &record.contract;
        let list = self.importing.list_of(&record.source, import);
        if let Some(before) =
            source::already_imported(record, files).map_err(|refusal| refused(&refusal, &list))?
        {
            return Ok(Delivered::Already(before.clone()));
        }
        self.clear(record).map_err(by_machine)?;
        let content = lake.intake(&self.lock, import, contract).map_err(by_machine)?;
        let list = self.importing.new_list(&record.source, import)?;
        let read = self.importing.read(contract, import, files, &list, content, progress);
        if let Err(refusal) = &read {
            // A list that could not be written to its end, and one of a delivery that is
            // not to blame. What cannot be removed now, the next start removes.
            let _ = remove(&unfinished(&list));
            if refusal.list.is_none() {
                let _ = remove(&list);
            }
        }
        let (report, staged, unpublished) = read?;
        progress.at("keeping", 0, 0);
        match self.keep(record, staged, unpublished) {
            Ok((version, segment)) => {
                let print = contract.fingerprint();
                let manifest = report.into_manifest(import.clone(), print, version, segment);
                Ok(Delivered::TakenIn(Box::new(manifest)))
            }
            Err(failed) => {
                if let Err(why) = self.undo(record, import) {
                    tracing::warn!(%why, "a failed import stays until the next start");
                }
                Err(failed)
            }
        }
    }

    fn undo(&self, record: &SourceRecord, import: &ImportId) -> Result<(), String> {
        let Importing { vault, lake, .. } = &self.importing;
        let in_words = |error: &dyn std::fmt::Display| error.to_string();
        // One that fails does not keep the others from being removed.
        let rows = lake.undo(&self.lock, &versions(record)).map_err(|error| in_words(&error));
        let names = vault.discard_import(&record.source, import).map_err(|error| in_words(&error));
        let list = remove(&self.importing.list_of(&record.source, import));
        rows.map(|_| ()).and(names).and(list)
    }
}

/// The versions of the lake that the ledger names.
fn versions(record: &SourceRecord) -> Vec<u64> {
    record.imports.iter().map(|imported| imported.manifest.lake_version).collect()
}

impl Deliveries for Importing {
    fn turn(&self, source: &SourceId) -> Result<Box<dyn Turn>, NotDelivered> {
        let lock = self.lake.lock(source).map_err(|error| not_locked(&error))?;
        Ok(Box::new(LockedSource { importing: self.clone(), lock }))
    }

    fn recover(&self, sources: &[SourceRecord]) -> Result<(), String> {
        for record in sources {
            let recovered = self.lake.recover(&record.source, &versions(record));
            let recovered = recovered.map_err(|error| error.to_string())?;
            tracing::debug!(source = %record.source, ?recovered, "the lake was put in order");
            self.sweep_lists(record)?;
        }
        self.sweep_checks()
    }

    fn check(
        &self,
        contract: &Contract,
        files: &[PathBuf],
        progress: &dyn Progress,
    ) -> Result<Checked, NotDelivered> {
        let lock = self.lake.lock(&contract.source).map_err(|error| not_locked(&error))?;
        let import = ImportId::mint(self.entropy.as_ref());
        let content = self.lake.intake(&lock, &import, contract).map_err(by_machine)?;
        let list = Passing(self.folder.join("tmp").join(format!("{import}{LIST}")));
        // Nothing is published or committed: dropping it leaves nothing.
        let read = self.read(contract, &import, files, &list.0, content, progress);
        let reasons = || source::read_reasons(&list.0, MOST_REASONS).map(|(reasons, _)| reasons);
        match read {
            Ok((report, _, _)) => {
                let manifest: ImportManifest =
                    report.into_manifest(import, contract.fingerprint(), 0, String::new());
                Ok(Checked { manifest, reasons: reasons().map_err(by_machine)? })
            }
            Err(refusal) if refusal.list.is_some() => {
                Err(NotDelivered { reasons: reasons().map_err(by_machine)?, list: None, ..refusal })
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn quarantine(
        &self,
        record: &SourceRecord,
        import: &ImportId,
    ) -> Result<Vec<QuarantinedRow>, String> {
        if let Some(refusal) = record.refused.iter().find(|refusal| refusal.import == *import) {
            let list = self.list_of(&record.source, import);
            if !list.exists() {
                return Err(format!(
                    "no row of it was kept, it was refused whole: {}",
                    refusal.why.get(Lang::En)
                ));
            }
            let (lines, _) =
                source::read_reasons(&list, usize::MAX).map_err(|error| error.to_string())?;
            let row = |line: source::ReasonLine| QuarantinedRow {
                file: line.file,
                row: line.row,
                faults: line.faults,
                text: None,
            };
            return Ok(lines.into_iter().map(row).collect());
        }
        let rows =
            self.vault.quarantine(&record.source, import).map_err(|error| error.to_string())?;
        let taken_in = record.imports.iter().find(|taken| taken.manifest.import == *import);
        let contract = taken_in.map_or(&record.contract, |taken| &taken.contract);
        rows.map(|row| {
            let row = row.map_err(|error| error.to_string())?;
            Ok(QuarantinedRow {
                text: Some(contract.legible(&row.bytes).into_owned()),
                file: row.file,
                row: row.row,
                faults: row.faults,
            })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests;
