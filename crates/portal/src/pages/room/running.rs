//! Running a script in a room, and stopping what runs.

use axum::extract::{Path, State};
use centre::rooms::Begun;
use ledger::Entry;
use model::{RoomId, RunId};
use room::Script;

use super::{again, state_in_the_way};
use crate::answer::{Answered, see};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::pages::seen;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;

/// The languages: the word for each, the name a script gets, what runs it.
const LANGUAGES: [(&str, &str, &str); 2] =
    [("r", "script.R", "Rscript"), ("python", "script.py", "python3")];

/// The name a script gets, and the program that runs it. `None`: no such
/// language.
pub(crate) fn how_to_run(language: &str) -> Option<(&'static str, &'static str)> {
    LANGUAGES
        .iter()
        .find(|(word, ..)| *word == language)
        .map(|(_, name, program)| (*name, *program))
}

/// The language and the text of the last script that was run in the room, as the
/// ledger has it: for its people alone. R and nothing, when there is none.
pub(super) fn last_script(entries: &[Entry]) -> (String, String) {
    let found = entries.iter().find_map(|entry| {
        let script = entry.body.get("script")?;
        let name = script.get("name")?.as_str()?;
        let (language, ..) = LANGUAGES.iter().find(|(_, known, _)| *known == name)?;
        Some(((*language).to_owned(), script.get("text")?.as_str()?.to_owned()))
    });
    found.unwrap_or_else(|| ("r".to_owned(), String::new()))
}

/// `POST /rooms/{room}/runs`: runs a script.
pub(crate) async fn run(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let room = app.centre.room(visitor.caller(), &seen::id(&room)?).await?;
    let language = fields.one("language");
    let (name, program) =
        how_to_run(language).ok_or_else(|| Failure::Choice(language.to_owned()))?;
    let beside = ("run", "script");
    let script = match Script::new(name, fields.text("script")) {
        Ok(script) => script,
        Err(error) => {
            let failure = Failure::Field("script", error.to_string());
            return again(&app, &visitor, &room.id, beside, fields, failure).await;
        }
    };
    let words = vec![program.to_owned(), script.path()];
    match app.centre.start_run(visitor.caller(), &room.id, words, Some(script), None).await {
        Ok(Begun::Started(started)) => {
            Ok(see(&format!("/rooms/{}?run={}#runs", room.id, started.run), "run"))
        }
        Ok(Begun::Waits(_)) => Ok(see(&format!("/rooms/{}#runs", room.id), "queued")),
        Err(refused) => {
            let failure = state_in_the_way(&app, &visitor, &room.id, refused).await;
            again(&app, &visitor, &room.id, beside, fields, failure).await
        }
    }
}

/// `POST /rooms/{room}/stop`
pub(crate) async fn stop(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    let id = seen::id(&room)?;
    stopped(&app, &visitor, &id, None).await
}

/// `POST /rooms/{room}/runs/{run}/stop`
pub(crate) async fn stop_one(
    State(app): State<App>,
    visitor: Visitor,
    Path((room, run)): Path<(String, String)>,
    _: Signed,
) -> Answered {
    stopped(&app, &visitor, &seen::id(&room)?, Some(&seen::id(&run)?)).await
}

async fn stopped(app: &App, visitor: &Visitor, id: &RoomId, run: Option<&RunId>) -> Answered {
    match app.centre.stop_run(visitor.caller(), id, run).await {
        Ok(()) => Ok(see(&format!("/rooms/{id}"), "stopped")),
        Err(refused) => {
            let key = if run.is_some() { "conflict-runs-no-more" } else { "conflict-not-one-runs" };
            let failure = Failure::unfit(refused, key);
            again(app, visitor, id, ("stop", ""), Fields::default(), failure).await
        }
    }
}
