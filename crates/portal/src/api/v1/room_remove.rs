//! `POST /api/v1/rooms/{room}/removal`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Removes a closed room with all that is in it, before its time.
#[utoipa::path(
    post,
    path = "/rooms/{room}/removal",
    operation_id = "room_remove",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses((status = 204, description = "Removed."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn remove(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<StatusCode, Failure> {
    app.centre.remove_room(visitor.caller(), &seen::id(&room)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
