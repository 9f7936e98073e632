//! Earlier versions of the files of a room, to be put back.

use askama::Template;
use axum::extract::{Path, State};
use model::{Lang, RoomId};
use permit::Role;
use room::{Version, VersionNumber, WorkName};
use serde::Deserialize;

use super::seen;
use crate::answer::{Answered, html, see};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::query::Query;
use crate::sample::literal;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::{Shown, Words};

/// So many are shown at once; of one file there are never more.
const MOST_SHOWN: usize = 200;

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/versions.html")]
pub struct VersionsPage {
    chrome: Chrome,
    room: String,
    /// The one file whose versions are shown, if it is one.
    file: Option<String>,
    lines: Vec<VersionLine>,
    more: bool,
}

/// A version.
#[derive(Debug, Clone)]
pub struct VersionLine {
    number: VersionNumber,
    name: String,
    kept_at: Shown,
    bytes: String,
    /// Until when it is kept; nothing, while it is what the file is.
    until: Option<Shown>,
}

fn line(words: &Words, version: &Version) -> VersionLine {
    VersionLine {
        number: version.number,
        name: version.name.to_string(),
        kept_at: words.moment(version.kept_at),
        bytes: words.bytes(version.bytes),
        until: version.until().map(|until| words.moment(until)),
    }
}

impl VersionsPage {
    fn of(chrome: Chrome, room: String, file: Option<String>, versions: &[Version]) -> Self {
        let words = chrome.words().clone();
        let lines = versions.iter().take(MOST_SHOWN).map(|version| line(&words, version)).collect();
        Self { chrome, room, file, lines, more: versions.len() > MOST_SHOWN }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let room = "room-3p5r7t9v1x";
        let chrome = Chrome::sample(lang, &format!("/rooms/{room}/versions"));
        let chrome = chrome.seen_by(&[Role::Researcher]);
        let version = |number: &str, name: &str, replaced: Option<&str>| Version {
            number: literal(number),
            name: literal(name),
            person: None,
            kept_at: literal("2026-03-01T08:12:14Z"),
            replaced_at: replaced.map(literal),
            bytes: 1_412,
            sha256: ledger::Hash([0x5a; 32]),
        };
        let versions = [
            version("14", "analysis/cox.R", None),
            version("9", "private/notes.R", Some("2026-03-01T09:40:02Z")),
            version("8", "analysis/cox.R", Some("2026-03-01T09:40:02Z")),
        ];
        Self::of(chrome, room.to_owned(), None, &versions)
    }
}

/// Of which file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    file: Option<String>,
}

pub(crate) fn file_name(text: &str) -> Result<WorkName, Failure> {
    text.parse().map_err(|_: room::NameError| Failure::Choice(text.to_owned()))
}

/// `GET /rooms/{room}/versions?file=…`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answered {
    let id: RoomId = seen::id(&room)?;
    let file = wanted.file.as_deref().map(file_name).transpose()?;
    let versions = app
        .centre
        .versions(visitor.caller(), &id, file.as_ref())
        .await
        .map_err(|refused| Failure::unfit(refused, "conflict-versions"))?;
    html(&VersionsPage::of(visitor.chrome(&app), room, wanted.file, &versions))
}

/// `POST /rooms/{room}/restorations`
pub(crate) async fn restore(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id: RoomId = seen::id(&room)?;
    let file = file_name(fields.one("file"))?;
    let version = fields.one("version");
    let number = version.parse().map_err(|_| Failure::Choice(version.to_owned()))?;
    app.centre
        .restore_version(visitor.caller(), &id, &file, number)
        .await
        .map_err(|refused| Failure::unfit(refused, "conflict-restore"))?;
    Ok(see(&format!("/rooms/{id}/versions"), "restored"))
}
