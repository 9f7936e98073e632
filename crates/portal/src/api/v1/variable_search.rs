//! `GET /api/v1/variables`

use crate::api::problem::Problems;
use crate::api::schema::VariableBody;
use crate::failure::Failure;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use catalogue::Variable;
use serde::Deserialize;
use utoipa::IntoParams;

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Words; empty: every variable.
    #[serde(default)]
    q: String,
}

/// The variables in which every word is found, best first.
#[utoipa::path(
    get,
    path = "/variables",
    operation_id = "variable_search",
    tag = "catalogue",
    params(Wanted),
    responses((status = 200, description = "The variables.", body = Vec<VariableBody>), Problems),
)]
pub(super) async fn search(
    State(app): State<App>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Variable>>, Failure> {
    let datasets = app.centre.catalogue(visitor.caller()).await?;
    let hits = catalogue::search(&datasets, &wanted.q);
    Ok(Json(hits.into_iter().map(|hit| hit.variable.clone()).collect()))
}
