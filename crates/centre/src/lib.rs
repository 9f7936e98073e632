//! What people do at a health data centre, one operation a file: the policy is
//! asked, the work is done, an entry is written.
//!
//! Command line, portal and API call this crate and nothing below it. It knows
//! no SQL, no table format and no bubblewrap: those come in through [`ports`].

pub mod accounts;
pub mod applications;
pub mod calendar;
pub mod caller;
pub mod catalogue_view;
pub mod extracts;
pub mod history;
pub mod inbox;
pub mod ingresses;
pub mod journal;
mod moment;
pub mod notebooks;
pub mod organisations;
pub mod outputs;
pub mod packages;
pub mod pairs;
pub mod permits;
pub mod ports;
pub mod refused;
pub mod register;
pub mod releases;
pub mod results;
pub mod reversals;
pub mod rooms;
pub mod sources;
mod statements;
mod telling;
mod together;
pub mod versions;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ed25519_dalek::{SigningKey, VerifyingKey};
use ledger::{Book, BookError, Draft, Entry, Event, Guard, Projection, Record, Subject};
use model::{AccountId, Clock, Entropy, RoomId, RunId, Timestamp};
use permit::policy::{Action, Policy, Thing};
use room::Version;
use tokio::sync::Semaphore;

use crate::moment::Read;
pub use crate::moment::owned;
use crate::rooms::RoomStanding;

pub use caller::Caller;
pub use refused::{Denied, Refused};
pub use telling::Told;
pub use together::{Together, TogetherOn};

/// Every kind of record there is: what `store` keeps a table for.
pub fn projections() -> Vec<Projection> {
    vec![
        permit::Organisation::projection(),
        permit::Account::projection(),
        source::SourceRecord::projection(),
        permit::Application::projection(),
        permit::Permit::projection(),
        linkage::Extract::projection(),
        linkage::review::Pair::projection(),
        linkage::reversal::Reversal::projection(),
        room::Room::projection(),
        room::PackageRequest::projection(),
        ingress::Ingress::projection(),
        release::Output::projection(),
        release::Release::projection(),
    ]
}

/// The keys the centre signs with. They live in the vault; `Debug` shows none.
#[derive(Clone)]
pub struct SigningKeys {
    /// Signs permits.
    pub permit: SigningKey,
    /// Signs release packages.
    pub release: SigningKey,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKeys([redacted])")
    }
}

/// What a centre is put together from.
pub struct Parts {
    /// Where entries are written.
    pub book: Arc<dyn Book>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The signing keys.
    pub keys: SigningKeys,
    /// How people prove who they are.
    pub credentials: Arc<dyn ports::Credentials>,
    /// Takes deliveries into vault and lake.
    pub deliveries: Arc<dyn ports::Deliveries>,
    /// Makes the data of a permit.
    pub extracts: Arc<dyn ports::Extracts>,
    /// Keeps rooms shut.
    pub runtime: Arc<dyn room::Runtime>,
    /// The packages that the operator lets rooms fetch.
    pub allowed_packages: Vec<room::packages::Allowed>,
    /// How long the files of a room stay after it was closed.
    pub standstill: jiff::SignedDuration,
    /// What the machine gives to rooms.
    pub places: room::Budget,
    /// How long a notebook or a desktop that waits for a place may go unlooked at.
    pub patience: jiff::SignedDuration,
    /// Where files come into rooms.
    pub gate: Arc<dyn ports::Gate>,
    /// How much text of rooms their people are told outside of notebooks.
    pub told: Told,
    /// Keeps what commands print.
    pub logs: Arc<dyn ports::RunLogs>,
    /// Keeps the bytes of outputs and packages.
    pub blobs: Arc<dyn ports::Blobs>,
}

/// So many read a file at once.
const READING_AT_ONCE: usize = 8;

/// The health data centre.
pub struct Centre {
    pub(crate) parts: Parts,
    policy: Policy,
    pub(crate) mends: outputs::Mends,
    /// Files of outputs that were read lately.
    pub(crate) lately: outputs::Lately,
    pub(crate) parsed: moment::Parsed,
    pub(crate) known: moment::Known,
    pub(crate) length: Together<u64>,
    /// How rooms stand, for each person and the run they look at.
    pub(crate) standings: TogetherOn<(RoomId, AccountId, Option<RunId>), Arc<RoomStanding>>,
    /// The versions of the files of rooms.
    pub(crate) all_versions: TogetherOn<RoomId, Arc<Vec<Version>>>,
    pub(crate) rulings: moment::Rulings,
    /// Who ran a cell last in the notebooks that run.
    pub(crate) at_work: Mutex<HashMap<RunId, AccountId>>,
    /// Who waits for a place on the machine.
    pub(crate) queue: rooms::Queue,
    /// What was done in rooms, as far as it was read.
    pub(crate) journals: journal::Journals,
    /// What people were told of rooms.
    pub(crate) telling: telling::Telling,
    /// Whose turn it is at the gate of the rooms.
    pub(crate) gate_turn: tokio::sync::Mutex<()>,
    /// Who may read a file at this moment: see [`Centre::briefly`].
    reading: Semaphore,
}

