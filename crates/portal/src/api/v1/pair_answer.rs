//! `POST /api/v1/pairs/{pair}/answer`

use crate::api::problem::{Body, Problems};
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use linkage::review::Answer;
use serde::Deserialize;
use utoipa::ToSchema;

/// What can be said of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum PairAnswer {
    /// Both records are of one person.
    Same,
    /// They are of two.
    Different,
    /// What is known does not tell.
    CannotTell,
}

/// What I think of a pair.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PairAnswerBody {
    /// What.
    answer: PairAnswer,
}

/// Says whether two records are of one person: once, after having looked.
#[utoipa::path(
    post,
    path = "/pairs/{pair}/answer",
    operation_id = "pair_answer",
    tag = "pairs",
    params(("pair" = String, Path, description = "The pair")),
    request_body = PairAnswerBody,
    responses((status = 204, description = "Answered."), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn answer(
    State(app): State<App>,
    visitor: Visitor,
    Path(pair): Path<String>,
    Body(body): Body<PairAnswerBody>,
) -> Result<StatusCode, Failure> {
    let answer = match body.answer {
        PairAnswer::Same => Answer::Same,
        PairAnswer::Different => Answer::Different,
        PairAnswer::CannotTell => Answer::CannotTell,
    };
    app.centre.answer_pair(visitor.caller(), &seen::id(&pair)?, answer).await?;
    Ok(StatusCode::NO_CONTENT)
}
