//! Packing what was released from a room.

use askama::Template;
use axum::extract::{Path, State};
use model::{Lang, Timestamp};
use permit::Role;
use permit::policy::Action;

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
    visitor.account()?;
    let mut files = Vec::new();
    for output in app.centre.ready_to_leave(&seen::id(&room)?).await? {
        let thing = app.centre.output_thing(&output).await?;
        let ruling = app.centre.ruling(visitor.caller(), Action::DecideOutput, &thing);
        if !ruling.allowed {
            return Err(Failure::Denied(Box::new(centre::Denied {
                action: Action::DecideOutput,
                kind: "Output",
                id: output.id.to_string(),
                rules: ruling.rules,
            })));
        }
        files.push(ReadyFile {
            id: output.id.to_string(),
            name: output.name,
            bytes: output.bytes,
            at: output.requested_at,
        });
    }
    html(&PackingPage { chrome: visitor.chrome(&app), room, files })
}

/// `POST /rooms/{room}/packing`: writes and signs the package.
pub(crate) async fn pack(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    let release = app.centre.package(visitor.caller(), &seen::id(&room)?).await?;
    Ok(see(&format!("/releases/{release}"), "packaged"))
}
