//! `GET /api/v1/ledger/checkpoint` and `GET /api/v1/ledger/growth`

use crate::answer::download;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

/// Since when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// How many entries the checkpoint covers that was kept.
    since: u64,
}

/// The newest checkpoint (c2sp.org/tlog-checkpoint): keep it elsewhere, and ask later
/// whether the ledger only grew.
#[utoipa::path(
    get,
    path = "/ledger/checkpoint",
    operation_id = "ledger_checkpoint",
    tag = "ledger",
    responses((status = 200, description = "The checkpoint.", content_type = "text/plain", body = String), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn checkpoint(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Response, Failure> {
    app.centre.may_read_ledger(visitor.caller())?;
    let note = app.proofs.checkpoint().await?.to_string().into_bytes();
    Ok(download("text/plain; charset=utf-8", "ledger.checkpoint", note))
}

/// That the ledger only grew since a checkpoint that was kept
/// (c2sp.org/tlog-witness, `add-checkpoint`).
#[utoipa::path(
    get,
    path = "/ledger/growth",
    operation_id = "ledger_growth",
    tag = "ledger",
    params(Since),
    responses((status = 200, description = "The proof.", content_type = "text/plain", body = String), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn growth(
    State(app): State<App>,
    visitor: Visitor,
    Query(Since { since }): Query<Since>,
) -> Result<Response, Failure> {
    app.centre.may_read_ledger(visitor.caller())?;
    let growth =
        app.proofs.growth(since).await?.ok_or_else(|| {
            Failure::Conflict(format!("the ledger has fewer than {since} entries"))
        })?;
    let text = growth.to_string().into_bytes();
    Ok(download("text/plain; charset=utf-8", &format!("ledger-since-{since}.growth"), text))
}
