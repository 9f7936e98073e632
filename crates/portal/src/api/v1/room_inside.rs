//! `GET /api/v1/rooms/{room}/files`

use crate::api::problem::Problems;
use crate::api::schema::{FileBody, RoomInside};
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};

/// How full a room is and what is in it, for its people.
#[utoipa::path(
    get,
    path = "/rooms/{room}/files",
    operation_id = "room_inside",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    responses((status = 200, description = "What is in the room.", body = RoomInside), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn inside(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Result<Json<RoomInside>, Failure> {
    let looked = app.centre.room_standing(visitor.caller(), &seen::id(&room)?, None).await?;
    let files = looked.listing.files.iter().map(|file| FileBody {
        name: file.name.to_string(),
        bytes: file.bytes,
        modified: file.modified,
    });
    let refused = looked
        .listing
        .refused
        .iter()
        .map(|refused| (refused.shown.clone(), refused.why.to_string()));
    // A list that cannot be read hands nothing over.
    let handed_over = looked.handed_over.unwrap_or_default().into_iter().map(|wish| {
        let (declared, _told_to_the_check_alone) = wish.declared.without_contributions();
        serde_json::json!({ "name": wish.name, "declared": declared, "note": wish.note })
    });
    Ok(Json(RoomInside {
        running: looked.standing.running.iter().map(ToString::to_string).collect(),
        memory: looked.standing.memory,
        processes: looked.standing.processes,
        cpu_percent: looked.standing.cpu_percent,
        disk: looked.standing.work.bytes,
        files: files.collect(),
        refused: refused.collect(),
        handed_over: handed_over.collect(),
    }))
}
