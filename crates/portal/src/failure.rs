//! Why something could not be done, on its way to a page or a problem document.
//!
//! A handler returns it; the middleware in [`crate::visitor`] puts it in words,
//! since it alone knows the language and whether a person or a program asks.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use centre::{Denied, Refused};
use model::Lang;
use permit::Inactive;
use permit::application::Missing;

use crate::parts::rules::RuleLine;
use crate::ports::Broken;
use crate::security::sign_in::PATIENCE;
use crate::words::Words;

/// Why something could not be done.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// It is for those who have signed in.
    SignIn,
    /// The policy said no.
    Denied(Box<Denied>),
    /// There is no such thing.
    Absent,
    /// It does not fit what there is: the key of the words that say so.
    Unfit(&'static str),
    /// It does not fit what there is. In English, from below: a last resort.
    Conflict(String),
    /// The permit gives nothing now.
    Inactive(Inactive),
    /// Somebody else was faster.
    Changed,
    /// A field is not as it must be: which, and why, in English.
    Field(&'static str, String),
    /// The application lacks something.
    Lacking(Vec<Missing>),
    /// The request does not come from one of our pages.
    Forged,
    /// The request names another host than ours.
    Elsewhere,
    /// One attempt too many; how long to wait.
    TooOften(Duration),
    /// More passwords are being checked than can be.
    Busy,
    /// The body is too large.
    TooLarge,
    /// The body cannot be read. Why, in English, where that is known.
    Unreadable(String),
    /// A part of the address cannot be read: which.
    Query(String),
    /// What was sent is none of the choices.
    Choice(String),
    /// It took too long.
    TooSlow,
    /// The address does not take that method.
    Method,
    /// Something below does not work. Told to the operator, not to the visitor.
    Broken(String),
}

/// What `type` can say, and what it means.
pub(crate) const NAMES: [(&str, &str); 16] = [
    ("sign-in", "it is for those who have signed in"),
    ("denied", "the policy says no; `rules` names the rules and their articles"),
    ("forged", "the request does not come from one of our pages: send `X-CSRF-Token`"),
    ("host", "the request names a host that this centre is not called"),
    ("absent", "there is no such thing"),
    ("conflict", "it does not fit what there is now"),
    ("permit-inactive", "the permit gives nothing now"),
    ("changed", "somebody else was faster: read again and decide again"),
    ("invalid", "something must be put right first; `faults` names the fields"),
    ("too-often", "one attempt too many: wait as `Retry-After` says"),
    ("busy", "more is asked for at once than can be done: try again in a moment"),
    ("too-large", "the body is too large"),
    ("unreadable", "the body or the query cannot be read"),
    ("method", "the address does not take that method"),
    ("too-slow", "it took too long"),
    ("broken", "it could not be done, and that is our fault"),
];

/// The words about a field that has to be put right, where we have them.
fn field_key(field: &str) -> Option<&'static str> {
    match field {
        "why" => Some("fault-reason"),
        "password" => Some("password-short"),
        "text" => Some("fault-text"),
        "files" => Some("fault-files"),
        "present" => Some("password-wrong"),
        "script" => Some("fault-script"),
        "declared" => Some("fault-declared"),
        "file" => Some("fault-bring-file"),
        "link" => Some("fault-bring-link"),
        "name" => Some("fault-bring-name"),
        "package" => Some("fault-package-name"),
        "persons" => Some("fault-reversal-persons"),
        "finding" => Some("fault-reversal-finding"),
        "version" => Some("fault-package-version"),
        "origin" => Some("fault-bring-origin"),
        _ => None,
    }
}

impl Failure {
    /// Why the centre refused: where it did not fit, in the words of `key`, for
    /// those who know the only thing that can not have fitted.
    pub(crate) fn unfit(refused: Refused, key: &'static str) -> Self {
        match refused {
            Refused::Conflict(_)
            | Refused::Book(ledger::BookError::Exists(_) | ledger::BookError::Unfitting { .. }) => {
                Self::Unfit(key)
            }
            refused => refused.into(),
        }
    }

