//! `POST /api/v1/applications/{application}/review`

use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use permit::Verdict;
use serde::Deserialize;
use utoipa::ToSchema;

/// Yes or no.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum YesOrNo {
    /// Yes.
    Approve,
    /// No.
    Refuse,
}

impl From<YesOrNo> for Verdict {
    fn from(answer: YesOrNo) -> Self {
        match answer {
            YesOrNo::Approve => Self::Approve,
            YesOrNo::Refuse => Self::Refuse,
        }
    }
}

/// A holder's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// Yes or no.
    verdict: YesOrNo,
    /// Why.
    why: String,
}

/// Answers for my organisation, as a holder.
#[utoipa::path(
    post,
    path = "/applications/{application}/review",
    operation_id = "application_review",
    tag = "applications",
    params(("application" = String, Path, description = "The application")),
    request_body = Answer,
    responses((status = 204, description = "Answered."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn review(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Body(body): Body<Answer>,
) -> Result<StatusCode, Failure> {
    let id = seen::id(&application)?;
    app.centre.review_application(visitor.caller(), &id, body.verdict.into(), body.why).await?;
    Ok(StatusCode::NO_CONTENT)
}
