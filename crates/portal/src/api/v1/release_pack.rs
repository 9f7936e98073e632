//! `POST /api/v1/rooms/{room}/packing`

use super::Made;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::{packing, seen};
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};

/// Packs and signs what was released from a room and has not left yet.
#[utoipa::path(
    post,
    path = "/rooms/{room}/packing",
    operation_id = "release_pack",
    tag = "releases",
    params(("room" = String, Path, description = "The room")),
    responses((status = 200, description = "The release.", body = Made), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn pack(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<Json<Made>, Failure> {
    let room = seen::id(&room)?;
    packing::ready(&app, &visitor, &room).await?;
    let release = app
        .centre
        .package(visitor.caller(), &room)
        .await
        .map_err(|refused| Failure::unfit(refused, "packing-none"))?;
    Ok(Json(Made { id: release.to_string() }))
}
