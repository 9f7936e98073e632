//! `GET /api/v1/applications`

use crate::api::problem::Problems;
use crate::api::schema::ApplicationBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use permit::Application;

/// The applications I may see, newest first.
#[utoipa::path(
    get,
    path = "/applications",
    operation_id = "application_list",
    tag = "applications",
    responses((status = 200, description = "The applications.", body = Vec<ApplicationBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<Application>>, Failure> {
    visitor.account()?;
    Ok(Json(centre::owned(app.centre.applications(visitor.caller()).await?)))
}
