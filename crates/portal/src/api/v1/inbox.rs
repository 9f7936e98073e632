//! `GET /api/v1/inbox`

use crate::api::problem::Problems;
use crate::api::schema::InboxBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use centre::inbox::Inbox;

/// What waits for me, and what I wait for.
#[utoipa::path(
    get,
    path = "/inbox",
    operation_id = "inbox",
    tag = "sessions",
    responses((status = 200, description = "The inbox.", body = InboxBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn inbox(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Inbox>, Failure> {
    visitor.account()?;
    Ok(Json(app.centre.inbox(visitor.caller()).await?))
}
