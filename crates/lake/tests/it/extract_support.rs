//! Registers in a vault and a lake, and permits to make extracts for.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use ed25519_dalek::SigningKey;
use lake::{ExtractOptions, Lake, LakeError};
use linkage::{Crosswalk, ExtractManifest, ExtractPlan};
use model::{
    ApplicationId, Date, ExtractId, ImportId, ManualClock, NationalId, PermitId, SeededEntropy,
    SignedDuration, SourceId,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use permit::{
    ActivePermit, Cohort, ColumnTerms, Condition, Grant, Period, Permit, SourceTerms, Strictness,
    Terms,
};
use source::{
    ContentBatch, ContentSink, Contract, Identity, IdentitySink, ImportManifest, Imported,
    Pseudonymiser, SourceRecord, content_schema,
};
use tempfile::TempDir;
use vault::{MasterKey, Vault};

use crate::support::KeepAll;

/// One delivered row.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// Which person.
    pub person: usize,
    /// Days since 1 January 1970.
    pub date: Option<i32>,
    pub age: Option<i64>,
    pub value: Option<f64>,
    pub code: Option<String>,
    pub seen: Option<bool>,
}

/// One row of an extract's table; `serial` is its number in the delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Extracted {
    pub person: i32,
    pub serial: i64,
    pub date: Option<i32>,
    pub age: Option<i64>,
    pub value: Option<f64>,
    pub code: Option<String>,
    pub seen: Option<bool>,
}

pub const COLUMNS: [&str; 6] = ["date", "age", "value", "code", "seen", "serial"];

pub fn id(name: &str) -> SourceId {
    name.parse().unwrap()
}

pub fn contract(name: &str) -> Contract {
    let kinds = ["date", "integer", "decimal", "code", "boolean", "integer"];
    let columns: Vec<String> = COLUMNS
        .iter()
        .zip(kinds)
        .map(|(name, kind)| format!("[[column]]\nname = \"{name}\"\ntype = \"{kind}\"\n"))
        .collect();
    let columns = columns.concat();
    let text = format!(
        "version = 1\nsource = \"{name}\"\ntitle = \"{name}\"\nholder = \"hospital\"\n\
         update = \"weekly\"\nsmallest-count = 5\ntime = \"date\"\n[file]\nformat = \"csv\"\n\
         [[column]]\nname = \"id\"\ntype = \"text\"\nidentifies = \"national-id\"\n{columns}"
    );
    Contract::parse(&text).unwrap()
}

/// The first `count` synthetic identity numbers.
pub fn national_ids(count: usize) -> Vec<NationalId> {
    let day =
        |n: i64| Date::constant(1930, 1, 1).saturating_add(SignedDuration::from_hours(24 * n));
    (0..)
        .flat_map(|n| (0..1000).filter_map(move |i| NationalId::synthetic(day(n), i)))
        .take(count)
        .collect()
}

pub fn extract() -> ExtractId {
    "extract-0000000001".parse().unwrap()
}

/// Terms for all columns of these tables.
pub fn terms(tables: &[&str]) -> Terms {
    let columns = |names: &[&str]| -> Vec<ColumnTerms> {
        names
            .iter()
            .map(|name| ColumnTerms { name: (*name).to_owned(), reason: "needed".to_owned() })
            .collect()
    };
    let sources = tables.iter().map(|name| SourceTerms {
        source: id(name),
        columns: columns(&COLUMNS),
        rows: Vec::new(),
    });
    let day = Date::constant(2026, 1, 1);
    Terms {
        sources: sources.collect(),
        valid: Period { from: Some(day), until: Some(day) },
        ..Terms::default()
    }
}

pub fn cohort(name: &str, conditions: Vec<Condition>) -> Cohort {
    Cohort { source: Some(id(name)), conditions }
}

pub fn permit(terms: Terms) -> ActivePermit {
    let key = SigningKey::from_bytes(&[7; 32]);
    let id: PermitId = "permit-0000000001".parse().unwrap();
    let grant = Grant {
        permit: id.clone(),
        application: ApplicationId::mint(&SeededEntropy::new(1)),
        data_user: "university".parse().unwrap(),
        terms,
    };
    let signature = grant.sign(&key).unwrap();
    let issued_at = "2026-01-01T00:00:00Z".parse().unwrap();
    let issued_by = "caseworker".parse().unwrap();
    Permit { id, grant, signature, issued_at, issued_by, revoked: None, turned_out_at: None }
        .activate("2026-01-01T12:00:00Z".parse().unwrap(), &key.verifying_key())
        .unwrap()
}

pub struct House {
    root: PathBuf,
    /// Removes the folder at the end, if it is ours to remove.
    _folder: Option<TempDir>,
    pub lake: Lake,
    pub vault: Vault,
    pub records: Vec<SourceRecord>,
    pub ids: Vec<NationalId>,
}

