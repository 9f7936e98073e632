//! `POST /api/v1/rooms/{room}/stop` and `POST /api/v1/rooms/{room}/runs/{run}/stop`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Stops the one command that runs in a room, or gives up the place in the queue of what
/// waits there. Where several run, `run_stop_one` says which.
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
        .stop_run(visitor.caller(), &seen::id(&room)?, None)
        .await
        .map_err(|refused| Failure::unfit(refused, "conflict-not-one-runs"))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops one of the commands that run in a room: a script, a notebook or a desktop.
#[utoipa::path(
    post,
    path = "/rooms/{room}/runs/{run}/stop",
    operation_id = "run_stop_one",
    tag = "rooms",
    params(
        ("room" = String, Path, description = "The room"),
        ("run" = String, Path, description = "The command"),
    ),
    responses((status = 204, description = "It was told to stop."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn stop_one(
    State(app): State<App>,
    visitor: Visitor,
    Path((room, run)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    app.centre
        .stop_run(visitor.caller(), &seen::id(&room)?, Some(&seen::id(&run)?))
        .await
        .map_err(|refused| Failure::unfit(refused, "conflict-runs-no-more"))?;
    Ok(StatusCode::NO_CONTENT)
}