    /// What an extractor's rejection of that status says.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            StatusCode::NOT_FOUND => Self::Absent,
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Self::TooSlow,
            status if status.is_server_error() => Self::Broken(status.to_string()),
            _ => Self::Unreadable(String::new()),
        }
    }

    /// The status of the answer.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::Denied(_) | Self::Forged => StatusCode::FORBIDDEN,
            Self::Absent => StatusCode::NOT_FOUND,
            Self::Elsewhere => StatusCode::MISDIRECTED_REQUEST,
            Self::Unfit(_) | Self::Conflict(_) | Self::Inactive(_) | Self::Changed => {
                StatusCode::CONFLICT
            }
            Self::Field(..) | Self::Lacking(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooOften(_) | Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable(_) | Self::Query(_) | Self::Choice(_) => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::GATEWAY_TIMEOUT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Its name in the `type` of a problem document (RFC 9457 section 3.1.1).
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Denied(_) => "denied",
            Self::Forged => "forged",
            Self::Elsewhere => "host",
            Self::Absent => "absent",
            Self::Unfit(_) | Self::Conflict(_) => "conflict",
            Self::Inactive(_) => "permit-inactive",
            Self::Changed => "changed",
            Self::Field(..) | Self::Lacking(_) => "invalid",
            Self::TooOften(_) => "too-often",
            Self::Busy => "busy",
            Self::TooLarge => "too-large",
            Self::Unreadable(_) | Self::Query(_) | Self::Choice(_) => "unreadable",
            Self::Method => "method",
            Self::TooSlow => "too-slow",
            Self::Broken(_) => "broken",
        }
    }

    const fn heading_key(&self) -> &'static str {
        match self {
            Self::SignIn => "problem-sign-in",
            Self::Denied(_) => "problem-denied",
            Self::Forged => "problem-forged",
            Self::Absent => "problem-absent",
            Self::Elsewhere => "problem-host",
            Self::Unfit(_) | Self::Conflict(_) | Self::Inactive(_) | Self::Changed => {
                "problem-conflict"
            }
            Self::Field(..)
            | Self::Lacking(_)
            | Self::Unreadable(_)
            | Self::Query(_)
            | Self::Choice(_)
            | Self::Method => "problem-invalid",
            Self::TooOften(_) => "problem-often",
            Self::Busy => "problem-busy",
            Self::TooLarge => "problem-large",
            Self::TooSlow => "problem-slow",
            Self::Broken(_) => "problem-broken",
        }
    }

    /// What happened, in a few words.
    pub(crate) fn heading(&self, words: &Words) -> String {
        words.say(self.heading_key()).into_owned()
    }

    /// Why, and what to do instead.
    pub(crate) fn says(&self, words: &Words) -> String {
        let key = match self {
            Self::SignIn => "problem-sign-in-says",
            Self::Denied(denied) => match &denied.inactive {
                Some(inactive) => return words.inactive(inactive),
                None => "problem-denied-says",
            },
            Self::Absent => "problem-absent-says",
            Self::Changed => "problem-changed-says",
            Self::Forged => "problem-forged-says",
            Self::TooOften(_) => "sign-in-too-often",
            Self::Busy => "problem-busy-says",
            Self::Elsewhere => "problem-host-says",
            Self::Unfit(key) => key,
            Self::TooLarge => "problem-large-says",
            Self::TooSlow => "problem-slow-says",
            Self::Method => "problem-method-says",
            Self::Broken(_) => "problem-broken-says",
            Self::Field(field, why) => match field_key(field) {
                Some(key) => key,
                None => return format!("`{field}` {why}"),
            },
            Self::Unreadable(why) if why.is_empty() => "problem-unreadable-says",
            Self::Conflict(why) | Self::Unreadable(why) => return why.clone(),
            Self::Query(part) => return words.say_with("problem-query-says", part),
            Self::Choice(sent) => return words.say_with("problem-choice-says", sent),
            Self::Lacking(missing) => {
                let faults = crate::pages::application_form::faults_of(words, missing);
                let faults: Vec<_> = faults.into_iter().map(|fault| fault.what).collect();
                return faults.join("; ");
            }
            Self::Inactive(inactive) => return words.inactive(inactive),
        };
        words.say(key).into_owned()
    }

    /// Whether [`Self::says`] is in English whatever the language: what comes
    /// from below and has no words of ours.
    pub(crate) fn is_english(&self) -> bool {
        match self {
            Self::Conflict(_) => true,
            Self::Unreadable(why) => !why.is_empty(),
            Self::Field(field, _) => field_key(field).is_none(),
            _ => false,
        }
    }

    /// Whether somebody who filled in a form can do something about it there:
    /// the form comes back with what was typed.
    pub(crate) const fn is_about_form(&self) -> bool {
        matches!(
            self,
            Self::Unfit(_)
                | Self::Conflict(_)
                | Self::Inactive(_)
                | Self::Changed
                | Self::Field(..)
                | Self::Lacking(_)
                | Self::Broken(_)
        )
    }

    /// The `Retry-After` of the answer, if it has one: whole seconds, rounded up.
    pub(crate) fn retry_after(&self) -> Option<HeaderValue> {
        match self {
            Self::TooOften(wait) => Some(HeaderValue::from(wait.as_secs().saturating_add(1))),
            Self::Busy => Some(HeaderValue::from(PATIENCE.as_secs())),
            _ => None,
        }
    }

    /// Tells the operator what is not told to visitors.
    pub(crate) fn report(&self) {
        if let Self::Broken(why) = self {
            tracing::error!(%why, "a request could not be answered");
        }
    }

    /// The rules behind it, when the policy said no.
    pub(crate) fn rules(&self, words: &Words) -> Vec<RuleLine> {
        match self {
            Self::Denied(denied) => denied
                .rules
                .iter()
                .map(|rule| RuleLine {
                    id: rule.id.clone(),
                    text: words.text(&rule.text).to_owned(),
                    article: rule.article.clone(),
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denied) => Self::Denied(denied),
            Refused::Absent { .. } => Self::Absent,
            Refused::Inactive(inactive) => Self::Inactive(inactive),
            Refused::Lacking(missing) => Self::Lacking(missing),
            Refused::Field { field, why } => Self::Field(field, why),
            Refused::Conflict(why) => Self::Conflict(why),
            Refused::Delivery(refusal) => Self::Conflict(refusal.why.get(Lang::En).to_owned()),
            Refused::Book(ledger::BookError::Changed(_)) => Self::Changed,
            Refused::Book(ledger::BookError::Exists(_) | ledger::BookError::Unfitting { .. }) => {
                Self::Unfit("problem-unfit-says")
            }
            refused => Self::Broken(refused.to_string()),
        }
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken.0)
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.report();
        let mut response = self.status().into_response();
        if let Some(wait) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use model::Lang;

    use super::*;

    #[test]
    fn what_broke_below_is_not_told_to_visitors() {
        let failure = Failure::Broken("connection to 10.0.0.7 refused".into());
        for lang in Lang::ALL {
            let words = Words::new(lang, TimeZone::UTC);
            assert!(!failure.says(&words).contains("10.0.0.7"));
        }
    }

    #[test]
    fn a_refusal_names_its_rule_in_the_readers_language() {
        let denied = Denied {
            action: permit::policy::Action::EnterRoom,
            kind: "Room",
            id: "room-1".into(),
            rules: vec![permit::policy::Rule {
                id: "only-people".into(),
                forbids: false,
                article: "EHDS 73(1)(a)".into(),
                text: model::Text::of("Bare de", "Kun de", "Only they"),
            }],
            inactive: None,
        };
        let failure = Failure::from(Refused::Denied(Box::new(denied)));
        let rules = failure.rules(&Words::new(Lang::Da, TimeZone::UTC));
        assert_eq!((rules[0].text.as_str(), rules[0].id.as_str()), ("Kun de", "only-people"));
        assert_eq!(failure.status(), StatusCode::FORBIDDEN);
    }
}
