//! `GET /api/v1/rooms/{room}/file`

use crate::answer::download;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::{room_file, seen};
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Its name below the work folder.
    name: String,
}

/// A file of the work folder, for the people of the room to look at inside.
#[utoipa::path(
    get,
    path = "/rooms/{room}/file",
    operation_id = "room_file",
    tag = "rooms",
    params(("room" = String, Path, description = "The room"), Wanted),
    responses(
        (status = 200, description = "The file.", content_type = "application/octet-stream"),
        Problems,
    ),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let bytes = room_file::read(&app, &visitor, &seen::id(&room)?, &wanted.name).await?;
    Ok(download("application/octet-stream", "file", bytes))
}
