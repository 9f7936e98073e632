//! A centre whose rooms are pretended: which of them are stuck, gone or minded is
//! for the test to say.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::nothing::Nothing;
use async_trait::async_trait;
use centre::{Caller, Centre, SigningKeys};
use ed25519_dalek::SigningKey;
use ledger::{
    Book, BookError, Draft, Entry, EntryFilter, Event, Guard, Hash, MemoryBook, Page, RecordFilter,
    Row, Subject,
};
use model::{
    AccountId, Clock, ExtractId, ManualClock, PermitId, RoomId, RunId, SeededEntropy,
    SignedDuration,
};
use permit::permit::{Grant, PermitEvent};
use permit::{Account, AccountEvent, Period, Role, RoomTerms, Terms, Way};
use room::{
    Budget, CloseError, Command, Ended, Holds, Limits, LogSink, OpenError, Outcome, RecoverError,
    Recovered, RoomEvent, Running, Runtime, Spec, Standing, StartError, Stay, Stuck, Waits,
    WorkError, WorkFolder,
};

/// A command that has ended when it is asked.
struct Over(RunId, Arc<AtomicUsize>);

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

    fn noted(&self) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

/// A place that this program waits for.
struct Held(RoomId, Arc<Mutex<BTreeSet<RoomId>>>);

impl Drop for Held {
    fn drop(&mut self) {
        self.1.lock().unwrap().remove(&self.0);
    }
}

/// Rooms as the test says they are.
#[derive(Default)]
pub(crate) struct Pretence {
    folder: PathBuf,
    /// Rooms that do not close.
    pub(crate) stuck: Mutex<BTreeSet<RoomId>>,
    /// Commands that another program minds.
    pub(crate) minded: Mutex<BTreeSet<RunId>>,
    /// Rooms without a folder.
    pub(crate) missing: Mutex<BTreeSet<RoomId>>,
    /// Rooms for which some program waits for a place.
    pub(crate) waited_for: Arc<Mutex<BTreeSet<RoomId>>>,
    /// How many times everything was let go of.
    pub(crate) let_go: AtomicUsize,
    /// How many ends of commands need not be kept any more.
    pub(crate) noted: Arc<AtomicUsize>,
    /// How long each that was started may run.
    pub(crate) walls: Mutex<Vec<Duration>>,
}

impl Runtime for Pretence {
    fn open(&self, _: &Spec) -> Result<Holds, OpenError> {
        Ok(Holds::default())
    }

    fn start(
        &self,
        _: &RoomId,
        run: &RunId,
        command: Command,
        _: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        self.walls.lock().unwrap().push(command.wall);
        Ok(Arc::new(Over(run.clone(), Arc::clone(&self.noted))))
    }

    fn start_notebook(
        &self,
        _: &RoomId,
        run: &RunId,
        stay: Stay,
        _: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        self.walls.lock().unwrap().push(stay.wall);
        Ok(Arc::new(Over(run.clone(), Arc::clone(&self.noted))))
    }

    fn has_notebooks(&self) -> bool {
        true
    }

    fn adopt(
        &self,
        room: &RoomId,
        run: &RunId,
        log: &dyn Fn() -> io::Result<Arc<dyn LogSink>>,
    ) -> io::Result<Option<Arc<dyn Running>>> {
        if !self.is_minded(room, run) {
            return Ok(None);
        }
        log()?;
        Ok(Some(Arc::new(Over(run.clone(), Arc::clone(&self.noted)))))
    }

    fn is_minded(&self, _: &RoomId, run: &RunId) -> bool {
        self.minded.lock().unwrap().contains(run)
    }

    fn wait_for_place(&self, room: &RoomId) -> io::Result<Option<Waits>> {
        let is_first = self.waited_for.lock().unwrap().insert(room.clone());
        Ok(is_first
            .then(|| -> Waits { Box::new(Held(room.clone(), Arc::clone(&self.waited_for))) }))
    }

