//! `POST /api/v1/permits/{permit}/extracts`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::permit::data::begin_extract;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Begins to make the data of a permit ready. `GET` tells how far it has come.
#[utoipa::path(
    post,
    path = "/permits/{permit}/extracts",
    operation_id = "extract_build",
    tag = "permits",
    params(("permit" = String, Path, description = "The permit")),
    responses((status = 202, description = "It is being made ready."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn build(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
) -> Result<StatusCode, Failure> {
    let permit = app.centre.permit(visitor.caller(), &seen::id(&permit)?).await?;
    begin_extract(&app, &visitor, &permit).await?;
    Ok(StatusCode::ACCEPTED)
}
