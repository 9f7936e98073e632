//! `GET /api/v1/packages`

use crate::api::problem::Problems;
use crate::api::schema::ShelfBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use centre::packages::Shelf;

/// Which packages rooms have and may fetch, and what was asked for.
#[utoipa::path(
    get,
    path = "/packages",
    operation_id = "package_list",
    tag = "packages",
    responses((status = 200, description = "The packages.", body = ShelfBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(State(app): State<App>, visitor: Visitor) -> Result<Json<Shelf>, Failure> {
    visitor.account()?;
    Ok(Json(app.centre.packages(visitor.caller()).await?))
}
