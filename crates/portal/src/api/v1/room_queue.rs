//! `GET /api/v1/rooms/{room}/queue`

use crate::api::problem::Problems;
use crate::api::schema::PlaceBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};

/// Where what waits in a room stands in the queue for places on the machine; `null`,
/// when nothing waits there. A notebook or a desktop is given up when who asked for it
/// has not asked this for some minutes; a script waits until it begins. `run_stop`
/// gives the place up.
#[utoipa::path(
    get,
    path = "/rooms/{room}/queue",
    operation_id = "room_queue",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses(
        (status = 200, description = "The place, or `null`.", body = Option<PlaceBody>),
        Problems
    ),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn queue(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<Json<Option<PlaceBody>>, Failure> {
    let place = app.centre.place_in_line(visitor.caller(), &seen::id(&room)?).await?;
    Ok(Json(place.as_ref().map(PlaceBody::of)))
}
