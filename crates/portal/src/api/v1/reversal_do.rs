//! `POST /api/v1/reversals/{reversal}/doing`

use crate::api::problem::Problems;
use crate::api::schema::RevealedBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use linkage::reversal::Revealed;

/// Tells me, as somebody of the register's holder, which of its people a finding is
/// about: once. That I was told is written in the ledger first.
#[utoipa::path(
    post,
    path = "/reversals/{reversal}/doing",
    operation_id = "reversal_do",
    tag = "reversals",
    params(("reversal" = String, Path, description = "The request")),
    responses((status = 200, description = "The people.", body = Vec<RevealedBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn reveal(
    State(app): State<App>,
    visitor: Visitor,
    Path(reversal): Path<String>,
) -> Result<Json<Vec<Revealed>>, Failure> {
    Ok(Json(app.centre.do_reversal(visitor.caller(), &seen::id(&reversal)?).await?))
}
