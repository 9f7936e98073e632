//! The desktop of a room at the rooms' address: a page of our own that draws what it
//! is told ([`viewer`]), and the socket by which it is told ([`relay`]). What passes
//! is decided by [`room::desktop`]. Nothing that a room wrote is a page, a script or a
//! word here: there are pixels of it.

mod relay;
mod viewer;

use askama::Template;
use axum::extract::Request;
use axum::http::Method;
use axum::response::{Html, IntoResponse, Response};
use centre::notebooks::Admitted;
use room::notebook::Denied;

use super::door::Pass;
use super::forward::NoAnswer;
use super::headers::Strict;
use super::serve::{upgrade, whole_page};
use crate::state::App;
use crate::words::Words;

pub(crate) use viewer::is_there;

/// The page in the portal's frame.
#[derive(Debug, Template)]
#[template(path = "desktop.html")]
struct DesktopFrame {
    words: Words,
    room: String,
}

/// What is asked for below a room's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    /// The page.
    Page,
    /// A file of the viewer.
    File(&'a str),
    /// The socket.
    Socket,
}

/// What an address asks for. Nothing else is there.
pub(super) fn asked<'a>(
    method: &Method,
    below: &'a str,
    query: Option<&str>,
) -> Result<Asked<'a>, Denied> {
    if method != Method::GET || query.is_some() {
        return Err(Denied::NotHere);
    }
    match below.strip_prefix("desktop").ok_or(Denied::NotHere)? {
        "" => Ok(Asked::Page),
        "/socket" => Ok(Asked::Socket),
        rest => rest.strip_prefix("/viewer/").map(Asked::File).ok_or(Denied::NotHere),
    }
}

/// The answer, for somebody who may be there.
pub(super) async fn answer(
    app: &App,
    (pass, admitted): (Pass, Admitted),
    asked: Asked<'_>,
    request: Request,
) -> Result<Response, NoAnswer> {
    let mut response = match asked {
        Asked::Page => {
            let words = Words::new(pass.lang, app.config.zone.clone());
            whole_page(&DesktopFrame { words, room: admitted.room.to_string() })
                .map(|page| Html(page).into_response())?
        }
        Asked::File(name) => viewer::answer(name),
        Asked::Socket => relay::socket(app, (pass, admitted), upgrade(request).await?).await?,
    };
    response.extensions_mut().insert(Strict);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_things_are_asked_for_and_nothing_else() {
        let ask = |below| asked(&Method::GET, below, None);
        assert_eq!(ask("desktop"), Ok(Asked::Page));
        assert_eq!(ask("desktop/socket"), Ok(Asked::Socket));
        assert_eq!(ask("desktop/viewer/desktop.js"), Ok(Asked::File("desktop.js")));
        for bad in ["", "lab", "desktop/", "desktops", "desktop/socket/", "api/contents", "Desktop"]
        {
            assert!(ask(bad).is_err(), "`{bad}`");
        }
        assert!(asked(&Method::POST, "desktop", None).is_err());
        assert!(asked(&Method::GET, "desktop", Some("token=1")).is_err());
    }
}
