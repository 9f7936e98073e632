//! A centre without vault, lake, database and sandbox.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use centre::ports::{
    Before, Behind, Blame, Blobs, Built, Checked, Credentials, Delivered, Deliveries, ExtractTurn,
    Extracts, NotBuilt, NotDelivered, NotLinked, NotReversed, Progress, QuarantinedRow, RunLogs,
    Turn, Wanted,
};
use ingress::{Known, Linked};
use ledger::chain::Report;
use ledger::proof::Plan;
use ledger::tree::Tree;
use ledger::{
    Book, BookError, Checkpoint, Draft, Entry, EntryFilter, Hash, SignedProof, SignerKey,
    VerifierKey,
};
use linkage::found::{Cell, Found};
use linkage::reversal::Revealed;
use linkage::review::{Agreement, Shown, ShownField, Weighed};
use linkage::{ExtractManifest, TableManifest};
use model::{AccountId, ExtractId, ImportId, PairId, PermitId, RoomId, RunId, Secret, SourceId};
use permit::{ActivePermit, LinkageWay};
use portal::{Broken, Health, Proofs, Reading};
use room::{
    CloseError, Command, Holds, LogLine, LogSink, OpenError, RecoverError, Recovered, Running,
    Runtime, Spec, Standing, StartError, Stay, Stream, WorkError, WorkFolder,
};
use sha2::{Digest, Sha256};
use source::{ImportManifest, SourceRecord};

use crate::gate::Gate;
use crate::pretended::Pretended;

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

/// Deliveries of the file `good.csv` are taken in, with one row kept aside; any
/// other is refused.
pub(crate) struct OneRowAside;

/// Not taken in, because of the files or of the machine.
fn not(why: &str, blame: Blame) -> NotDelivered {
    NotDelivered { why: why.into(), blame, reasons: Vec::new(), list: None }
}

impl Turn for OneRowAside {
    fn take_in(
        &self,
        source: &SourceRecord,
        import: &ImportId,
        files: &[PathBuf],
        _: &dyn Progress,
    ) -> Result<Delivered, NotDelivered> {
        if files != [PathBuf::from("good.csv")] {
            return Err(not("the header lacks the column `value`", Blame::Delivery));
        }
        Ok(Delivered::TakenIn(Box::new(ImportManifest {
            import: import.clone(),
            contract: source.contract.fingerprint(),
            files: Vec::new(),
            rows_read: 401,
            rows_kept: 400,
            rows_quarantined: 1,
            reasons: [(source::Reason::Decimal, 1)].into(),
            persons: 300,
            lake_version: 1,
            vault_segment: "segment".to_owned(),
            variables: Vec::new(),
        })))
    }

    fn undo(&self, _: &SourceRecord, _: &ImportId) -> Result<(), String> {
        Ok(())
    }
}

impl Deliveries for OneRowAside {
    fn turn(&self, _: &SourceId) -> Result<Box<dyn Turn>, NotDelivered> {
        Ok(Box::new(Self))
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
        Err(not("nothing is checked here", Blame::Machine))
    }

    fn quarantine(&self, _: &SourceRecord, _: &ImportId) -> Result<Vec<QuarantinedRow>, String> {
        Ok(vec![QuarantinedRow {
            file: "good.csv".to_owned(),
            row: 17,
            faults: vec![source::Fault::new("value", source::Reason::Decimal, "is no number")],
            text: Some("spoilt <row>".to_owned()),
        }])
    }
}

/// The pair that is in doubt in every extract that is linked by more than equal numbers.
pub(crate) const IN_DOUBT: &str = "pair-1a3c5e7g9j";

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

pub(crate) struct EmptyExtracts(pub(crate) PathBuf);

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
        _: Before<'_>,
        wanted: Wanted<'_>,
        progress: &dyn Progress,
    ) -> Result<Built, NotBuilt> {
        progress.at("linking", 1, 2);
        let table = TableManifest {
            rows: 900,
            persons: 300,
            columns: Vec::new(),
            lake_version: 1,
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
            changed: None,
            compared_with: None,
        };
        let put_up = if likely { vec![IN_DOUBT.parse().unwrap()] } else { Vec::new() };
        Ok(Built { manifest, put_up, stale: Vec::new() })
    }

    fn reveal(&self, behind: &Behind) -> Result<Vec<Revealed>, NotReversed> {
        let one = |person: &i32| Revealed {
            person: *person,
            national_id: Some(NUMBER.to_owned()),
            own_number: None,
        };
        Ok(behind.persons.iter().map(one).collect())
    }

    fn show_pair(&self, _: &PairId, whole: bool) -> Result<Shown, String> {
        let values =
            if whole { ("<b>Kari</b>", "Karin") } else { ("••••", "••••n") };
        let field = ShownField {
            name: "given-name",
            agreement: Agreement::Differs,
            values: Some((values.0.to_owned(), values.1.to_owned())),
        };
        let step = |name: &str, weight| Weighed {
            name: name.to_owned(),
            level: "both alike".to_owned(),
            weight,
            rarity: 0.0,
        };
        Ok(Shown {
            fields: vec![field],
            whole,
            steps: vec![step("prior", -12.0), step("name", 14.0)],
            weight: 2.0,
            probability: 0.8,
            competes: false,
        })
    }

    fn forget_pairs(&self, _: &[PairId]) {}

    fn folder(&self, _: &ExtractId) -> PathBuf {
        self.0.clone()
    }

    fn sketches(&self, _: &ExtractId) -> Result<Vec<disclosure::Sketch>, String> {
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

    fn destroy(&self, _: &PermitId, _: &ExtractId) -> Result<(), String> {
        Ok(())
    }

    fn recover(&self, _: &[SourceRecord], _: &[ExtractId], _: &[PairId]) -> Result<(), String> {
        Ok(())
    }
}

