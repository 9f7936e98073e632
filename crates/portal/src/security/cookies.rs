//! The portal's cookies: all `HttpOnly`, `SameSite`, for the whole site and no
//! other host.

use axum::http::HeaderValue;
use axum_extra::extract::cookie::{self, CookieJar};

/// A cookie by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session's token. Gone when the browser is closed.
    Session,
    /// The language that was chosen.
    Lang,
    /// Light or dark, as was chosen.
    Theme,
    /// The variables that were picked.
    Basket,
    /// The pass to a room's notebook, at the notebooks' address. Gone when the
    /// browser is closed, and sent by no other site's page.
    Notebook,
}

/// How long choices are remembered, seconds: a year.
const YEAR: u32 = 31_536_000;

impl Cookie {
    /// Its name. Under https the prefix `__Host-` (RFC 6265bis section 4.1.3.2)
    /// makes browsers refuse it from any other host, path or plain http.
    const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-helserom",
            (Self::Session, false) => "helserom",
            (Self::Lang, true) => "__Host-helserom-lang",
            (Self::Lang, false) => "helserom-lang",
            (Self::Theme, true) => "__Host-helserom-theme",
            (Self::Theme, false) => "helserom-theme",
            (Self::Basket, true) => "__Host-helserom-basket",
            (Self::Basket, false) => "helserom-basket",
            (Self::Notebook, true) => "__Host-helserom-notebook",
            (Self::Notebook, false) => "helserom-notebook",
        }
    }

    /// What the browser sent.
    pub(crate) fn read(self, jar: &CookieJar, https: bool) -> Option<&str> {
        jar.get(self.name(https)).map(cookie::Cookie::value)
    }

    /// The header that sets it. The value must need no quoting. Empty: the
    /// header that removes it.
    pub(crate) fn set(self, value: &str, https: bool) -> Option<HeaderValue> {
        let age = match self {
            _ if value.is_empty() => "; Max-Age=0".to_owned(),
            Self::Session | Self::Notebook => String::new(),
            _ => format!("; Max-Age={YEAR}"),
        };
        let secure = if https { "; Secure" } else { "" };
        let site = if self == Self::Notebook { "Strict" } else { "Lax" };
        HeaderValue::from_str(&format!(
            "{}={value}; Path=/; HttpOnly; SameSite={site}{secure}{age}",
            self.name(https)
        ))
        .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_https_a_cookie_is_bound_to_this_host_and_to_https() {
        let header = Cookie::Session.set("t", true).unwrap();
        assert_eq!(header, "__Host-helserom=t; Path=/; HttpOnly; SameSite=Lax; Secure");
        let header = Cookie::Session.set("t", false).unwrap();
        assert_eq!(header, "helserom=t; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn a_value_that_would_start_another_header_is_not_set() {
        assert_eq!(Cookie::Lang.set("nb\r\nSet-Cookie: x=y", false), None);
    }

    #[test]
    fn an_emptied_cookie_is_removed() {
        let header = Cookie::Basket.set("", false).unwrap();
        assert!(header.to_str().unwrap().ends_with("; Max-Age=0"));
    }
}
