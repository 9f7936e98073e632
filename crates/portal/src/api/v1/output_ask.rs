//! `POST /api/v1/rooms/{room}/outputs`

use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use centre::outputs::Wish;
use disclosure::Kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The files that are asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputsWanted {
    /// Which.
    files: Vec<OutputWanted>,
}

/// A file that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OutputWanted {
    /// Its name below the work folder.
    name: String,
    /// What it is: `{"kind": "unknown"}`, `frequency-table`, `magnitude-table`,
    /// `survival-curve`, `model` or `figure`, with what the check should know.
    #[serde(default)]
    #[schema(value_type = Object)]
    declared: Kind,
    /// What it is for.
    note: String,
}

/// What was asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct Asked {
    /// The outputs, in the order of the files.
    outputs: Vec<String>,
}

/// Asks to take files out of a room. All are taken, or none; each is checked at once.
#[utoipa::path(
    post,
    path = "/rooms/{room}/outputs",
    operation_id = "output_ask",
    tag = "outputs",
    params(("room" = String, Path, description = "The room")),
    request_body = OutputsWanted,
    responses((status = 200, description = "The outputs.", body = Asked), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Body(wanted): Body<OutputsWanted>,
) -> Result<Json<Asked>, Failure> {
    let id = seen::id(&room)?;
    let wishes = wanted
        .files
        .into_iter()
        .map(|file| {
            let name = file
                .name
                .parse()
                .map_err(|error: room::NameError| Failure::Field("files", error.to_string()))?;
            Ok(Wish { name, declared: file.declared, note: file.note })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let outputs = app.centre.request_outputs(visitor.caller(), &id, wishes).await?;
    Ok(Json(Asked { outputs: outputs.iter().map(ToString::to_string).collect() }))
}
