//! Answers of handlers.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::failure::Failure;

/// What a handler of a page gives.
pub(crate) type Answered = Result<Response, Failure>;

/// A page.
pub(crate) fn html(page: &impl Template) -> Answered {
    let body = page.render()?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}

/// A page with a form that was not accepted: what was typed is still in it.
pub(crate) fn not_accepted(page: &impl Template, failure: &Failure) -> Answered {
    failure.report();
    let mut response = html(page)?;
    *response.status_mut() = failure.status();
    Ok(response)
}

/// Goes on to a page of ours after something was done, which is said there.
pub(crate) fn see(address: &str, done: &str) -> Response {
    if done.is_empty() {
        return Redirect::to(address).into_response();
    }
    let (path, part) = match address.split_once('#') {
        Some((path, part)) => (path, format!("#{part}")),
        None => (address, String::new()),
    };
    let mark = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{mark}done={done}{part}")).into_response()
}

/// A file to keep.
pub(crate) fn download(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    let disposition = if plain {
        HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
    } else {
        HeaderValue::from_str("attachment")
    };
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    (
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        bytes,
    )
        .into_response()
}
