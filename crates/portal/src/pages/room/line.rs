//! Where a room stands in line for a place on the machine.

use room::Room;

use crate::failure::Failure;
use crate::names::Names;
use crate::sample::literal;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::{Shown, Words};

/// Where a room stands in line.
#[derive(Debug, Clone)]
pub struct InLine {
    /// What waits: the script's name, or what is opened.
    pub what: String,
    /// Who asked for it.
    pub by: String,
    /// Since when.
    pub since: Shown,
    /// How manieth it is, of how many.
    pub place: (String, String),
    /// Whether it is given up when this page is closed.
    pub lapses: bool,
}

/// Where `room` stands, as its reader is told, who is seen to wait still.
pub(super) async fn of(
    app: &App,
    visitor: &Visitor,
    room: &Room,
    names: &Names,
) -> Result<Option<InLine>, Failure> {
    let place = app.centre.place_in_line(visitor.caller(), &room.id).await?;
    Ok(place.map(|place| InLine::of(visitor.words(), names, &place)))
}

impl InLine {
    /// A sample.
    pub(super) fn sample(words: &Words) -> Self {
        Self {
            what: words.say("did-notebook").into_owned(),
            by: "Researcher".to_owned(),
            since: words.moment(literal("2026-03-01T08:20:30Z")),
            place: (words.whole(2_u64), words.whole(3_u64)),
            lapses: true,
        }
    }

    fn of(words: &Words, names: &Names, place: &centre::rooms::Place) -> Self {
        let waits = &place.waiting;
        let what = match (&waits.script, waits.notebook, waits.desktop) {
            (Some(script), ..) => script.clone(),
            (None, true, _) => words.say("did-notebook").into_owned(),
            (None, _, true) => words.say("did-desktop").into_owned(),
            _ => waits.command.join(" "),
        };
        Self {
            what,
            by: names.person(&waits.by, words.lang()),
            since: words.moment(waits.asked_at),
            place: (words.whole(place.number), words.whole(place.of)),
            lapses: waits.is_session(),
        }
    }
}
