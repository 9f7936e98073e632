//! Forms that change something: whether they came from one of our pages.
//!
//! Two independent checks: what the browser says about where the request came
//! from, and a token that only our pages hold.

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
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

/// A file that was sent with a form.
pub(crate) struct Upload {
    /// What its sender calls it, without folders.
    pub(crate) name: String,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The fields and the file of a form whose token was right.
#[derive(Debug)]
pub(crate) struct SignedUpload(pub(crate) Fields, pub(crate) Option<Upload>);

impl<S: Send + Sync> FromRequest<S> for SignedUpload {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let visitor = request.extensions().get::<Visitor>().cloned().ok_or(Failure::Forged)?;
        let kind = request.headers().get(header::CONTENT_TYPE);
        if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data")) {
            // No form of ours.
            return Err(Failure::Forged);
        }
        let Sent(mut fields, file) = Sent::from_request(request, state).await?;
        let token = fields.take("csrf").unwrap_or_default();
        if visitor.accepts(&token) { Ok(Self(fields, file)) } else { Err(Failure::Forged) }
    }
}

/// The fields and the file of a `multipart/form-data` body (RFC 7578), whoever
/// sent it.
#[derive(Debug)]
pub(crate) struct Sent(pub(crate) Fields, pub(crate) Option<Upload>);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let mut parts = Multipart::from_request(request, state)
            .await
            .map_err(|rejection| Failure::of_status(rejection.status()))?;
        let broken = |error: MultipartError| Failure::of_status(error.status());
        let (mut fields, mut file) = (Fields::default(), None);
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(called) = part.file_name() {
                // Some browsers send the whole path.
                let called = called.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                let bytes = part.bytes().await.map_err(broken)?.to_vec();
                // A form on which no file was chosen sends an empty one.
                if file.is_none() && !called.is_empty() {
                    file = Some(Upload { name: called, bytes });
                }
            } else {
                fields.put(name, part.text().await.map_err(broken)?);
            }
        }
        Ok(Self(fields, file))
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
