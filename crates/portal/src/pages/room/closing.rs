//! Closing a room, opening it again, removing it.

use axum::extract::{Path, State};
use model::RoomId;
use room::{Closing, Room, State as RoomState};

use super::{again, state_in_the_way};
use crate::answer::{Answered, see};
use crate::fields::Fields;
use crate::pages::seen;
use crate::parts::standing::{Fact, Standing, Step};
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::Words;

/// A form that ends a room: closes it, or removes one that is closed.
#[derive(Debug)]
pub(super) struct Ending {
    /// Where it is sent, below the room's address.
    pub(super) path: &'static str,
    /// What it does, in a few words.
    pub(super) label: String,
    /// What that means.
    pub(super) what: String,
}

impl Ending {
    /// How a room that stands so can be ended. One whose permit was taken back
    /// stays for its time.
    pub(super) fn of(words: &Words, room: &Room) -> Option<Self> {
        let (path, label, what) = match room.state {
            _ if room.is_entered() => ("closing", "room-close", "room-close-what"),
            RoomState::Frozen if room.closed != Some(Closing::PermitRevoked) => {
                ("removal", "room-remove", "room-remove-what")
            }
            _ => return None,
        };
        let say = |key| words.say(key).into_owned();
        Some(Self { path, label: say(label), what: say(what) })
    }
}

/// Says of a closed room until when what is in it stays, or what was removed.
pub(super) fn tell(
    words: &Words,
    room: &Room,
    may_open: bool,
    token: &str,
    standing: &mut Standing,
) {
    if let Some(until) = room.frozen_until {
        let stay = Fact::Time(words.moment(until), String::new());
        standing.facts.insert(1, (words.say("room-files-stay").into_owned(), stay));
        if may_open {
            let href = format!("/rooms/{}/reopening", room.id);
            standing.steps.push(Step::send(words.say("room-reopen"), href, token));
        }
    }
    if let Some(removed) = room.removed.filter(|_| room.state == RoomState::Closed) {
        let files = words.say_count("files-count", removed.files);
        let what = Fact::Words(format!("{files}, {}", words.bytes(removed.bytes)));
        let digest = Fact::Words(removed.files_sha256.to_string());
        standing.facts.push((words.say("room-removed").into_owned(), what));
        if removed.versions > 0 {
            let versions = words.say_count("versions-count", removed.versions);
            let what = Fact::Words(format!("{versions}, {}", words.bytes(removed.versions_bytes)));
            standing.facts.push((words.say("room-removed-versions").into_owned(), what));
        }
        standing.facts.push((words.say("run-files-digest").into_owned(), digest));
    }
}

/// `POST /rooms/{room}/closing`
pub(crate) async fn close(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    let id = seen::id(&room)?;
    let done = app.centre.close_room(visitor.caller(), &id).await;
    changed(&app, &visitor, &id, ("closing", "room-closed"), done).await
}

/// `POST /rooms/{room}/reopening`
pub(crate) async fn reopen(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    let id = seen::id(&room)?;
    let done = app.centre.reopen_room(visitor.caller(), &id).await;
    changed(&app, &visitor, &id, ("reopening", "room-reopened"), done).await
}

/// `POST /rooms/{room}/removal`
pub(crate) async fn remove(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    let id = seen::id(&room)?;
    let done = app.centre.remove_room(visitor.caller(), &id).await;
    changed(&app, &visitor, &id, ("removal", "room-removed"), done).await
}

async fn changed(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    (form, done): (&'static str, &'static str),
    result: Result<(), centre::Refused>,
) -> Answered {
    match result {
        Ok(()) => Ok(see(&format!("/rooms/{id}"), done)),
        Err(refused) => {
            let failure = state_in_the_way(app, visitor, id, refused).await;
            again(app, visitor, id, (form, ""), Fields::default(), failure).await
        }
    }
}
