//! `GET /api/v1/permits/{permit}/public`

use crate::api::problem::Problems;
use crate::api::schema::UseBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use centre::register::Use;

/// What everyone may know of a permit.
#[utoipa::path(
    get,
    path = "/permits/{permit}/public",
    operation_id = "permit_public",
    tag = "register",
    params(("permit" = String, Path, description = "The permit")),
    responses((status = 200, description = "The use.", body = UseBody), Problems),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
) -> Result<Json<Use>, Failure> {
    let uses = app.centre.register(visitor.caller()).await?;
    let found = uses
        .into_iter()
        .find(|entry| entry.permit.as_ref().is_some_and(|(id, _)| id.as_str() == permit));
    found.map(Json).ok_or(Failure::Absent)
}
