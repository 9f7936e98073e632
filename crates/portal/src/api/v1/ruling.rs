//! `GET /api/v1/rulings`

use crate::api::problem::Problems;
use crate::api::schema::RulingBody;
use crate::failure::Failure;
use crate::parts::rules::rule_lines;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use permit::policy::Action;
use serde::Deserialize;
use utoipa::IntoParams;

/// What is asked.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Question {
    /// The action, such as `enter-room`.
    action: String,
    /// The id of the thing; empty for what is about the centre itself.
    #[serde(default)]
    on: String,
}

/// May I do something with a thing, and by which rule?
#[utoipa::path(
    get,
    path = "/rulings",
    operation_id = "ruling",
    tag = "sessions",
    params(Question),
    responses((status = 200, description = "The ruling.", body = RulingBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn ruling(
    State(app): State<App>,
    visitor: Visitor,
    Query(question): Query<Question>,
) -> Result<Json<RulingBody>, Failure> {
    let action: Action = question
        .action
        .parse()
        .map_err(|_: permit::policy::UnknownAction| Failure::Query("action".to_owned()))?;
    let me = visitor.caller().account().map(|account| &account.id);
    let ruling = app.centre.explain(me, action, &question.on).await?;
    let rules = rule_lines(visitor.words().lang(), &ruling);
    let inactive = ruling.inactive.as_ref().map(|inactive| visitor.words().inactive(inactive));
    Ok(Json(RulingBody { allowed: ruling.allowed, inactive, rules }))
}
