//! Every request at the notebooks' address.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, FromRequest as _, FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum_extra::extract::cookie::CookieJar;
use centre::notebooks::Admitted;
use model::RoomId;
use permit::Way;
use room::notebook::{Answer, Route, route};

use super::door::Pass;
use super::forward::{NoAnswer, pass};
use super::{desktop, forward, headers, image, sockets};
use crate::observe;
use crate::security::cookies::Cookie;
use crate::state::App;
use crate::visitor::caller_of;

/// The longest body: a notebook with its figures.
const LONGEST_BODY: usize = 8 << 20;

/// A form with a ticket is no longer.
const LONGEST_TICKET: usize = 1024;

/// How often rooms are looked at in which nothing is done.
const LOOK: Duration = Duration::from_secs(20);

/// Everything at the notebooks' address.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/enter", post(enter).layer(DefaultBodyLimit::max(LONGEST_TICKET)))
        .fallback(any)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(app.clone(), add_headers))
        .layer(from_fn_with_state(app.clone(), observe::note))
        .with_state(app)
}

async fn add_headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let portal = app.config.notebooks.as_ref().and_then(|n| n.portal_origin(request.headers()));
    let ours = app.answers_to(&request);
    let mut response = if ours {
        next.run(request).await
    } else {
        StatusCode::MISDIRECTED_REQUEST.into_response()
    };
    let strict = response.extensions().get::<headers::Strict>().copied();
    headers::put(response.headers_mut(), portal.as_deref(), strict);
    response
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `POST /enter`: the portal's page sends its ticket, into its frame.
async fn enter(State(app): State<App>, jar: CookieJar, request: Request) -> Response {
    let Some(notebooks) = &app.config.notebooks else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Nobody is led into a room by another site.
    if !is_from_the_portal(request.headers(), notebooks.portal_origin(request.headers())) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let fields = axum::Form::<Vec<(String, String)>>::from_request(request, &());
    let fields = tokio::time::timeout(app.config.request_timeout, fields).await;
    let ticket = fields.ok().and_then(Result::ok).and_then(|axum::Form(fields)| {
        fields.into_iter().find_map(|(name, value)| (name == "ticket").then_some(value))
    });
    let https = app.config.https;
    let entered = ticket
        .and_then(|ticket| app.used.door.enter(app.entropy.as_ref(), &ticket, app.centre.now()));
    let Some((token, pass)) = entered else { return gone() };
    let before = Cookie::Notebook.read(&jar, https);
    let same =
        before.and_then(|pass| app.used.door.pass(pass)).is_some_and(|held| held.room == pass.room);
    if let Some(before) = before {
        app.used.door.forget(before);
    }
    let page = if pass.way == Way::Desktop { "desktop" } else { "lab" };
    let mut response = Redirect::to(&format!("/{}/{page}", pass.room)).into_response();
    let headers = response.headers_mut();
    if let Some(cookie) = Cookie::Notebook.set(token.as_str(), https) {
        headers.append(header::SET_COOKIE, cookie);
    }
    if !same {
        // What one room's page kept in the browser is not for the next.
        headers.insert("clear-site-data", HeaderValue::from_static("\"storage\""));
    }
    response
}

/// Whether a ticket comes from the portal's page, as far as browsers tell. They
/// say `null` for its origin, since it tells other origins nothing of itself
/// (Fetch standard, "append a request Origin header").
fn is_from_the_portal(headers: &HeaderMap, portal: Option<String>) -> bool {
    let origin = text(headers, "origin");
    match text(headers, "sec-fetch-site") {
        Some(site) => {
            site == "same-site" && (origin == Some("null") || origin == portal.as_deref())
        }
        None => origin.is_none() || origin == portal.as_deref(),
    }
}

/// The page shows this in its frame.
fn gone() -> Response {
    let said = "This page is no longer valid. Open the notebook anew from the room's page.\n";
    (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], said)
        .into_response()
}

/// Whoever holds the pass, if they may be in that room now. `acts`: they do
/// something; a page that only asks what is new, as it does for ever, does not
/// keep anybody signed in.
pub(super) async fn admit(app: &App, pass: &Pass, acts: bool) -> Result<Admitted, NoAnswer> {
    let caller = caller_of(app, pass.session, acts)
        .await
        .map_err(|_| NoAnswer::Broken("the session was not found out".to_owned()))?;
    if caller.account().is_none_or(|account| account.id != pass.account) {
        return Err(NoAnswer::Refused(centre::Refused::Conflict(
            "you are signed out: sign in again in the portal".to_owned(),
        )));
    }
    // Room and permit are read once for the answer.
    let admitted = app.centre.at_one_moment(app.centre.admit(&caller, &pass.room)).await?;
    if admitted.way != pass.way {
        return Err(room::notebook::Denied::NotHere.into());
    }
    Ok(admitted)
}

