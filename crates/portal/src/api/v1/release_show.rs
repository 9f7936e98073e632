//! `GET /api/v1/releases/{release}`

use std::sync::Arc;

use crate::api::problem::Problems;
use crate::api::schema::ReleaseBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use release::Release;

/// One release.
#[utoipa::path(
    get,
    path = "/releases/{release}",
    operation_id = "release_show",
    tag = "releases",
    params(("release" = String, Path, description = "The release")),
    responses((status = 200, description = "The release.", body = ReleaseBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(release): Path<String>,
) -> Result<Json<Release>, Failure> {
    Ok(Json(Arc::unwrap_or_clone(
        app.centre.release(visitor.caller(), &seen::id(&release)?).await?,
    )))
}
