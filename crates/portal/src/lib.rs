//! Web pages and the API of a health data centre.
//!
//! Everything that happens goes through [`centre::Centre`]; this crate turns
//! requests into its operations and what comes of them into pages ([`pages`],
//! `templates`) and JSON (`api`). It names no engine and no store.

#![expect(unreachable_pub, reason = "`pub` in a private module means: for the whole crate")]

mod answer;
mod api;
mod assets;
mod basket;
mod chart;
mod chrome;
mod config;
mod failure;
mod fields;
mod jobs;
mod names;
mod notebook;
mod observe;
pub mod pages;
mod parts;
mod ports;
mod query;
mod routes;
mod sample;
mod security;
mod state;
mod underway;
mod visitor;
mod words;

use std::future::Future;
use std::net::SocketAddr;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

pub use assets::{has_packages, shared_file};
pub use config::Config;
pub use notebook::Notebooks;
pub use observe::metrics_router;
pub use ports::{Broken, Health, MemorySessions, Proofs, Reading, Session, Sessions, TokenHash};
pub use state::Parts;

/// Every address of the portal.
pub fn router(parts: Parts, config: Config) -> Router {
    routes::router(state::State::new(parts, config))
}

/// Portal and notebooks, for tests of both together.
pub fn routers(parts: Parts, config: Config) -> (Router, Router) {
    let app = state::State::new(parts, config);
    (routes::router(app.clone()), notebook::router(app))
}

/// Serves the portal, and notebooks on `notebooks`, until `stop` resolves; then
/// takes no more requests and waits for those that are being answered and for
/// what they began, as long as the config says.
pub async fn serve(
    listener: TcpListener,
    notebooks: Option<TcpListener>,
    parts: Parts,
    config: Config,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let patience = config.stop;
    let app = state::State::new(parts, config);
    let underway = app.underway.clone();
    let mut beside = tokio::task::JoinSet::new();
    if let Some(listener) = notebooks {
        // A cell's messages are short: each is sent when it comes.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let router = notebook::router(app.clone());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        // Sockets are open for hours: they end with the program, and not before.
        beside.spawn(async move { axum::serve(listener, service).await });
        let app = app.clone();
        beside.spawn(async move {
            notebook::watch_idle(app).await;
            Ok(())
        });
    }
    let service = routes::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let (told, mut hear) = tokio::sync::watch::channel(false);
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
        stop.await;
        let _ = told.send(true);
    });
    let ended = async move {
        serving.await?;
        underway.ended().await;
        Ok(())
    };
    let given_up = async move {
        // The sender is gone only when serving failed: then there is nothing to
        // give up.
        if hear.wait_for(|told| *told).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(patience).await;
    };
    tokio::select! {
        ended = ended => ended,
        () = given_up => {
            tracing::warn!("requests or work that did not end in time were given up");
            Ok(())
        }
    }
}
