//! What programs in a room hand over (`helserom::hand_over`), to be asked out.

use std::sync::Arc;

use axum::extract::{Path, State};
use centre::outputs::Wish;
use centre::rooms::RoomStanding;
use disclosure::Kind;
use model::Timestamp;
use release::Output;

use super::again;
use crate::answer::{Answered, see};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::pages::{asking::KINDS, seen};
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::Words;

/// What programs in a room handed over, to be asked out.
#[derive(Debug, Clone, Default)]
pub struct HandedOver {
    /// The files: name, what each is said to be, what it is for.
    pub files: Vec<(String, String, String)>,
    /// Why the list cannot be read, if it cannot: in English, of a program.
    pub unread: Option<String>,
}

/// The word for what a file is said to be.
fn kind_key(kind: &Kind) -> &'static str {
    let word = kind.as_str();
    KINDS.iter().find(|(known, _)| *known == word).map_or("kind-unknown", |(_, key)| *key)
}

/// What was handed over, but for what was asked for since.
pub(super) fn still_to_ask(
    words: &Words,
    standing: &RoomStanding,
    outputs: &[Arc<Output>],
) -> HandedOver {
    match waiting(standing, outputs) {
        Ok(wishes) => HandedOver {
            files: wishes
                .into_iter()
                .map(|wish| {
                    let kind = words.say(kind_key(&wish.declared)).into_owned();
                    (wish.name.to_string(), kind, wish.note)
                })
                .collect(),
            unread: None,
        },
        Err(why) => HandedOver { files: Vec::new(), unread: Some(why) },
    }
}

fn waiting(standing: &RoomStanding, outputs: &[Arc<Output>]) -> Result<Vec<Wish>, String> {
    let asked = |wish: &&Wish| {
        let file = standing.listing.files.iter().find(|file| file.name == wish.name);
        let since = file.and_then(|file| Timestamp::from_second(file.modified).ok());
        let same = |output: &&Arc<Output>| output.name == wish.name.as_str();
        outputs.iter().filter(same).any(|output| since.is_none_or(|at| output.requested_at > at))
    };
    let wishes = standing.handed_over.as_ref().map_err(Clone::clone)?;
    Ok(wishes.iter().filter(|wish| !asked(wish)).cloned().collect())
}

/// `POST /rooms/{room}/handed-over`: asks for everything that programs in the room
/// handed over, as they said what it is.
pub(crate) async fn ask_handed_over(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    let id = seen::id(&room)?;
    let caller = visitor.caller();
    let standing = app.centre.room_standing(caller, &id, None).await?;
    let outputs = app.centre.outputs(caller, Some(&id)).await?;
    let asked = match waiting(&standing, &outputs) {
        Ok(wishes) if wishes.is_empty() => Err(Failure::Unfit("handed-over-none")),
        Ok(wishes) => match app.centre.request_outputs(caller, &id, wishes).await {
            Ok(_) => Ok(()),
            Err(refused) => Err(Failure::unfit(refused, "conflict-file-gone")),
        },
        Err(_) => Err(Failure::Unfit("handed-over-unread")),
    };
    match asked {
        Ok(()) => Ok(see(&format!("/rooms/{id}"), "asked")),
        Err(failure) => {
            again(&app, &visitor, &id, ("handed-over", ""), Fields::default(), failure).await
        }
    }
}