/// Whether the request comes from the notebooks' own page, as far as browsers
/// tell. Programs that are no browsers tell nothing, and hold no cookie of theirs.
fn is_from_its_page(headers: &HeaderMap, ours: Option<&str>, is_page: bool) -> bool {
    if text(headers, "service-worker").is_some() {
        return false;
    }
    if let Some(origin) = text(headers, "origin")
        && Some(origin) != ours
    {
        return false;
    }
    let framed = |to: &str| matches!(to, "iframe" | "frame");
    match (is_page, text(headers, "sec-fetch-dest"), text(headers, "sec-fetch-site")) {
        // The page itself is shown in the portal's frame and nowhere else.
        (true, Some(to), _) => framed(to),
        // What a page asks for by itself: not a tab, a frame or another site.
        (_, Some("document"), _) => false,
        (_, Some(to), _) if framed(to) => false,
        (_, _, Some(site)) => site == "same-origin",
        _ => true,
    }
}

async fn any(State(app): State<App>, jar: CookieJar, request: Request) -> Response {
    match answer(&app, &jar, request).await {
        Ok(response) => response,
        Err(none) => none.into_response(),
    }
}

async fn answer(app: &App, jar: &CookieJar, request: Request) -> Result<Response, NoAnswer> {
    let Some(notebooks) = &app.config.notebooks else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let held = Cookie::Notebook.read(jar, app.config.https);
    let Some(pass_held) = held.and_then(|pass| app.used.door.pass(pass)) else { return Ok(gone()) };
    let path = request.uri().path().strip_prefix('/').unwrap_or_default();
    let (room, below) = path.split_once('/').unwrap_or((path, ""));
    if room.parse::<RoomId>().ok().as_ref() != Some(&pass_held.room) {
        return Ok(gone());
    }
    if pass_held.way == Way::Desktop {
        let below = below.to_owned();
        return desktop_answer(app, pass_held, notebooks, (&below, request)).await;
    }
    let route = route(request.method().as_str(), below, request.uri().query().unwrap_or_default())?;
    let kind = match &route {
        Route::Forward(forward) => Some(forward.answer),
        _ => None,
    };
    let is_page = kind == Some(Answer::Page);
    let ours = notebooks.origin(request.headers());
    if !is_from_its_page(request.headers(), ours.as_deref(), is_page) {
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    let acts = !request.method().is_safe() || kind == Some(Answer::Page);
    let admitted = admit(app, &pass_held, acts).await?;
    if acts {
        app.used.touch(admitted.run.as_ref());
    }
    match route {
        Route::Image(which, name) => Ok(image::answer(&notebooks.image, which, name).await),
        Route::Forward(forward) => {
            let (parts, body) = request.into_parts();
            let method = parts.method.clone();
            let whole = Request::from_parts(parts, body);
            let body = Bytes::from_request(whole, &());
            let body = tokio::time::timeout(app.config.request_timeout, body).await;
            let Ok(Ok(body)) = body else {
                return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
            };
            if method == Method::GET {
                return pass(app, &admitted, (method, forward, body)).await;
            }
            // Done to its end, though the page goes away.
            let (app, work) = (Arc::clone(app), app.underway.clone());
            let passing =
                work.begin(async move { pass(&app, &admitted, (method, forward, body)).await });
            passing.await.unwrap_or_else(|error| Err(NoAnswer::Broken(error.to_string())))
        }
        Route::Channels { kernel, session } => {
            // JupyterLab asks for messages in bytes first, and without that next.
            // Refused before the room hears of it: two sockets of one session get
            // in each other's way there.
            if text(request.headers(), "sec-websocket-protocol").is_some() {
                let form = "messages pass as JSON: ask for no other form of them";
                return Err(room::notebook::Denied::Form(form.to_owned()).into());
            }
            let upgrade = upgrade(request).await?;
            sockets::channels(app, (pass_held, admitted), (kernel, session), upgrade).await
        }
        Route::Events => {
            let upgrade = upgrade(request).await?;
            sockets::events(app, (pass_held, admitted), upgrade).await
        }
    }
}

/// The same for a desktop.
async fn desktop_answer(
    app: &App,
    pass: Pass,
    notebooks: &super::Notebooks,
    (below, request): (&str, Request),
) -> Result<Response, NoAnswer> {
    let asked = desktop::asked(request.method(), below, request.uri().query())?;
    let is_page = asked == desktop::Asked::Page;
    let ours = notebooks.origin(request.headers());
    if !is_from_its_page(request.headers(), ours.as_deref(), is_page) {
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    let admitted = admit(app, &pass, is_page).await?;
    if is_page {
        app.used.touch(admitted.run.as_ref());
    }
    desktop::answer(app, (pass, admitted), asked, request).await
}

/// A page of ours, written out.
pub(super) fn whole_page(page: &impl askama::Template) -> Result<String, NoAnswer> {
    page.render().map_err(|error| NoAnswer::Broken(error.to_string()))
}

pub(super) async fn upgrade(request: Request) -> Result<WebSocketUpgrade, NoAnswer> {
    let (mut parts, _) = request.into_parts();
    WebSocketUpgrade::from_request_parts(&mut parts, &()).await.map_err(|_| {
        room::notebook::Denied::Form("a web socket is asked for here".to_owned()).into()
    })
}

/// Closes notebooks in which nothing is done, until the program ends.
pub(crate) async fn watch_idle(app: App) {
    let Some(idle) = app.config.notebooks.as_ref().map(|notebooks| notebooks.idle) else { return };
    let mut every = tokio::time::interval(LOOK.min(idle.max(Duration::from_secs(1))));
    loop {
        every.tick().await;
        // Those that nobody came into since they began or were taken over among them.
        match app.centre.sessions().await {
            Ok(open) => open.iter().for_each(|(room, run)| app.used.know(room, run)),
            Err(refused) => tracing::error!(%refused, "what is open in rooms was not found"),
        }
        for (room, run) in app.used.idle(idle) {
            // A kernel may still work on what nobody waits for any more.
            if forward::is_busy(&app, &room, &run).await {
                app.used.touch(Some(&run));
                continue;
            }
            match app.centre.stop_idle_notebook(&room, &run).await {
                Ok(()) => app.used.forget(&run),
                Err(refused) => {
                    tracing::error!(%room, %run, %refused, "an idle notebook was not closed");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_its_page(headers: &[(&'static str, &'static str)], is_page: bool) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (header::HeaderName::from_static(name), HeaderValue::from_static(value))
            })
            .collect();
        is_from_its_page(&headers, Some("http://a.no:8421"), is_page)
    }

    #[test]
    fn a_notebook_is_shown_in_the_portals_frame_alone() {
        let page = true;
        assert!(from_its_page(
            &[("sec-fetch-dest", "iframe"), ("sec-fetch-site", "same-site")],
            page
        ));
        assert!(!from_its_page(&[("sec-fetch-dest", "document")], page));
        assert!(!from_its_page(&[("sec-fetch-dest", "embed")], page));
    }

    #[test]
    fn a_ticket_comes_from_the_portals_page() {
        let from = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            is_from_the_portal(&headers.collect(), Some("http://a.no:8420".to_owned()))
        };
        assert!(from(&[("sec-fetch-site", "same-site"), ("origin", "null")]));
        assert!(from(&[("sec-fetch-site", "same-site"), ("origin", "http://a.no:8420")]));
        assert!(from(&[]));
        for bad in [
            [("sec-fetch-site", "cross-site"), ("origin", "null")],
            [("sec-fetch-site", "cross-site"), ("origin", "http://a.no:8420")],
            [("sec-fetch-site", "same-origin"), ("origin", "http://a.no:8421")],
            [("sec-fetch-site", "same-site"), ("origin", "http://b.no")],
            [("origin", "null"), ("host", "a.no:8421")],
        ] {
            assert!(!from(&bad), "{bad:?}");
        }
    }

    #[test]
    fn what_a_page_asks_for_is_opened_in_no_tab_and_by_no_other_site() {
        let json = false;
        let own = [("sec-fetch-dest", "empty"), ("sec-fetch-site", "same-origin")];
        assert!(from_its_page(&own, json));
        assert!(from_its_page(&[], json));
        for bad in [
            [("sec-fetch-dest", "document"), ("sec-fetch-site", "none")],
            [("sec-fetch-dest", "iframe"), ("sec-fetch-site", "same-origin")],
            [("sec-fetch-dest", "empty"), ("sec-fetch-site", "same-site")],
            [("sec-fetch-dest", "image"), ("sec-fetch-site", "cross-site")],
            [("origin", "http://a.no:8420"), ("sec-fetch-dest", "empty")],
            [("origin", "null"), ("sec-fetch-dest", "empty")],
            [("service-worker", "script"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(!from_its_page(&bad, json), "{bad:?}");
        }
    }
}
