//! Deliveries: source reads and validates, vault keeps the names, lake the rest.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use centre::ports::{Delivered, Deliveries, NotDelivered, Progress, QuarantinedRow};
use lake::Lake;
use model::{Clock, Entropy, ImportId};
use source::{
    ContentSink, Contract, Delivery, ImportManifest, ImportRefusal, Ports, SourceRecord, Step,
};
use vault::Vault;

/// Takes deliveries into vault and lake.
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

fn by_machine(why: impl ToString) -> NotDelivered {
    NotDelivered { why: why.to_string(), files: Vec::new(), by_content: false }
}

fn refused(refusal: &ImportRefusal) -> NotDelivered {
    NotDelivered {
        why: refusal.to_string(),
        files: Vec::new(),
        by_content: refusal.is_about_the_delivery(),
    }
}

impl Importing {
    fn reasons(&self, contract: &Contract, import: &ImportId) -> Result<PathBuf, NotDelivered> {
        let folder = self.folder.join(REASONS).join(contract.source.as_str());
        fs::create_dir_all(&folder)
            .map_err(|error| by_machine(format!("`{}`: {error}", folder.display())))?;
        Ok(folder.join(format!("{import}.jsonl")))
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
            clock: self.clock.as_ref(),
            entropy: self.entropy.as_ref(),
        };
        let delivery = Delivery { contract, files };
        let (report, staged) =
            source::import(&delivery, content, ports).map_err(|refusal| refused(&refusal))?;
        let segment = identities.finish().map_err(by_machine)?;
        let quarantine = quarantine.finish().map_err(by_machine)?;
        Ok((report, staged, Unpublished { segment, quarantine }))
    }
}

struct Unpublished {
    segment: vault::UnpublishedSegment,
    quarantine: vault::UnpublishedQuarantine,
}

impl Deliveries for Importing {
    fn take_in(
        &self,
        record: &SourceRecord,
        import: &ImportId,
        files: &[PathBuf],
        progress: &dyn Progress,
    ) -> Result<Delivered, NotDelivered> {
        let contract = &record.contract;
        let lock = self.lake.lock(&record.source).map_err(by_machine)?;
        if let Some(before) =
            source::already_imported(record, files).map_err(|refusal| refused(&refusal))?
        {
            return Ok(Delivered::Already(before.clone()));
        }
        let content = self.lake.intake(&lock, import, contract).map_err(by_machine)?;
        let reasons = self.reasons(contract, import)?;
        let (report, staged, unpublished) =
            self.read(contract, import, files, &reasons, content, progress)?;
        progress.at("keeping", 0, 0);
        unpublished.quarantine.publish().map_err(by_machine)?;
        let segment = unpublished.segment.publish().map_err(by_machine)?;
        let version = self.lake.commit(&lock, staged, record.lake_version()).map_err(by_machine)?;
        let manifest =
            report.into_manifest(import.clone(), contract.fingerprint(), version, segment.name);
        Ok(Delivered::TakenIn(Box::new(manifest)))
    }

    fn recover(&self, sources: &[SourceRecord]) -> Result<(), String> {
        for record in sources {
            let named: Vec<u64> =
                record.imports.iter().map(|imported| imported.manifest.lake_version).collect();
            let recovered = self.lake.recover(&record.source, &named);
            let recovered = recovered.map_err(|error| error.to_string())?;
            tracing::debug!(source = %record.source, ?recovered, "the lake was put in order");
        }
        Ok(())
    }

    fn check(
        &self,
        contract: &Contract,
        files: &[PathBuf],
        progress: &dyn Progress,
    ) -> Result<ImportManifest, NotDelivered> {
        let lock = self.lake.lock(&contract.source).map_err(by_machine)?;
        let import = ImportId::mint(self.entropy.as_ref());
        let content = self.lake.intake(&lock, &import, contract).map_err(by_machine)?;
        let reasons = self.folder.join("tmp").join(format!("{import}.jsonl"));
        let read = self.read(contract, &import, files, &reasons, content, progress);
        // Nothing was published or committed: dropping it leaves nothing.
        let _ = fs::remove_file(&reasons);
        let (report, _, _) = read?;
        let fingerprint = contract.fingerprint();
        Ok(report.into_manifest(import, fingerprint, 0, String::new()))
    }

    fn quarantine(
        &self,
        record: &SourceRecord,
        import: &ImportId,
    ) -> Result<Vec<QuarantinedRow>, String> {
        let rows =
            self.vault.quarantine(&record.source, import).map_err(|error| error.to_string())?;
        rows.map(|row| {
            let row = row.map_err(|error| error.to_string())?;
            Ok(QuarantinedRow {
                text: String::from_utf8_lossy(&row.bytes).into_owned(),
                file: row.file,
                row: row.row,
                faults: row.faults,
            })
        })
        .collect()
    }
}
