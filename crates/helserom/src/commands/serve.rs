//! `helserom serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use centre::Centre;
use ledger::SignerKey;
use model::AccountId;
use serde_json::json;
use store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::answer::{Answer, Stop, say};
use crate::config::{Config, Explained};
use crate::memory;
use crate::site::Site;
use crate::wiring::web;

pub(super) async fn run(config: Config, explained: Vec<Explained>) -> Result<Answer, Stop> {
    let listening = listen(&config).await?;
    let site = Site::open(&config).await?;
    site.centre.outlive().await?;
    let served = serve(&site, listening, Vec::new(), explained, |_| ()).await;
    site.store.close().await;
    served?;
    Ok(Answer::new("stopped", json!({ "stopped": true })))
}

/// The sockets of a server.
pub(crate) struct Listening {
    portal: TcpListener,
    notebooks: Option<TcpListener>,
    metrics: Option<TcpListener>,
}

/// The sockets that `config` asks for. Asked for before anything else is done,
/// so that a port in use is told at once.
pub(crate) async fn listen(config: &Config) -> Result<Listening, Stop> {
    config.may_listen(config.server.listen).map_err(Stop::usage)?;
    config.time_zone().map_err(Stop::usage)?;
    let metrics = config.metrics_listen().map_err(Stop::usage)?;
    let portal = bind(config.server.listen, "choose another with `--listen`").await?;
    let notebooks = match config.notebook_listen(config.server.listen).map_err(Stop::usage)? {
        Some(address) => {
            config.may_listen(address).map_err(Stop::usage)?;
            Some(bind(address, "choose another in `rooms.notebook-listen`").await?)
        }
        None => None,
    };
    let metrics = match metrics {
        Some(address) => Some(bind(address, "choose another in `server.metrics-listen`").await?),
        None => None,
    };
    Ok(Listening { portal, notebooks, metrics })
}

async fn bind(address: SocketAddr, choose: &str) -> Result<TcpListener, Stop> {
    TcpListener::bind(address).await.map_err(|error| busy(address, &error, choose))
}

/// Serves the portal until the program is told to stop, then finishes or undoes
/// what runs. `ready` is told the portal's address once it is served.
///
/// From the signal on it takes `stop-seconds` at the most. Long work that is not
/// done by then is given up, and the next start undoes it.
pub(crate) async fn serve(
    site: &Site,
    listening: Listening,
    demo: Vec<AccountId>,
    explained: Vec<Explained>,
    ready: impl FnOnce(&str),
) -> Result<(), Stop> {
    let Listening { portal, notebooks, metrics } = listening;
    let at = portal.local_addr().map_err(Stop::usage)?;
    let address = match site.config.server.public_url.as_str() {
        "" => format!("http://{at}/"),
        public => public.to_owned(),
    };
    let mut signal = StopSignal::listen()?;
    say(&format!("the portal is at {address}"));
    // Not before: whatever keeps the portal from being served is told in one line.
    if memory::may_be_swapped() {
        tracing::warn!(
            "names that are compared may be swapped out to a disk: encrypt the swap or have none, \
             or let this program lock its memory (LimitMEMLOCK=infinity for a service)"
        );
    }
    ready(&address);
    let tidying =
        tokio::spawn(tidy(site.centre.clone(), site.store.clone(), site.ledger_key.clone()));
    let minding = tokio::spawn(see_to_gates(site.centre.clone()));
    let queueing = tokio::spawn(see_to_queue(site.centre.clone()));
    let (tell, mut told) = tokio::sync::watch::channel(None);
    let centre = site.centre.clone();
    let stopping = tokio::spawn(async move {
        signal.told().await;
        let _ = tell.send(Some(Instant::now()));
        // Whoever waits for a run in a room hears of its end before the portal
        // goes.
        centre.stop_runs().await
    });
    let mut heard = told.clone();
    let stop = async move {
        let _ = heard.wait_for(Option::is_some).await;
    };
    let served = web::serve(site, (portal, notebooks), metrics, demo, explained, stop).await;
    tidying.abort();
    minding.abort();
    queueing.abort();
    let begun = told.borrow_and_update().unwrap_or_else(Instant::now);
    let left = (begun + stop_time(&site.config)).saturating_duration_since(Instant::now());
    let stopped = tokio::time::timeout(left, async {
        if begun_stopping(&stopping, &served) {
            stopping.await.map_err(Stop::refused)??;
        } else {
            stopping.abort();
        }
        // What was started while the first round waited.
        site.centre.stop_runs().await.map_err(Stop::from)
    })
    .await;
    served?;
    stopped.unwrap_or_else(|_| {
        tracing::warn!("what did not end in time was given up; the next start undoes it");
        Ok(())
    })
}

