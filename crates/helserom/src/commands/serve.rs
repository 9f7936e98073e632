//! `helserom serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use centre::Centre;
use ledger::SignerKey;
use model::AccountId;
use serde_json::json;
use store::Store;
use tokio::net::TcpListener;

use crate::answer::{Answer, Stop, say};
use crate::config::{Config, Explained};
use crate::site::Site;
use crate::wiring::web;

pub(super) async fn run(config: Config, explained: Vec<Explained>) -> Result<Answer, Stop> {
    let listener = listen(config.server.listen).await?;
    let site = Site::open(&config).await?;
    let served = serve(&site, listener, Vec::new(), explained, |_| ()).await;
    site.store.close().await;
    served?;
    Ok(Answer::new("stopped", json!({ "stopped": true })))
}

/// A socket on `address`. Asked for before anything else is done, so that a port
/// in use is told at once.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Stop> {
    TcpListener::bind(address).await.map_err(|error| busy(address, &error))
}

/// Serves the portal until the program is told to stop, then finishes or undoes
/// what runs. `ready` is told the portal's address once it is served.
pub(crate) async fn serve(
    site: &Site,
    listener: TcpListener,
    demo: Vec<AccountId>,
    explained: Vec<Explained>,
    ready: impl FnOnce(&str),
) -> Result<(), Stop> {
    let at = listener.local_addr().map_err(Stop::usage)?;
    let address = format!("http://{at}/");
    say(&format!("the portal is at {address}"));
    ready(&address);
    let tidying =
        tokio::spawn(tidy(site.centre.clone(), site.store.clone(), site.ledger_key.clone()));
    let served = web::serve(site, listener, demo, explained, stop_signal()).await;
    tidying.abort();
    let stopped = site.centre.stop_runs().await;
    served?;
    stopped.map_err(Stop::from)
}

fn busy(address: SocketAddr, error: &std::io::Error) -> Stop {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            ": another program listens there; choose another with `--listen`"
        }
        std::io::ErrorKind::PermissionDenied => ": ports below 1024 are for the superuser",
        _ => "",
    };
    Stop::usage(format!("cannot listen on {address}: {error}{hint}"))
}

/// Once a minute: rooms whose permit has ended are closed, old sessions go, and
/// what was written since is signed.
async fn tidy(centre: Arc<Centre>, store: Store, key: SignerKey) {
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    loop {
        minute.tick().await;
        if let Err(refused) = centre.sweep().await {
            tracing::error!(%refused, "rooms whose permit has ended were not closed");
        }
        if let Err(error) = store.sweep_sessions().await {
            tracing::error!(%error, "old sessions were not removed");
        }
        if let Err(error) = store.checkpoint(&key).await {
            tracing::error!(%error, "the ledger was not signed");
        }
    }
}

/// Resolves when the program is told to stop: SIGTERM, or Ctrl-C.
pub(crate) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
