//! What a program is told when something could not be done: a problem document
//! (RFC 9457).

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::failure::Failure;
use crate::observe::RequestId;
use crate::parts::rules::RuleLine;
use crate::visitor::Visitor;

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem: a place on `/api/v1/docs`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in a few words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// Why, and what to do instead.
    detail: String,
    /// Names the request to the operator.
    request: String,
    /// The rules that say no, or those by which others may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RuleLine>,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FieldFault>,
}

/// What is wrong with a field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldFault {
    /// Which field, such as `sources.laboratory.value.reason`.
    field: String,
    /// What is wrong, and what to do.
    what: String,
}

/// The answer that says so.
pub(crate) fn response(visitor: &Visitor, failure: &Failure, id: &RequestId) -> Response {
    let words = visitor.words();
    let faults = match failure {
        Failure::Lacking(missing) => missing
            .iter()
            .map(|missing| FieldFault {
                field: missing.field.clone(),
                what: missing.problem.text().get(words.lang()).to_owned(),
            })
            .collect(),
        Failure::Field(field, _) => {
            vec![FieldFault { field: (*field).to_owned(), what: failure.says(words) }]
        }
        _ => Vec::new(),
    };
    // A visitor who is refused may be somebody who has not signed in yet.
    let unknown = visitor.caller().account().is_none();
    let failure_or_sign_in =
        if unknown && matches!(failure, Failure::Denied(_)) { &Failure::SignIn } else { failure };
    let status = failure_or_sign_in.status();
    let problem = Problem {
        kind: format!("{}/docs#problem-{}", super::BASE, failure_or_sign_in.name()),
        title: failure_or_sign_in.heading(words),
        status: status.as_u16(),
        detail: failure.says(words),
        request: id.to_string(),
        rules: failure.rules(words),
        faults,
    };
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let kind = HeaderValue::from_static("application/problem+json");
    let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
    let headers = response.headers_mut();
    if let Some(wait) = failure.retry_after() {
        headers.insert(header::RETRY_AFTER, wait);
    }
    if status == axum::http::StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Ok(lang) = HeaderValue::from_str(words.lang().tag()) {
        headers.insert(header::CONTENT_LANGUAGE, lang);
    }
    response
}

/// The body of a request, as JSON.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: for<'de> Deserialize<'de>, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(JsonRejection::BytesRejection(rejection)) => {
                Err(Failure::of_status(rejection.status()))
            }
            // What serde says names the place and the field, and no value of ours.
            Err(rejection) => Err(Failure::Unreadable(rejection.body_text())),
        }
    }
}

/// The problems that any endpoint may answer with.
#[derive(Debug, utoipa::IntoResponses)]
#[expect(dead_code, reason = "it is a description: no value of it is ever made")]
pub(crate) enum Problems {
    /// The body cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(Problem),
    /// It is for those who have signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    SignIn(Problem),
    /// The policy says no, and names the rule.
    #[response(status = 403, content_type = "application/problem+json")]
    Denied(Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    Absent(Problem),
    /// The address does not take that method.
    #[response(status = 405, content_type = "application/problem+json")]
    Method(Problem),
    /// It does not fit what there is now.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// Something must be put right first.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// One attempt too many: wait as `Retry-After` says.
    #[response(status = 429, content_type = "application/problem+json")]
    TooOften(Problem),
    /// It could not be done, and that is our fault.
    #[response(status = 500, content_type = "application/problem+json")]
    Broken(Problem),
    /// It took too long.
    #[response(status = 504, content_type = "application/problem+json")]
    TooSlow(Problem),
}
