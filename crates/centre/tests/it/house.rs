//! A centre with its people and one source, for a test to act in.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use centre::outputs::Wish;
use centre::ports::Unwatched;
use centre::{Caller, Centre, Parts, Refused, SigningKeys};
use disclosure::Kind;
use ed25519_dalek::SigningKey;
use ledger::{Book, EntryFilter, MemoryBook};
use model::{
    AccountId, ApplicationId, Clock, Entropy, ManualClock, OutputId, PermitId, Purpose, RoomId,
    RunId, SeededEntropy, SignedDuration, Text, Timestamp,
};
use permit::{
    ColumnTerms, LinkageTerms, LinkageWay, Period, Role, SourceTerms, Strictness, Terms, Verdict,
};
use room::RoomEvent;

use crate::doorway::Doorway;
use crate::fakes::{BlobsInMemory, EmptyExtracts, Folders, NoDeliveries, NoLogs, Passwords};

const PEOPLE: &[(&str, &str, Role)] = &[
    ("researcher", "university", Role::Researcher),
    ("statistician", "university", Role::Researcher),
    ("stranger", "college", Role::Researcher),
    ("holder", "hospital", Role::Holder),
    ("caseworker", "access-body", Role::Caseworker),
    ("checker", "access-body", Role::Checker),
    ("auditor", "access-body", Role::Auditor),
    ("clerk", "access-body", Role::Clerk),
    ("second-clerk", "access-body", Role::Clerk),
    ("third-clerk", "access-body", Role::Clerk),
    ("clerk-of-theirs", "university", Role::Clerk),
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

/// A table that passes.
pub(crate) const SAFE: &str = "sex,people\nwomen,160\nmen,140\nall,300\n";

/// A table with a cell of two people, which can be mended.
pub(crate) const SMALL: &str = "region,sex,people\nnorth,women,2\nnorth,men,40\nsouth,women,60\nsouth,men,70\n\
     west,women,50\nwest,men,40\n";

/// A centre of fakes.
pub(crate) struct House {
    pub(crate) centre: Arc<Centre>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) book: Arc<dyn Book>,
    pub(crate) extracts: Arc<EmptyExtracts>,
    pub(crate) blobs: Arc<BlobsInMemory>,
    pub(crate) gate: Arc<Doorway>,
    rooms: Folders,
    _folder: tempfile::TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-03-01T09:00:00Z".parse().unwrap()));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
        let book: Arc<dyn Book> =
            Arc::new(MemoryBook::new(&centre::projections(), clock.clone() as Arc<dyn Clock>));
        let extracts = Arc::new(EmptyExtracts {
            folder: folder.path().join("extract"),
            ..EmptyExtracts::default()
        });
        let rooms = folder.path().join("rooms");
        let blobs = Arc::new(BlobsInMemory::default());
        let gate = Arc::new(Doorway::default());
        let parts = Parts {
            book: book.clone(),
            clock: clock.clone(),
            entropy,
            keys: SigningKeys {
                permit: SigningKey::from_bytes(&[1; 32]),
                release: SigningKey::from_bytes(&[2; 32]),
            },
            credentials: Arc::new(Passwords { book: book.clone(), kept: Mutex::default() }),
            deliveries: Arc::new(NoDeliveries),
            extracts: extracts.clone(),
            runtime: Arc::new(Folders(rooms.clone())),
            logs: Arc::new(NoLogs),
            blobs: blobs.clone(),
            allowed_packages: Vec::new(),
            told: centre::Told::default(),
            places: room::Budget::BOUNDLESS,
            patience: SignedDuration::from_mins(10),
            standstill: SignedDuration::from_hours(24 * 14),
            gate: gate.clone(),
        };
        let centre = Centre::new(parts).unwrap();
        people(&centre).await;
        let rooms = Folders(rooms);
        Self { centre, clock, book, extracts, blobs, gate, rooms, _folder: folder }
    }

    /// The contract now lets groups down to `people` be published.
    pub(crate) async fn let_publish(&self, people: u32) {
        let contract =
            CONTRACT.replace("smallest-count = 5", &format!("smallest-count = {people}"));
        let operator = self.caller("operator").await;
        self.centre.register_source(&operator, toml::from_str(&contract).unwrap()).await.unwrap();
    }

    /// Lets time pass until then.
    pub(crate) fn wait_until(&self, then: &str) {
        let then: Timestamp = then.parse().unwrap();
        self.clock.advance(then.duration_since(self.clock.now()));
    }

    /// Somebody by the name of their account.
    pub(crate) async fn caller(&self, id: &str) -> Caller {
        self.centre.caller(&id.parse().unwrap()).await.unwrap()
    }

    /// An application that was handed in, for the researcher and with `change`.
    pub(crate) async fn application(&self, change: impl FnOnce(&mut Terms)) -> ApplicationId {
        let researcher = self.caller("researcher").await;
        let mut terms = terms();
        change(&mut terms);
        let id = self.centre.begin_application(&researcher, terms).await.unwrap();
        self.centre.submit_application(&researcher, &id).await.unwrap();
        id
    }

    /// A permit on those terms, with `change`.
    pub(crate) async fn permit(&self, change: impl FnOnce(&mut Terms)) -> PermitId {
        let id = self.application(change).await;
        let holder = self.caller("holder").await;
        let why = || "it suits the purpose".to_owned();
        self.centre.review_application(&holder, &id, Verdict::Approve, why()).await.unwrap();
        let caseworker = self.caller("caseworker").await;
        self.centre.grant_application(&caseworker, &id, why()).await.unwrap()
    }

    /// An open room on a permit's new extract.
    pub(crate) async fn room_on(&self, permit: &PermitId) -> RoomId {
        let researcher = self.caller("researcher").await;
        self.centre.build_extracts(&researcher, permit, Arc::new(Unwatched)).await.unwrap();
        self.centre.open_room(&researcher, permit, Strictness::Strict).await.unwrap()
    }

    /// An open room on a permit of the researcher.
    pub(crate) async fn room(&self) -> RoomId {
        let permit = self.permit(|_| {}).await;
        self.room_on(&permit).await
    }

    /// Puts a file into a room, as a script would.
    pub(crate) fn put(&self, room: &RoomId, name: &str, text: &str) {
        let path = self.rooms.of(room).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Asks to take files out of a room, as the researcher.
    pub(crate) async fn ask(
        &self,
        room: &RoomId,
        files: &[(&str, Kind)],
    ) -> Result<Vec<OutputId>, Refused> {
        let wishes = files
            .iter()
            .map(|(name, declared)| Wish {
                name: name.parse().unwrap(),
                declared: declared.clone(),
                note: "table 1".to_owned(),
            })
            .collect();
        self.centre.request_outputs(&self.caller("researcher").await, room, wishes).await
    }

    /// Puts a file into a room and asks to take it out.
    pub(crate) async fn asked(&self, room: &RoomId, name: &str, text: &str) -> OutputId {
        self.put(room, name, text);
        self.ask(room, &[(name, Kind::Unknown)]).await.unwrap().remove(0)
    }

    /// The checker's decision.
    pub(crate) async fn decide(
        &self,
        output: &OutputId,
        verdict: release::Verdict,
    ) -> Result<(), Refused> {
        let checker = self.caller("checker").await;
        self.centre.decide_output(&checker, output, verdict, "looked at it".to_owned()).await
    }

    pub(crate) async fn release(&self, output: &OutputId) -> Result<(), Refused> {
        self.decide(output, release::Verdict::Released).await
    }

    /// An output as the record has it.
    pub(crate) async fn output(&self, id: &OutputId) -> release::Output {
        Arc::unwrap_or_clone(self.centre.output(&self.caller("auditor").await, id).await.unwrap())
    }

    /// What happened to a subject, oldest first.
    pub(crate) async fn acts(&self, kind: &str, id: &str) -> Vec<String> {
        let entries = self.centre.timeline(kind, id).await.unwrap().items.clone();
        entries.into_iter().map(|entry| entry.act).collect()
    }

    /// How many entries there are whose act begins so.
    pub(crate) async fn count(&self, act: &str) -> u64 {
        let filter = EntryFilter { acts: vec![act.to_owned()], ..EntryFilter::default() };
        self.book.entries(&filter).await.unwrap().total
    }
}

