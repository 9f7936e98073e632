//! `GET /api/v1/sources/{source}/variables/{variable}`

use crate::api::problem::Problems;
use crate::api::schema::VariableBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use catalogue::Variable;

/// One variable.
#[utoipa::path(
    get,
    path = "/sources/{source}/variables/{variable}",
    operation_id = "variable_show",
    tag = "catalogue",
    params(
        ("source" = String, Path, description = "The source"),
        ("variable" = String, Path, description = "The column"),
    ),
    responses((status = 200, description = "The variable.", body = VariableBody), Problems),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path((source, variable)): Path<(String, String)>,
) -> Result<Json<Variable>, Failure> {
    let dataset = app.centre.dataset(visitor.caller(), &seen::id(&source)?).await?;
    dataset.variable(&variable).cloned().map(Json).ok_or(Failure::Absent)
}
