//! How long an extract takes, with the same work as SQL for another engine.
//!
//! ```text
//! extract_speed prepare FOLDER [PERSONS ROWS]
//! extract_speed run FOLDER
//! ```
//!
//! `prepare` makes three registers, identities in a vault and rows in a lake,
//! and for the other engine the same as plain Parquet with `peer.sql`, which
//! links by identity number, numbers people at random, filters, sorts and writes
//! as the extract does. `run` makes the extract once and prints one line of JSON.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, BinaryArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use ed25519_dalek::SigningKey;
use lake::{ExtractOptions, Lake, remove_extract};
use model::{
    ApplicationId, Date, Entropy, ExtractId, ImportId, ManualClock, NationalId, PermitId,
    SeededEntropy, SignedDuration, SourceId,
};
use parquet::arrow::ArrowWriter;
use permit::{
    ActivePermit, Cohort, ColumnTerms, Comparison, Condition, Grant, Period, Permit, SourceTerms,
    Strictness, Terms,
};
use source::{
    ContentBatch, ContentSink, Contract, Identity, IdentitySink, ImportManifest, Imported,
    Pseudonymiser, SinkError, SortedObserver, SourceRecord, SubjectKey, content_schema,
};
use vault::{MasterKey, Vault};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A register: name, columns, how many of 30 rows are its.
struct Register {
    name: &'static str,
    columns: &'static [(&'static str, &'static str)],
    thirtieths: u64,
}

const REGISTERS: [Register; 3] = [
    Register {
        name: "population",
        columns: &[("date", "date"), ("age", "integer"), ("sex", "code")],
        thirtieths: 1,
    },
    Register {
        name: "laboratory",
        columns: &[("date", "date"), ("test", "code"), ("value", "decimal")],
        thirtieths: 25,
    },
    Register { name: "diagnoses", columns: &[("date", "date"), ("code", "code")], thirtieths: 4 },
];

const IMPORT: &str = "import-0000000001";
const EXTRACT: &str = "extract-0000000001";
const TESTS: [&str; 8] = ["hdl", "chol", "sbp", "dbp", "fib4", "bmi", "plt", "ast"];

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["prepare", folder] => prepare(folder.as_ref(), 1_000_000, 30_000_000),
        ["prepare", folder, persons, rows] => {
            prepare(folder.as_ref(), persons.parse()?, rows.parse()?)
        }
        ["run", folder] => run(folder.as_ref()),
        _ => Err("extract_speed prepare FOLDER [PERSONS ROWS] | extract_speed run FOLDER".into()),
    }
}

fn contract(register: &Register) -> Outcome<Contract> {
    use std::fmt::Write;
    let mut text = format!(
        "version = 1\nsource = \"{0}\"\ntitle = \"{0}\"\nholder = \"hospital\"\n\
         update = \"weekly\"\nsmallest-count = 5\ntime = \"date\"\n[file]\nformat = \"parquet\"\n\
         [[column]]\nname = \"id\"\ntype = \"text\"\nidentifies = \"national-id\"\n",
        register.name
    );
    for (name, kind) in register.columns {
        write!(text, "[[column]]\nname = \"{name}\"\ntype = \"{kind}\"\n")?;
    }
    Contract::parse(&text).map_err(|error| format!("{error:?}").into())
}

fn lake(folder: &Path) -> Outcome<Lake> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z".parse()?);
    Ok(Lake::open(&folder.join("lake"), Arc::new(clock), Arc::new(SeededEntropy::new(1)))?)
}

fn national_ids(count: u64) -> impl Iterator<Item = NationalId> {
    let day =
        |n: i64| Date::constant(1900, 1, 1).saturating_add(SignedDuration::from_hours(24 * n));
    (0..)
        .flat_map(move |n| (0..1000).filter_map(move |i| NationalId::synthetic(day(n), i)))
        .take(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Who and what stands in a row, the same each time.
struct Content<'a> {
    register: &'a Register,
    persons: u64,
    rows: u64,
    entropy: SeededEntropy,
}

impl Content<'_> {
    fn people(&self, from: u64, to: u64) -> Vec<u64> {
        (from..to)
            .map(
                |row| {
                    if self.rows == self.persons { row } else { self.entropy.below(self.persons) }
                },
            )
            .collect()
    }

    fn columns(&self, count: u64) -> Vec<ArrayRef> {
        let draws = |below: u64| (0..count).map(move |_| self.entropy.below(below));
        let number = |n: u64| i64::try_from(n).unwrap_or_default();
        let day = |n: u64| i32::try_from(n + 10_957).unwrap_or_default();
        let pick = |words: &[&'static str], n: u64| {
            usize::try_from(n).ok().and_then(|n| words.get(n).copied())
        };
        self.register
            .columns
            .iter()
            .map(|(name, _)| -> ArrayRef {
                match *name {
                    "date" => Arc::new(draws(7_300).map(|n| Some(day(n))).collect::<Date32Array>()),
                    "age" => Arc::new(draws(100).map(|n| Some(number(n))).collect::<Int64Array>()),
                    "sex" => {
                        Arc::new(draws(2).map(|n| pick(&["F", "M"], n)).collect::<StringArray>())
                    }
                    "test" => Arc::new(draws(8).map(|n| pick(&TESTS, n)).collect::<StringArray>()),
                    "value" => Arc::new(
                        draws(3_000)
                            .map(|n| u32::try_from(n).ok().map(|n| f64::from(n) / 10.0))
                            .collect::<Float64Array>(),
                    ),
                    _ => Arc::new(
                        draws(900)
                            .map(|n| Some(format!("E{:02}.{}", n / 10, n % 10)))
                            .collect::<StringArray>(),
                    ),
                }
            })
            .collect()
    }
}

