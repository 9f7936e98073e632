//! What the portal needs besides the centre: sessions and proofs from the store,
//! and how the machine is.

use std::convert::Infallible;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use centre::{Centre, Together, TogetherOn};
use jiff::SignedDuration;
use ledger::chain::Report;
use ledger::{Book as _, Growth, RecordFilter, SignedNote, SignedProof, SignerKey, VerifierKey};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use model::{AccountId, Timestamp};
use portal::{Broken, Health, Proofs, Reading, Session, Sessions, TokenHash};
use store::{ProveError, SignIn, Store};
use tokio::net::TcpListener;

use super::gauges;
use crate::answer::Stop;
use crate::commands::serve::{count_failures_from_zero, requests_time};
use crate::config::{Config, Explained};
use crate::machine::SystemEntropy;
use crate::site::Site;

/// A request with a page, a form or an API call is no larger; files leave rooms
/// by name, so nothing larger comes in.
const LARGEST_BODY: usize = 2 << 20;
/// Less free space than this on the data folder's disk is told as not well, bytes.
const LITTLE_SPACE: u64 = 5 << 30;

/// How often what was measured is put together.
const UPKEEP: Duration = Duration::from_secs(5);
/// Upper bounds for how long requests take, seconds.
const REQUEST_SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Serves pages and API on `listener`, notebooks beside it, and how busy they are on `metrics`, until
/// `stop` resolves; then lets what is being answered finish. `demo`: the
/// accounts that anybody may sign in as.
pub(crate) async fn serve(
    site: &Site,
    (listener, notebooks): (TcpListener, Option<TcpListener>),
    metrics: Option<TcpListener>,
    demo: Vec<AccountId>,
    explained: Vec<Explained>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Stop> {
    let recorded = recorder()?;
    tokio::spawn(upkeep(recorded.clone()));
    let health = Arc::new(Machine {
        centre: site.centre.clone(),
        store: site.store.clone(),
        config: site.config.clone(),
        explained,
        is_ready: Together::default(),
        read: Together::default(),
    });
    count_failures_from_zero();
    if let Some(listener) = metrics {
        let router = portal::metrics_router(recorded, health.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
    }
    let parts = portal::Parts {
        centre: site.centre.clone(),
        sessions: Arc::new(StoredSessions(site.store.clone())),
        proofs: Arc::new(StoredProofs {
            store: site.store.clone(),
            key: site.ledger_key.clone(),
            proved: TogetherOn::default(),
        }),
        health,
        entropy: Arc::new(SystemEntropy),
    };
    let mut config = portal_config(&site.config, demo).map_err(Stop::usage)?;
    if let Some(notebooks) = &notebooks {
        let port = |listener: &TcpListener| listener.local_addr().map(|at| at.port());
        let ports =
            (port(&listener).map_err(Stop::refused)?, port(notebooks).map_err(Stop::refused)?);
        config.notebooks = notebooks_config(&site.config, ports);
    }
    portal::serve(listener, notebooks, parts, config, stop).await.map_err(Stop::refused)
}

/// How notebooks are served, the portal and they being at these ports.
fn notebooks_config(config: &Config, (portal, own): (u16, u16)) -> Option<portal::Notebooks> {
    let said = |url: &str| Some(url.to_owned()).filter(|url| !url.is_empty());
    let rooms = &config.rooms;
    Some(portal::Notebooks {
        url: said(&rooms.notebook_url),
        port: own,
        portal_url: said(&config.server.public_url),
        portal_port: portal,
        image: config.python()?.to_owned(),
        at_once: u64::from(rooms.notebook_shown_kib) << 10,
        per_minute: u64::from(rooms.notebook_shown_kib_per_minute) << 10,
        desktop_at_once: u64::from(rooms.desktop_shown_kib) << 10,
        desktop_per_minute: u64::from(rooms.desktop_shown_kib_per_minute) << 10,
        idle: Duration::from_mins(rooms.notebook_idle_minutes.into()),
    })
}

fn portal_config(config: &Config, demo: Vec<AccountId>) -> Result<portal::Config, String> {
    Ok(portal::Config {
        name: config.server.name.clone(),
        https: config.server.public_url.starts_with("https://"),
        behind_proxy: config.server.behind_proxy,
        demo,
        hosts: [&config.server.public_url, &config.rooms.notebook_url]
            .map(|url| host_of(url).to_owned())
            .to_vec(),
        idle: SignedDuration::from_mins(config.sign_in.idle_minutes.into()),
        longest: SignedDuration::from_hours(config.sign_in.longest_hours.into()),
        largest_body: LARGEST_BODY,
        default_lang: config.server.language,
        zone: config.time_zone()?,
        stop: requests_time(config),
        ..portal::Config::default()
    })
}

/// `https://portal.example:8443/` is the host `portal.example`.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or(rest);
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn recorder() -> Result<PrometheusHandle, Stop> {
    PrometheusBuilder::new()
        .set_buckets(&REQUEST_SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(Stop::usage)
}

/// What was measured waits in memory until it is put together: also while
/// nobody asks for it.
async fn upkeep(recorded: PrometheusHandle) {
    let mut every = tokio::time::interval(UPKEEP);
    loop {
        every.tick().await;
        recorded.run_upkeep();
    }
}

fn broken(error: impl std::fmt::Display) -> Broken {
    Broken(error.to_string())
}

/// Sessions in the metadata database.
struct StoredSessions(Store);

const fn stored(token: TokenHash) -> store::TokenHash {
    store::TokenHash(token.0)
}

#[async_trait]
impl Sessions for StoredSessions {
    async fn open(&self, token: TokenHash, session: Session) -> Result<(), Broken> {
        let sign_in = SignIn {
            account: session.account,
            created: session.opened_at,
            expires: session.expires_at,
        };
        self.0.open_session(stored(token), &sign_in).await.map_err(broken)
    }

    async fn find(&self, token: TokenHash) -> Result<Option<Session>, Broken> {
        let found = self.0.session(stored(token)).await.map_err(broken)?;
        Ok(found.map(|found| Session {
            account: found.account,
            opened_at: found.created,
            expires_at: found.expires,
        }))
    }

    async fn extend(&self, token: TokenHash, expires_at: Timestamp) -> Result<(), Broken> {
        self.0.extend_session(stored(token), expires_at).await.map_err(broken)
    }

    async fn close(&self, token: TokenHash) -> Result<(), Broken> {
        self.0.close_session(stored(token)).await.map_err(broken)
    }

    async fn close_all(&self, account: &AccountId) -> Result<(), Broken> {
        self.0.close_sessions_of(account).await.map(drop).map_err(broken)
    }
}

/// Proofs from the metadata database, signed with the vault's key.
struct StoredProofs {
    store: Store,
    key: SignerKey,
    /// What is proved of one entry for all who ask at once.
    proved: TogetherOn<u64, Option<SignedProof>>,
}

impl StoredProofs {
    async fn proof(&self, seq: u64) -> Result<Option<SignedProof>, Broken> {
        let proof = match self.store.proof(seq).await {
            // Written since the last checkpoint: another one covers it.
            Err(ProveError::Unsigned(_)) => {
                self.store.checkpoint(&self.key).await.map_err(broken)?;
                self.store.proof(seq).await
            }
            proof => proof,
        };
        match proof {
            Ok(proof) => Ok(Some(proof)),
            Err(ProveError::Unsigned(_)) => Ok(None),
            Err(error) => Err(broken(error)),
        }
    }
}

#[async_trait]
impl Proofs for StoredProofs {
    fn key(&self) -> VerifierKey {
        self.key.public().clone()
    }

    async fn prove(&self, seq: u64) -> Result<Option<SignedProof>, Broken> {
        self.proved.ask(seq, self.proof(seq)).await
    }

    async fn checkpoint(&self) -> Result<SignedNote, Broken> {
        self.store.checkpoint(&self.key).await.map_err(broken)
    }

    async fn growth(&self, old: u64) -> Result<Option<Growth>, Broken> {
        self.store.checkpoint(&self.key).await.map_err(broken)?;
        match self.store.prove_growth_since(old).await {
            Ok(growth) => Ok(Some(growth)),
            Err(ProveError::Unsigned(_)) => Ok(None),
            Err(error) => Err(broken(error)),
        }
    }

    async fn verify(&self) -> Result<Report, Broken> {
        if let Err(error) = self.store.checkpoint(&self.key).await {
            tracing::warn!(%error, "the ledger was not signed");
        }
        self.store.verify(&[self.key.public().clone()]).await.map_err(broken)
    }

    async fn export(&self) -> Result<Vec<u8>, Broken> {
        self.store.checkpoint(&self.key).await.map_err(broken)?;
        let mut out = Vec::new();
        self.store.export(&mut out).await.map_err(broken)?;
        Ok(out)
    }
}

/// How the machine and the database are.
struct Machine {
    centre: Arc<Centre>,
    store: Store,
    config: Config,
    explained: Vec<Explained>,
    is_ready: Together<()>,
    read: Together<Vec<Reading>>,
}

#[async_trait]
impl Health for Machine {
    async fn ready(&self) -> Result<(), Broken> {
        self.is_ready.ask(self.find_out()).await
    }

    async fn readings(&self) -> Vec<Reading> {
        let Ok(readings) = self.read.ask(async { Ok::<_, Infallible>(self.read().await) }).await;
        readings
    }

    async fn gauges(&self) -> Vec<(&'static str, f64)> {
        gauges::read(&self.centre, &self.store, &self.config).await
    }
}

impl Machine {
    async fn find_out(&self) -> Result<(), Broken> {
        self.store
            .ping()
            .await
            .map_err(|error| Broken(format!("the metadata database does not answer: {error}")))?;
        let folder = self.config.data.folder.clone();
        tokio::task::spawn_blocking(move || writable(&folder))
            .await
            .map_err(broken)?
            .map_err(|error| Broken(format!("the data folder cannot be written to: {error}")))
    }

    async fn read(&self) -> Vec<Reading> {
        let mut readings = vec![reading("versions", "helserom", env!("CARGO_PKG_VERSION"), None)];
        readings.extend(self.storage());
        readings.extend(self.ledger().await);
        readings.extend(self.keys().await);
        readings.extend(self.explained.iter().map(|line| {
            let value = format!("{} ({})", line.value, line.origin);
            reading("settings", &line.key, &value, None)
        }));
        readings
    }

    fn storage(&self) -> Vec<Reading> {
        let folder = &self.config.data.folder;
        let kind = match self.config.metadata.kind {
            crate::config::MetadataKind::Sqlite => "SQLite",
            crate::config::MetadataKind::Postgresql => "PostgreSQL",
        };
        let mut readings = vec![reading("storage", "metadata", kind, None)];
        if let Some((free, total)) = space(folder) {
            let value = format!("{} / {} GiB", free >> 30, total >> 30);
            readings.push(reading("storage", "free", &value, Some(free >= LITTLE_SPACE)));
        }
        readings
    }

    async fn ledger(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        let head = self.store.head().await;
        let signed = self.store.latest_checkpoint().await;
        if let Ok(head) = &head {
            readings.push(reading("work", "ledger", &head.next.to_string(), None));
        }
        if let (Ok(head), Ok(signed)) = (head, signed) {
            let size = signed.map_or(0, |checkpoint| checkpoint.size);
            // A checkpoint is made every minute: a long tail means that it fails.
            let well = head.next.saturating_sub(size) < 1_000;
            readings.push(reading("work", "checkpoint", &size.to_string(), Some(well)));
        }
        if let Ok(takes) = self.centre.takes().await {
            let value = format!("{} / {} MiB", takes.taken >> 20, takes.memory >> 20);
            readings.push(reading("work", "rooms", &value, None));
        }
        let waiting = RecordFilter {
            states: vec!["waiting".to_owned()],
            limit: 1,
            ..RecordFilter::default()
        };
        if let Ok(page) = self.store.records("room", &waiting).await {
            readings.push(reading("work", "queue", &page.total.to_string(), None));
        }
        readings.push(reading("work", "backup", &self.last("centre.backed-up").await, None));
        readings
    }

    async fn keys(&self) -> Vec<Reading> {
        vec![reading("keys", "master", &self.last("centre.key-rotated").await, None)]
    }

    /// When something was last done to the centre; `–`: never.
    async fn last(&self, act: &str) -> String {
        let at = gauges::last(&self.store, act).await.ok().flatten();
        at.map_or_else(|| "–".to_owned(), |at| at.to_string())
    }
}

fn reading(group: &'static str, name: &str, value: &str, well: Option<bool>) -> Reading {
    Reading { group, name: name.to_owned(), value: value.to_owned(), well }
}

/// Writes a byte where imports begin; it goes with the file that has no name.
fn writable(folder: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    tempfile::tempfile_in(folder.join("tmp"))?.write_all(b".")
}

/// Free and total bytes on the disk of a folder.
pub(super) fn space(folder: &Path) -> Option<(u64, u64)> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some((found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize))
}
