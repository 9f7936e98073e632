//! A centre with its people, and the portal in front of it.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use centre::{Caller, Centre, SigningKeys};
use ed25519_dalek::SigningKey;
use ledger::{Book, MemoryBook, SignerKey};
use model::{AccountId, Clock, Entropy, ManualClock, Secret, SeededEntropy, Text};
use permit::Role;
use portal::{Config, MemorySessions, Parts};

use crate::doorway::Doorway;
use crate::fakes::{
    BlobsInMemory, BookProofs, EmptyExtracts, Logs, OneRowAside, Passwords, Pretence, Pulse,
};
use crate::gate::Gate;

/// A centre with its people, and the portal in front of it.
pub(crate) struct Site {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) router: axum::Router,
    /// What is at the notebooks' address.
    pub(crate) notebooks: axum::Router,
    pub(crate) centre: Arc<Centre>,
    pub(crate) parts: Parts,
    /// What starts in rooms stands before this one.
    pub(crate) starts: Arc<Gate>,
    /// What runs in rooms ends when this one is open.
    pub(crate) ends: Arc<Gate>,
    /// Whether the machine is well.
    pub(crate) well: Arc<AtomicBool>,
    /// Whether checkpoints are signed.
    pub(crate) signs: Arc<AtomicBool>,
    folder: tempfile::TempDir,
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
    ("clerk", "access-body", Role::Clerk),
    ("second-clerk", "access-body", Role::Clerk),
];

const CONTRACT: &str = include_str!("laboratory.toml");

impl Site {
    /// Where rooms' notebook server is reached.
    pub(crate) fn notebook_socket(&self) -> PathBuf {
        self.folder.path().join("notebook")
    }

    /// A site whose accounts can all be entered with one click.
    pub(crate) async fn demo() -> Self {
        let ids = PEOPLE.iter().map(|(id, ..)| *id).chain(["operator"]);
        let demo = ids.map(|id| id.parse().unwrap()).collect();
        let hosts = vec!["portal.test".to_owned()];
        Self::with(Config { demo, hosts, ..Config::default() }).await
    }

    /// A site with that config.
    pub(crate) async fn with(config: Config) -> Self {
        Self::with_places(config, room::Budget::BOUNDLESS).await
    }

    /// The same on a machine that gives so much to rooms.
    pub(crate) async fn with_places(config: Config, places: room::Budget) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-03-01T09:00:00Z".parse().unwrap()));
        let (starts, ends) = (Gate::open_at_first(), Gate::open_at_first());
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
            credentials: Arc::new(Passwords { book: book.clone(), kept: Mutex::default() }),
            deliveries: Arc::new(OneRowAside),
            extracts: Arc::new(EmptyExtracts(folder.path().join("extract"))),
            runtime: Arc::new(Pretence {
                folder: folder.path().join("rooms"),
                notebook: folder.path().join("notebook"),
                starts: starts.clone(),
                ends: ends.clone(),
                runs: Mutex::default(),
            }),
            logs: Arc::new(Logs::default()),
            blobs: Arc::new(BlobsInMemory(Mutex::default(), folder.path().join("blobs"))),
            allowed_packages: Vec::new(),
            told: centre::Told::default(),
            places,
            patience: model::SignedDuration::from_mins(10),
            standstill: model::SignedDuration::from_hours(24 * 14),
            gate: Arc::new(Doorway(folder.path().join("in"))),
        };
        let centre = Centre::new(parts).unwrap();
        people(&centre).await;
        let key = SignerKey::generate("test", entropy.as_ref()).unwrap();
        let (well, signs) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let parts = Parts {
            centre: centre.clone(),
            sessions: Arc::new(MemorySessions::new(clock.clone())),
            proofs: Arc::new(BookProofs { key, book, signs: signs.clone() }),
            health: Arc::new(Pulse(well.clone())),
            entropy,
        };
        let (router, notebooks) = portal::routers(parts.clone(), config);
        Self { clock, router, notebooks, centre, parts, starts, ends, well, signs, folder }
    }
}

/// What waits at a gate goes on when nobody looks any more: a test does not end
/// before the threads it started.
impl Drop for Site {
    fn drop(&mut self) {
        self.starts.open();
        self.ends.open();
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
