//! What every handler has at hand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use centre::{Caller, Centre};
use model::Entropy;

use crate::config::Config;
use crate::failure::Failure;
use crate::jobs::Jobs;
use crate::names::Names;
use crate::ports::{Health, Proofs, Sessions};
use crate::security::sign_in::Attempts;

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
    names: Mutex<Option<(Instant, Arc<Names>)>>,
}

/// The portal, shared by all requests.
pub(crate) type App = Arc<State>;

/// Names change seldom and stand on every page: they may be this old.
const NAMES_MAY_BE: Duration = Duration::from_secs(5);

impl State {
    pub(crate) fn new(parts: Parts, config: Config) -> App {
        let Parts { centre, sessions, proofs, health, entropy } = parts;
        Arc::new(Self {
            centre,
            sessions,
            proofs,
            health,
            entropy,
            config,
            attempts: Attempts::new(),
            jobs: Jobs::default(),
            names: Mutex::new(None),
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
            .map(|account| (account.id, (account.name, account.organisation)))
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
            organisations: organisations.into_iter().map(|o| (o.id, o.name)).collect(),
            accounts: HashMap::new(),
            sources: sources.into_iter().map(|dataset| (dataset.source, dataset.title)).collect(),
        })
    }
}
