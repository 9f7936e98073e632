//! `GET /api/v1/calendar`

use crate::api::problem::Problems;
use crate::api::schema::DueBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;

/// What ends when: of the permits that name me and are not over, and of the rooms on
/// them, the nearest first. `/calendar.ics` has the same as a file for calendars.
#[utoipa::path(
    get,
    path = "/calendar",
    operation_id = "calendar",
    tag = "sessions",
    responses((status = 200, description = "The dates.", body = [DueBody]), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn calendar(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<DueBody>>, Failure> {
    visitor.account()?;
    let dues = app.centre.calendar(visitor.caller(), None).await?;
    Ok(Json(dues.iter().map(DueBody::of).collect()))
}