    fn is_waited_for(&self, room: &RoomId) -> bool {
        self.waited_for.lock().unwrap().contains(room)
    }

    fn running(&self, _: &RoomId) -> Vec<Arc<dyn Running>> {
        Vec::new()
    }

    fn standing(&self, room: &RoomId) -> Result<Standing, WorkError> {
        Err(WorkError::NoRoom(room.clone()))
    }

    fn work(&self, room: &RoomId) -> Result<WorkFolder, WorkError> {
        if self.missing.lock().unwrap().contains(room) {
            return Err(WorkError::NoRoom(room.clone()));
        }
        WorkFolder::open(&self.folder)
    }

    fn quiet(&self, room: &RoomId) -> Result<(), CloseError> {
        if self.stuck.lock().unwrap().contains(room) {
            return Err(CloseError::Stuck(room.clone()));
        }
        Ok(())
    }

    fn close(&self, room: &RoomId) -> Result<(), CloseError> {
        self.quiet(room)?;
        self.missing.lock().unwrap().insert(room.clone());
        Ok(())
    }

    fn recover(&self, open: &[RoomId]) -> Result<Recovered, RecoverError> {
        let missing = self.missing.lock().unwrap();
        let why = "busy".to_owned();
        Ok(Recovered {
            missing: open.iter().filter(|room| missing.contains(*room)).cloned().collect(),
            minded: self.minded.lock().unwrap().iter().cloned().collect(),
            stuck: vec![Stuck { room: ".gone-room-pinned".to_owned(), why }],
            ..Recovered::default()
        })
    }

    fn let_go(&self) -> Vec<Stuck> {
        self.let_go.fetch_add(1, Ordering::Relaxed);
        Vec::new()
    }
}

/// A book in which somebody else looks into a room just before each of the first
/// entries of one kind is written. It counts how often records and entries are read.
struct Rival {
    reads: Arc<AtomicUsize>,
    book: MemoryBook,
    before: &'static str,
    left: AtomicUsize,
    faster: Faster,
}

/// What somebody else has begin, and where, just before something is begun.
pub(crate) type Faster = Arc<Mutex<Option<(RoomId, RoomEvent)>>>;

#[async_trait]
impl Book for Rival {
    async fn append(
        &self,
        drafts: Vec<Draft>,
        guards: Vec<Guard>,
    ) -> Result<Vec<Entry>, BookError> {
        let begins = drafts.first().is_some_and(|draft| draft.act == "room.run-started");
        let faster = self.faster.lock().unwrap().take_if(|_| begins);
        if let Some((room, event)) = faster {
            let draft = Draft::new(&researcher(), room.as_str(), &event).unwrap();
            self.book.append(vec![draft], vec![]).await?;
        }
        let first = drafts.first().filter(|draft| draft.act == self.before);
        let count = |left: usize| left.checked_sub(1);
        if let Some(first) = first
            && self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).is_ok()
        {
            let by: AccountId = "colleague".parse().unwrap();
            let (file, sha256) = ("a.csv".to_owned(), Hash::default());
            let look = RoomEvent::Looked { by: by.clone(), file, bytes: 1, sha256 };
            let look = Draft::new(&by, first.subject.id(), &look).unwrap();
            self.book.append(vec![look], vec![]).await?;
        }
        self.book.append(drafts, guards).await
    }

    async fn record(&self, subject: &Subject) -> Result<Option<Row>, BookError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.book.record(subject).await
    }

    async fn records(&self, kind: &str, filter: &RecordFilter) -> Result<Page<Row>, BookError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.book.records(kind, filter).await
    }

    async fn entries(&self, filter: &EntryFilter) -> Result<Page<Entry>, BookError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.book.entries(filter).await
    }

    async fn length(&self) -> Result<u64, BookError> {
        self.book.length().await
    }
}

