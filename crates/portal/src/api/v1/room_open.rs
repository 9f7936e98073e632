//! `POST /api/v1/permits/{permit}/rooms`

use super::Made;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::permit::data::OnWhich;
use crate::pages::seen;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};

/// Opens a room on the newest data of a permit.
#[utoipa::path(
    post,
    path = "/permits/{permit}/rooms",
    operation_id = "room_open",
    tag = "rooms",
    params(("permit" = String, Path, description = "The permit"), OnWhich),
    responses((status = 200, description = "The room.", body = Made), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn open(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
    Query(which): Query<OnWhich>,
) -> Result<Json<Made>, Failure> {
    let permit = seen::id(&permit)?;
    let room = app.centre.open_room(visitor.caller(), &permit, which.strictness).await?;
    Ok(Json(Made { id: room.to_string() }))
}
