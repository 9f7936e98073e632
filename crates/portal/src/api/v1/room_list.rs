//! `GET /api/v1/rooms`

use crate::api::problem::Problems;
use crate::api::schema::RoomBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use room::Room;

/// The rooms I may see, newest first.
#[utoipa::path(
    get,
    path = "/rooms",
    operation_id = "room_list",
    tag = "rooms",
    responses((status = 200, description = "The rooms.", body = Vec<RoomBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<Room>>, Failure> {
    visitor.account()?;
    Ok(Json(centre::owned(app.centre.rooms(visitor.caller()).await?)))
}
