//! The data of one permit: permitted rows and columns of the people who are in
//! it, under person numbers that mean nothing elsewhere.
//!
//! Snapshots are sorted by subject, extracts by person, and the two orders have
//! nothing to do with each other. Two passes in bounded memory: rows are cut
//! from the snapshot and put into buckets of neighbouring person numbers, then
//! each bucket is sorted and written. Where a person has one subject key in a
//! source, a person's rows come in the order of time and delivery and need no more
//! sorting than by person; where linkage found somebody to be several, they are
//! sorted by time as well.

mod csv;
mod gather;
mod scatter;
mod select;
mod spill;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use linkage::{
    CohortPlan, Crosswalk, ExtractColumn, ExtractManifest, ExtractPlan, LIKELIHOOD, PERSON,
    SourcePlan, TableManifest,
};
use model::{ExtractId, SourceId};
use source::{SubjectKey, arrow_type};

use crate::durable;
use crate::error::LakeError;
use crate::place::Lake;
use crate::snapshot::{Snapshot, subjects};

pub use csv::write_csv;
use scatter::Scatter;
use select::{Selection, WrongType};
use spill::Buckets;

/// Threads that read, and later threads that write.
const WORKERS: usize = 2;
/// Buckets of person numbers per table; neighbours are written together.
const BUCKETS: u32 = 256;
/// What all rows that wait to be sorted may take before they are spilt: 512 MiB.
const WAITING_BYTES: usize = 512 << 20;

/// What an unfinished extract's folder ends with.
const UNFINISHED: &str = ".tmp";
/// What lies beside the tables.
pub(crate) const MANIFEST: &str = "manifest.json";
/// And which people of earlier extracts have other numbers now, where some do. No
/// source can be called so.
pub const MOVED: &str = "moved_numbers.csv";
/// The time by which rows are sorted where the permit does not have it as a column. No
/// column of a contract can be called so.
const HIDDEN_TIME: &str = " time";

/// Called with a table's name, how many of the snapshot's rows were read, and
/// how many it has.
pub type OnRows<'a> = dyn Fn(&SourceId, u64, u64) -> ControlFlow<()> + Sync + 'a;

/// How an extract is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtractOptions {
    /// Whether each table is written as CSV beside the Parquet file too.
    pub csv: bool,
    /// How many bytes of rows may wait in memory before they go to a file.
    pub memory: usize,
}

impl Default for ExtractOptions {
    fn default() -> Self {
        Self { csv: true, memory: WAITING_BYTES }
    }
}

impl Lake {
    /// Who meets the cohort's conditions in at least one row: sorted, each once.
    pub fn cohort(&self, cohort: &CohortPlan) -> Result<Vec<SubjectKey>, LakeError> {
        let snapshot = self.snapshot(&cohort.source, cohort.lake_version)?;
        let selection = Selection::new(&cohort.conditions, None);
        let columns: Vec<&str> = selection.columns().collect();
        let mut chosen: Vec<SubjectKey> = Vec::new();
        for batch in snapshot.scan(&columns)? {
            let batch = batch?;
            let not_as_promised = |column: String| LakeError::NotAsPromised {
                source_id: cohort.source.to_string(),
                version: cohort.lake_version,
                column,
            };
            let mut keep = vec![true; batch.num_rows()];
            selection
                .keep(&batch, &mut keep)
                .map_err(|WrongType(column)| not_as_promised(column))?;
            let subjects =
                subjects(&batch).ok_or_else(|| not_as_promised(crate::SUBJECT.to_owned()))?;
            for (subject, keep) in subjects.iter().zip(keep) {
                if keep && chosen.last().is_none_or(|last| last.0 != *subject) {
                    chosen.push(SubjectKey(*subject));
                }
            }
        }
        Ok(chosen)
    }

    /// Makes the tables of `plan` for the people of `crosswalk`, and a manifest,
    /// in `extracts/EXTRACT`. The folder is there when all of it is, or not at all.
    pub fn build_extract(
        &self,
        plan: &ExtractPlan,
        crosswalk: &Crosswalk,
        extracts: &Path,
        options: ExtractOptions,
        on_rows: &OnRows<'_>,
    ) -> Result<ExtractManifest, LakeError> {
        let folder = extracts.join(plan.extract.as_str());
        let unfinished = extracts.join(format!("{}{UNFINISHED}", plan.extract));
        durable::remove_folder(&unfinished)?;
        make_folder(&unfinished)?;
        let made = self.fill(plan, crosswalk, &unfinished, options, on_rows);
        let manifest = match made {
            Ok(manifest) => manifest,
            Err(error) => {
                // What was refused leaves nothing; that it could not be removed
                // either is for the next start to mend.
                let _ = durable::remove_folder(&unfinished);
                return Err(error);
            }
        };
        open_for_reading(&unfinished)?;
        durable::sync(&unfinished)?;
        if let Err(error) = fs::rename(&unfinished, &folder) {
            let _ = durable::remove_folder(&unfinished);
            return Err(LakeError::files("renaming to", &folder, &error));
        }
        durable::sync(extracts)?;
        Ok(manifest)
    }