/// Whether the end came by a signal, and not because serving failed.
fn begun_stopping(
    stopping: &tokio::task::JoinHandle<Result<(), centre::Refused>>,
    served: &Result<(), Stop>,
) -> bool {
    served.is_ok() || stopping.is_finished()
}

/// How long a stop may take altogether.
pub(super) fn stop_time(config: &Config) -> Duration {
    Duration::from_secs(config.server.stop_seconds.into())
}

/// How much of it requests may take that are being answered: the rest is for
/// what runs in rooms.
pub(crate) fn requests_time(config: &Config) -> Duration {
    stop_time(config) * 3 / 4
}

fn busy(address: SocketAddr, error: &std::io::Error, choose: &str) -> Stop {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => format!(": another program listens there; {choose}"),
        std::io::ErrorKind::PermissionDenied => {
            format!(": ports below 1024 are for the superuser; {choose}")
        }
        _ => format!(": {choose}"),
    };
    Stop::usage(format!("cannot listen on {address}: {error}{hint}"))
}

/// Once a minute: what waits at the gates of rooms is seen to. Apart from the rest,
/// which does not wait for a scanner.
async fn see_to_gates(centre: Arc<Centre>) {
    let mut minute = tokio::time::interval(Duration::from_mins(1));
    loop {
        minute.tick().await;
        if let Err(refused) = centre.see_to_ingresses().await {
            sweeps_failed("gates").increment(1);
            tracing::error!(%refused, "files that are to be brought into rooms wait");
        }
    }
}

/// Whenever something ends in a room, and every second besides: what waits for a place
/// on the machine begins.
async fn see_to_queue(centre: Arc<Centre>) {
    loop {
        centre.queue_stirs().await;
        if let Err(refused) = centre.see_to_queue().await {
            sweeps_failed("queue").increment(1);
            tracing::error!(%refused, "what waits for a place on the machine was not seen to");
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    }
}

/// What is looked after while the server runs, as `/metrics` counts its failures.
const LOOKED_AFTER: [&str; 5] = ["rooms", "sessions", "checkpoints", "gates", "queue"];

/// Begins with zero what is counted as it happens.
pub(crate) fn count_failures_from_zero() {
    for what in LOOKED_AFTER {
        sweeps_failed(what).increment(0);
    }
}

fn sweeps_failed(what: &'static str) -> metrics::Counter {
    metrics::counter!("helserom_sweeps_failed_total", "what" => what)
}

/// Once a minute: rooms whose permit has ended are closed, old sessions go, and
/// what was written since is signed.
async fn tidy(centre: Arc<Centre>, store: Store, key: SignerKey) {
    let mut minute = tokio::time::interval(Duration::from_mins(1));
    loop {
        minute.tick().await;
        if let Err(refused) = centre.sweep().await {
            sweeps_failed("rooms").increment(1);
            tracing::error!(%refused, "rooms whose permit has ended were not closed");
        }
        if let Err(error) = store.sweep_sessions().await {
            sweeps_failed("sessions").increment(1);
            tracing::error!(%error, "old sessions were not removed");
        }
        if let Err(error) = store.checkpoint(&key).await {
            sweeps_failed("checkpoints").increment(1);
            tracing::error!(%error, "the ledger was not signed");
        }
    }
}

/// What tells the program to stop: SIGTERM, or Ctrl-C. From when this is made on,
/// neither ends the program by itself.
pub(crate) struct StopSignal {
    terminated: Signal,
    interrupted: Signal,
}

impl StopSignal {
    pub(crate) fn listen() -> Result<Self, Stop> {
        let heard = |kind| {
            signal(kind).map_err(|error| Stop::usage(format!("no signal can be heard: {error}")))
        };
        Ok(Self {
            terminated: heard(SignalKind::terminate())?,
            interrupted: heard(SignalKind::interrupt())?,
        })
    }

    /// Resolves when the program is told to stop.
    pub(crate) async fn told(&mut self) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
    }
}
