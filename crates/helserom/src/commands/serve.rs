//! `helserom serve`.

use std::time::Duration;

use serde_json::json;

use crate::answer::{Answer, Stop, say};
use crate::config::Config;
use crate::site::Site;
use crate::wiring::web;

pub(super) async fn run(config: Config) -> Result<Answer, Stop> {
    let site = Site::open(&config).await?;
    let served = serve(&site).await;
    site.store.close().await;
    served?;
    Ok(Answer::new("stopped", json!({ "stopped": true })))
}

/// Serves the portal until the program is told to stop, then finishes or undoes
/// what runs.
pub(crate) async fn serve(site: &Site) -> Result<(), Stop> {
    let address = site.config.server.listen;
    let listener =
        tokio::net::TcpListener::bind(address).await.map_err(|error| busy(address, &error))?;
    let at = listener.local_addr().map_err(Stop::usage)?;
    say(&format!(
        "the centre answers at http://{at}/healthz and /readyz; its pages are not ready yet"
    ));
    let tidying = tokio::spawn(tidy(site.centre.clone(), site.store.clone()));
    let served = web::serve(site, listener, stop_signal()).await;
    tidying.abort();
    served
}

fn busy(address: std::net::SocketAddr, error: &std::io::Error) -> Stop {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            ": another program listens there; choose another with `--listen`"
        }
        std::io::ErrorKind::PermissionDenied => ": ports below 1024 are for the superuser",
        _ => "",
    };
    Stop::usage(format!("cannot listen on {address}: {error}{hint}"))
}

/// Once a minute: rooms whose permit has ended are closed, old sessions go.
async fn tidy(centre: std::sync::Arc<centre::Centre>, store: store::Store) {
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    loop {
        minute.tick().await;
        if let Err(refused) = centre.sweep().await {
            tracing::error!(%refused, "rooms whose permit has ended were not closed");
        }
        if let Err(error) = store.sweep_sessions().await {
            tracing::error!(%error, "old sessions were not removed");
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