impl std::fmt::Debug for Centre {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Centre(..)")
    }
}

impl Centre {
    /// A centre of these parts, under the rules in `policies/`.
    pub fn new(parts: Parts) -> Result<Arc<Self>, permit::policy::PolicyError> {
        let policy = Policy::load()?;
        Ok(Arc::new(Self {
            parts,
            policy,
            mends: outputs::Mends::default(),
            lately: outputs::Lately::default(),
            parsed: moment::Parsed::default(),
            known: moment::Known::default(),
            length: Together::default(),
            standings: TogetherOn::default(),
            all_versions: TogetherOn::default(),
            rulings: moment::Rulings::default(),
            at_work: Mutex::default(),
            queue: rooms::Queue::default(),
            journals: journal::Journals::default(),
            telling: telling::Telling::default(),
            gate_turn: tokio::sync::Mutex::default(),
            reading: Semaphore::new(READING_AT_ONCE),
        }))
    }

    /// Reads something for a moment on a thread of its own: some at once, in the order in
    /// which they were asked. Any number of threads would keep each other from the
    /// processors, and somebody waiting long.
    pub(crate) async fn briefly<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let _turn = self.reading.acquire().await;
        blocking(what, read).await
    }

    /// The rules.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The instant it is now.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// What permits are verified with.
    pub fn permit_key(&self) -> VerifyingKey {
        self.parts.keys.permit.verifying_key()
    }

    /// What release packages are verified with.
    pub fn release_key(&self) -> VerifyingKey {
        self.parts.keys.release.verifying_key()
    }

    /// Goes on only if the policy says yes; returns who acts.
    pub(crate) fn require(
        &self,
        caller: &Caller,
        action: Action,
        thing: &Thing,
    ) -> Result<AccountId, Refused> {
        self.require_open(caller, action, thing)?;
        caller
            .account()
            .map(|account| account.id.clone())
            .ok_or_else(|| Refused::denied(action, thing, self.policy.who_may(action), None))
    }

    /// Goes on only if the policy says yes, signed in or not.
    pub fn require_open(
        &self,
        caller: &Caller,
        action: Action,
        thing: &Thing,
    ) -> Result<(), Refused> {
        let ruling = self.ruling(caller, action, thing);
        if ruling.allowed {
            return Ok(());
        }
        tracing::info!(%action, thing = thing.kind(), "refused by policy");
        let (rules, inactive) = (ruling.rules.clone(), ruling.inactive.clone());
        Err(Refused::denied(action, thing, rules, inactive))
    }

    /// Reads a record that must be there.
    pub(crate) async fn load<R>(&self, id: &str) -> Result<Read<R>, Refused>
    where
        R: Record + Send + Sync + 'static,
    {
        self.find::<R>(id).await?.ok_or_else(|| Refused::absent(R::Event::KIND, id))
    }

    /// Writes one event about a subject that nobody has changed since `seen`.
    pub(crate) async fn write<E: Event>(
        &self,
        actor: &AccountId,
        id: &str,
        event: &E,
        seen: Option<u64>,
    ) -> Result<Entry, Refused> {
        let subject = Subject::new(E::KIND, id);
        let guard = match seen {
            Some(seq) => Guard::Unchanged(subject, seq),
            None => Guard::Absent(subject),
        };
        let draft = draft(actor, id, event)?;
        let entries = self.append(vec![draft], vec![guard]).await?;
        entries.into_iter().next().ok_or_else(|| {
            Refused::Book(BookError::Database("the entry was not handed back".to_owned()))
        })
    }
}

/// A decision says its reason.
pub(crate) fn reasoned(why: &str) -> Result<(), Refused> {
    if why.trim().is_empty() {
        let why = "is empty: a decision says its reason".to_owned();
        return Err(Refused::Field { field: "why", why });
    }
    Ok(())
}

/// The draft of an event.
pub(crate) fn draft<E: Event>(actor: &AccountId, id: &str, event: &E) -> Result<Draft, Refused> {
    Draft::new(actor, id, event).map_err(|error| Refused::Failed {
        what: "writing down what happened",
        why: error.to_string(),
    })
}

/// Runs blocking work on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Refused::Failed { what, why: "it was interrupted".to_owned() })
}
