//! The calendar: as a part of other pages, and as a file.

use axum::extract::{Path, State};
use centre::Refused;
use centre::calendar::{Due, icalendar};
use model::PermitId;
use room::Room;

use super::seen;
use crate::answer::{Answered, download};
use crate::failure::Failure;
use crate::parts::calendar::{Calendar, says};
use crate::state::App;
use crate::visitor::Visitor;

const KIND: &str = "text/calendar; charset=utf-8";

/// `GET /calendar.ics`: of everything that the reader works on.
pub(crate) async fn file(State(app): State<App>, visitor: Visitor) -> Answered {
    visitor.account()?;
    let dues = app.centre.calendar(visitor.caller(), None).await?;
    Ok(download(KIND, "helserom.ics", file_of(&app, &visitor, &dues)))
}

/// `GET /permits/{permit}/calendar.ics`
pub(crate) async fn file_of_permit(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
) -> Answered {
    let id: PermitId = seen::id(&permit)?;
    let dues = app.centre.calendar(visitor.caller(), Some(&id)).await?;
    Ok(download(KIND, &format!("{id}.ics"), file_of(&app, &visitor, &dues)))
}

pub(crate) fn file_of(app: &App, visitor: &Visitor, dues: &[Due]) -> Vec<u8> {
    let words = visitor.words();
    icalendar(dues, app.centre.now(), |due| says(words, due)).into_bytes()
}

/// The part for a page of the permit; nothing for those who may not see the permit whole.
pub(crate) async fn of_permit(
    app: &App,
    visitor: &Visitor,
    permit: &PermitId,
) -> Result<Option<Calendar>, Failure> {
    let dues = app.centre.calendar(visitor.caller(), Some(permit)).await;
    part(app, visitor, permit, dues)
}

/// The same for a page of one room on it.
pub(crate) async fn of_room(
    app: &App,
    visitor: &Visitor,
    room: &Room,
) -> Result<Option<Calendar>, Failure> {
    let dues = app.centre.calendar_of_room(visitor.caller(), &room.id).await;
    part(app, visitor, &room.permit, dues)
}

fn part(
    app: &App,
    visitor: &Visitor,
    permit: &PermitId,
    dues: Result<Vec<Due>, Refused>,
) -> Result<Option<Calendar>, Failure> {
    let dues = match dues {
        Ok(dues) => dues,
        Err(Refused::Denied(_)) => return Ok(None),
        Err(refused) => return Err(refused.into()),
    };
    let file = format!("/permits/{permit}/calendar.ics");
    Ok(Some(Calendar::of(visitor.words(), app.centre.now(), &dues, file)))
}
