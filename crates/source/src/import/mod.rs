//! Taking a delivery in: read, validate, split, sort, count.
//!
//! 1. Every file is opened, and stays open. Two threads read blocks of whole
//!    records in turn and check every field; a third takes the results in order.
//! 2. Identities go to the vault, content to the lake, unfit rows to quarantine.
//! 3. The lake shows all rows again, sorted by person: what contradicts each
//!    other is kept aside, and the catalogue's figures are counted.
//! 4. If step 3 found something, the files are read once more for those rows.
//!
//! Memory does not grow with the files. Nothing is final until the caller
//! commits what the sinks have staged.

mod fault;
mod feed;
mod intake;
mod parquet_rows;
mod progress;
mod reasons;
mod refusal;
mod revisit;
mod told;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledger::Hash;
use model::{Clock, Entropy, ImportId};

pub use fault::{Fault, Reason};
pub use parquet_rows::{ParquetReader, stream_parquet};
pub use progress::{Progress, Quiet, Step};
pub use reasons::{FIRST_REASONS, ReasonLine, read_reasons};
pub use refusal::ImportRefusal;

use crate::contract::{Contract, FileFormat};
use crate::delivery::file::Opened;
use crate::identity::IdentitySink;
use crate::manifest::{DeliveredFile, ImportManifest};
use crate::profile::VariableProfile;
use crate::quality::Quality;
use crate::record::SourceRecord;
use crate::row::{Plan, SeenSubjects};
use crate::sink::{ContentSink, QuarantineSink, SinkError};
use crate::subject::Pseudonymiser;
use intake::Intake;
use reasons::Reasons;

/// Files that were delivered under a contract. A delivery is all of a source:
/// it replaces what was delivered before.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// What was promised.
    pub contract: &'a Contract,
    /// What came, in the order to read it in.
    pub files: &'a [PathBuf],
}

/// What an import needs from outside.
pub struct Ports<'a> {
    /// Makes the keys of the source's people.
    pub keys: &'a dyn Pseudonymiser,
    /// Takes who they are.
    pub identities: &'a mut dyn IdentitySink,
    /// Takes rows that were kept aside, whole.
    pub quarantine: &'a mut dyn QuarantineSink,
    /// Where the list of reasons is to be: one [`ReasonLine`] of JSON per row
    /// kept aside. Written when the import is done, and when it was refused for
    /// too many bad rows.
    pub reasons: &'a Path,
    /// Told how far it has come.
    pub progress: &'a dyn Progress,
    /// Reads what is Parquet.
    pub parquet: &'a dyn ParquetReader,
    /// Says which days have not come yet.
    pub clock: &'a dyn Clock,
    /// Salts digests that are compared within this import.
    pub entropy: &'a dyn Entropy,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport {
    /// The files, in the order they were read.
    pub files: Vec<DeliveredFile>,
    /// Rows read: the sum of the two below.
    pub rows_read: u64,
    /// Rows kept.
    pub rows_kept: u64,
    /// Rows kept aside.
    pub rows_quarantined: u64,
    /// How many rows were kept aside for each reason.
    pub reasons: BTreeMap<Reason, u64>,
    /// People with at least one row kept.
    pub persons: u64,
    /// The catalogue's figures.
    pub variables: Vec<VariableProfile>,
}

impl ImportReport {
    /// The body of the ledger entry, once lake and vault have said where they
    /// put things.
    pub fn into_manifest(
        self,
        import: ImportId,
        contract: Hash,
        lake_version: u64,
        vault_segment: String,
    ) -> ImportManifest {
        ImportManifest {
            import,
            contract,
            files: self.files,
            rows_read: self.rows_read,
            rows_kept: self.rows_kept,
            rows_quarantined: self.rows_quarantined,
            reasons: self.reasons,
            persons: self.persons,
            lake_version,
            vault_segment,
            variables: self.variables,
        }
    }
}

