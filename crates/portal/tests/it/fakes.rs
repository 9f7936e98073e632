//! A centre without vault, lake, database and sandbox.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use centre::ports::{
    Blobs, Credentials, Delivered, Deliveries, Extracts, NotDelivered, Progress, QuarantinedRow,
    RunLogs,
};
use centre::{Caller, Centre, SigningKeys};
use ed25519_dalek::SigningKey;
use ledger::chain::Report;
use ledger::{
    Book, BookError, Draft, Entry, Hash, MemoryBook, SignedProof, SignerKey, VerifierKey,
};
use linkage::{ExtractManifest, TableManifest};
use model::{
    AccountId, Clock, Entropy, ExtractId, ImportId, ManualClock, PermitId, RoomId, RunId, Secret,
    SeededEntropy, Text,
};
use permit::{ActivePermit, Role};
use portal::{Broken, Config, Health, MemorySessions, Parts, Proofs, Reading};
use room::{
    CloseError, Command, Ended, Holds, LogLine, LogSink, OpenError, Outcome, RecoverError,
    Recovered, Running, Runtime, Spec, Standing, StartError, Stream, WorkError, WorkFolder,
};
use sha2::{Digest, Sha256};
use source::{ImportManifest, SourceRecord};

struct Passwords {
    book: Arc<dyn Book>,
    kept: Mutex<HashMap<AccountId, String>>,
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

struct NoDeliveries;

impl Deliveries for NoDeliveries {
    fn take_in(
        &self,
        _: &SourceRecord,
        _: &ImportId,
        _: &[PathBuf],
        _: &dyn Progress,
    ) -> Result<Delivered, NotDelivered> {
        Err(NotDelivered {
            why: "nothing is delivered here".into(),
            files: vec![],
            by_content: false,
        })
    }

    fn recover(&self, _: &[SourceRecord]) -> Result<(), String> {
        Ok(())
    }

    fn check(
        &self,
        _: &source::Contract,
        _: &[PathBuf],
        _: &dyn Progress,
    ) -> Result<ImportManifest, NotDelivered> {
        Err(NotDelivered {
            why: "nothing is delivered here".into(),
            files: vec![],
            by_content: false,
        })
    }

    fn quarantine(&self, _: &SourceRecord, _: &ImportId) -> Result<Vec<QuarantinedRow>, String> {
        Ok(Vec::new())
    }
}

struct EmptyExtracts(PathBuf);

impl Extracts for EmptyExtracts {
    fn build(
        &self,
        permit: &ActivePermit,
        _: &[SourceRecord],
        extract: &ExtractId,
        progress: &dyn Progress,
    ) -> Result<ExtractManifest, String> {
        progress.at("linking", 1, 2);
        let table = TableManifest {
            rows: 900,
            persons: 300,
            columns: Vec::new(),
            lake_version: 1,
            sha256: Hash::default(),
            bytes: 10,
        };
        Ok(ExtractManifest {
            extract: extract.clone(),
            permit: permit.id().clone(),
            persons: 300,
            tables: [("laboratory".parse().unwrap(), table)].into(),
            linkage: [].into(),
        })
    }

    fn folder(&self, _: &ExtractId) -> PathBuf {
        self.0.clone()
    }

    fn sketches(&self, _: &ExtractId) -> Result<Vec<disclosure::Sketch>, String> {
        Ok(Vec::new())
    }

    fn destroy(&self, _: &PermitId, _: &ExtractId) -> Result<(), String> {
        Ok(())
    }

    fn recover(&self, _: &[SourceRecord], _: &[ExtractId]) -> Result<(), String> {
        Ok(())
    }
}

/// Runs nothing: whatever is started has ended, and has written the script's
/// text as its result.
struct Pretence(PathBuf);

struct Over(RunId);

impl Running for Over {
    fn run(&self) -> &RunId {
        &self.0
    }

    fn stop(&self) {}

    fn ended(&self) -> Option<Ended> {
        Some(self.wait())
    }

    fn wait(&self) -> Ended {
        Ended { outcome: Outcome::Finished, exit: Some(0), ..Ended::LOST }
    }

    fn memory(&self) -> u64 {
        0
    }
}

impl Pretence {
    fn folder(&self, room: &RoomId) -> PathBuf {
        self.0.join(room.as_str())
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
        let script = command.script.unwrap();
        log.line(LogLine { stream: Stream::Output, text: &format!("ran <{}>", script.name()) });
        for name in ["result.csv", "picture.svg"] {
            std::fs::write(self.folder(room).join(name), script.text()).unwrap();
        }
        Ok(Arc::new(Over(run.clone())))
    }

    fn running(&self, _: &RoomId) -> Option<Arc<dyn Running>> {
        None
    }

    fn standing(&self, room: &RoomId) -> Result<Standing, WorkError> {
        let everything = room::Usage { bytes: u64::MAX, files: u64::MAX, unseen: 0 };
        let work = self.work(room)?.usage(everything).unwrap();
        Ok(Standing { running: None, memory: 0, work })
    }

    fn work(&self, room: &RoomId) -> Result<WorkFolder, WorkError> {
        WorkFolder::open(&self.folder(room))
    }

    fn close(&self, room: &RoomId) -> Result<(), CloseError> {
        let _ = std::fs::remove_dir_all(self.folder(room));
        Ok(())
    }

    fn recover(&self, _: &[RoomId]) -> Result<Recovered, RecoverError> {
        Ok(Recovered::default())
    }
}

#[derive(Default)]
struct Logs(Arc<Mutex<HashMap<RunId, String>>>);

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

    fn read(&self, _: &RoomId, run: &RunId) -> Result<String, String> {
        Ok(self.0.lock().unwrap().get(run).cloned().unwrap_or_default())
    }