/// Somebody's program begins to run.
pub(crate) fn started(run: &RunId, by: &AccountId, program: &str) -> RoomEvent {
    RoomEvent::RunStarted {
        run: run.clone(),
        by: by.clone(),
        command: vec![program.to_owned()],
        script: None,
        notebook: false,
        desktop: false,
        private: true,
    }
}

/// The rule that refused, and its article.
pub(crate) fn refused_by<T: std::fmt::Debug>(result: Result<T, Refused>) -> Vec<String> {
    match result {
        Err(Refused::Denied(denied)) => {
            assert!(denied.rules.iter().all(|rule| !rule.article.is_empty()));
            denied.rules.into_iter().map(|rule| rule.id).collect()
        }
        other => panic!("not refused by policy: {other:?}"),
    }
}

/// A strict extract and a generous one.
pub(crate) fn two_extracts() -> LinkageTerms {
    LinkageTerms { how: LinkageWay::Likely, generous: Some(0.6), ..LinkageTerms::default() }
}

pub(crate) fn terms() -> Terms {
    Terms {
        title: "Mortality".into(),
        summary: "Do people live shorter lives?".into(),
        purpose: Some(Purpose::Research),
        legal_basis: "GDPR 6(1)(e), 9(2)(j)".into(),
        people: vec!["researcher".parse().unwrap()],
        sources: vec![SourceTerms {
            source: "laboratory".parse().unwrap(),
            columns: vec![ColumnTerms { name: "value".into(), reason: "the outcome".into() }],
            rows: vec![],
        }],
        valid: Period { from: None, until: Some("2027-03-01".parse().unwrap()) },
        ..Terms::default()
    }
}

async fn people(centre: &Arc<Centre>) {
    let operator: AccountId = "operator".parse().unwrap();
    let home = "helserom".parse().unwrap();
    centre.found(&home, Text::from("Helserom"), &operator).await.unwrap();
    let caller = centre.caller(&operator).await.unwrap();
    let homes: BTreeSet<_> = PEOPLE.iter().map(|(_, home, _)| *home).collect();
    for home in homes {
        centre.register_organisation(&caller, &home.parse().unwrap(), home.into()).await.unwrap();
    }
    for (id, home, role) in PEOPLE {
        let (id, home) = (id.parse().unwrap(), home.parse().unwrap());
        let name = Text::from(role.as_str());
        centre.register_account(&caller, &id, name, home, [*role].into()).await.unwrap();
    }
    centre.register_source(&caller, toml::from_str(CONTRACT).unwrap()).await.unwrap();
}
