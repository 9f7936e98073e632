//! What is written down about requests: one log line and two figures each. No
//! address beyond the route, no query, nobody's name.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::ports::Health;
use crate::state::App;
use crate::visitor::route_of;

/// Names a request in the log, in its answer, and to the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names the request, lets it be answered, and writes down how that went.
pub(crate) async fn note(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = RequestId(format!("{:016x}", app.entropy.next_u64()));
    request.extensions_mut().insert(id.clone());
    let method = known(request.method());
    let route = route_of(&request);
    let began = Instant::now();
    let mut response = next.run(request).await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    let labels =
        [("route", route.clone()), ("method", method.to_owned()), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels[..2]).record(took.as_secs_f64());
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request = %id, method, route, status, milliseconds, "answered");
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// How many names and passwords were not accepted.
pub(crate) const SIGN_INS_FAILED: &str = "helserom_sign_ins_failed_total";

/// Begins with zero what is counted as it happens: a figure that is not there cannot
/// be told from one that nobody counts.
fn from_zero() {
    metrics::counter!(SIGN_INS_FAILED).increment(0);
}

/// The method of a request, for logs and figures. Clients may invent methods;
/// each would be a series of figures for ever.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// `/healthz`: the program runs. `/readyz`: it can answer.
pub(crate) fn health() -> Router<App> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

async fn ready(State(app): State<App>) -> Response {
    match app.health.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(broken) => {
            tracing::warn!(why = %broken, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
        }
    }
}

/// `/metrics` in Prometheus' text format: how busy the centre is, and how much
/// it holds. For a listener of its own, never the public one.
pub fn metrics_router(handle: PrometheusHandle, health: Arc<dyn Health>) -> Router {
    from_zero();
    let render = async move || {
        for (name, value) in health.gauges().await {
            metrics::gauge!(name).set(value);
        }
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render())
    };
    Router::new().route("/metrics", get(render))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_somebody_invents_are_one_series() {
        let method = |name: &str| Method::from_bytes(name.as_bytes()).unwrap();
        assert_eq!(known(&method("DELETE")), "DELETE");
        for invented in ["DELETE2", "get", "TRACE", "X-1"] {
            assert_eq!(known(&method(invented)), "other");
        }
    }
}
