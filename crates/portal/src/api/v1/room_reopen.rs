//! `POST /api/v1/rooms/{room}/reopening`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Opens a closed room again, with everything as it was.
#[utoipa::path(
    post,
    path = "/rooms/{room}/reopening",
    operation_id = "room_reopen",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses((status = 204, description = "Open."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn reopen(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<StatusCode, Failure> {
    app.centre.reopen_room(visitor.caller(), &seen::id(&room)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
