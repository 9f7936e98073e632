//! What the program answers on a socket: whether it lives, and whether it can work.

use std::future::Future;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use store::Store;
use tokio::net::TcpListener;

use crate::answer::Stop;
use crate::site::Site;

/// Serves until `stop` resolves, then lets what is being answered finish.
pub(crate) async fn serve(
    site: &Site,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Stop> {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .with_state(site.store.clone());
    axum::serve(listener, router).with_graceful_shutdown(stop).await.map_err(Stop::refused)
}

async fn ready(State(store): State<Store>) -> (StatusCode, &'static str) {
    match store.ping().await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the metadata database does not answer"),
    }
}
