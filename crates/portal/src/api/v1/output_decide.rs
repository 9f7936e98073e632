//! `POST /api/v1/outputs/{output}/decision`

use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::{output, seen};
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use release::Verdict;
use serde::Deserialize;
use utoipa::ToSchema;

/// What can be decided.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum OutputVerdict {
    /// It may leave.
    Released,
    /// Something must be changed first.
    Held,
    /// It does not leave.
    Refused,
}

impl From<OutputVerdict> for Verdict {
    fn from(word: OutputVerdict) -> Self {
        match word {
            OutputVerdict::Released => Self::Released,
            OutputVerdict::Held => Self::Held,
            OutputVerdict::Refused => Self::Refused,
        }
    }
}

/// A checker's decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputDecision {
    /// What is decided.
    verdict: OutputVerdict,
    /// Why.
    why: String,
}

/// Decides whether an output leaves.
#[utoipa::path(
    post,
    path = "/outputs/{output}/decision",
    operation_id = "output_decide",
    tag = "outputs",
    params(("output" = String, Path, description = "The output")),
    request_body = OutputDecision,
    responses((status = 204, description = "Decided."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(output): Path<String>,
    Body(body): Body<OutputDecision>,
) -> Result<StatusCode, Failure> {
    let id = seen::id(&output)?;
    app.centre
        .decide_output(visitor.caller(), &id, body.verdict.into(), body.why)
        .await
        .map_err(output::decision_refused)?;
    Ok(StatusCode::NO_CONTENT)
}
