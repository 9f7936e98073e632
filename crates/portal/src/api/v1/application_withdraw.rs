//! `POST /api/v1/applications/{application}/withdrawal`

use super::Why;
use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Takes an application back.
#[utoipa::path(
    post,
    path = "/applications/{application}/withdrawal",
    operation_id = "application_withdraw",
    tag = "applications",
    params(("application" = String, Path, description = "The application")),
    request_body = Why,
    responses((status = 204, description = "Withdrawn."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Body(body): Body<Why>,
) -> Result<StatusCode, Failure> {
    let id = seen::id(&application)?;
    app.centre.withdraw_application(visitor.caller(), &id, body.why).await?;
    Ok(StatusCode::NO_CONTENT)
}
