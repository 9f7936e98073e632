//! Packing what was released from a room.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use model::{Lang, RoomId, Timestamp};
use permit::Role;
use permit::policy::Action;
use release::Output;

use super::seen;
use crate::answer::{Answered, html, see};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/packing.html")]
pub struct PackingPage {
    chrome: Chrome,
    room: String,
    files: Vec<ReadyFile>,
}

/// A file that may leave.
#[derive(Debug, Clone)]
pub struct ReadyFile {
    id: String,
    name: String,
    bytes: u64,
    at: Timestamp,
}

impl PackingPage {
    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome =
            Chrome::sample(lang, "/rooms/room-3p5r7t9v1x/packing").seen_by(&[Role::Checker]);
        let file = ReadyFile {
            id: "output-5v7x9z1b3d".to_owned(),
            name: "results/cox.csv".to_owned(),
            bytes: 412,
            at: "2026-03-01T08:30:00Z".parse().unwrap_or_default(),
        };
        Self { chrome, room: "room-3p5r7t9v1x".to_owned(), files: vec![file] }
    }
}

/// `GET /rooms/{room}/packing`: what may leave the room, for those who decide
/// about it.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Answered {
    html(&page(&app, &visitor, &seen::id(&room)?).await?)
}

/// What may leave a room, for those who decide about it. Where nothing is ready
/// there is nothing to ask the policy about but the room: that is for those who
/// may see it.
pub(crate) async fn ready(
    app: &App,
    visitor: &Visitor,
    room: &RoomId,
) -> Result<Vec<Arc<Output>>, Failure> {
    visitor.account()?;
    let ready = app.centre.ready_to_leave(room).await?;
    if ready.is_empty() && app.centre.outputs(visitor.caller(), Some(room)).await?.is_empty() {
        app.centre.room(visitor.caller(), room).await?;
    }
    for output in &ready {
        let thing = app.centre.output_thing(output).await?;
        seen::require(app, visitor, Action::DecideOutput, &thing)?;
    }
    Ok(ready)
}

async fn page(app: &App, visitor: &Visitor, room: &RoomId) -> Result<PackingPage, Failure> {
    let files = ready(app, visitor, room)
        .await?
        .into_iter()
        .map(|output| ReadyFile {
            id: output.id.to_string(),
            name: output.name.clone(),
            bytes: output.bytes,
            at: output.requested_at,
        })
        .collect();
    Ok(PackingPage { chrome: visitor.chrome(app), room: room.to_string(), files })
}

/// `POST /rooms/{room}/packing`: writes and signs the package.
pub(crate) async fn pack(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    let room = seen::id(&room)?;
    ready(&app, &visitor, &room).await?;
    let release = app
        .centre
        .package(visitor.caller(), &room)
        .await
        .map_err(|refused| Failure::unfit(refused, "packing-none"))?;
    Ok(see(&format!("/releases/{release}"), "packaged"))
}
