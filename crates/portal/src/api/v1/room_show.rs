//! `GET /api/v1/rooms/{room}`

use std::sync::Arc;

use crate::api::problem::Problems;
use crate::api::schema::RoomBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use room::Room;

/// One room: its limits and what was run.
#[utoipa::path(
    get,
    path = "/rooms/{room}",
    operation_id = "room_show",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses((status = 200, description = "The room.", body = RoomBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<Json<Room>, Failure> {
    Ok(Json(Arc::unwrap_or_clone(app.centre.room(visitor.caller(), &seen::id(&room)?).await?)))
}
