//! Extracts: linkage plans and links, the vault keeps the crosswalk, the lake
//! writes the tables.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use centre::ports::{Extracts, Progress};
use disclosure::{Sketch, Sketcher};
use lake::{ExtractOptions, Lake};
use linkage::ExtractManifest;
use model::{Entropy, ExtractId, PermitId, SourceId};
use permit::ActivePermit;
use source::SourceRecord;
use vault::Vault;

/// Makes the data of permits.
pub(crate) struct Extracting {
    vault: Arc<Vault>,
    lake: Arc<Lake>,
    entropy: Arc<dyn Entropy>,
    /// Bytes of rows that may wait in memory.
    memory: usize,
    folder: PathBuf,
    /// An extract never changes, so its columns are sketched once a program.
    sketched: Mutex<HashMap<ExtractId, Vec<Sketch>>>,
}

impl Extracting {
    /// Extracts in `folder`, which is made if it is not there.
    pub(crate) fn open(
        vault: Arc<Vault>,
        lake: Arc<Lake>,
        entropy: Arc<dyn Entropy>,
        memory: usize,
        folder: PathBuf,
    ) -> Result<Self, String> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(&folder)
            .map_err(|error| format!("`{}`: {error}", folder.display()))?;
        Ok(Self { vault, lake, entropy, memory, folder, sketched: Mutex::default() })
    }
}

impl Extracts for Extracting {
    fn build(
        &self,
        permit: &ActivePermit,
        sources: &[SourceRecord],
        extract: &ExtractId,
        progress: &dyn Progress,
    ) -> Result<ExtractManifest, String> {
        let plan = linkage::plan(permit, sources, extract).map_err(|error| error.to_string())?;
        progress.at("linking", 0, 0);
        let cohort = match &plan.cohort {
            Some(cohort) => Some(self.lake.cohort(cohort).map_err(|error| error.to_string())?),
            None => None,
        };
        let crosswalk = linkage::link(&plan, &self.vault, cohort.as_deref(), self.entropy.as_ref())
            .map_err(|error| error.to_string())?;
        let kept = crosswalk
            .keep(&self.vault, &plan.permit, extract)
            .map_err(|error| error.to_string())?;
        let options = ExtractOptions { csv: true, memory: self.memory };
        let rows = |table: &SourceId, done, of| progress.at(table.as_str(), done, of);
        let manifest = self
            .lake
            .build_extract(&plan, &crosswalk, &self.folder, options, &rows)
            .map_err(|error| error.to_string())?;
        kept.publish().map_err(|error| error.to_string())?;
        Ok(manifest)
    }

    fn folder(&self, extract: &ExtractId) -> PathBuf {
        self.folder.join(extract.as_str())
    }

    fn sketches(&self, extract: &ExtractId) -> Result<Vec<Sketch>, String> {
        let cached = || self.sketched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sketches) = cached().get(extract) {
            return Ok(sketches.clone());
        }
        let mut sketches = Vec::new();
        for entry in fs::read_dir(self.folder(extract)).map_err(|error| error.to_string())? {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.extension().is_some_and(|ending| ending == "csv") {
                sketches.extend(sketch(&path)?);
            }
        }
        cached().insert(extract.clone(), sketches.clone());
        Ok(sketches)
    }

    fn destroy(&self, permit: &PermitId, extract: &ExtractId) -> Result<(), String> {
        self.vault.destroy_extract(permit, extract).map_err(|error| error.to_string())?;
        let folder = self.folder(extract);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("`{}`: {error}", folder.display()))
            }
            _ => Ok(()),
        }
    }

    fn recover(&self, sources: &[SourceRecord], extracts: &[ExtractId]) -> Result<(), String> {
        self.vault
            .sweep(
                &|source, import| {
                    sources.iter().any(|record| {
                        record.source == *source
                            && record.imports.iter().any(|known| known.manifest.import == *import)
                    })
                },
                &|extract| extracts.contains(extract),
            )
            .map_err(|error| error.to_string())?;
        for entry in fs::read_dir(&self.folder).map_err(|error| error.to_string())? {
            let path = entry.map_err(|error| error.to_string())?.path();
            let known = path
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| extracts.iter().any(|extract| extract.as_str() == name));
            if !known {
                fs::remove_dir_all(&path)
                    .map_err(|error| format!("`{}`: {error}", path.display()))?;
            }
        }
        Ok(())
    }
}

/// Sketches every column of a table but the person numbers.
fn sketch(path: &Path) -> Result<Vec<Sketch>, String> {
    let failed = |error: csv::Error| format!("`{}`: {error}", path.display());
    let table = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let table = table.unwrap_or_default();
    let mut reader = csv::Reader::from_path(path).map_err(failed)?;
    let mut columns: Vec<Sketcher> = reader
        .headers()
        .map_err(failed)?
        .iter()
        .map(|name| Sketcher::new(&format!("{table}.{name}")))
        .collect();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(failed)? {
        for (column, field) in columns.iter_mut().zip(&record).skip(1) {
            if field.is_empty() {
                continue;
            }
            match field.parse::<f64>() {
                Ok(value) => column.add(value),
                Err(_) => column.add_text(field),
            }
        }
    }
    Ok(columns.into_iter().skip(1).map(Sketcher::finish).collect())
}
