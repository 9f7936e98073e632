//! `GET /api/v1/register/{application}`

use crate::api::problem::Problems;
use crate::api::schema::UseBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use centre::register::Use;

/// One use, in the open.
#[utoipa::path(
    get,
    path = "/register/{application}",
    operation_id = "use_show",
    tag = "register",
    params(("application" = String, Path, description = "The application")),
    responses((status = 200, description = "The use.", body = UseBody), Problems),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
) -> Result<Json<Use>, Failure> {
    let uses = app.centre.register(visitor.caller()).await?;
    let found = uses.into_iter().find(|entry| entry.application.as_str() == application);
    found.map(Json).ok_or(Failure::Absent)
}
