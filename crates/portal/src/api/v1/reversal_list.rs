//! `GET /api/v1/reversals`

use crate::api::problem::Problems;
use crate::api::schema::ReversalBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use linkage::reversal::Reversal;

/// The findings that I see were reported, newest first. Whom they are about is in none.
#[utoipa::path(
    get,
    path = "/reversals",
    operation_id = "reversal_list",
    tag = "reversals",
    responses((status = 200, description = "The requests.", body = Vec<ReversalBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<Reversal>>, Failure> {
    visitor.account()?;
    Ok(Json(centre::owned(app.centre.reversals(visitor.caller(), None).await?)))
}