    fn fill(
        &self,
        plan: &ExtractPlan,
        crosswalk: &Crosswalk,
        folder: &Path,
        options: ExtractOptions,
        on_rows: &OnRows<'_>,
    ) -> Result<ExtractManifest, LakeError> {
        let mut tables = BTreeMap::new();
        for table in &plan.sources {
            let manifest = self.extract_table(table, crosswalk, folder, options, on_rows)?;
            tables.insert(table.source.clone(), manifest);
        }
        let manifest = ExtractManifest {
            extract: plan.extract.clone(),
            permit: plan.permit.clone(),
            strictness: plan.strictness,
            persons: crosswalk.persons().into(),
            tables,
            linkage: crosswalk.linkage().clone(),
            found: crosswalk.found().cloned(),
            highest: (crosswalk.highest() != crosswalk.persons())
                .then(|| crosswalk.highest().into()),
            changed: crosswalk.changed(),
            compared_with: crosswalk.compared_with().cloned(),
        };
        if !crosswalk.moved().is_empty() {
            write_moved(&folder.join(MOVED), crosswalk.moved())?;
        }
        let path = folder.join(MANIFEST);
        let fail =
            |error: &(dyn std::error::Error + 'static)| LakeError::files("writing", &path, error);
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| fail(&error))?;
        let mut file = fs::File::create_new(&path).map_err(|error| fail(&error))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(|error| fail(&error))?;
        Ok(manifest)
    }

    fn extract_table(
        &self,
        table: &SourcePlan,
        crosswalk: &Crosswalk,
        folder: &Path,
        options: ExtractOptions,
        on_rows: &OnRows<'_>,
    ) -> Result<TableManifest, LakeError> {
        let snapshot = self.snapshot(&table.source, table.lake_version)?;
        let selection = Selection::new(&table.conditions, table.period.as_ref());
        let doubts = crosswalk.doubts(&table.source);
        let schema = table_schema(table, doubts.is_some());
        let time = table.time.as_deref().filter(|_| crosswalk.has_several(&table.source));
        check_columns(&snapshot, table, &selection, time)?;
        let waiting = waiting_schema(&schema, time.is_some());

        let width = crosswalk.highest().div_ceil(BUCKETS).max(1);
        let bucket_count = crosswalk.highest().div_ceil(width) as usize;
        let read = std::sync::atomic::AtomicU64::new(0);
        let count_rows = |rows: u64| {
            let before = read.fetch_add(rows, std::sync::atomic::Ordering::Relaxed);
            on_rows(&table.source, before + rows, snapshot.rows())
        };
        let scatter = Scatter {
            snapshot: &snapshot,
            people: crosswalk.of(&table.source),
            doubts,
            selection: &selection,
            columns: table.columns.len(),
            time,
            schema: Arc::clone(&waiting),
            width,
            on_rows: &count_rows,
        };
        let stretches = scatter::stretches(snapshot.files(), WORKERS)?;
        let parts = std::thread::scope(|threads| {
            let running: Vec<_> = stretches
                .iter()
                .enumerate()
                .map(|(part, stretch)| {
                    let path = folder.join(format!("{}.rows-{part}", table.source));
                    let memory = options.memory / WORKERS;
                    let buckets = Buckets::new(Arc::clone(&waiting), bucket_count, path, memory);
                    let scatter = &scatter;
                    threads.spawn(move || scatter.run(stretch, buckets))
                })
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err(interrupted(folder))))
                .collect::<Result<Vec<_>, LakeError>>()
        })?;
        let path = folder.join(format!("{}.parquet", table.source));
        let written = gather::write(&path, &schema, time.is_some(), &parts, WORKERS)?;
        drop(parts);
        if options.csv {
            write_csv(&path, &folder.join(format!("{}.csv", table.source)))?;
        }
        Ok(TableManifest {
            rows: written.rows,
            persons: written.persons,
            columns: table
                .columns
                .iter()
                .map(extract_column)
                .chain(doubts.map(|_| extract_column(&linkage::likelihood())))
                .collect(),
            lake_version: table.lake_version,
            sha256: written.sha256,
            bytes: written.bytes,
        })
    }
}

