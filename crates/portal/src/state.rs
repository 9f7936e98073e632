//! What every handler has at hand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::header;
use centre::{Caller, Centre};
use model::Entropy;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::failure::Failure;
use crate::jobs::Jobs;
use crate::names::Names;
use crate::notebook::Used;
use crate::pages::output::Indexes;
use crate::ports::{Health, Proofs, Sessions};
use crate::security::sign_in::Attempts;
use crate::underway::Underway;

/// What the portal is put together from.
#[derive(Clone)]
pub struct Parts {
    /// Where everything happens.
    pub centre: Arc<Centre>,
    /// Where sessions are kept.
    pub sessions: Arc<dyn Sessions>,
    /// The ledger's proofs.
    pub proofs: Arc<dyn Proofs>,
    /// How the machine is.
    pub health: Arc<dyn Health>,
    /// Randomness, for tokens.
    pub entropy: Arc<dyn Entropy>,
}

/// The portal.
pub(crate) struct State {
    pub(crate) centre: Arc<Centre>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) proofs: Arc<dyn Proofs>,
    pub(crate) health: Arc<dyn Health>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) config: Config,
    pub(crate) attempts: Attempts,
    pub(crate) jobs: Jobs,
    pub(crate) underway: Underway,
    pub(crate) uploads: Semaphore,
    pub(crate) used: Used,
    pub(crate) indexes: Indexes,
    names: Mutex<Option<(Instant, Arc<Names>)>>,
}

/// The portal, shared by all requests.
pub(crate) type App = Arc<State>;

/// `portal.example:8443` is the host `portal.example`, `[::1]:8443` is `[::1]`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Names change seldom and stand on every page: they may be this old.
const NAMES_MAY_BE: Duration = Duration::from_secs(5);

/// What comes with a file when it is sent: its form, and what parts the two.
const AROUND_A_FILE: usize = 1 << 20;

/// How many files may be on their way in at once.
const UPLOADS_AT_ONCE: usize = 4;

impl State {
    /// The largest body of a request that brings a file, bytes.
    pub(crate) fn largest_upload(&self) -> usize {
        let most = usize::try_from(self.centre.most_brought_in()).unwrap_or(usize::MAX);
        most.saturating_add(AROUND_A_FILE)
    }

    pub(crate) fn new(parts: Parts, config: Config) -> App {
        let Parts { centre, sessions, proofs, health, entropy } = parts;
        Arc::new(Self {
            centre,
            sessions,
            proofs,
            health,
            entropy,
            attempts: Attempts::new(config.password_checks),
            config,
            jobs: Jobs::default(),
            underway: Underway::default(),
            uploads: Semaphore::new(UPLOADS_AT_ONCE),
            used: Used::default(),
            indexes: Indexes::default(),
            names: Mutex::new(None),
        })
    }

    /// Whether the request names a host that is ours. It matters while there are
    /// accounts that anyone may sign in to: else a page of another site could
    /// have its name point to this machine (DNS rebinding), and walk in.
    pub(crate) fn answers_to(&self, request: &Request) -> bool {
        if self.config.demo.is_empty() {
            return true;
        }
        let header = || request.headers().get(header::HOST)?.to_str().ok();
        let host = request.uri().host().or_else(|| header().map(without_port));
        host.is_some_and(|host| {
            matches!(host, "localhost" | "127.0.0.1" | "[::1]")
                || self.config.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
        })
    }

    /// What ids are called, for `caller`. Visitors are told no names of people.
    pub(crate) async fn names(&self, caller: &Caller) -> Result<Arc<Names>, Failure> {
        if caller.account().is_none() {
            return Ok(Arc::new(self.public_names(caller).await?));
        }
        let kept = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, names)) = kept
            && at.elapsed() < NAMES_MAY_BE
        {
            return Ok(names);
        }
        let mut names = self.public_names(caller).await?;
        names.accounts = self
            .centre
            .accounts(caller)
            .await?
            .into_iter()
            .map(|account| {
                (account.id.clone(), (account.name.clone(), account.organisation.clone()))
            })
            .collect::<HashMap<_, _>>();
        let names = Arc::new(names);
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), names.clone()));
        Ok(names)
    }

    async fn public_names(&self, caller: &Caller) -> Result<Names, Failure> {
        let organisations = self.centre.organisations().await?;
        let sources = self.centre.catalogue(caller).await?;
        Ok(Names {
            organisations: organisations
                .iter()
                .map(|of| (of.id.clone(), of.name.clone()))
                .collect(),
            accounts: HashMap::new(),
            sources: sources
                .iter()
                .map(|dataset| (dataset.source.clone(), dataset.title.clone()))
                .collect(),
        })
    }
}