/// A centre with pretended rooms on two permits: one good until 1 March 2026,
/// one that goes on.
pub(crate) struct Site {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) book: Arc<dyn Book>,
    /// How often records and entries were read.
    pub(crate) reads: Arc<AtomicUsize>,
    /// Who is faster than whoever begins something next.
    pub(crate) faster: Faster,
    pub(crate) rooms: Arc<Pretence>,
    pub(crate) centre: Arc<Centre>,
    pub(crate) folder: tempfile::TempDir,
    ends: PermitId,
    goes_on: PermitId,
    entropy: Arc<SeededEntropy>,
}

pub(crate) fn researcher() -> AccountId {
    "researcher".parse().unwrap()
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with_rival("nothing", 0).await
    }

    /// Somebody looks into the room before each of the first `times` entries `act`.
    pub(crate) async fn with_rival(act: &'static str, times: usize) -> Self {
        Self::made(act, times, Budget::BOUNDLESS).await
    }

    /// On a machine that gives so much to rooms.
    pub(crate) async fn with_places(places: Budget) -> Self {
        Self::made("nothing", 0, places).await
    }

    async fn made(act: &'static str, times: usize, places: Budget) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        let entropy = Arc::new(SeededEntropy::new(7));
        let kept = MemoryBook::new(&centre::projections(), clock.clone() as Arc<dyn Clock>);
        let reads = Arc::new(AtomicUsize::new(0));
        let faster = Faster::default();
        let book: Arc<dyn Book> = Arc::new(Rival {
            reads: reads.clone(),
            book: kept,
            before: act,
            left: AtomicUsize::new(times),
            faster: faster.clone(),
        });
        let rooms = Arc::new(Pretence { folder: folder.path().to_owned(), ..Pretence::default() });
        let key = SigningKey::from_bytes(&[1; 32]);
        let centre = Centre::new(centre::Parts {
            book: book.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            keys: SigningKeys { permit: key, release: SigningKey::from_bytes(&[2; 32]) },
            credentials: Arc::new(Nothing),
            deliveries: Arc::new(Nothing),
            extracts: Arc::new(Nothing),
            runtime: rooms.clone(),
            logs: Arc::new(Nothing),
            blobs: Arc::new(Nothing),
            allowed_packages: Vec::new(),
            told: centre::Told::default(),
            places,
            patience: SignedDuration::from_mins(10),
            standstill: SignedDuration::from_hours(24 * 14),
            gate: Arc::new(crate::doorway::Doorway::default()),
        })
        .unwrap();
        let [ends, goes_on] = [(); 2].map(|()| PermitId::mint(entropy.as_ref()));
        let site =
            Self { clock, book, reads, faster, rooms, centre, folder, ends, goes_on, entropy };
        let registered = AccountEvent::Registered {
            name: "Researcher".into(),
            organisation: "university".parse().unwrap(),
            roles: [Role::Researcher].into(),
        };
        site.write("researcher", &registered).await;
        let last = Period { from: None, until: Some(model::Date::constant(2026, 3, 1)) };
        site.issue(&site.ends, Terms { valid: last, ..Terms::default() }).await;
        site.issue(&site.goes_on, Terms::default()).await;
        site
    }

    async fn issue(&self, permit: &PermitId, terms: Terms) {
        let grant = Grant {
            permit: permit.clone(),
            application: model::ApplicationId::mint(self.entropy.as_ref()),
            data_user: "university".parse().unwrap(),
            terms: Terms { people: vec![researcher()], ..terms },
        };
        let signature = grant.sign(&SigningKey::from_bytes(&[1; 32])).unwrap();
        let issued = PermitEvent::Issued { grant: Box::new(grant), signature };
        self.write(permit.as_str(), &issued).await;
    }

    pub(crate) async fn write<E: Event>(&self, id: &str, event: &E) {
        let draft = Draft::new(&researcher(), id, event).unwrap();
        self.book.append(vec![draft], vec![]).await.unwrap();
    }

    /// A room on the permit whose last day is 1 March 2026.
    pub(crate) async fn room_that_ends(&self) -> RoomId {
        self.room(&self.ends).await
    }

    /// A room on the permit that goes on.
    pub(crate) async fn room_that_stays(&self) -> RoomId {
        self.room(&self.goes_on).await
    }

    /// A room that may be used for so many hours altogether.
    pub(crate) async fn room_for(&self, hours: u32) -> RoomId {
        let permit = PermitId::mint(self.entropy.as_ref());
        let (hours, way) = (Some(hours), Way::Notebook);
        let room = RoomTerms { hours, way, ..RoomTerms::default() };
        self.issue(&permit, Terms { room, ..Terms::default() }).await;
        self.room(&permit).await
    }

    async fn room(&self, permit: &PermitId) -> RoomId {
        let room = RoomId::mint(self.entropy.as_ref());
        let opened = RoomEvent::Opened {
            permit: permit.clone(),
            extract: ExtractId::mint(self.entropy.as_ref()),
            limits: Limits::of(&permit::RoomTerms::default()).unwrap(),
            holds: Holds::default(),
            by: researcher(),
        };
        self.write(room.as_str(), &opened).await;
        room
    }

    /// A command that began in the room and that nobody of this program minds.
    pub(crate) async fn begin(&self, room: &RoomId) -> RunId {
        let (run, begun) = self.begins();
        self.write(room.as_str(), &begun).await;
        run
    }

    /// That a command begins.
    pub(crate) fn begins(&self) -> (RunId, RoomEvent) {
        let run = RunId::mint(self.entropy.as_ref());
        let (by, command, script) = (researcher(), vec!["Rscript".to_owned()], None);
        let begun = RoomEvent::RunStarted {
            run: run.clone(),
            by,
            command,
            script,
            notebook: false,
            desktop: false,
            private: true,
        };
        (run, begun)
    }

    /// A notebook that an earlier program took in waits in the room.
    pub(crate) async fn waits(&self, room: &RoomId, stays: bool) -> RunId {
        let run = RunId::mint(self.entropy.as_ref());
        let queued = RoomEvent::RunQueued {
            run: run.clone(),
            by: researcher(),
            command: vec!["jupyter".to_owned(), "lab".to_owned()],
            script: None,
            notebook: true,
            desktop: false,
            private: true,
            stays,
        };
        self.write(room.as_str(), &queued).await;
        run
    }

    /// What runs in the room ends by itself.
    pub(crate) async fn ends(&self, room: &RoomId, run: &RunId) {
        let ended = Ended { outcome: Outcome::Finished, exit: Some(0), ..Ended::LOST };
        self.write(room.as_str(), &ended.event(run, &room::Listing::default(), None)).await;
    }

    /// One of the people of both permits.
    pub(crate) fn caller() -> Caller {
        Caller::from(Account {
            id: researcher(),
            name: "Researcher".into(),
            organisation: "university".parse().unwrap(),
            roles: [Role::Researcher].into(),
            open: true,
        })
    }

    /// One who decides for the access body.
    pub(crate) fn caseworker() -> Caller {
        Self::of_the_access_body("caseworker", Role::Caseworker)
    }

    /// One who reads what was done.
    pub(crate) fn auditor() -> Caller {
        Self::of_the_access_body("auditor", Role::Auditor)
    }

    fn of_the_access_body(name: &str, role: Role) -> Caller {
        Caller::from(Account {
            id: name.parse().unwrap(),
            name: name.into(),
            organisation: "access-body".parse().unwrap(),
            roles: [role].into(),
            open: true,
        })
    }

    pub(crate) async fn see(&self, room: &RoomId) -> room::Room {
        ledger::load(self.book.as_ref(), room.as_str()).await.unwrap().unwrap().0
    }

    /// The acts of the room, oldest first.
    pub(crate) async fn acts(&self, room: &RoomId) -> Vec<String> {
        let entries = self.centre.timeline("room", room.as_str()).await.unwrap().items.clone();
        entries.into_iter().map(|entry| entry.act.clone()).collect()
    }
}
