//! The demo's files: made once, kept beside a manifest that says what they are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cohort::{Cohort, CohortError};
use crate::delivery::{self, Compression, Form};
use crate::registers::{Registers, Table};
use crate::spoil::SpoiltRow;

/// Writes R's tables as CSV; run by `Rscript`.
pub const EXPORT_R: &str = include_str!("../../../demo/export.R");
/// The sources of the demo, in the order in which they are imported: their
/// names, and their contracts in TOML.
pub const CONTRACTS: [(&str, &str); 3] = [
    ("population", include_str!("../../../demo/contracts/population.toml")),
    ("laboratory", include_str!("../../../demo/contracts/laboratory.toml")),
    ("diagnoses", include_str!("../../../demo/contracts/diagnoses.toml")),
];

/// Change this when the same export would be made into other files: old ones
/// are then made anew.
const RECIPE: u32 = 1;
/// Identities, index dates and spoilt rows all follow from this number.
const SEED: u64 = 0x6865_6c73_6572_6f6d;
const MANIFEST: &str = "manifest.json";

/// What a folder of demo files holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What the files were made by: files of another recipe are made anew.
    recipe: String,
    /// The versions of R and of its `survival` package.
    pub versions: Versions,
    /// The files, in the order in which they are imported.
    pub deliveries: Vec<Delivery>,
}

/// What the values were exported with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// R itself.
    pub r: String,
    /// The package that holds the cohort.
    pub survival: String,
}

/// One holder's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The source's name, as in its contract.
    pub source: String,
    /// The contract's file name.
    pub contract: String,
    /// The file's name.
    pub file: String,
    /// The file's SHA-256, in hexadecimal.
    pub sha256: String,
    /// Good rows: each is a real record.
    pub rows: u64,
    /// Distinct people in the good rows.
    pub persons: u64,
    /// The rows that were added to be refused.
    pub spoilt: Vec<SpoiltRow>,
}

/// A folder of demo files.
#[derive(Debug, Clone)]
pub struct DemoFiles {
    directory: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
}

/// Why the demo's files could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// `Rscript` is not there or does not start.
    #[error("cannot run `{}`: install R and its survival package (`cargo xtask setup` does, or \
             `apt-get install r-base-core r-cran-survival`)", rscript.display())]
    NoR {
        /// What was to be run.
        rscript: PathBuf,
        /// Why it did not start.
        #[source]
        source: io::Error,
    },
    /// The export script failed.
    #[error("R could not export the NAFLD cohort: {said}")]
    Export {
        /// What R said.
        said: String,
    },
    /// R wrote something else than expected.
    #[error(transparent)]
    Cohort(#[from] CohortError),
    /// A file could not be read or written.
    #[error("cannot use `{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> PrepareError {
    let path = path.to_owned();
    move |source| PrepareError::File { path, source }
}

impl DemoFiles {
    /// The files in `directory` if they are there and whole; otherwise they are
    /// made with `rscript`, which takes some seconds. A folder is either whole
    /// or without a manifest.
    pub fn prepare(directory: &Path, rscript: &Path) -> Result<Self, PrepareError> {
        if let Some(ready) = Self::open(directory) {
            return Ok(ready);
        }
        let parent = directory.parent().filter(|p| !p.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(at(parent))?;
        let fresh = tempfile::Builder::new()
            .prefix(".demo-files-")
            .tempdir_in(parent)
            .map_err(at(parent))?;
        make(fresh.path(), rscript)?;
        if directory.exists() {
            fs::remove_dir_all(directory).map_err(at(directory))?;
        }
        let made = fresh.keep();
        fs::rename(&made, directory).map_err(at(directory))?;
        Self::open(directory).ok_or_else(|| {
            at(&directory.join(MANIFEST))(io::Error::other("the files just made do not read back"))
        })
    }

    /// The files in `directory`, if they are of this recipe and unchanged.
    pub fn open(directory: &Path) -> Option<Self> {
        let manifest = fs::read(directory.join(MANIFEST)).ok()?;
        let manifest: Manifest = serde_json::from_slice(&manifest).ok()?;
        let whole = manifest.recipe == recipe()
            && manifest.deliveries.iter().all(|delivery| {
                sha256(&directory.join(&delivery.file)).is_ok_and(|sum| sum == delivery.sha256)
                    && directory.join(&delivery.contract).is_file()
            });
        whole.then(|| Self { directory: directory.to_owned(), manifest })
    }

    /// Where a delivery's file is.
    pub fn file(&self, delivery: &Delivery) -> PathBuf {
        self.directory.join(&delivery.file)
    }

    /// Where a delivery's contract is.
    pub fn contract(&self, delivery: &Delivery) -> PathBuf {
        self.directory.join(&delivery.contract)
    }
}

fn recipe() -> String {
    let mut hash = Sha256::new();
    hash.update(RECIPE.to_le_bytes());
    hash.update(SEED.to_le_bytes());
    hash.update(EXPORT_R);
    for (_, contract) in CONTRACTS {
        hash.update(contract);
    }
    hex::encode(hash.finalize())
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    hash.update(fs::read(path)?);
    Ok(hex::encode(hash.finalize()))
}

fn make(directory: &Path, rscript: &Path) -> Result<(), PrepareError> {
    let exported = tempfile::tempdir().map_err(at(&std::env::temp_dir()))?;
    let versions = export(exported.path(), rscript)?;
    let registers = Registers::of(&Cohort::read(exported.path())?, SEED);
    let mut deliveries = Vec::new();
    for ((source, contract), (table, file, form)) in CONTRACTS.iter().zip(files(&registers)) {
        let contract_file = format!("{source}.toml");
        let path = directory.join(&contract_file);
        fs::write(&path, contract).map_err(at(&path))?;
        let path = directory.join(file);
        delivery::write(table, &path, &form).map_err(at(&path))?;
        deliveries.push(Delivery {
            source: (*source).to_owned(),
            contract: contract_file,
            file: file.to_owned(),
            sha256: sha256(&path).map_err(at(&path))?,
            rows: (table.rows.len() - table.spoilt.len()) as u64,
            persons: table.persons,
            spoilt: table.spoilt.clone(),
        });
    }
    let manifest = Manifest { recipe: recipe(), versions, deliveries };
    let path = directory.join(MANIFEST);
    let written = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from);
    written.and_then(|json| fs::write(&path, json)).map_err(at(&path))
}

/// How each source's file is written: the forms that its contract names.
fn files(registers: &Registers) -> [(&Table, &'static str, Form); 3] {
    let form = |delimiter, latin1, compression| Form { delimiter, latin1, compression };
    [
        (&registers.population, "population.csv", form(b';', true, Compression::None)),
        (&registers.laboratory, "laboratory.csv.gz", form(b',', false, Compression::Gzip)),
        (&registers.diagnoses, "diagnoses.csv.zst", form(b',', false, Compression::Zstd)),
    ]
}

/// Runs `export.R`; the versions it names.
fn export(directory: &Path, rscript: &Path) -> Result<Versions, PrepareError> {
    let script = directory.join("export.R");
    fs::write(&script, EXPORT_R).map_err(at(&script))?;
    let run = Command::new(rscript)
        .arg("--vanilla")
        .arg(&script)
        .arg(directory)
        .output()
        .map_err(|source| PrepareError::NoR { rscript: rscript.to_owned(), source })?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr);
        let said = said.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>();
        return Err(PrepareError::Export { said: said.join("; ") });
    }
    let path = directory.join("versions.json");
    let versions = fs::read(&path).map_err(at(&path))?;
    serde_json::from_slice(&versions).map_err(|error| at(&path)(error.into()))
}
