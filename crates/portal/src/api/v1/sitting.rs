//! The notebook and the desktop of a room, as programs open, see and close them. What
//! is in them is for browsers.

use axum::Json;
use centre::notebooks::Company;
use centre::rooms::Begun;
use model::RoomId;
use permit::Way;
use permit::policy::Action;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::schema::{PlaceBody, SittingBody};
use crate::failure::Failure;
use crate::pages::{notebook, seen};
use crate::state::App;
use crate::visitor::Visitor;

/// For whom it is opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SittingWanted {
    /// Whether for everybody in the room. Not said: for who asks alone, with their
    /// private folder.
    #[serde(default)]
    together: bool,
}

/// How it stands with the notebook or the desktop of a room, for its people.
pub(super) async fn show(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    way: Way,
) -> Result<Json<SittingBody>, Failure> {
    let caller = visitor.caller();
    let room = app.centre.room(caller, id).await?;
    seen::require(app, visitor, Action::EnterRoom, &app.centre.room_thing(&room).await?)?;
    let place = app.centre.place_in_line(caller, id).await?.filter(|place| match way {
        Way::Desktop => place.waiting.desktop,
        _ => place.waiting.notebook,
    });
    let sits = if way == Way::Desktop { room.desktop() } else { room.notebook() };
    Ok(Json(SittingBody {
        open: sits.is_some(),
        answers: sits.is_some() && app.centre.answers(id, way).await,
        run: sits.map(|run| run.id.to_string()),
        by: sits.map(|run| run.by.to_string()),
        together: sits.is_some_and(|run| !run.private),
        since: sits.map(|run| run.started_at.to_string()),
        place: place.as_ref().map(PlaceBody::of),
    }))
}

/// Opens it, and waits until it answers; or says where in line it is.
pub(super) async fn open(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    way: Way,
    wanted: &SittingWanted,
) -> Result<Json<SittingBody>, Failure> {
    let company = if wanted.together { Company::Together } else { Company::Alone };
    let kind = notebook::kind(way);
    if let Some(Begun::Started(_)) | None = notebook::begin(app, visitor, id, kind, company).await?
    {
        notebook::answering(app, visitor, id).await?;
    }
    show(app, visitor, id, way).await
}

/// Closes it, or gives up its place in line.
pub(super) async fn close(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    way: Way,
) -> Result<(), Failure> {
    let room = app.centre.room(visitor.caller(), id).await?;
    let waits = room.waiting.as_ref();
    let (is_there, shut) = if way == Way::Desktop {
        (room.desktop().is_some() || waits.is_some_and(|it| it.desktop), "conflict-no-desktop-open")
    } else {
        (
            room.notebook().is_some() || waits.is_some_and(|it| it.notebook),
            "conflict-no-notebook-open",
        )
    };
    if !is_there {
        // Who may not be there is told so, and not what is open.
        seen::require(app, visitor, Action::EnterRoom, &app.centre.room_thing(&room).await?)?;
        return Err(Failure::Unfit(shut));
    }
    app.centre.stop_run(visitor.caller(), id).await.map_err(|refused| Failure::unfit(refused, shut))
}
