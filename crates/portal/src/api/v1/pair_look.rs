//! `POST /api/v1/pairs/{pair}/look`

use crate::api::problem::{Body, Problems};
use crate::api::schema::ShownBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use linkage::review::Shown;
use serde::Deserialize;
use utoipa::ToSchema;

/// How much is to be shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LookBody {
    /// Whether what differs is shown whole.
    #[serde(default)]
    whole: bool,
}

/// Shows as little of two records as tells whether they are of one person. That I look
/// is written in the ledger first.
#[utoipa::path(
    post,
    path = "/pairs/{pair}/look",
    operation_id = "pair_look",
    tag = "pairs",
    params(("pair" = String, Path, description = "The pair")),
    request_body = LookBody,
    responses((status = 200, description = "What was compared.", body = ShownBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn look(
    State(app): State<App>,
    visitor: Visitor,
    Path(pair): Path<String>,
    Body(body): Body<LookBody>,
) -> Result<Json<Shown>, Failure> {
    let id = seen::id(&pair)?;
    Ok(Json(app.centre.look_at_pair(visitor.caller(), &id, body.whole).await?))
}
