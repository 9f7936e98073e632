//! `GET /api/v1/applications/{application}`

use std::sync::Arc;

use crate::api::problem::Problems;
use crate::api::schema::ApplicationBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use permit::Application;

/// One application.
#[utoipa::path(
    get,
    path = "/applications/{application}",
    operation_id = "application_show",
    tag = "applications",
    params(("application" = String, Path, description = "The application")),
    responses((status = 200, description = "The application.", body = ApplicationBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
) -> Result<Json<Application>, Failure> {
    Ok(Json(Arc::unwrap_or_clone(
        app.centre.application(visitor.caller(), &seen::id(&application)?).await?,
    )))
}
