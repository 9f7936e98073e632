//! `GET /api/v1/releases`

use crate::api::problem::Problems;
use crate::api::schema::ReleaseBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use release::Release;

/// The releases I may see, newest first.
#[utoipa::path(
    get,
    path = "/releases",
    operation_id = "release_list",
    tag = "releases",
    responses((status = 200, description = "The releases.", body = Vec<ReleaseBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<Release>>, Failure> {
    visitor.account()?;
    Ok(Json(centre::owned(app.centre.releases(visitor.caller()).await?)))
}
