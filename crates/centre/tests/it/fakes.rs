//! A centre without vault, lake, database and sandbox.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use centre::ports::{
    Before, Behind, Blame, Blobs, Built, Checked, Credentials, Deliveries, ExtractTurn, Extracts,
    KnownPairs, NotBuilt, NotDelivered, NotLinked, NotReversed, Progress, QuarantinedRow, RunLogs,
    Turn, Wanted,
};
use ingress::{Known, Linked};
use ledger::{Book, BookError, Draft, Entry, Hash};
use linkage::found::{Cell, Found};
use linkage::reversal::Revealed;
use linkage::review::{Agreement, Shown, ShownField};
use linkage::{Changed, ExtractManifest, TableManifest};
use model::{AccountId, ExtractId, ImportId, PairId, PermitId, RoomId, RunId, Secret, SourceId};
use permit::{ActivePermit, LinkageWay};
use room::{
    CloseError, Command, Ended, Holds, LogLine, LogSink, OpenError, RecoverError, Recovered,
    Running, Runtime, Spec, Standing, StartError, WorkError, WorkFolder,
};
use sha2::{Digest, Sha256};
use source::SourceRecord;

pub(crate) struct Passwords {
    pub(crate) book: Arc<dyn Book>,
    pub(crate) kept: Mutex<HashMap<AccountId, String>>,
}

#[async_trait]
impl Credentials for Passwords {
    async fn password(&self, account: &AccountId) -> Result<Option<Secret<String>>, BookError> {
        Ok(self.kept.lock().unwrap().get(account).cloned().map(Secret::new))
    }

    async fn set_password(
        &self,
        account: &AccountId,
        phc: Secret<String>,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Entry>, BookError> {
        let written = self.book.append(drafts, Vec::new()).await?;
        self.kept.lock().unwrap().insert(account.clone(), phc.reveal().clone());
        Ok(written)
    }
}

pub(crate) struct NoDeliveries;

fn nothing_is_delivered() -> NotDelivered {
    let why = "nothing is delivered here".to_owned();
    NotDelivered {
        why: why.as_str().into(),
        blame: Blame::Machine,
        reasons: Vec::new(),
        list: None,
    }
}

impl Deliveries for NoDeliveries {
    fn turn(&self, _: &SourceId) -> Result<Box<dyn Turn>, NotDelivered> {
        Err(nothing_is_delivered())
    }

    fn recover(&self, _: &[SourceRecord]) -> Result<(), String> {
        Ok(())
    }

    fn check(
        &self,
        _: &source::Contract,
        _: &[PathBuf],
        _: &dyn Progress,
    ) -> Result<Checked, NotDelivered> {
        Err(nothing_is_delivered())
    }

    fn quarantine(&self, _: &SourceRecord, _: &ImportId) -> Result<Vec<QuarantinedRow>, String> {
        Ok(Vec::new())
    }
}

/// A place where so many threads wait for each other, once; later ones pass.
#[derive(Default)]
pub(crate) struct Meeting {
    expected: Mutex<(usize, usize)>,
    changed: Condvar,
}

impl Meeting {
    /// The next `people` who come wait for each other.
    pub(crate) fn of(&self, people: usize) {
        *self.expected.lock().unwrap() = (people, 0);
    }

    /// Waits for the others, not for ever.
    fn attend(&self) {
        let mut state = self.expected.lock().unwrap();
        if state.1 == state.0 {
            return;
        }
        state.1 += 1;
        self.changed.notify_all();
        let patience = Duration::from_secs(20);
        let waited = self.changed.wait_timeout_while(state, patience, |state| state.1 < state.0);
        assert!(!waited.unwrap().1.timed_out(), "the others never came");
    }
}

/// Extracts of nobody's data, gone when they are destroyed.
#[derive(Default)]
pub(crate) struct EmptyExtracts {
    pub(crate) folder: PathBuf,
    /// How often the columns were looked at.
    pub(crate) looked: Mutex<usize>,
    pub(crate) meeting: Meeting,
    /// Where those wait for each other who build.
    pub(crate) building: Meeting,
    pub(crate) destroyed: Mutex<Vec<ExtractId>>,
    /// The pairs that the next extract puts up, and those that it finds stale.
    pub(crate) put_up: Mutex<Vec<PairId>>,
    pub(crate) stale: Mutex<Vec<PairId>>,
    /// What became of people in the next one, and how many deliveries there were before.
    pub(crate) changed: Mutex<Option<Changed>>,
    pub(crate) deliveries: Mutex<u64>,
    /// What the last extract was told of clerks.
    pub(crate) known: Mutex<KnownPairs>,
    /// Which pairs were shown, and whether whole.
    pub(crate) shown: Mutex<Vec<(PairId, bool)>>,
    pub(crate) forgotten: Mutex<Vec<PairId>>,
    /// Which person numbers were led back to people.
    pub(crate) revealed: Mutex<Vec<Behind>>,
}

/// A name that is in the vault alone.
pub(crate) const SECRET: &str = "Solbergseth";

/// Whom every person number leads to.
pub(crate) const NUMBER: &str = "01810112345";

fn found() -> Found {
    Found {
        threshold: 0.95,
        smallest_count: 5,
        compared: 1,
        all: Cell::default(),
        sources: [].into(),
        sexes: Vec::new(),
        ages: Vec::new(),
        countries: Vec::new(),
        weights: Vec::new(),
        thresholds: Vec::new(),
        rules: Vec::new(),
        levels: Vec::new(),
        narrowed: Vec::new(),
        reviewed: None,
    }
}

impl Extracts for EmptyExtracts {
    fn stand_in(&self, _: &ActivePermit, _: &[SourceRecord]) -> Result<Vec<u8>, NotBuilt> {
        Ok(b"PK".to_vec())
    }

