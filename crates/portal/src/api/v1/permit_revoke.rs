//! `POST /api/v1/permits/{permit}/revocation`

use super::Why;
use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Takes a permit back: its rooms close at once.
#[utoipa::path(
    post,
    path = "/permits/{permit}/revocation",
    operation_id = "permit_revoke",
    tag = "permits",
    params(("permit" = String, Path, description = "The permit")),
    request_body = Why,
    responses((status = 204, description = "Revoked."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
    Body(body): Body<Why>,
) -> Result<StatusCode, Failure> {
    let id = seen::id(&permit)?;
    app.centre.revoke_permit(visitor.caller(), &id, body.why).await?;
    Ok(StatusCode::NO_CONTENT)
}
