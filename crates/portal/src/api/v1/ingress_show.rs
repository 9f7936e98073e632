//! `GET /api/v1/ingresses/{ingress}`

use std::sync::Arc;

use crate::api::problem::Problems;
use crate::api::schema::IngressBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use ingress::Ingress;

/// A file that is, or was, to be brought into a room, and what was found in it.
#[utoipa::path(
    get,
    path = "/ingresses/{ingress}",
    operation_id = "ingress_show",
    tag = "ingresses",
    params(("ingress" = String, Path, description = "The file")),
    responses((status = 200, description = "The file.", body = IngressBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(ingress): Path<String>,
) -> Result<Json<Ingress>, Failure> {
    Ok(Json(Arc::unwrap_or_clone(
        app.centre.ingress(visitor.caller(), &seen::id(&ingress)?).await?,
    )))
}
