//! `POST /api/v1/rooms/{room}/stop`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Stops what runs in a room, or gives up the place in the queue of what waits there.
#[utoipa::path(
    post,
    path = "/rooms/{room}/stop",
    operation_id = "run_stop",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses((status = 204, description = "It was told to stop."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn stop(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<StatusCode, Failure> {
    app.centre
        .stop_run(visitor.caller(), &seen::id(&room)?)
        .await
        .map_err(|refused| Failure::unfit(refused, "conflict-nothing-runs"))?;
    Ok(StatusCode::NO_CONTENT)
}
