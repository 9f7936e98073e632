//! A source of laboratory values, sinks in memory, and one way to import.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread::JoinHandle;

use arrow::array::AsArray;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Date32Type, Field, Schema};
use arrow::record_batch::RecordBatch;
use model::{ManualClock, NationalId, SeededEntropy, SourceId, Timestamp};
use sha2::{Digest, Sha256};
use source::{
    ContentBatch, ContentSink, Contract, Delivery, Identity, IdentitySink, ImportRefusal,
    ImportReport, ParquetReader, Ports, Progress, Pseudonymiser, QuarantineSink, QuarantinedRow,
    Quiet, ReasonLine, SinkError, SortedObserver, SubjectKey,
};

/// Reads Parquet on a thread of its own.
struct OnAThread;

struct Thread(PipeReader, Option<JoinHandle<Result<(), String>>>);

impl ParquetReader for OnAThread {
    fn open(&self, file: File) -> io::Result<Box<dyn Read>> {
        let (rows, to) = io::pipe()?;
        let thread = std::thread::spawn(move || source::stream_parquet(file, to));
        Ok(Box::new(Thread(rows, Some(thread))))
    }
}

impl Read for Thread {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        match self.1.take_if(|_| count == 0) {
            Some(thread) => thread.join().unwrap().map(|()| 0).map_err(io::Error::other),
            None => Ok(count),
        }
    }
}

pub(crate) const LABORATORY: &str = r#"
version = 1
source = "laboratory"
title = "Laboratory"
holder = "hospital"
update = "weekly"
smallest-count = 5
time = "date"
key = ["id", "date", "test"]

[file]
format = "csv"
missing = ["NA"]

[[column]]
name = "id"
type = "text"
identifies = "national-id"

[[column]]
name = "date"
type = "date"
required = true

[[column]]
name = "test"
type = "code"
required = true
[column.allowed]
hdl = "HDL cholesterol"
ldl = "LDL cholesterol"

[[column]]
name = "value"
type = "decimal"
min = 0
max = 1000

[[column]]
name = "comment"
type = "text"
"#;

/// A delivery of [`POPULATION`].
pub(crate) fn population(rows: &[String]) -> String {
    format!("id;name;born;index;children;alive\n{}\n", rows.join("\n"))
}

pub(crate) const POPULATION: &str = r#"
version = 1
source = "population"
title = "Population"
holder = "register"
update = "yearly"
smallest-count = 5
key = ["id"]

[file]
format = "csv"
delimiter = ";"
encoding = "latin-1"

[[column]]
name = "id"
type = "text"
identifies = "national-id"

[[column]]
name = "name"
type = "text"
identifies = "name"

[[column]]
name = "born"
type = "date"
identifies = "birth-date"

[[column]]
name = "index"
type = "date"
required = true

[[column]]
name = "children"
type = "integer"
min = 0

[[column]]
name = "alive"
type = "boolean"

[[derived]]
name = "age"
years-between = { from = "born", to = "index" }
"#;

/// The number of the `n`th made-up person, born on a day that it states.
pub(crate) fn id(n: usize) -> String {
    let born = model::Date::constant(1950, 1, 1)
        .saturating_add(jiff::Span::new().days(i64::try_from(n % 15_000).unwrap()));
    let start = n / 15_000 * 90;
    let id = (start..)
        .find_map(|individual| NationalId::synthetic(born, u16::try_from(individual).unwrap()))
        .unwrap();
    String::from_utf8(id.reveal().to_vec()).unwrap()
}

/// Files of a delivery and whatever an import leaves.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) contract: Contract,
}

/// What an import left in the sinks.
pub(crate) struct Taken {
    pub(crate) report: ImportReport,
    pub(crate) content: Sorted,
    pub(crate) identities: BTreeMap<SubjectKey, Identity>,
    pub(crate) withdrawn: Vec<SubjectKey>,
    pub(crate) quarantine: Vec<Aside>,
    pub(crate) reasons: Vec<ReasonLine>,
}