/// Runs nothing: what is started writes the script's text as `result.csv`, or as
/// the file that its first line names (`# file NAME`), and has ended when the
/// gate is open.
pub(crate) struct Pretence {
    pub(crate) folder: PathBuf,
    /// Where a test has its notebook server listen.
    pub(crate) notebook: PathBuf,
    pub(crate) starts: Arc<Gate>,
    pub(crate) ends: Arc<Gate>,
    pub(crate) runs: Mutex<Vec<(RoomId, Arc<Pretended>)>>,
}

impl Pretence {
    fn folder(&self, room: &RoomId) -> PathBuf {
        self.folder.join(room.as_str())
    }
}

impl Runtime for Pretence {
    fn open(&self, spec: &Spec) -> Result<Holds, OpenError> {
        std::fs::create_dir_all(self.folder(spec.id())).unwrap();
        Ok(Holds::default())
    }

    fn start(
        &self,
        room: &RoomId,
        run: &RunId,
        command: Command,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        self.starts.pass();
        let script = command.script.unwrap();
        log.line(LogLine { stream: Stream::Output, text: &format!("ran <{}>", script.name()) });
        let (name, text) = match script.text().strip_prefix("# file ") {
            Some(rest) => rest.split_once('\n').unwrap(),
            None => ("result.csv", script.text()),
        };
        std::fs::write(self.folder(room).join(name), text).unwrap();
        let running = Arc::new(Pretended::new(run, &self.ends));
        self.runs.lock().unwrap().push((room.clone(), running.clone()));
        Ok(running)
    }

    fn has_notebooks(&self) -> bool {
        true
    }

    fn start_notebook(
        &self,
        room: &RoomId,
        run: &RunId,
        _: Stay,
        _: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        let running = Arc::new(Pretended::new(run, &self.ends));
        self.runs.lock().unwrap().push((room.clone(), running.clone()));
        Ok(running)
    }

    fn has_desktops(&self) -> bool {
        true
    }

    fn start_desktop(
        &self,
        room: &RoomId,
        run: &RunId,
        stay: Stay,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        self.start_notebook(room, run, stay, log)
    }

    fn reach_desktop(
        &self,
        room: &RoomId,
        run: &RunId,
    ) -> std::io::Result<std::os::unix::net::UnixStream> {
        self.reach(room, run)
    }

    fn reach(&self, _: &RoomId, _: &RunId) -> std::io::Result<std::os::unix::net::UnixStream> {
        std::os::unix::net::UnixStream::connect(&self.notebook)
    }

    fn running(&self, room: &RoomId) -> Vec<Arc<dyn Running>> {
        let runs = self.runs.lock().unwrap();
        let of_room = runs.iter().filter(|(of, _)| of == room && !self.ends.is_open());
        of_room.map(|(_, running)| running.clone() as Arc<dyn Running>).collect()
    }

    fn standing(&self, room: &RoomId) -> Result<Standing, WorkError> {
        let everything = room::Usage { bytes: u64::MAX, files: u64::MAX, unseen: 0 };
        let work = self.work(room)?.usage(everything).unwrap();
        Ok(Standing {
            running: Vec::new(),
            memory: 0,
            processes: Some(3),
            cpu_percent: Some(50),
            work,
        })
    }

    fn work(&self, room: &RoomId) -> Result<WorkFolder, WorkError> {
        if !self.folder(room).exists() {
            return Err(WorkError::NoRoom(room.clone()));
        }
        WorkFolder::open(&self.folder(room))
    }

    fn quiet(&self, _: &RoomId) -> Result<(), CloseError> {
        self.ends.open();
        Ok(())
    }

    fn close(&self, room: &RoomId) -> Result<(), CloseError> {
        self.ends.open();
        let _ = std::fs::remove_dir_all(self.folder(room));
        Ok(())
    }

    fn recover(&self, _: &[RoomId]) -> Result<Recovered, RecoverError> {
        Ok(Recovered::default())
    }
}

#[derive(Default)]
pub(crate) struct Logs(Arc<Mutex<HashMap<RunId, String>>>);

struct LogOf(RunId, Arc<Mutex<HashMap<RunId, String>>>);

impl LogSink for LogOf {
    fn line(&self, line: LogLine<'_>) {
        let mut logs = self.1.lock().unwrap();
        let log = logs.entry(self.0.clone()).or_default();
        log.push_str(line.text);
        log.push('\n');
    }
}

