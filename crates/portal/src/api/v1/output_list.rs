//! `GET /api/v1/outputs`

use crate::api::problem::Problems;
use crate::api::schema::OutputBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use release::Output;

/// The outputs I may see, newest first.
#[utoipa::path(
    get,
    path = "/outputs",
    operation_id = "output_list",
    tag = "outputs",
    responses((status = 200, description = "The outputs.", body = Vec<OutputBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<Output>>, Failure> {
    visitor.account()?;
    Ok(Json(centre::owned(app.centre.outputs(visitor.caller(), None).await?)))
}
