//! `GET /api/v1/reversals/{reversal}`

use std::sync::Arc;

use crate::api::problem::Problems;
use crate::api::schema::ReversalBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use linkage::reversal::Reversal;

/// A finding that was reported. Whom it is about is not in it.
#[utoipa::path(
    get,
    path = "/reversals/{reversal}",
    operation_id = "reversal_show",
    tag = "reversals",
    params(("reversal" = String, Path, description = "The request")),
    responses((status = 200, description = "The request.", body = ReversalBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(reversal): Path<String>,
) -> Result<Json<Reversal>, Failure> {
    Ok(Json(Arc::unwrap_or_clone(
        app.centre.reversal(visitor.caller(), &seen::id(&reversal)?).await?,
    )))
}
