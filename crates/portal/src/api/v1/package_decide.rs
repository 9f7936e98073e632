//! `POST /api/v1/packages/{package}/decision`

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
enum PackageVerdict {
    /// Rooms may fetch it.
    Approved,
    /// They may not.
    Refused,
}

/// An operator's decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PackageDecisionBody {
    /// What is decided.
    verdict: PackageVerdict,
    /// Why.
    why: String,
}

/// Decides whether rooms may fetch a package.
#[utoipa::path(
    post,
    path = "/packages/{package}/decision",
    operation_id = "package_decide",
    tag = "packages",
    params(("package" = String, Path, description = "The request")),
    request_body = PackageDecisionBody,
    responses((status = 204, description = "Decided."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(package): Path<String>,
    Body(body): Body<PackageDecisionBody>,
) -> Result<StatusCode, Failure> {
    let approve = body.verdict == PackageVerdict::Approved;
    app.centre.decide_package(visitor.caller(), &seen::id(&package)?, approve, body.why).await?;
    Ok(StatusCode::NO_CONTENT)
}
