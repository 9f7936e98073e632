//! `GET /api/v1/rooms/{room}/journal`

use std::sync::Arc;

use crate::api::problem::Problems;
use crate::api::schema::DeedBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use centre::journal::Deed;

/// What was done in a room, with every script, for its people and for auditors.
#[utoipa::path(
    get,
    path = "/rooms/{room}/journal",
    operation_id = "room_journal",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses((status = 200, description = "Oldest first.", body = Vec<DeedBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn journal(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<Json<Vec<Deed>>, Failure> {
    let deeds = app.centre.journal(visitor.caller(), &seen::id(&room)?).await?;
    Ok(Json(deeds.into_iter().map(Arc::unwrap_or_clone).collect()))
}
