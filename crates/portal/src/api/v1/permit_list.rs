//! `GET /api/v1/permits`

use crate::api::problem::Problems;
use crate::api::schema::PermitBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use permit::Permit;

/// The permits I may see whole, newest first.
#[utoipa::path(
    get,
    path = "/permits",
    operation_id = "permit_list",
    tag = "permits",
    responses((status = 200, description = "The permits.", body = Vec<PermitBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<Permit>>, Failure> {
    visitor.account()?;
    Ok(Json(centre::owned(app.centre.permits(visitor.caller()).await?)))
}
