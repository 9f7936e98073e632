//! What answers at the notebooks' address tell browsers. Nothing of this comes
//! from a room.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The page speaks to its own address and no other, cannot send forms, frame
/// anything or start workers, and is framed by the portal alone. `sandbox`
/// without downloads, popups and dialogues: no file is saved, no window opened
/// and nothing printed by the page, framed or not. It evaluates code because
/// JupyterLab compiles its settings' schemas; no inline script runs, and what would
/// evaluate scripts that a cell shows is switched off in the room's JupyterLab. No source
/// list is asked by WebRTC: it has a directive of its own, which not every browser knows.
fn policy(portal: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-src 'none'; \
         worker-src 'none'; object-src 'none'; form-action 'none'; base-uri 'none'; \
         frame-ancestors {portal}; webrtc 'block'; sandbox allow-scripts allow-same-origin"
    )
}

/// On an answer: it is of a desktop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strict;

/// Of a desktop, which is scripts and a style sheet of ours alone: none is evaluated
/// and none stands in the page. The pointer's shape is a picture that the viewer
/// makes itself.
fn strict_policy(portal: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; frame-src 'none'; worker-src 'none'; object-src 'none'; \
         form-action 'none'; base-uri 'none'; frame-ancestors {portal}; webrtc 'block'; \
         sandbox allow-scripts allow-same-origin"
    )
}

const FIXED: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-site"),
    ("x-dns-prefetch-control", "off"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), \
         display-capture=(), clipboard-read=(), interest-cohort=()",
    ),
];

/// Puts them on an answer.
pub(super) fn put(headers: &mut HeaderMap, portal: Option<&str>, strict: Option<Strict>) {
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let policy = if strict.is_some() { strict_policy } else { policy };
    let policy = HeaderValue::from_str(&policy(portal.unwrap_or("'none'")));
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notebook_page_may_not_save_open_print_or_speak_elsewhere() {
        let mut headers = HeaderMap::new();
        put(&mut headers, Some("http://127.0.0.1:8420"), None);
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let sandbox = policy.rsplit("; ").next().unwrap();
        assert_eq!(sandbox, "sandbox allow-scripts allow-same-origin");
        assert!(policy.contains("frame-ancestors http://127.0.0.1:8420;"));
        assert!(policy.contains("connect-src 'self';") && policy.contains("webrtc 'block';"));
        assert!(!policy.contains("script-src 'self' 'unsafe-eval' 'unsafe-inline'"));
        assert!(!policy.contains("https:") && !policy.contains('*'));
    }

    #[test]
    fn a_desktops_page_evaluates_nothing_and_has_nothing_inline() {
        let mut headers = HeaderMap::new();
        put(&mut headers, Some("http://127.0.0.1:8420"), Some(Strict));
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(!policy.contains("unsafe"));
        assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"));
        assert!(policy.contains("webrtc 'block';"));
        assert!(policy.ends_with("sandbox allow-scripts allow-same-origin"));
    }
}