    fn turn(&self, _: &PermitId) -> Result<ExtractTurn, NotBuilt> {
        Ok(ExtractTurn::new(()))
    }

    fn build(
        &self,
        _: &ExtractTurn,
        permit: &ActivePermit,
        _: &[SourceRecord],
        before: Before<'_>,
        wanted: Wanted<'_>,
        progress: &dyn Progress,
    ) -> Result<Built, NotBuilt> {
        progress.at("linking", 1, 2);
        self.building.attend();
        let table = TableManifest {
            rows: 900,
            persons: 300,
            columns: Vec::new(),
            lake_version: 1 + *self.deliveries.lock().unwrap(),
            sha256: Hash::default(),
            bytes: 10,
        };
        let likely = permit.terms().linkage.how == LinkageWay::Likely;
        let manifest = ExtractManifest {
            extract: wanted.extract.clone(),
            permit: permit.id().clone(),
            strictness: wanted.strictness,
            persons: 300,
            tables: [("laboratory".parse().unwrap(), table)].into(),
            linkage: [].into(),
            found: likely.then(found),
            highest: None,
            changed: *self.changed.lock().unwrap(),
            compared_with: before
                .extracts
                .iter()
                .find(|other| other.manifest.strictness == wanted.strictness)
                .map(|other| other.id.clone()),
        };
        *self.known.lock().unwrap() = before.pairs.clone();
        let put_up = if likely { self.put_up.lock().unwrap().clone() } else { Vec::new() };
        Ok(Built { manifest, put_up, stale: self.stale.lock().unwrap().clone() })
    }

    fn reveal(&self, behind: &Behind) -> Result<Vec<Revealed>, NotReversed> {
        self.revealed.lock().unwrap().push(behind.clone());
        let one = |person: &i32| Revealed {
            person: *person,
            national_id: Some(NUMBER.to_owned()),
            own_number: None,
        };
        Ok(behind.persons.iter().map(one).collect())
    }

    fn show_pair(&self, pair: &PairId, whole: bool) -> Result<Shown, String> {
        self.shown.lock().unwrap().push((pair.clone(), whole));
        let fields = vec![ShownField {
            name: "surname",
            agreement: Agreement::Differs,
            values: Some((SECRET.to_owned(), "••••••".to_owned())),
        }];
        let (steps, weight, probability) = (Vec::new(), 3.5, 0.9);
        Ok(Shown { fields, whole, steps, weight, probability, competes: false })
    }

    fn forget_pairs(&self, pairs: &[PairId]) {
        self.forgotten.lock().unwrap().extend_from_slice(pairs);
    }

    fn folder(&self, _: &ExtractId) -> PathBuf {
        self.folder.clone()
    }

    fn sketches(&self, extract: &ExtractId) -> Result<Vec<disclosure::Sketch>, String> {
        if self.destroyed.lock().unwrap().contains(extract) {
            return Err("no such folder".to_owned());
        }
        *self.looked.lock().unwrap() += 1;
        self.meeting.attend();
        Ok(Vec::new())
    }

    fn link_table(
        &self,
        _: &PermitId,
        _: &ExtractId,
        table: &[u8],
        column: &str,
        least: u64,
    ) -> Result<(Vec<u8>, Linked), NotLinked> {
        // `p7` is the seventh of its people.
        let person = |id: &str| id.strip_prefix('p').and_then(|number| number.parse().ok());
        Ok(ingress::link(table, column, least, |id| {
            person(id).map_or(Known::NotOfPermit, Known::Is)
        })?)
    }