impl House {
    /// Imports each register: identities to the vault, content to the lake.
    pub fn of(persons: usize, registers: &[(&str, Vec<Delivered>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        Self::at(root, Some(folder), persons, registers)
    }

    pub fn at(
        root: PathBuf,
        folder: Option<TempDir>,
        persons: usize,
        registers: &[(&str, Vec<Delivered>)],
    ) -> Self {
        let entropy = Arc::new(SeededEntropy::new(3));
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
        let lake = Lake::open(&root.join("lake"), clock, entropy.clone()).unwrap();
        let master = MasterKey::random(&*entropy);
        let vault = Vault::create(&root.join("vault"), master, entropy).unwrap();
        std::fs::create_dir_all(root.join("extracts")).unwrap();
        let ids = national_ids(persons);
        let records = Vec::new();
        let mut house = Self { root, _folder: folder, lake, vault, records, ids };
        for (name, rows) in registers {
            house.import(name, rows);
        }
        house
    }

    fn import(&mut self, name: &str, rows: &[Delivered]) {
        let contract = contract(name);
        let import: ImportId = "import-0000000001".parse().unwrap();
        let pseudonyms = self.vault.pseudonymiser(&id(name)).unwrap();
        let mut identities = self.vault.identity_writer(&id(name), &import).unwrap();
        let mut subjects = Vec::new();
        for row in rows {
            let national_id = self.ids[row.person].clone();
            let subject = pseudonyms.subject(&national_id);
            let identity = Identity::numbered(national_id);
            identities.put(subject, identity).unwrap();
            subjects.push(subject);
        }
        identities.finish().unwrap().publish().unwrap();

        let serials = 0..i64::try_from(rows.len()).unwrap();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(rows.iter().map(|row| row.date).collect::<Date32Array>()),
            Arc::new(rows.iter().map(|row| row.age).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()),
            Arc::new(rows.iter().map(|row| row.code.as_deref()).collect::<StringArray>()),
            Arc::new(rows.iter().map(|row| row.seen).collect::<BooleanArray>()),
            Arc::new(serials.collect::<Int64Array>()),
        ];
        let content = RecordBatch::try_new(content_schema(&contract), columns).unwrap();
        let rows_read = rows.len() as u64;
        let lock = self.lake.lock(&id(name)).unwrap();
        let mut intake = self.lake.intake(&lock, &import, &contract).unwrap();
        let rows = (0..rows_read).collect();
        intake.put(ContentBatch { subjects, rows, marks: Vec::new(), content }).unwrap();
        let staged = intake.finish(&mut KeepAll).unwrap();
        let lake_version = self.lake.commit(&lock, staged, None).unwrap();
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let manifest = ImportManifest {
            vault_segment: format!("{import}.segment"),
            import,
            contract: contract.fingerprint(),
            files: Vec::new(),
            rows_read,
            rows_kept: rows_read,
            rows_quarantined: 0,
            reasons: BTreeMap::new(),
            persons: 0,
            lake_version,
            variables: Vec::new(),
        };
        self.records.push(SourceRecord {
            source: id(name),
            registered: at,
            imports: vec![Imported { at, manifest, contract: contract.clone() }],
            refused: Vec::new(),
            contract,
        });
    }

    pub fn extracts(&self) -> PathBuf {
        self.root.join("extracts")
    }

    pub fn plan(&self, terms: Terms) -> ExtractPlan {
        linkage::plan(&permit(terms), &self.records, &extract(), Strictness::Strict).unwrap()
    }

    pub fn link(&self, plan: &ExtractPlan) -> Crosswalk {
        let cohort = plan.cohort.as_ref().map(|cohort| self.lake.cohort(cohort).unwrap());
        linkage::link(plan, &self.vault, cohort.as_deref(), &SeededEntropy::new(11)).unwrap()
    }

    pub fn build(
        &self,
        plan: &ExtractPlan,
        crosswalk: &Crosswalk,
        options: ExtractOptions,
    ) -> Result<ExtractManifest, LakeError> {
        self.lake.build_extract(plan, crosswalk, &self.extracts(), options, &going_on)
    }

    /// Which of the people of [`national_ids`] a number of the extract is.
    pub fn who(&self, crosswalk: &Crosswalk, name: &str) -> BTreeMap<i32, usize> {
        let segment = self.vault.segment(&id(name), "import-0000000001.segment").unwrap();
        crosswalk
            .of(&id(name))
            .iter()
            .map(|(subject, person)| {
                let found = segment.lookup(*subject).unwrap().unwrap().national_id.unwrap();
                (*person, self.ids.iter().position(|id| *id == found).unwrap())
            })
            .collect()
    }

    pub fn table(&self, name: &str) -> Vec<Extracted> {
        read(&lake::table_path(&self.extracts(), &extract(), &id(name)))
    }
}

/// The rows of a table with all columns.
pub fn read(path: &Path) -> Vec<Extracted> {
    let mut rows = Vec::new();
    for batch in batches(path) {
        let names: Vec<_> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
        assert_eq!(names[0], "person");
        assert_eq!(names[1..], COLUMNS);
        let persons = batch.column(0).as_primitive::<Int32Type>();
        let dates = batch.column(1).as_primitive::<Date32Type>();
        let ages = batch.column(2).as_primitive::<Int64Type>();
        let values = batch.column(3).as_primitive::<Float64Type>();
        let codes = batch.column(4).as_string::<i32>();
        let seen = batch.column(5).as_boolean();
        let serials = batch.column(6).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            rows.push(Extracted {
                person: persons.value(row),
                serial: serials.value(row),
                date: dates.is_valid(row).then(|| dates.value(row)),
                age: ages.is_valid(row).then(|| ages.value(row)),
                value: values.is_valid(row).then(|| values.value(row)),
                code: codes.is_valid(row).then(|| codes.value(row).to_owned()),
                seen: seen.is_valid(row).then(|| seen.value(row)),
            });
        }
    }
    rows
}

pub fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

/// Whoever waits for the extract goes on waiting.
pub(crate) const fn going_on(_: &SourceId, _: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
