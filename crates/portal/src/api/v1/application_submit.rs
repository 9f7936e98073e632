//! `POST /api/v1/applications/{application}/submission`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Hands a draft in. What is missing comes back in `faults`.
#[utoipa::path(
    post,
    path = "/applications/{application}/submission",
    operation_id = "application_submit",
    tag = "applications",
    params(("application" = String, Path, description = "The application")),
    responses((status = 204, description = "Submitted."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
) -> Result<StatusCode, Failure> {
    app.centre.submit_application(visitor.caller(), &seen::id(&application)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
