//! `POST /api/v1/rooms/{room}/closing`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Closes a room: what runs is stopped, and nobody enters it. Its files stay for
/// some days, until which it can be opened again.
#[utoipa::path(
    post,
    path = "/rooms/{room}/closing",
    operation_id = "room_close",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses((status = 204, description = "Closed."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn close(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<StatusCode, Failure> {
    app.centre.close_room(visitor.caller(), &seen::id(&room)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
