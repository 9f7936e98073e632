//! `PUT /api/v1/applications/{application}/terms`

use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::api::schema::TermsBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use permit::Terms;

/// Replaces what a draft asks for.
#[utoipa::path(
    put,
    path = "/applications/{application}/terms",
    operation_id = "application_save",
    tag = "applications",
    params(("application" = String, Path, description = "The application")),
    request_body = TermsBody,
    responses((status = 204, description = "Saved."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn save(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Body(body): Body<Terms>,
) -> Result<StatusCode, Failure> {
    let id = seen::id(&application)?;
    app.centre.save_application(visitor.caller(), &id, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