/// A row in quarantine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aside {
    pub(crate) row: u64,
    pub(crate) line: u64,
    pub(crate) bytes: String,
    pub(crate) why: Vec<(Option<String>, source::Reason)>,
}

impl Desk {
    pub(crate) fn new(contract: &str) -> Self {
        let contract = Contract::parse(contract).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), contract }
    }

    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn reasons_path(&self) -> PathBuf {
        self.folder.path().join("quarantine.jsonl")
    }

    pub(crate) fn import(&self, files: &[PathBuf]) -> Result<Taken, ImportRefusal> {
        self.import_watched(files, &Quiet)
    }

    pub(crate) fn import_watched(
        &self,
        files: &[PathBuf],
        progress: &dyn Progress,
    ) -> Result<Taken, ImportRefusal> {
        self.import_with(files, progress, &TestKeys)
    }

    pub(crate) fn import_with(
        &self,
        files: &[PathBuf],
        progress: &dyn Progress,
        keys: &dyn Pseudonymiser,
    ) -> Result<Taken, ImportRefusal> {
        let clock = ManualClock::at(now());
        let entropy = SeededEntropy::new(3);
        let mut identities = MemoryIdentities::default();
        let mut quarantine = MemoryQuarantine::default();
        let reasons = self.reasons_path();
        let ports = Ports {
            keys,
            identities: &mut identities,
            quarantine: &mut quarantine,
            reasons: &reasons,
            progress,
            parquet: &OnAThread,
            clock: &clock,
            entropy: &entropy,
        };
        let delivery = Delivery { contract: &self.contract, files };
        let (report, content) =
            source::import(&delivery, MemoryContent::of(&self.contract), ports)?;
        Ok(Taken {
            report,
            content,
            identities: identities.people,
            withdrawn: identities.withdrawn,
            quarantine: quarantine.rows,
            reasons: read_reasons(&reasons),
        })
    }

    /// Imports into a sink that is not for looking at afterwards.
    pub(crate) fn import_into<S: ContentSink>(
        &self,
        content: S,
        files: &[PathBuf],
        keys: &dyn Pseudonymiser,
    ) -> Result<S::Staged, ImportRefusal> {
        let ports = Ports {
            keys,
            identities: &mut MemoryIdentities::default(),
            quarantine: &mut MemoryQuarantine::default(),
            reasons: &self.reasons_path(),
            progress: &Quiet,
            parquet: &OnAThread,
            clock: &ManualClock::at(now()),
            entropy: &SeededEntropy::new(3),
        };
        let delivery = Delivery { contract: &self.contract, files };
        source::import(&delivery, content, ports).map(|(_, staged)| staged)
    }

    /// Imports one file of these bytes.
    pub(crate) fn import_bytes(&self, bytes: impl AsRef<[u8]>) -> Result<Taken, ImportRefusal> {
        let file = self.file("delivery.csv", bytes);
        self.import(&[file])
    }

    /// The refusal of one file of these bytes, in words.
    #[track_caller]
    pub(crate) fn refusal(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let file = self.file(name, bytes);
        let text = match self.import(&[file]) {
            Ok(_) => panic!("the file was taken"),
            Err(refusal) => refusal.to_string(),
        };
        assert!(text.contains(name) || text.contains("rows break"), "{text}");
        text
    }
}

pub(crate) fn now() -> Timestamp {
    "2024-06-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn read_reasons(path: &Path) -> Vec<ReasonLine> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn laboratory() -> Desk {
    Desk::new(LABORATORY)
}

pub(crate) fn laboratory_rows(rows: &[String]) -> String {
    format!("id,date,test,value,comment\n{}\n", rows.join("\n"))
}

impl Taken {
    /// Rows and reasons of the quarantine, in order of rows.
    pub(crate) fn aside(&self) -> Vec<(u64, Option<&str>, &'static str)> {
        let mut rows: Vec<_> = self
            .quarantine
            .iter()
            .flat_map(|row| row.why.iter().map(|(c, r)| (row.row, c.as_deref(), r.word())))
            .collect();
        rows.sort_unstable();
        rows
    }