/// Keeps every row.
struct KeepAll;

impl SortedObserver for KeepAll {
    fn wants_whole_persons(&self) -> bool {
        false
    }

    fn observe(&mut self, _chunk: &ContentBatch) -> Result<Option<Vec<bool>>, SinkError> {
        Ok(None)
    }
}

fn prepare(folder: &Path, persons: u64, rows: u64) -> Outcome<()> {
    fs::create_dir_all(folder.join("peer"))?;
    fs::create_dir_all(folder.join("extracts"))?;
    let entropy = Arc::new(SeededEntropy::new(2));
    let master = MasterKey::create(&folder.join("master.key"), &*entropy)?;
    let vault = Vault::create(&folder.join("vault"), master, entropy)?;
    let lake = lake(folder)?;
    let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
    for register in &REGISTERS {
        let rows = if register.thirtieths == 1 { persons } else { rows * register.thirtieths / 30 };
        let source: SourceId = register.name.parse()?;
        let import: ImportId = IMPORT.parse()?;
        let pseudonyms = vault.pseudonymiser(&source)?;
        let mut identities = vault.identity_writer(&source, &import)?;
        let mut subjects: Vec<SubjectKey> = Vec::new();
        let mut digits: Vec<String> = Vec::new();
        for national_id in national_ids(persons) {
            let subject = pseudonyms.subject(&national_id);
            subjects.push(subject);
            digits.push(national_id.reveal().iter().map(|digit| char::from(*digit)).collect());
            let identity = Identity::numbered(national_id);
            identities.put(subject, identity)?;
        }
        identities.finish()?.publish()?;
        write_peer(
            folder,
            &format!("{}-people", register.name),
            vec![
                ("subject", Arc::new(BinaryArray::from_iter_values(subjects.iter().map(|s| s.0)))),
                ("id", Arc::new(StringArray::from_iter_values(&digits))),
            ],
        )?;

        let contract = contract(register)?;
        let lock = lake.lock(&source)?;
        let mut intake = lake.intake(&lock, &import, &contract)?;
        let made =
            Content { register, persons, rows, entropy: SeededEntropy::new(register.thirtieths) };
        let mut from = 0;
        while from < rows {
            let to = rows.min(from + 65_536);
            let of = made.people(from, to);
            let subject = |person: &u64| {
                usize::try_from(*person).ok().and_then(|at| subjects.get(at)).copied()
            };
            intake.put(ContentBatch {
                subjects: of.iter().filter_map(subject).collect(),
                rows: (from..to).collect(),
                marks: Vec::new(),
                content: RecordBatch::try_new(content_schema(&contract), made.columns(to - from))?,
            })?;
            from = to;
        }
        let staged = intake.finish(&mut KeepAll)?;
        versions.insert(register.name, lake.commit(&lock, staged, None)?);
    }
    fs::write(folder.join("versions.json"), serde_json::to_vec(&versions)?)?;
    fs::write(folder.join("peer.sql"), peer_sql(folder))?;
    Ok(())
}

