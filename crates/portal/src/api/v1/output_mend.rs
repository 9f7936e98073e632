//! `POST /api/v1/outputs/{output}/mend`

use super::Made;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};

/// Makes an output from another so that it can leave.
#[utoipa::path(
    post,
    path = "/outputs/{output}/mend",
    operation_id = "output_mend",
    tag = "outputs",
    params(("output" = String, Path, description = "The output")),
    responses((status = 200, description = "The mended output.", body = Made), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn mend(
    State(app): State<App>,
    visitor: Visitor,
    Path(output): Path<String>,
) -> Result<Json<Made>, Failure> {
    let mended = app
        .centre
        .mend(visitor.caller(), &seen::id(&output)?)
        .await
        .map_err(|refused| Failure::unfit(refused, "conflict-no-mend"))?;
    Ok(Json(Made { id: mended.to_string() }))
}