/// Removes the folder of an extract; that it is gone already is as good.
pub fn remove_extract(extracts: &Path, extract: &ExtractId) -> Result<(), LakeError> {
    durable::remove_folder(&extracts.join(extract.as_str()))?;
    durable::remove_folder(&extracts.join(format!("{extract}{UNFINISHED}")))?;
    Ok(())
}

/// Removes unfinished extracts, and those that do not count: a folder that no
/// ledger entry speaks of. Nothing may be extracting meanwhile. Returns how many
/// folders were removed.
pub fn sweep_extracts(
    extracts: &Path,
    counts: &dyn Fn(&ExtractId) -> bool,
) -> Result<u64, LakeError> {
    let mut removed = 0;
    for name in durable::names(extracts)? {
        let extract = name.strip_suffix(UNFINISHED).unwrap_or(&name);
        let Ok(extract) = extract.parse::<ExtractId>() else { continue };
        let is_extract = extract.as_str().starts_with(ExtractId::PREFIX);
        if is_extract && (name.ends_with(UNFINISHED) || !counts(&extract)) {
            removed += u64::from(durable::remove_folder(&extracts.join(&name))?);
        }
    }
    Ok(removed)
}

fn make_folder(folder: &Path) -> Result<(), LakeError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| LakeError::files("making the folder", folder, &error))
}

/// Lets a room read the tables, which runs as a user of its own; who gets as far
/// as this folder is for the folders above it to say.
fn open_for_reading(folder: &Path) -> Result<(), LakeError> {
    let set = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(|error| LakeError::files("opening", path, &error))
    };
    for name in durable::names(folder)? {
        set(&folder.join(name), 0o644)?;
    }
    set(folder, 0o755)
}

fn interrupted(folder: &Path) -> LakeError {
    LakeError::files("reading for", folder, &std::io::Error::other("a thread ended too early"))
}

/// What waits to be sorted: a row as it will be, and the time to sort it by.
fn waiting_schema(schema: &SchemaRef, time: bool) -> SchemaRef {
    if !time {
        return Arc::clone(schema);
    }
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(HIDDEN_TIME, DataType::Date32, true)));
    Arc::new(Schema::new(fields))
}

/// Writes which numbers of earlier extracts are others now.
fn write_moved(path: &Path, moved: &[(i32, i32)]) -> Result<(), LakeError> {
    let fail = |error: &std::io::Error| LakeError::files("writing", path, error);
    let mut text = String::from("person_before,person\n");
    for (before, now) in moved {
        use std::fmt::Write as _;
        let _ = writeln!(text, "{before},{now}");
    }
    let mut file = fs::File::create_new(path).map_err(|error| fail(&error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| fail(&error))
}

fn table_schema(table: &SourcePlan, doubts: bool) -> SchemaRef {
    let mut fields = vec![Field::new(PERSON, DataType::Int32, false)];
    fields.extend(
        table
            .columns
            .iter()
            .map(|column| Field::new(&column.name, arrow_type(column.value_type), true)),
    );
    if doubts {
        fields.push(Field::new(LIKELIHOOD, DataType::Float64, false));
    }
    Arc::new(Schema::new(fields))
}

/// Before a row is read: the snapshot has every column that is asked for.
fn check_columns(
    snapshot: &Snapshot,
    table: &SourcePlan,
    selection: &Selection,
    time: Option<&str>,
) -> Result<(), LakeError> {
    let permitted = table.columns.iter().map(|column| column.name.as_str());
    for column in permitted.chain(selection.columns()).chain(time) {
        if snapshot.schema().field_with_name(column).is_err() {
            return Err(LakeError::NoColumn {
                source_id: table.source.to_string(),
                version: table.lake_version,
                column: column.to_owned(),
            });
        }
    }
    Ok(())
}

pub(crate) fn extract_column(column: &linkage::PlannedColumn) -> ExtractColumn {
    ExtractColumn {
        name: column.name.clone(),
        value_type: column.value_type,
        title: column.title.clone(),
        unit: column.unit.clone(),
        code_system: column.code_system.clone(),
        codes: column.codes.clone(),
    }
}

/// Where a table of an extract lies.
pub fn table_path(extracts: &Path, extract: &ExtractId, source: &SourceId) -> PathBuf {
    extracts.join(extract.as_str()).join(format!("{source}.parquet"))
}