    fn remove(&self, _: &RoomId) -> Result<(), String> {
        Ok(())
    }
}

struct BlobsInMemory(Mutex<HashMap<[u8; 32], Vec<u8>>>, PathBuf);

impl Blobs for BlobsInMemory {
    fn put(&self, bytes: &[u8]) -> Result<Hash, String> {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        self.0.lock().unwrap().insert(hash, bytes.to_vec());
        Ok(Hash(hash))
    }

    fn get(&self, hash: &Hash) -> Result<Vec<u8>, String> {
        self.0.lock().unwrap().get(&hash.0).cloned().ok_or_else(|| "not kept".to_owned())
    }

    fn path(&self, _: &Hash) -> PathBuf {
        self.1.clone()
    }

    fn folder(&self) -> &Path {
        &self.1
    }
}

struct NoProofs(SignerKey);

#[async_trait]
impl Proofs for NoProofs {
    fn key(&self) -> VerifierKey {
        self.0.public().clone()
    }

    async fn prove(&self, _: u64) -> Result<Option<SignedProof>, Broken> {
        Ok(None)
    }

    async fn verify(&self) -> Result<Report, Broken> {
        Ok(Report { entries: 3, root: Hash::default(), signed: 0, faults: Vec::new(), unlisted: 0 })
    }

    async fn export(&self) -> Result<Vec<u8>, Broken> {
        Ok(b"{}\n".to_vec())
    }
}

struct Well;

#[async_trait]
impl Health for Well {
    async fn ready(&self) -> Result<(), Broken> {
        Ok(())
    }

    async fn readings(&self) -> Vec<Reading> {
        vec![Reading { group: "storage", name: "book".into(), value: "memory".into(), well: None }]
    }
}

/// A centre with its people, and the portal in front of it.
pub(crate) struct Site {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) router: axum::Router,
    _folder: tempfile::TempDir,
}

/// The password of every account of a [`Site`].
pub(crate) const PASSWORD: &str = "a sentence that is easy to remember";

const PEOPLE: &[(&str, &str, Role)] = &[
    ("researcher", "university", Role::Researcher),
    ("statistician", "university", Role::Researcher),
    ("holder", "hospital", Role::Holder),
    ("caseworker", "access-body", Role::Caseworker),
    ("checker", "access-body", Role::Checker),
    ("auditor", "access-body", Role::Auditor),
];

const CONTRACT: &str = r#"
version = 1
source = "laboratory"
title = { en = "Laboratory", nb = "Laboratorium", da = "Laboratorium" }
holder = "hospital"
update = "once"
smallest-count = 5

[file]
format = "csv"

[[column]]
name = "id"
type = "text"
identifies = "national-id"

[[column]]
name = "value"
type = "decimal"
title = { en = "Result", nb = "Resultat", da = "Resultat" }
"#;

impl Site {
    /// A site whose accounts can all be entered with one click.
    pub(crate) async fn demo() -> Self {
        let demo = PEOPLE.iter().map(|(id, ..)| id.parse().unwrap()).collect();
        Self::with(Config { demo, ..Config::default() }).await
    }

    /// A site with that config.
    pub(crate) async fn with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-03-01T09:00:00Z".parse().unwrap()));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
        let book: Arc<dyn Book> =
            Arc::new(MemoryBook::new(&centre::projections(), clock.clone() as Arc<dyn Clock>));
        let parts = centre::Parts {
            book: book.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            keys: SigningKeys {
                permit: SigningKey::from_bytes(&[1; 32]),
                release: SigningKey::from_bytes(&[2; 32]),
            },
            credentials: Arc::new(Passwords { book, kept: Mutex::default() }),
            deliveries: Arc::new(NoDeliveries),
            extracts: Arc::new(EmptyExtracts(folder.path().join("extract"))),
            runtime: Arc::new(Pretence(folder.path().join("rooms"))),
            logs: Arc::new(Logs::default()),
            blobs: Arc::new(BlobsInMemory(Mutex::default(), folder.path().join("blobs"))),
        };
        let centre = Centre::new(parts).unwrap();
        people(&centre).await;
        let key = SignerKey::generate("test", entropy.as_ref()).unwrap();
        let router = portal::router(
            Parts {
                centre: centre.clone(),
                sessions: Arc::new(MemorySessions::new(clock.clone())),
                proofs: Arc::new(NoProofs(key)),
                health: Arc::new(Well),
                entropy,
            },
            config,
        );
        Self { clock, router, _folder: folder }
    }
}

async fn people(centre: &Arc<Centre>) {
    let operator: AccountId = "operator".parse().unwrap();
    let home = "helserom".parse().unwrap();
    centre.found(&home, Text::from("Helserom"), &operator).await.unwrap();
    let caller: Caller = centre.caller(&operator).await.unwrap();
    for (id, name) in [
        ("university", "The university"),
        ("hospital", "The hospital"),
        ("access-body", "The access body"),
    ] {
        centre.register_organisation(&caller, &id.parse().unwrap(), name.into()).await.unwrap();
    }
    for (id, organisation, role) in PEOPLE {
        let id: AccountId = id.parse().unwrap();
        let name = Text::from(role.as_str());
        let organisation = organisation.parse().unwrap();
        centre.register_account(&caller, &id, name, organisation, [*role].into()).await.unwrap();
    }
    let researcher: AccountId = "researcher".parse().unwrap();
    let password = Secret::new(PASSWORD.to_owned());
    centre.set_password(&caller, &researcher, password).await.unwrap();
    let contract = toml::from_str(CONTRACT).unwrap();
    centre.register_source(&caller, contract).await.unwrap();
}
