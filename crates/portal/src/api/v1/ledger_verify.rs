//! `POST /api/v1/ledger/verification`

use crate::api::problem::Problems;
use crate::api::schema::VerificationBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;

/// Holds every entry against chain, tree and checkpoints.
#[utoipa::path(
    post,
    path = "/ledger/verification",
    operation_id = "ledger_verify",
    tag = "ledger",
    responses((status = 200, description = "What was found.", body = VerificationBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn verify(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<VerificationBody>, Failure> {
    app.centre.may_read_ledger(visitor.caller())?;
    let report = app.proofs.verify().await?;
    Ok(Json(VerificationBody {
        sound: report.is_sound(),
        entries: report.entries,
        signed: report.signed,
        root: report.root.to_string(),
        faults: report.faults.iter().map(ToString::to_string).collect(),
        unlisted: report.unlisted,
    }))
}
