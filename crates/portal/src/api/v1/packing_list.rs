//! `GET /api/v1/rooms/{room}/packing`

use crate::api::problem::Problems;
use crate::api::schema::OutputBody;
use crate::failure::Failure;
use crate::pages::{packing, seen};
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use release::Output;

/// What may leave a room and is in no package yet, for those who decide about it.
#[utoipa::path(
    get,
    path = "/rooms/{room}/packing",
    operation_id = "packing_list",
    tag = "releases",
    params(("room" = String, Path, description = "The room")),
    responses((status = 200, description = "The outputs.", body = Vec<OutputBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<Json<Vec<Output>>, Failure> {
    Ok(Json(centre::owned(packing::ready(&app, &visitor, &seen::id(&room)?).await?)))
}
