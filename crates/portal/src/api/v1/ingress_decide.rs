//! `POST /api/v1/ingresses/{ingress}/decision`

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
enum IngressVerdict {
    /// It comes in.
    Admitted,
    /// It stays out.
    Refused,
}

/// A checker's decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IngressDecision {
    /// What is decided.
    verdict: IngressVerdict,
    /// Why.
    why: String,
}

/// Decides whether a file comes into a room.
#[utoipa::path(
    post,
    path = "/ingresses/{ingress}/decision",
    operation_id = "ingress_decide",
    tag = "ingresses",
    params(("ingress" = String, Path, description = "The file")),
    request_body = IngressDecision,
    responses((status = 204, description = "Decided."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(ingress): Path<String>,
    Body(body): Body<IngressDecision>,
) -> Result<StatusCode, Failure> {
    let admit = body.verdict == IngressVerdict::Admitted;
    app.centre.decide_ingress(visitor.caller(), &seen::id(&ingress)?, admit, body.why).await?;
    Ok(StatusCode::NO_CONTENT)
}