    #[track_caller]
    pub(crate) fn adds_up(&self) {
        let report = &self.report;
        assert_eq!(report.rows_read, report.rows_kept + report.rows_quarantined);
        assert_eq!(report.rows_quarantined, self.quarantine.len() as u64);
        assert_eq!(report.rows_quarantined, self.reasons.len() as u64);
        assert_eq!(report.rows_kept, self.content.rows.len() as u64);
        let mut seen: Vec<SubjectKey> = self.content.subjects.clone();
        seen.dedup();
        assert_eq!(report.persons, seen.len() as u64);
        for subject in &seen {
            assert!(self.identities.contains_key(subject), "a row of nobody");
        }
        assert_eq!(self.identities.len(), seen.len(), "a person without a row");
    }
}

/// SHA-256 under a fixed word: stands for the vault's HMAC.
pub(crate) struct TestKeys;

impl Pseudonymiser for TestKeys {
    fn subject(&self, id: &NationalId) -> SubjectKey {
        let digest = Sha256::new().chain_update(b"test").chain_update(id.reveal()).finalize();
        SubjectKey::from_slice(&digest[..16]).unwrap()
    }

    fn local(&self, id: &str) -> SubjectKey {
        let digest = Sha256::new().chain_update(b"local").chain_update(id).finalize();
        SubjectKey::from_slice(&digest[..16]).unwrap()
    }
}

pub(crate) fn key_of(n: usize) -> SubjectKey {
    TestKeys.subject(&NationalId::parse(&id(n)).unwrap())
}

#[derive(Default)]
pub(crate) struct MemoryIdentities {
    people: BTreeMap<SubjectKey, Identity>,
    withdrawn: Vec<SubjectKey>,
}

impl IdentitySink for MemoryIdentities {
    fn put(&mut self, subject: SubjectKey, identity: Identity) -> Result<(), SinkError> {
        self.people.entry(subject).or_insert(identity);
        Ok(())
    }

    fn withdraw(&mut self, subject: SubjectKey) -> Result<(), SinkError> {
        self.people.remove(&subject);
        self.withdrawn.push(subject);
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct MemoryQuarantine {
    rows: Vec<Aside>,
}

impl QuarantineSink for MemoryQuarantine {
    fn put(&mut self, row: &QuarantinedRow<'_>) -> Result<(), SinkError> {
        self.rows.push(Aside {
            row: row.row,
            line: row.line,
            bytes: String::from_utf8_lossy(row.bytes).into_owned(),
            why: row.faults.iter().map(|f| (f.column.clone(), f.reason)).collect(),
        });
        Ok(())
    }
}

/// Sorts in memory, and shows the rows as the lake does: by subject, time and
/// row, text as numbers into a list of values that all chunks share, and a chunk
/// ending where a person does if the observer wants that.
pub(crate) struct MemoryContent {
    time: Option<String>,
    batches: Vec<ContentBatch>,
}

/// Small, so that small deliveries have several.
const CHUNK: usize = 3;

/// Rows that were kept, sorted.
pub(crate) struct Sorted {
    pub(crate) subjects: Vec<SubjectKey>,
    pub(crate) rows: Vec<u64>,
    pub(crate) content: Option<RecordBatch>,
}

impl MemoryContent {
    pub(crate) fn of(contract: &Contract) -> Self {
        Self { time: contract.time.clone(), batches: Vec::new() }
    }

    /// All rows as one batch, sorted.
    fn sorted(&self) -> ContentBatch {
        let plain: Vec<RecordBatch> =
            self.batches.iter().map(|b| texts(&b.content, &DataType::Utf8)).collect();
        let content = concat_batches(&plain[0].schema(), &plain).unwrap();
        let subjects: Vec<SubjectKey> =
            self.batches.iter().flat_map(|b| b.subjects.clone()).collect();
        let rows: Vec<u64> = self.batches.iter().flat_map(|b| b.rows.clone()).collect();
        let marks: Vec<_> = self.batches.iter().flat_map(|b| b.marks.clone()).collect();
        let days: Vec<Option<i32>> = match &self.time {
            Some(time) => {
                let days = content.column_by_name(time).unwrap();
                days.as_primitive::<Date32Type>().iter().collect()
            }
            None => vec![None; rows.len()],
        };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|at| (subjects[*at], days[*at], rows[*at]));
        let at: arrow::array::UInt32Array =
            order.iter().map(|at| u32::try_from(*at).unwrap()).collect();
        let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        ContentBatch {
            subjects: order.iter().map(|at| subjects[*at]).collect(),
            rows: order.iter().map(|at| rows[*at]).collect(),
            marks: if marks.is_empty() {
                marks
            } else {
                order.iter().map(|at| marks[*at]).collect()
            },
            content: texts(&take_record_batch(&content, &at).unwrap(), &coded),
        }
    }
}

/// Where the chunk ends that begins at `from`.
fn end_of_chunk(subjects: &[SubjectKey], from: usize, whole_persons: bool) -> usize {
    let mut to = (from + CHUNK).min(subjects.len());
    while whole_persons && to < subjects.len() && subjects[to] == subjects[to - 1] {
        to += 1;
    }
    to
}

impl ContentSink for MemoryContent {
    type Staged = Sorted;