impl RunLogs for Logs {
    fn open(&self, _: &RoomId, run: &RunId) -> Result<Arc<dyn LogSink>, String> {
        Ok(Arc::new(LogOf(run.clone(), self.0.clone())))
    }

    fn reopen(&self, room: &RoomId, run: &RunId) -> Result<Arc<dyn LogSink>, String> {
        self.0.lock().unwrap().remove(run);
        self.open(room, run)
    }

    fn read(&self, _: &RoomId, run: &RunId) -> Result<String, String> {
        Ok(self.0.lock().unwrap().get(run).cloned().unwrap_or_default())
    }

    fn remove(&self, _: &RoomId) -> Result<(), String> {
        Ok(())
    }
}

pub(crate) struct BlobsInMemory(pub(crate) Mutex<HashMap<[u8; 32], Vec<u8>>>, pub(crate) PathBuf);

impl Blobs for BlobsInMemory {
    fn put(&self, bytes: &[u8]) -> Result<Hash, String> {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        self.0.lock().unwrap().insert(hash, bytes.to_vec());
        Ok(Hash(hash))
    }

    fn get(&self, hash: &Hash) -> Result<Vec<u8>, String> {
        self.0.lock().unwrap().get(&hash.0).cloned().ok_or_else(|| "not kept".to_owned())
    }

    fn remove(&self, hash: &Hash) -> Result<(), String> {
        self.0.lock().unwrap().remove(&hash.0);
        Ok(())
    }

    fn keep_only(&self, named: &HashSet<Hash>) -> Result<(), String> {
        self.0.lock().unwrap().retain(|hash, _| named.contains(&Hash(*hash)));
        Ok(())
    }

    fn path(&self, _: &Hash) -> PathBuf {
        self.1.clone()
    }

    fn folder(&self) -> &Path {
        &self.1
    }
}

/// Proofs from the book, under a checkpoint that is signed when it is asked for;
/// none before `signs`.
pub(crate) struct BookProofs {
    pub(crate) key: SignerKey,
    pub(crate) book: Arc<dyn Book>,
    pub(crate) signs: Arc<AtomicBool>,
}

fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Tree::new();
    for leaf in leaves {
        tree.push(*leaf);
    }
    tree.root()
}

#[async_trait]
impl Proofs for BookProofs {
    fn key(&self) -> VerifierKey {
        self.key.public().clone()
    }

    async fn prove(&self, seq: u64) -> Result<Option<SignedProof>, Broken> {
        if !self.signs.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let filter = EntryFilter { limit: u32::MAX, ..EntryFilter::default() };
        let entries = self.book.entries(&filter).await.unwrap().items;
        let leaves: Vec<Hash> = entries.iter().map(|entry| entry.hash).collect();
        let size = leaves.len() as u64;
        let plan = Plan::inclusion(seq, size).unwrap();
        let hashes: Vec<Hash> = plan
            .nodes()
            .iter()
            .map(|node| {
                let width = 1_usize << node.level;
                let from = usize::try_from(node.index).unwrap() * width;
                root(&leaves[from..from + width])
            })
            .collect();
        let checkpoint = Checkpoint::sign(size, root(&leaves), &self.key).unwrap();
        Ok(Some(SignedProof { seq, path: plan.assemble(&hashes).unwrap(), checkpoint }))
    }

    async fn checkpoint(&self) -> Result<ledger::SignedNote, Broken> {
        let filter = EntryFilter { limit: u32::MAX, ..EntryFilter::default() };
        let entries = self.book.entries(&filter).await.unwrap().items;
        let leaves: Vec<Hash> = entries.iter().map(|entry| entry.hash).collect();
        Ok(Checkpoint::sign(leaves.len() as u64, root(&leaves), &self.key).unwrap())
    }

    async fn growth(&self, old: u64) -> Result<Option<ledger::Growth>, Broken> {
        let checkpoint = self.checkpoint().await?;
        let size = Checkpoint::unverified(&checkpoint).unwrap().size;
        // What a proof is made of is tested where it is made: from here to here.
        Ok((old == size).then(|| ledger::Growth { old, path: vec![], checkpoint }))
    }

    async fn verify(&self) -> Result<Report, Broken> {
        Ok(Report { entries: 3, root: Hash::default(), signed: 0, faults: Vec::new(), unlisted: 0 })
    }

    async fn export(&self) -> Result<Vec<u8>, Broken> {
        Ok(b"{}\n".to_vec())
    }
}

pub(crate) struct Pulse(pub(crate) Arc<AtomicBool>);

#[async_trait]
impl Health for Pulse {
    async fn ready(&self) -> Result<(), Broken> {
        if self.0.load(Ordering::SeqCst) {
            Ok(())
        } else {
            Err(Broken("the metadata database at 10.0.0.7 does not answer".into()))
        }
    }

    async fn readings(&self) -> Vec<Reading> {
        vec![Reading { group: "storage", name: "book".into(), value: "memory".into(), well: None }]
    }

    async fn gauges(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}