/// Reads `delivery`, gives each part of it to where it belongs, and says what
/// it came to, with what the content sink has staged.
pub fn import<S: ContentSink>(
    delivery: &Delivery<'_>,
    mut content: S,
    ports: Ports<'_>,
) -> Result<(ImportReport, S::Staged), ImportRefusal> {
    let Ports { keys, identities, quarantine, reasons, progress, parquet, clock, entropy } = ports;
    let contract = delivery.contract;
    let opened = open_all(delivery.files)?;
    let plan = Plan::new(contract, clock, entropy);
    let bytes = opened.iter().map(Opened::bytes).sum();
    let seen = SeenSubjects::for_bytes(bytes);

    let mut list = Reasons::create(reasons)?;
    let mut intake =
        Intake::new(contract, &opened, &mut content, identities, quarantine, &mut list);
    let read = match contract.file {
        FileFormat::Csv { .. } => {
            feed::read_all(contract, &plan, &opened, keys, &seen, &mut intake, progress)
        }
        FileFormat::Parquet => {
            let files = (opened.as_slice(), parquet);
            parquet_rows::read_all(contract, &plan, files, keys, &seen, &mut intake, progress)
        }
    };
    let counted = read.and_then(|files| Ok((files, intake.finish()?)));
    let (files, counted) = match counted {
        Ok(counted) => counted,
        Err(refusal) => return Err(told(refusal, list)?),
    };

    let delivered = revisit::Delivered {
        contract,
        plan: &plan,
        opened: &opened,
        parquet,
        files: &files,
        counted: &counted,
    };
    let room = counted.room(contract);
    let mut on_chunk = |rows: u64| progress.at(Step::Writing { rows, of: counted.rows_kept });
    let salt = plan.salt.last_chunk::<8>().copied().map_or(1, u64::from_le_bytes);
    let mut quality = Quality::new(contract, salt, room, &mut on_chunk);
    let staged = match content.finish(&mut quality) {
        Ok(staged) => Ok(staged),
        // Whatever the sink made of it: the observer has seen enough.
        Err(_) if quality.late.len() as u64 > room => {
            let late = std::mem::take(&mut quality.late);
            // So that the list names these rows too.
            revisit::set_aside(&delivered, &late, quarantine, &mut list)?;
            Err(ImportRefusal::TooManyBadRows {
                bad: counted.rows_quarantined + late.len() as u64,
                rows: counted.rows_read,
                allowed: intake::allowed(contract),
                most: revisit::most(&late, &counted),
                first: list.first.clone(),
            })
        }
        Err(SinkError::TooManyOfOne { row, most }) => {
            let (_, file, row) = counted.place(row);
            Err(ImportRefusal::TooManyOfOne { file: file.to_owned(), row, most })
        }
        Err(error) => Err(error.into()),
    };
    let staged = match staged {
        Ok(staged) => staged,
        Err(refusal) => return Err(told(refusal, list)?),
    };

    for subject in std::mem::take(&mut quality.withdrawn) {
        identities.withdraw(subject)?;
    }
    let late = std::mem::take(&mut quality.late);
    let (rows_kept, persons) = (quality.rows, quality.persons);
    let variables = quality.variables();
    if !late.is_empty() {
        progress.at(Step::SettingAside { rows: late.len() as u64 });
        revisit::set_aside(&delivered, &late, quarantine, &mut list)?;
    }
    if rows_kept == 0 {
        let (most, first) = (revisit::most(&late, &counted), list.first.clone());
        return Err(told(ImportRefusal::NoneFits { rows: counted.rows_read, most, first }, list)?);
    }
    let report = ImportReport {
        files,
        rows_read: counted.rows_read,
        rows_kept,
        rows_quarantined: list.rows,
        reasons: list.counts(),
        persons,
        variables,
    };
    // INVARIANT: no row is lost, and none is counted twice.
    if report.rows_read != report.rows_kept + report.rows_quarantined {
        return Err(ImportRefusal::DoesNotAddUp {
            read: report.rows_read,
            kept: report.rows_kept,
            aside: report.rows_quarantined,
        });
    }
    list.finish()?;
    Ok((report, staged))
}

/// A refusal for its bad rows leaves the list of them; no other does.
fn told(refusal: ImportRefusal, list: Reasons) -> Result<ImportRefusal, ImportRefusal> {
    if !refusal.first_reasons().is_empty() {
        list.finish()?;
    }
    Ok(refusal)
}

fn open_all(files: &[PathBuf]) -> Result<Vec<Opened>, ImportRefusal> {
    let mut opened: Vec<Opened> = Vec::with_capacity(files.len());
    for path in files {
        let file = Opened::open(path).map_err(|fault| ImportRefusal::File {
            file: crate::delivery::file::name_of(path),
            fault,
        })?;
        if opened.iter().any(|before| before.is_same_as(&file)) {
            return Err(ImportRefusal::Twice { file: file.name });
        }
        opened.push(file);
    }
    if opened.is_empty() { Err(ImportRefusal::NoFiles) } else { Ok(opened) }
}

/// The import that took in exactly these files under the contract that holds,
/// if it is the one that counts: the same delivery again. Files are hashed only
/// when their sizes leave the question open.
pub fn already_imported<'a>(
    record: &'a SourceRecord,
    files: &[PathBuf],
) -> Result<Option<&'a ImportId>, ImportRefusal> {
    let Some(current) = record.current() else { return Ok(None) };
    let opened = open_all(files)?;
    let sorted = |mut sizes: Vec<u64>| {
        sizes.sort_unstable();
        sizes
    };
    let before = sorted(current.manifest.files.iter().map(|file| file.bytes).collect());
    if before != sorted(opened.iter().map(Opened::bytes).collect()) {
        return Ok(None);
    }
    let mut hashes = Vec::with_capacity(opened.len());
    for file in &opened {
        let fingerprint = file
            .fingerprint()
            .map_err(|fault| ImportRefusal::File { file: file.name.clone(), fault })?;
        hashes.push(fingerprint.sha256);
    }
    Ok(record.already_imported(&hashes))
}
