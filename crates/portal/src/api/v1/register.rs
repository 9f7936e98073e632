//! `GET /api/v1/register`

use crate::api::problem::Problems;
use crate::api::schema::UseBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use centre::register::Use;

/// Every use, in the open.
#[utoipa::path(
    get,
    path = "/register",
    operation_id = "register",
    tag = "register",
    responses((status = 200, description = "The uses.", body = Vec<UseBody>), Problems),
)]
pub(super) async fn register(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<Use>>, Failure> {
    Ok(Json(app.centre.register(visitor.caller()).await?))
}
