//! `GET /api/v1/sources/{source}`

use crate::api::problem::Problems;
use crate::api::schema::DatasetBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use catalogue::Dataset;

/// One source, with its variables.
#[utoipa::path(
    get,
    path = "/sources/{source}",
    operation_id = "source_show",
    tag = "catalogue",
    params(("source" = String, Path, description = "The source")),
    responses((status = 200, description = "The source.", body = DatasetBody), Problems),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(source): Path<String>,
) -> Result<Json<Dataset>, Failure> {
    Ok(Json(app.centre.dataset(visitor.caller(), &seen::id(&source)?).await?))
}