    fn destroy(&self, _: &PermitId, extract: &ExtractId) -> Result<(), String> {
        self.destroyed.lock().unwrap().push(extract.clone());
        Ok(())
    }

    fn recover(&self, _: &[SourceRecord], _: &[ExtractId], _: &[PairId]) -> Result<(), String> {
        Ok(())
    }
}

/// Rooms that are folders. Nothing runs in them.
pub(crate) struct Folders(pub(crate) PathBuf);

impl Folders {
    pub(crate) fn of(&self, room: &RoomId) -> PathBuf {
        self.0.join(room.as_str())
    }
}

impl Runtime for Folders {
    fn open(&self, spec: &Spec) -> Result<Holds, OpenError> {
        std::fs::create_dir_all(self.of(spec.id())).unwrap();
        Ok(Holds::default())
    }

    fn start(
        &self,
        _: &RoomId,
        _: &RunId,
        _: Command,
        _: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        panic!("nothing is run here")
    }

    fn running(&self, _: &RoomId) -> Vec<Arc<dyn Running>> {
        Vec::new()
    }

    fn standing(&self, room: &RoomId) -> Result<Standing, WorkError> {
        let everything = room::Usage { bytes: u64::MAX, files: u64::MAX, unseen: 0 };
        let work = self.work(room)?.usage(everything).unwrap();
        Ok(Standing {
            running: Vec::new(),
            memory: 5_000,
            processes: Some(7),
            cpu_percent: Some(130),
            work,
        })
    }

    fn work(&self, room: &RoomId) -> Result<WorkFolder, WorkError> {
        if !self.of(room).exists() {
            return Err(WorkError::NoRoom(room.clone()));
        }
        WorkFolder::open(&self.of(room))
    }

    fn quiet(&self, _: &RoomId) -> Result<(), CloseError> {
        Ok(())
    }

    fn close(&self, room: &RoomId) -> Result<(), CloseError> {
        let _ = std::fs::remove_dir_all(self.of(room));
        Ok(())
    }

    fn recover(&self, _: &[RoomId]) -> Result<Recovered, RecoverError> {
        Ok(Recovered::default())
    }
}

/// No run, no log.
pub(crate) struct NoLogs;

struct Unheard;

impl LogSink for Unheard {
    fn line(&self, _: LogLine<'_>) {}

    fn ended(&self, _: &Ended) {}
}

impl RunLogs for NoLogs {
    fn open(&self, _: &RoomId, _: &RunId) -> Result<Arc<dyn LogSink>, String> {
        Ok(Arc::new(Unheard))
    }

    fn reopen(&self, room: &RoomId, run: &RunId) -> Result<Arc<dyn LogSink>, String> {
        self.open(room, run)
    }

    fn read(&self, _: &RoomId, _: &RunId) -> Result<String, String> {
        Ok(String::new())
    }

    fn remove(&self, _: &RoomId) -> Result<(), String> {
        Ok(())
    }
}

/// Bytes in memory.
#[derive(Default)]
pub(crate) struct BlobsInMemory {
    pub(crate) kept: Mutex<HashMap<Hash, Vec<u8>>>,
    /// How many more there is room for, if not any number.
    pub(crate) room: Mutex<Option<usize>>,
    folder: PathBuf,
}

impl BlobsInMemory {
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.lock().unwrap().is_empty()
    }
}

impl Blobs for BlobsInMemory {
    fn put(&self, bytes: &[u8]) -> Result<Hash, String> {
        if let Some(room) = self.room.lock().unwrap().as_mut() {
            *room = room.checked_sub(1).ok_or("the disk is full: make room and try again")?;
        }
        let hash = Hash(Sha256::digest(bytes).into());
        self.kept.lock().unwrap().insert(hash, bytes.to_vec());
        Ok(hash)
    }

    fn get(&self, hash: &Hash) -> Result<Vec<u8>, String> {
        self.kept.lock().unwrap().get(hash).cloned().ok_or_else(|| "not kept".to_owned())
    }

    fn remove(&self, hash: &Hash) -> Result<(), String> {
        self.kept.lock().unwrap().remove(hash);
        Ok(())
    }

    fn keep_only(&self, named: &HashSet<Hash>) -> Result<(), String> {
        self.kept.lock().unwrap().retain(|hash, _| named.contains(hash));
        Ok(())
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        self.folder.join(hash.to_string())
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}