fn write_peer(folder: &Path, name: &str, columns: Vec<(&str, ArrayRef)>) -> Outcome<()> {
    let batch = RecordBatch::try_from_iter(columns)?;
    let file = File::create(folder.join("peer").join(format!("{name}.parquet")))?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

/// The same work for `DuckDB`: link, number, filter, sort, write.
fn peer_sql(folder: &Path) -> String {
    use std::fmt::Write;
    let mut sql = String::from("SET threads = 2;\n");
    let place = |name: &str| folder.join(name).display().to_string();
    let people = |name: &str| place(&format!("peer/{name}-people.parquet"));
    let _ = write!(
        sql,
        "CREATE TEMP TABLE person AS\n  SELECT id, CAST(row_number() OVER () AS INTEGER) AS person FROM (\n    \
         SELECT id FROM (SELECT DISTINCT p.id FROM read_parquet('{}') p\n    \
         JOIN (SELECT DISTINCT subject FROM read_parquet('{}') WHERE age >= 18) c USING (subject))\n    \
         ORDER BY random());\n",
        people("population"),
        place("lake/population/*.parquet"),
    );
    for register in &REGISTERS {
        let columns: Vec<&str> = register.columns.iter().map(|(name, _)| *name).collect();
        let also = if register.name == "laboratory" { " AND test <> 'ast'" } else { "" };
        let _ = write!(
            sql,
            "COPY (SELECT person, {} FROM read_parquet('{}') r\n  \
             JOIN read_parquet('{}') USING (subject) JOIN person USING (id)\n  \
             WHERE date >= DATE '2001-01-01'{also} ORDER BY person, date)\n  \
             TO '{}' (FORMAT parquet, COMPRESSION snappy);\n",
            columns.join(", "),
            place(&format!("lake/{}/*.parquet", register.name)),
            people(register.name),
            place(&format!("peer/{}.out", register.name)),
        );
    }
    sql
}

fn permit() -> Outcome<ActivePermit> {
    let condition = |column: &str, is, values: &[&str]| Condition {
        column: column.to_owned(),
        is,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let mut sources = Vec::new();
    for register in &REGISTERS {
        let columns = register.columns.iter().map(|(name, _)| ColumnTerms {
            name: (*name).to_owned(),
            reason: "measured".to_owned(),
        });
        let rows = if register.name == "laboratory" {
            vec![condition("test", Comparison::OneOf, TESTS.get(..7).unwrap_or_default())]
        } else {
            Vec::new()
        };
        let source = register.name.parse()?;
        sources.push(SourceTerms { source, columns: columns.collect(), rows });
    }
    let adults = vec![condition("age", Comparison::AtLeast, &["18"])];
    let day = Date::constant(2026, 1, 1);
    let terms = Terms {
        sources,
        cohort: Cohort { source: Some("population".parse()?), conditions: adults },
        period: Period { from: Some(Date::constant(2001, 1, 1)), until: None },
        valid: Period { from: Some(day), until: Some(day) },
        ..Terms::default()
    };
    let key = SigningKey::from_bytes(&[7; 32]);
    let id: PermitId = "permit-0000000001".parse()?;
    let grant = Grant {
        permit: id.clone(),
        application: ApplicationId::mint(&SeededEntropy::new(1)),
        data_user: "university".parse()?,
        terms,
    };
    let signature = grant.sign(&key)?;
    let issued_at = "2026-01-01T00:00:00Z".parse()?;
    let issued_by = "caseworker".parse()?;
    let permit =
        Permit { id, grant, signature, issued_at, issued_by, revoked: None, turned_out_at: None };
    Ok(permit.activate("2026-01-01T12:00:00Z".parse()?, &key.verifying_key())?)
}

fn records(folder: &Path) -> Outcome<Vec<SourceRecord>> {
    let versions: BTreeMap<String, u64> =
        serde_json::from_slice(&fs::read(folder.join("versions.json"))?)?;
    let at = "2026-01-01T00:00:00Z".parse()?;
    REGISTERS
        .iter()
        .map(|register| {
            let contract = contract(register)?;
            let manifest = ImportManifest {
                import: IMPORT.parse()?,
                vault_segment: format!("{IMPORT}.segment"),
                contract: contract.fingerprint(),
                files: Vec::new(),
                rows_read: 0,
                rows_kept: 0,
                rows_quarantined: 0,
                reasons: BTreeMap::new(),
                persons: 0,
                lake_version: versions.get(register.name).copied().unwrap_or_default(),
                variables: Vec::new(),
            };
            Ok(SourceRecord {
                source: contract.source.clone(),
                registered: at,
                imports: vec![Imported { at, manifest, contract: contract.clone() }],
                refused: Vec::new(),
                contract,
            })
        })
        .collect()
}

fn run(folder: &Path) -> Outcome<()> {
    let entropy = Arc::new(SeededEntropy::new(9));
    let vault = Vault::open_with_key_file(
        &folder.join("vault"),
        &folder.join("master.key"),
        entropy.clone(),
    )?;
    let lake = lake(folder)?;
    let extracts: PathBuf = folder.join("extracts");
    let extract: ExtractId = EXTRACT.parse()?;
    remove_extract(&extracts, &extract)?;
    let plan = linkage::plan(&permit()?, &records(folder)?, &extract, Strictness::Strict)?;

    let began = Instant::now();
    let cohort = plan.cohort.as_ref().map(|cohort| lake.cohort(cohort)).transpose()?;
    let cohort_at = began.elapsed();
    let crosswalk = linkage::link(&plan, &vault, cohort.as_deref(), &*entropy)?;
    let linked_at = began.elapsed();
    let options = ExtractOptions { csv: false, ..ExtractOptions::default() };
    let manifest = lake.build_extract(&plan, &crosswalk, &extracts, options, &|_, _, _| {
        std::ops::ControlFlow::Continue(())
    })?;
    let seconds = began.elapsed();

    let rows: u64 = manifest.tables.values().map(|table| table.rows).sum();
    let line = serde_json::json!({
        "persons": manifest.persons,
        "rows": rows,
        "cohort_seconds": cohort_at.as_secs_f64(),
        "link_seconds": linked_at.saturating_sub(cohort_at).as_secs_f64(),
        "tables_seconds": seconds.saturating_sub(linked_at).as_secs_f64(),
        "seconds": seconds.as_secs_f64(),
    });
    #[expect(clippy::print_stdout, reason = "the line is what the program is for")]
    {
        println!("{line}");
    }
    Ok(())
}
