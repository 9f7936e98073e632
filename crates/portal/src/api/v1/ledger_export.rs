//! `GET /api/v1/ledger/export`

use crate::answer::download;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::State;
use axum::response::Response;

/// The whole ledger, for the verifier that needs nothing else but the key.
#[utoipa::path(
    get,
    path = "/ledger/export",
    operation_id = "ledger_export",
    tag = "ledger",
    responses((status = 200, description = "The ledger.", content_type = "application/x-ndjson", body = String), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn export(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    app.centre.may_read_ledger(visitor.caller())?;
    Ok(download("application/x-ndjson", "ledger.jsonl", app.proofs.export().await?))
}
