//! `POST /api/v1/applications/{application}/comments`

use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// A remark.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Comment {
    /// Which field of the terms; empty: the whole.
    #[serde(default)]
    field: String,
    /// What.
    text: String,
}

/// Remarks something.
#[utoipa::path(
    post,
    path = "/applications/{application}/comments",
    operation_id = "application_comment",
    tag = "applications",
    params(("application" = String, Path, description = "The application")),
    request_body = Comment,
    responses((status = 204, description = "Kept."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn comment(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Body(body): Body<Comment>,
) -> Result<StatusCode, Failure> {
    let id = seen::id(&application)?;
    app.centre.comment_application(visitor.caller(), &id, body.field, body.text).await?;
    Ok(StatusCode::NO_CONTENT)
}
