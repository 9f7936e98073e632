//! `POST /api/v1/rooms/{room}/runs`

use super::Made;
use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::room::how_to_run;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use room::Script;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is to be run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunWanted {
    /// `r` or `python`.
    language: String,
    /// The script itself.
    script: String,
}

/// Runs a script in a room.
#[utoipa::path(
    post,
    path = "/rooms/{room}/runs",
    operation_id = "room_run",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    request_body = RunWanted,
    responses((status = 200, description = "The run.", body = Made), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn run(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Body(wanted): Body<RunWanted>,
) -> Result<Json<Made>, Failure> {
    let id = seen::id(&room)?;
    let language = &wanted.language;
    let (name, program) =
        how_to_run(language).ok_or_else(|| Failure::Choice(language.to_owned()))?;
    let script = Script::new(name, wanted.script)
        .map_err(|error| Failure::Field("script", error.to_string()))?;
    let words = vec![program.to_owned(), script.path()];
    let started = app.centre.start_run(visitor.caller(), &id, words, Some(script), None).await?;
    Ok(Json(Made { id: started.run.to_string() }))
}
