//! `GET /api/v1/results/{release}`

use crate::api::problem::Problems;
use crate::api::schema::ResultBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use centre::results::ResultOfUse;

/// What everyone may know of a package that left.
#[utoipa::path(
    get,
    path = "/results/{release}",
    operation_id = "result_show",
    tag = "register",
    params(("release" = String, Path, description = "The release")),
    responses((status = 200, description = "The result.", body = ResultBody), Problems),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(release): Path<String>,
) -> Result<Json<ResultOfUse>, Failure> {
    let results = app.centre.results(visitor.caller()).await?;
    let found = results.into_iter().find(|result| result.release.as_str() == release);
    found.map(Json).ok_or(Failure::Absent)
}
