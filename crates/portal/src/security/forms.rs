//! Forms that change something: whether they came from one of our pages.
//!
//! Two independent checks: what the browser says about where the request came
//! from, and a token that only our pages hold.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, header};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::visitor::Visitor;

/// The fields of a form whose token was right. A handler that changes something
/// takes this; there is no other way to read a form.
#[derive(Debug)]
pub(crate) struct Signed(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for Signed {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let visitor = request.extensions().get::<Visitor>().cloned().ok_or(Failure::Forged)?;
        let axum::Form(pairs) = axum::Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(|rejection| Failure::of_status(rejection.status()))?;
        let mut fields: Fields = pairs.into_iter().collect();
        let token = fields.take("csrf").unwrap_or_default();
        if visitor.accepts(&token) { Ok(Self(fields)) } else { Err(Failure::Forged) }
    }
}

/// Whether a request that changes something says itself that it comes from
/// another site. Browsers set both headers; no page can make them lie. Programs
/// that are no browsers set neither.
pub(crate) fn is_from_elsewhere(method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() {
        return false;
    }
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site"))
        && !matches!(site, "same-origin" | "none")
    {
        return true;
    }
    match (headers.get(header::ORIGIN), text(header::HOST)) {
        (None, _) => false,
        (Some(origin), Some(host)) => {
            let host_of = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_owned());
            origin.to_str().ok().and_then(host_of).is_none_or(|origin| origin != host)
        }
        (Some(_), None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_elsewhere(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
            })
            .collect();
        is_from_elsewhere(method, &headers)
    }

    #[test]
    fn a_form_from_another_site_gives_itself_away() {
        let post = Method::POST;
        assert!(from_elsewhere(&post, &[("sec-fetch-site", "cross-site")]));
        assert!(from_elsewhere(&post, &[("sec-fetch-site", "same-site")]));
        assert!(from_elsewhere(&post, &[("origin", "https://evil.example"), ("host", "a.no")]));
        assert!(from_elsewhere(&post, &[("origin", "null"), ("host", "a.no")]));
        assert!(from_elsewhere(&post, &[("origin", "https://a.no:8443"), ("host", "a.no")]));
        assert!(from_elsewhere(&post, &[("origin", "https://a.no")]));
    }

    #[test]
    fn our_own_forms_and_programs_pass() {
        let post = Method::POST;
        assert!(!from_elsewhere(&post, &[("sec-fetch-site", "same-origin")]));
        assert!(!from_elsewhere(&post, &[("origin", "http://a.no:80"), ("host", "a.no:80")]));
        assert!(!from_elsewhere(&post, &[("host", "a.no")]));
        assert!(!from_elsewhere(&Method::GET, &[("sec-fetch-site", "cross-site")]));
    }
}
