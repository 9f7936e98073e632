//! `GET /api/v1/rooms/{room}/runs/{run}/log`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};

/// What a run has printed so far, for the people of the room.
#[utoipa::path(
    get,
    path = "/rooms/{room}/runs/{run}/log",
    operation_id = "run_log",
    tag = "rooms",
    params(("room" = String, Path, description = "The room"),
        ("run" = String, Path, description = "The run"),
    ),
    responses((status = 200, description = "The log.", content_type = "text/plain", body = String), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn log(
    State(app): State<App>,
    visitor: Visitor,
    Path((room, run)): Path<(String, String)>,
) -> Result<String, Failure> {
    Ok(app.centre.run_log(visitor.caller(), &seen::id(&room)?, &seen::id(&run)?).await?)
}
