//! `GET /api/v1/pairs`

use crate::api::problem::Problems;
use crate::api::schema::PairsBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use centre::pairs::Pairs;

/// Pairs of records in doubt that wait for me, and those that I answered.
#[utoipa::path(
    get,
    path = "/pairs",
    operation_id = "pair_list",
    tag = "pairs",
    responses((status = 200, description = "The pairs.", body = PairsBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(State(app): State<App>, visitor: Visitor) -> Result<Json<Pairs>, Failure> {
    visitor.account()?;
    Ok(Json(app.centre.pairs(visitor.caller()).await?))
}
