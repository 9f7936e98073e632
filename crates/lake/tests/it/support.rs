//! A lake in a temporary folder, contracts, rows.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{Date32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use lake::{Lake, LakeError, Staged};
use model::{ImportId, ManualClock, SeededEntropy, SourceId};
use source::{
    ContentBatch, ContentSink, Contract, SinkError, SortedObserver, SubjectKey, content_schema,
};

pub const LABORATORY: &str = r#"
version = 1
source = "laboratory"
title = "Laboratory"
holder = "hospital"
update = "weekly"
smallest-count = 5
time = "date"
[file]
format = "csv"
[[column]]
name = "id"
type = "text"
identifies = "national-id"
[[column]]
name = "date"
type = "date"
[[column]]
name = "test"
type = "text"
[[column]]
name = "serial"
type = "integer"
"#;

pub fn laboratory() -> Contract {
    Contract::parse(LABORATORY).unwrap()
}

pub fn lake(root: &Path) -> Lake {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap());
    Lake::open(root, Arc::new(clock), Arc::new(SeededEntropy::new(7))).unwrap()
}

pub fn source() -> SourceId {
    "laboratory".parse().unwrap()
}

pub fn import(name: &str) -> ImportId {
    format!("import-{name}").parse().unwrap()
}

/// One row of the laboratory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub subject: [u8; 16],
    pub date: Option<i32>,
    pub number: u64,
    pub test: Option<String>,
}

/// A subject whose first half may be shared with others.
pub fn subject(high: u64, low: u64) -> [u8; 16] {
    ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
}

/// Rows as a reader hands them over. `serial` is the row's number.
pub fn batch(rows: &[Row]) -> ContentBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.date).collect::<Date32Array>()),
        Arc::new(rows.iter().map(|row| row.test.as_deref()).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| i64::try_from(row.number).unwrap()).collect::<Int64Array>()),
    ];
    ContentBatch {
        subjects: rows.iter().map(|row| SubjectKey(row.subject)).collect(),
        rows: rows.iter().map(|row| row.number).collect(),
        marks: Vec::new(),
        content: RecordBatch::try_new(content_schema(&laboratory()), columns).unwrap(),
    }
}

/// `persons` times `each` rows in an order that mixes persons and dates.
pub fn some_rows(persons: u64, each: u64, salt: u64) -> Vec<Row> {
    let total = persons * each;
    (0..total)
        .map(|row| {
            let mixed = (row * 7919 + salt * 31) % total.max(1);
            Row {
                subject: subject((mixed % persons).wrapping_mul(0x9e37_79b9_7f4a_7c15), mixed),
                date: Some(i32::try_from((row * 104_729 + salt) % 9_000).unwrap()),
                number: row,
                test: Some(format!("test-{}", row % 11)),
            }
        })
        .map(|row| Row {
            subject: subject(u64::from_be_bytes(row.subject[..8].try_into().unwrap()), 1),
            ..row
        })
        .collect()
}

/// Keeps every row.
pub struct KeepAll;

impl SortedObserver for KeepAll {
    fn wants_whole_persons(&self) -> bool {
        false
    }

    fn observe(&mut self, _chunk: &ContentBatch) -> Result<Option<Vec<bool>>, SinkError> {
        Ok(None)
    }
}

/// Stages `rows`, in batches of `batch_rows`.
pub fn stage(
    lake: &Lake,
    name: &str,
    rows: &[Row],
    batch_rows: usize,
) -> (lake::SourceLock, Staged) {
    let lock = lake.lock(&source()).unwrap();
    let mut intake = lake.intake(&lock, &import(name), &laboratory()).unwrap();
    for rows in rows.chunks(batch_rows) {
        intake.put(batch(rows)).unwrap();
    }
    let staged = intake.finish(&mut KeepAll).unwrap();
    (lock, staged)
}

/// Imports `rows`.
pub fn take_in(
    lake: &Lake,
    name: &str,
    rows: &[Row],
    known: Option<u64>,
) -> Result<u64, LakeError> {
    let (lock, staged) = stage(lake, name, rows, 100);
    lake.commit(&lock, staged, known)
}

/// The rows of a version.
pub fn read(lake: &Lake, version: u64) -> Vec<Row> {
    let snapshot = lake.snapshot(&source(), version).unwrap();
    let mut rows = Vec::new();
    for batch in snapshot.scan(&["date", "test", "serial"]).unwrap() {
        let batch = batch.unwrap();
        let subjects = lake::subjects(&batch).unwrap();
        let dates = batch.column(1).as_primitive::<Date32Type>();
        let tests = batch.column(2).as_string::<i32>();
        let serials = batch.column(3).as_primitive::<Int64Type>();
        for (at, subject) in subjects.iter().enumerate() {
            rows.push(Row {
                subject: *subject,
                date: dates.is_valid(at).then(|| dates.value(at)),
                number: u64::try_from(serials.value(at)).unwrap(),
                test: tests.is_valid(at).then(|| tests.value(at).to_owned()),
            });
        }
    }
    assert_eq!(rows.len() as u64, snapshot.rows());
    rows
}

/// The rows, sorted as the lake sorts them.
pub fn sorted(rows: &[Row]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    rows.sort();
    rows
}

/// Names of all files under `root`, but for locks.
pub fn files(root: &Path) -> Vec<String> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.retain(|name| !name.starts_with(".locks/"));
    found.sort();
    found
}

pub fn decimals(values: Vec<Option<f64>>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}
