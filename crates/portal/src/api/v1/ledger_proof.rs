//! `GET /api/v1/ledger/{seq}/proof`

use crate::answer::download;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::ledger_entry::entry;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::response::Response;

/// That an entry is in the ledger, as text (c2sp.org/tlog-proof).
#[utoipa::path(
    get,
    path = "/ledger/{seq}/proof",
    operation_id = "ledger_proof",
    tag = "ledger",
    params(("seq" = u64, Path, description = "The place of the entry: the first is 0")),
    responses((status = 200, description = "The proof.", content_type = "text/plain", body = String), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn proof(
    State(app): State<App>,
    visitor: Visitor,
    Path(seq): Path<String>,
) -> Result<Response, Failure> {
    let seq = seen::id(&seq)?;
    entry(&app, &visitor, seq).await?;
    let proof = app.proofs.prove(seq).await?.ok_or_else(|| {
        Failure::Conflict(format!("no checkpoint covers entry {seq} yet: ask again in a moment"))
    })?;
    let text = proof.to_string().into_bytes();
    Ok(download("text/plain; charset=utf-8", &format!("entry-{seq}.proof"), text))
}
