//! `GET /api/v1/sources`

use crate::api::problem::Problems;
use crate::api::schema::SourceSummary;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;

/// Every source.
#[utoipa::path(
    get,
    path = "/sources",
    operation_id = "source_list",
    tag = "catalogue",
    responses((status = 200, description = "The sources.", body = Vec<SourceSummary>), Problems),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<SourceSummary>>, Failure> {
    let words = visitor.words();
    let datasets = app.centre.catalogue(visitor.caller()).await?;
    let summary = |dataset: &catalogue::Dataset| SourceSummary {
        title: words.text(&dataset.title).to_owned(),
        description: words.text(&dataset.description).to_owned(),
        holder: dataset.holder.to_string(),
        persons: dataset.persons,
        rows: dataset.rows,
        variables: dataset.variables.len(),
        source: dataset.source.to_string(),
    };
    Ok(Json(datasets.iter().map(summary).collect()))
}
