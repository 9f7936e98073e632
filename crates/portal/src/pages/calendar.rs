//! The calendar: as a part of other pages, and as a file.

use axum::extract::{Path, State};
use centre::calendar::{Due, icalendar};
use model::PermitId;

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

/// The part for a page of the permit, or of one room on it; nothing for those who may
/// not see the permit whole.
pub(crate) async fn of_permit(
    app: &App,
    visitor: &Visitor,
    permit: &PermitId,
    room: Option<&str>,
) -> Result<Option<Calendar>, Failure> {
    let mut dues = match app.centre.calendar(visitor.caller(), Some(permit)).await {
        Ok(dues) => dues,
        Err(centre::Refused::Denied(_)) => return Ok(None),
        Err(refused) => return Err(refused.into()),
    };
    dues.retain(|due| room.is_none_or(|room| due.id == room || due.id == permit.as_str()));
    let file = format!("/permits/{permit}/calendar.ics");
    Ok(Some(Calendar::of(visitor.words(), app.centre.now(), &dues, file)))
}
