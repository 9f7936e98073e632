//! `GET /api/v1/permits/{permit}`

use std::sync::Arc;

use crate::api::problem::Problems;
use crate::api::schema::PermitBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use permit::Permit;

/// One permit, for those who may see it whole.
#[utoipa::path(
    get,
    path = "/permits/{permit}",
    operation_id = "permit_show",
    tag = "permits",
    params(("permit" = String, Path, description = "The permit")),
    responses((status = 200, description = "The permit.", body = PermitBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
) -> Result<Json<Permit>, Failure> {
    Ok(Json(Arc::unwrap_or_clone(app.centre.permit(visitor.caller(), &seen::id(&permit)?).await?)))
}
