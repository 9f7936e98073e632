//! `POST /api/v1/applications`

use super::Made;
use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::api::schema::TermsBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use permit::Terms;

/// Begins an application for my own institution.
#[utoipa::path(
    post,
    path = "/applications",
    operation_id = "application_begin",
    tag = "applications",
    request_body = TermsBody,
    responses((status = 200, description = "The application, a draft.", body = Made), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn begin(
    State(app): State<App>,
    visitor: Visitor,
    Body(terms): Body<Terms>,
) -> Result<Json<Made>, Failure> {
    visitor.account()?;
    let id = app.centre.begin_application(visitor.caller(), terms).await?;
    Ok(Json(Made { id: id.to_string() }))
}
