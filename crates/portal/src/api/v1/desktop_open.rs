//! `POST /api/v1/rooms/{room}/desktop`

use super::sitting::{self, SittingWanted};
use crate::api::problem::{Body, Problems};
use crate::api::schema::SittingBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use permit::Way;

/// Opens the desktop of a room, unless it is open, and waits until it answers. Where the
/// machine has no place for it, it waits in the queue: `place` says where.
#[utoipa::path(
    post,
    path = "/rooms/{room}/desktop",
    operation_id = "desktop_open",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    request_body = SittingWanted,
    responses((status = 200, description = "How it stands.", body = SittingBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn open(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Body(wanted): Body<SittingWanted>,
) -> Result<Json<SittingBody>, Failure> {
    sitting::open(&app, &visitor, &seen::id(&room)?, Way::Desktop, &wanted).await
}
