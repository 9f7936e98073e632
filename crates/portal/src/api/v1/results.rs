//! `GET /api/v1/results`

use crate::api::problem::Problems;
use crate::api::schema::ResultBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use centre::results::ResultOfUse;

/// Every package that left, in the open.
#[utoipa::path(
    get,
    path = "/results",
    operation_id = "results",
    tag = "register",
    responses((status = 200, description = "The results.", body = Vec<ResultBody>), Problems),
)]
pub(super) async fn results(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<ResultOfUse>>, Failure> {
    Ok(Json(app.centre.results(visitor.caller()).await?))
}
