//! `GET /api/v1/rooms/{room}/notebook`

use super::sitting;
use crate::api::problem::Problems;
use crate::api::schema::SittingBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use permit::Way;

/// Whether the notebook of a room is open, for its people; or where in the queue it is.
#[utoipa::path(
    get,
    path = "/rooms/{room}/notebook",
    operation_id = "notebook_show",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses((status = 200, description = "How it stands.", body = SittingBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<Json<SittingBody>, Failure> {
    sitting::show(&app, &visitor, &seen::id(&room)?, Way::Notebook).await
}
