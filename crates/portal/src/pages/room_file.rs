//! A file of a room's work folder, for its people to look at inside: what is seen
//! here has been through no check, and does not leave by being looked at.

use askama::Template;
use axum::extract::{Path, State};
use model::{Lang, RoomId};
use permit::Role;
use serde::Deserialize;

use super::output::{Sheet, picture};
use super::seen;
use crate::answer::{Answered, html};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::parts::listing::percent;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;

/// The page of a file.
#[derive(Debug, Template)]
#[template(path = "pages/room_file.html")]
pub struct RoomFilePage {
    chrome: Chrome,
    room: String,
    name: String,
    bytes: usize,
    sheet: Sheet,
}

impl RoomFilePage {
    /// The page of the file `name`.
    pub fn of(chrome: Chrome, room: String, name: String, bytes: &[u8]) -> Self {
        let address = format!("/rooms/{room}/picture?name={}", percent(&name));
        let sheet = Sheet::of(&address, &name, bytes, &[], 1, None);
        Self { chrome, room, name, bytes: bytes.len(), sheet }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let path = "/rooms/room-3p5r7t9v1x/file";
        let chrome = Chrome::sample(lang, path).seen_by(&[Role::Researcher]);
        let name = "results/cox.csv".to_owned();
        Self::of(chrome, "room-3p5r7t9v1x".to_owned(), name, b"term,coef,se\nage,0.0876,0.0033\n")
    }
}

/// Which file an address is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    name: String,
}

/// `GET /rooms/{room}/file?name=…`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answered {
    let id = seen::id(&room)?;
    let bytes = read(&app, &visitor, &id, &wanted.name).await?;
    html(&RoomFilePage::of(visitor.chrome(&app), room, wanted.name, &bytes))
}

/// `GET /rooms/{room}/picture?name=…`: whatever is in it, browsers are told to
/// run nothing.
pub(crate) async fn show_picture(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answered {
    let bytes = read(&app, &visitor, &seen::id(&room)?, &wanted.name).await?;
    picture(&wanted.name, bytes)
}

/// The bytes of a file, for the people of the room.
pub(crate) async fn read(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    name: &str,
) -> Result<Vec<u8>, Failure> {
    let caller = visitor.caller();
    match app.centre.read_in_room(caller, id, name).await {
        Ok(bytes) => Ok(bytes),
        Err(refused @ centre::Refused::Conflict(_)) => {
            let inside = app.centre.room_standing(caller, id, None).await?;
            let there = inside.listing.files.iter().any(|file| file.name.as_str() == name);
            if there {
                Err(Failure::unfit(refused, "conflict-file-look"))
            } else {
                Err(Failure::Absent)
            }
        }
        Err(refused) => Err(refused.into()),
    }
}
