//! `POST /api/v1/rooms/{room}/runs`

use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::room::how_to_run;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use centre::rooms::Begun;
use room::Script;
use serde::{Deserialize, Serialize};
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

/// What came of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RunBegun {
    /// The id of the run.
    id: String,
    /// Whether it waits until the machine has a place for it, and begins by itself:
    /// `room_queue` says where in line it is.
    waits: bool,
}

/// Runs a script in a room, or has it wait for a place on the machine.
#[utoipa::path(
    post,
    path = "/rooms/{room}/runs",
    operation_id = "room_run",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    request_body = RunWanted,
    responses((status = 200, description = "The run.", body = RunBegun), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn run(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Body(wanted): Body<RunWanted>,
) -> Result<Json<RunBegun>, Failure> {
    let id = seen::id(&room)?;
    let language = &wanted.language;
    let (name, program) =
        how_to_run(language).ok_or_else(|| Failure::Choice(language.to_owned()))?;
    let script = Script::new(name, wanted.script)
        .map_err(|error| Failure::Field("script", error.to_string()))?;
    let words = vec![program.to_owned(), script.path()];
    let begun = app.centre.start_run(visitor.caller(), &id, words, Some(script), None).await?;
    let waits = matches!(begun, Begun::Waits(_));
    Ok(Json(RunBegun { id: begun.run().to_string(), waits }))
}
