//! `POST /api/v1/permits/{permit}/reversals`

use super::Made;
use crate::api::problem::{Body, Problems};
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use centre::reversals::ReversalWish;
use serde::Deserialize;
use utoipa::ToSchema;

/// A finding that matters for some people.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ReversalAsk {
    /// The extract whose numbers they are. Not said: the permit's newest, where it
    /// has one kind of extract alone.
    extract: Option<String>,
    /// The register that is to be told: a table of the extract.
    source: String,
    /// Their person numbers, at most ten.
    persons: Vec<i32>,
    /// What was found, in a few words, without anybody's number.
    finding: String,
}

/// Asks that a register is told which of its people a finding is about.
#[utoipa::path(
    post,
    path = "/permits/{permit}/reversals",
    operation_id = "reversal_ask",
    tag = "reversals",
    params(("permit" = String, Path, description = "The permit")),
    request_body = ReversalAsk,
    responses((status = 201, description = "Asked.", body = Made), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
    Body(body): Body<ReversalAsk>,
) -> Result<(StatusCode, Json<Made>), Failure> {
    let ReversalAsk { extract, source, persons, finding } = body;
    let extract = extract.map(|extract| seen::id(&extract)).transpose()?;
    let source = source.parse().map_err(|_| Failure::Choice(source))?;
    let wish = ReversalWish { extract, source, persons, finding };
    let id = app.centre.ask_reversal(visitor.caller(), &seen::id(&permit)?, wish).await?;
    Ok((StatusCode::CREATED, Json(Made { id: id.to_string() })))
}
