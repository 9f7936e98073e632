//! `DELETE /api/v1/rooms/{room}/notebook`

use super::sitting;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use permit::Way;

/// Closes the notebook of a room, or gives up its place in the queue.
#[utoipa::path(
    delete,
    path = "/rooms/{room}/notebook",
    operation_id = "notebook_close",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses((status = 204, description = "It was told to close."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn close(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<StatusCode, Failure> {
    sitting::close(&app, &visitor, &seen::id(&room)?, Way::Notebook).await?;
    Ok(StatusCode::NO_CONTENT)
}
