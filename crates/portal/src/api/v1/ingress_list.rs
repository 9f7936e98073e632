//! `GET /api/v1/ingresses`

use crate::api::problem::Problems;
use crate::api::schema::IngressBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use ingress::Ingress;
use serde::Deserialize;

/// Of which room.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Of {
    room: Option<String>,
}

/// The files that are, or were, to be brought into rooms, as far as I may see them.
#[utoipa::path(
    get,
    path = "/ingresses",
    operation_id = "ingress_list",
    tag = "ingresses",
    params(("room" = Option<String>, Query, description = "Of this room alone")),
    responses((status = 200, description = "The files.", body = Vec<IngressBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Query(of): Query<Of>,
) -> Result<Json<Vec<Ingress>>, Failure> {
    visitor.account()?;
    let room = of.room.as_deref().map(seen::id).transpose()?;
    Ok(Json(centre::owned(app.centre.ingresses(visitor.caller(), room.as_ref()).await?)))
}
