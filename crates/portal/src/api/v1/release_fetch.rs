//! `POST /api/v1/releases/{release}/package`

use crate::answer::download;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::response::Response;

/// The package. That it was fetched is written down.
#[utoipa::path(
    post,
    path = "/releases/{release}/package",
    operation_id = "release_fetch",
    tag = "releases",
    params(("release" = String, Path, description = "The release")),
    responses((status = 200, description = "The package.", content_type = "application/x-tar", body = Vec<u8>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn fetch(
    State(app): State<App>,
    visitor: Visitor,
    Path(release): Path<String>,
) -> Result<Response, Failure> {
    let id = seen::id(&release)?;
    let package = app.centre.fetch_release(visitor.caller(), &id).await?;
    Ok(download("application/x-tar", &format!("{id}.tar"), package))
}
