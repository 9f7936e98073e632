//! `POST /api/v1/reversals/{reversal}/decision`

use crate::api::problem::{Body, Problems};
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// What can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ReversalVerdict {
    /// The register may be told.
    Agreed,
    /// It may not.
    Refused,
}

/// The access body's decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReversalDecisionBody {
    /// What is decided.
    verdict: ReversalVerdict,
    /// Why.
    why: String,
}

/// Decides whether a register is told which of its people a finding is about.
#[utoipa::path(
    post,
    path = "/reversals/{reversal}/decision",
    operation_id = "reversal_decide",
    tag = "reversals",
    params(("reversal" = String, Path, description = "The request")),
    request_body = ReversalDecisionBody,
    responses((status = 204, description = "Decided."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(reversal): Path<String>,
    Body(body): Body<ReversalDecisionBody>,
) -> Result<StatusCode, Failure> {
    let (id, agree) = (seen::id(&reversal)?, body.verdict == ReversalVerdict::Agreed);
    app.centre.decide_reversal(visitor.caller(), &id, agree, body.why).await?;
    Ok(StatusCode::NO_CONTENT)
}
