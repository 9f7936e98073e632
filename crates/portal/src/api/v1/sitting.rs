//! The notebook and the desktop of a room, as programs open, see and close them. What
//! is in them is for browsers.

use axum::Json;
use centre::notebooks::Company;
use centre::rooms::Begun;
use model::RoomId;
use permit::Way;
use permit::policy::Action;
use room::Run;
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

/// How it stands with the notebook or the desktop of a room that who asks is in: their own,
/// else the one for everybody.
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
    let sits = room.session_of(&visitor.account()?.id).filter(|run| is_of(run, way));
    let answers = match sits {
        Some(run) => app.centre.answers(id, &run.id, way).await,
        None => false,
    };
    Ok(Json(SittingBody {
        open: sits.is_some(),
        answers,
        run: sits.map(|run| run.id.to_string()),
        by: sits.map(|run| run.by.to_string()),
        together: sits.is_some_and(|run| !run.private),
        since: sits.map(|run| run.started_at.to_string()),
        place: place.as_ref().map(PlaceBody::of),
    }))
}

/// Whether it is a notebook, or a desktop, as is asked for.
const fn is_of(run: &Run, way: Way) -> bool {
    match way {
        Way::Desktop => run.desktop,
        _ => run.notebook,
    }
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

/// Closes the one that who asks is in, or gives up its place in line.
pub(super) async fn close(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    way: Way,
) -> Result<(), Failure> {
    let room = app.centre.room(visitor.caller(), id).await?;
    let sits = room.session_of(&visitor.account()?.id).filter(|run| is_of(run, way));
    let waits = room.waiting.as_ref().filter(|waits| match way {
        Way::Desktop => waits.desktop,
        _ => waits.notebook,
    });
    let shut = match way {
        Way::Desktop => "conflict-no-desktop-open",
        _ => "conflict-no-notebook-open",
    };
    let Some(run) = sits.map(|run| &run.id).or(waits.map(|waits| &waits.run)) else {
        // Who may not be there is told so, and not what is open.
        seen::require(app, visitor, Action::EnterRoom, &app.centre.room_thing(&room).await?)?;
        return Err(Failure::Unfit(shut));
    };
    let stopped = app.centre.stop_run(visitor.caller(), id, Some(run)).await;
    stopped.map_err(|refused| Failure::unfit(refused, shut))
}
