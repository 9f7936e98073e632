//! `DELETE /api/v1/sessions/current`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::sign_in::close_session;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::State;
use axum::http::StatusCode;

/// Signs out.
#[utoipa::path(
    delete,
    path = "/sessions/current",
    operation_id = "session_close",
    tag = "sessions",
    responses((status = 204, description = "Signed out."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn close(State(app): State<App>, visitor: Visitor) -> Result<StatusCode, Failure> {
    visitor.account()?;
    close_session(&app, &visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}