    fn put(&mut self, batch: ContentBatch) -> Result<(), SinkError> {
        assert_eq!(batch.content.num_rows(), batch.subjects.len());
        assert_eq!(batch.rows.len(), batch.subjects.len());
        self.batches.push(batch);
        Ok(())
    }

    fn finish(self, observer: &mut dyn SortedObserver) -> Result<Sorted, SinkError> {
        let mut sorted = Sorted { subjects: Vec::new(), rows: Vec::new(), content: None };
        if self.batches.is_empty() {
            return Ok(sorted);
        }
        let all = self.sorted();
        let mut kept = Vec::new();
        let mut from = 0;
        while from < all.rows.len() {
            let to = end_of_chunk(&all.subjects, from, observer.wants_whole_persons());
            let chunk = ContentBatch {
                subjects: all.subjects[from..to].to_vec(),
                rows: all.rows[from..to].to_vec(),
                marks: all.marks.get(from..to).unwrap_or_default().to_vec(),
                content: all.content.slice(from, to - from),
            };
            let keep = observer.observe(&chunk)?.unwrap_or_else(|| vec![true; to - from]);
            let mask = arrow::array::BooleanArray::from(keep.clone());
            let left = arrow::compute::filter_record_batch(&chunk.content, &mask).unwrap();
            kept.push(texts(&left, &DataType::Utf8));
            for at in (0..keep.len()).filter(|at| keep[*at]) {
                sorted.subjects.push(chunk.subjects[at]);
                sorted.rows.push(chunk.rows[at]);
            }
            from = to;
        }
        sorted.content = Some(concat_batches(&kept[0].schema(), &kept).unwrap());
        Ok(sorted)
    }
}

/// The rows with their texts as columns of `data_type`.
fn texts(batch: &RecordBatch, data_type: &DataType) -> RecordBatch {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let column = match column.data_type() {
            DataType::Dictionary(_, _) | DataType::Utf8 => {
                arrow::compute::cast(column, data_type).unwrap()
            }
            _ => column.clone(),
        };
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    RecordBatch::try_new(Schema::new(fields).into(), columns).unwrap()
}

/// Does something at the first word of progress.
pub(crate) struct Meanwhile<F: FnOnce() + Send>(pub(crate) Mutex<Option<F>>);

impl<F: FnOnce() + Send> Progress for Meanwhile<F> {
    fn at(&self, _: source::Step) {
        if let Some(act) = self.0.lock().unwrap().take() {
            act();
        }
    }
}

pub(crate) fn source_id(contract: &Contract) -> &SourceId {
    &contract.source
}
