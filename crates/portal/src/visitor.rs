//! Who makes a request, in which language and light; and what they are told
//! when it cannot be done.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use centre::Caller;
use model::{Lang, RoomId, Timestamp};
use permit::Account;
use permit::policy::Action;

use crate::api::problem;
use crate::basket::Basket;
use crate::chrome::{Chrome, Theme, Who};
use crate::failure::Failure;
use crate::observe::RequestId;
use crate::pages::failure::FailurePage;
use crate::ports::{Session, TokenHash};
use crate::security::cookies::Cookie;
use crate::security::forms::is_from_elsewhere;
use crate::security::token::Token;
use crate::state::App;
use crate::words::Words;

/// A session is made to last longer at most once in so many seconds.
const EXTEND_EVERY: i64 = 60;

/// Who makes a request.
#[derive(Debug, Clone)]
pub(crate) struct Visitor(Arc<Known>);

#[derive(Debug)]
struct Known {
    words: Words,
    theme: Theme,
    caller: Caller,
    token: Token,
    by_cookie: bool,
    basket: Basket,
    path: String,
    query: String,
    done: Option<&'static str>,
}

impl Visitor {
    /// Their language.
    pub(crate) fn words(&self) -> &Words {
        &self.0.words
    }

    /// Who they are to the centre.
    pub(crate) fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// Their account; a visitor is asked to sign in first.
    pub(crate) fn account(&self) -> Result<&Account, Failure> {
        self.0.caller.account().ok_or(Failure::SignIn)
    }

    /// What they picked.
    pub(crate) fn basket(&self) -> &Basket {
        &self.0.basket
    }

    /// The token of their session.
    pub(crate) fn token(&self) -> &Token {
        &self.0.token
    }

    /// Whether a form's token is theirs.
    pub(crate) fn accepts(&self, form_token: &str) -> bool {
        self.0.token.accepts(form_token)
    }

    /// What goes around a page for them.
    pub(crate) fn chrome(&self, app: &App) -> Chrome {
        let known = &self.0;
        let mut chrome =
            Chrome::new(known.words.clone(), app.config.name.clone(), known.path.clone());
        chrome.demo = !app.config.demo.is_empty();
        chrome.query.clone_from(&known.query);
        chrome.theme = known.theme;
        chrome.who = known.caller.account().map(|account| Who {
            id: account.id.clone(),
            name: known.words.text(&account.name).to_owned(),
            organisation: account.organisation.clone(),
            roles: account.roles.iter().copied().collect(),
        });
        chrome.form_token = known.token.form_token();
        chrome.basket = known.basket.len();
        chrome.done = known.done;
        chrome
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Failure::Broken("a page is outside of the visitor's layer".to_owned()))
    }
}

/// Finds out who makes the request, lets it be answered, and puts a failure in
/// words.
pub(crate) async fn receive(
    State(app): State<App>,
    jar: CookieJar,
    request: Request,
    next: Next,
) -> Response {
    let https = app.config.https;
    let wishes = Wishes::of(request.uri().query().unwrap_or_default());
    let (parts, body) = request.into_parts();
    let visitor = match recognise(&app, &jar, &parts, &wishes).await {
        Ok(visitor) => visitor,
        Err(failure) => return failure.into_response(),
    };
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(visitor.clone());
    let api = request.uri().path().starts_with("/api/");
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let method = request.method().clone();
    let mut response = if !app.answers_to(&request) {
        Failure::Elsewhere.into_response()
    } else if is_refused(&visitor, api, &request) {
        Failure::Forged.into_response()
    } else {
        let patience = if is_upload(&request) {
            app.config.upload_timeout
        } else {
            app.config.request_timeout
        };
        let answered = tokio::time::timeout(patience, answer(&app, request, next));
        answered.await.unwrap_or_else(|_| Failure::TooSlow.into_response())
    };
    if let Some(failure) = failure_in(&mut response) {
        response = if api {
            problem::response(&visitor, &failure, &id)
        } else if matches!(failure, Failure::SignIn) && method.is_safe() {
            let here = visitor.chrome(&app).here();
            let next = crate::parts::listing::percent(&here);
            Redirect::to(&format!("/sign-in?next={next}")).into_response()
        } else {
            page(&app, &visitor, &failure, &id, response.headers())
        };
    }
    let headers = response.headers_mut();
    for (cookie, value) in [
        (Cookie::Lang, wishes.lang.map(Lang::tag)),
        (Cookie::Theme, wishes.theme.map(Theme::as_str)),
    ] {
        if let Some(value) = value.and_then(|value| cookie.set(value, https)) {
            headers.append(header::SET_COOKIE, value);
        }
    }
    let is_new = Cookie::Session.read(&jar, https) != Some(visitor.token().as_str());
    let says_itself = headers.get_all(header::SET_COOKIE).iter().any(|c| is_session(c, https));
    if is_new && !api && !says_itself {
        headers.extend(
            Cookie::Session
                .set(visitor.token().as_str(), https)
                .map(|value| (header::SET_COOKIE, value)),
        );
    }
    response
}

/// Lets the request be answered. What may change something is done to its end,
/// though the visitor goes away or the time for an answer is over: else it would
/// be half done, such as a run that is written down and never started. The body
/// is read first: one that never comes whole changes nothing.
async fn answer(app: &App, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return app.centre.at_one_moment(next.run(request)).await;
    }
    // Few at a time: each is held in memory.
    let _turn = if is_upload(&request) { app.uploads.acquire().await.ok() } else { None };
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let body = match read_body(app, whole).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    let request = Request::from_parts(parts, Body::from(body));
    let answering = app.underway.begin(async move { next.run(request).await });
    answering.await.unwrap_or_else(|ended| Failure::Broken(ended.to_string()).into_response())
}

/// The whole body of a request. Those who have signed in may send a file where
/// one is asked for.
async fn read_body(app: &App, request: Request) -> Result<Bytes, Failure> {
    let room = room_of_upload(&request).and_then(|room| room.parse().ok());
    let visitor = request.extensions().get::<Visitor>().cloned();
    let large = match (room, visitor) {
        (Some(room), Some(visitor)) => may_upload(app, &visitor, &room).await,
        _ => false,
    };
    if !large {
        let read = Bytes::from_request(request, &()).await;
        return read.map_err(|rejection| Failure::of_status(rejection.status()));
    }
    axum::body::to_bytes(request.into_body(), app.largest_upload()).await.map_err(|error| {
        let too_long = std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if too_long { Failure::TooLarge } else { Failure::Unreadable(String::new()) }
    })
}

/// Whether a request is to bring a file, which is larger than a form.
fn is_upload(request: &Request) -> bool {
    room_of_upload(request).is_some()
}

fn room_of_upload(request: &Request) -> Option<&str> {
    let path = request.uri().path();
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    path.strip_prefix("/rooms/")?.strip_suffix("/ingresses").filter(|room| !room.contains('/'))
}

/// Whether the visitor may bring files into that room: asked before the body is
/// read, which is large.
async fn may_upload(app: &App, visitor: &Visitor, id: &RoomId) -> bool {
    let Ok(room) = app.centre.room(visitor.caller(), id).await else { return false };
    let Ok(thing) = app.centre.room_thing(&room).await else { return false };
    app.centre.ruling(visitor.caller(), Action::BringIn, &thing).allowed
}

/// Whether a handler has set the session's cookie.
fn is_session(cookie: &HeaderValue, https: bool) -> bool {
    let ours = Cookie::Session.set("x", https);
    let name = |value: &HeaderValue| {
        value.to_str().ok().and_then(|text| text.split_once('=')).map(|(name, _)| name.to_owned())
    };
    name(cookie) == ours.as_ref().and_then(name)
}

/// What the address asks for besides the page: it is remembered in cookies.
#[derive(Debug, Default)]
struct Wishes {
    lang: Option<Lang>,
    theme: Option<Theme>,
    done: Option<&'static str>,
    /// The query without them.
    rest: String,
}

/// What can be said to be done: the address chooses one of these and can make
/// the page say nothing else.
const DONE: &[&str] = &[
    "done-saved",
    "done-submitted",
    "done-withdrawn",
    "done-answered",
    "done-granted",
    "done-returned",
    "done-refused",
    "done-commented",
    "done-revoked",
    "done-extract",
    "done-room-opened",
    "done-room-reopened",
    "done-room-removed",
    "done-restored",
    "done-room-closed",
    "done-run",
    "done-queued",
    "done-stopped",
    "done-asked",
    "done-released",
    "done-held",
    "done-kept-in",
    "done-mended",
    "done-packaged",
    "done-brought",
    "done-package-asked",
    "done-package-approved",
    "done-package-refused",
    "done-pair-answered",
    "done-reversal-asked",
    "done-reversal-agreed",
    "done-reversal-refused",
    "done-admitted",
    "done-kept-out",
    "done-password",
    "done-basket-full",
];

impl Wishes {
    fn of(query: &str) -> Self {
        let mut wishes = Self::default();
        let mut rest = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("lang", tag)) => wishes.lang = tag.parse().ok(),
                Some(("theme", name)) => wishes.theme = Theme::named(name),
                Some(("done", word)) => {
                    wishes.done =
                        DONE.iter().find(|key| key.strip_prefix("done-") == Some(word)).copied();
                }
                _ => rest.push(part),
            }
        }
        wishes.rest = rest.join("&");
        wishes
    }
}

/// The language of whoever asks: as the address says, else as they chose
/// before, else as their browser asks (RFC 9110 section 12.5.4), else ours.
fn language(headers: &HeaderMap, chosen: Option<Lang>, cookie: Option<&str>, ours: Lang) -> Lang {
    let asked = || {
        let header = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        header
            .split(',')
            .filter_map(|part| {
                let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
                let lang = tag.trim().parse::<Lang>().ok()?;
                let weight = weight.trim().parse::<f32>().ok().filter(|weight| *weight > 0.0)?;
                Some((lang, weight))
            })
            // The first of those that are asked for alike.
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map(|(lang, _)| lang)
    };
    chosen.or_else(|| cookie?.parse().ok()).or_else(asked).unwrap_or(ours)
}

async fn recognise(
    app: &App,
    jar: &CookieJar,
    request: &Parts,
    wishes: &Wishes,
) -> Result<Visitor, Failure> {
    let https = app.config.https;
    let headers = &request.headers;
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let by_cookie = bearer.is_none();
    let token = match bearer {
        Some(bearer) => Token::read(bearer.trim()),
        None => Cookie::Session.read(jar, https).and_then(Token::read),
    };
    let account = match &token {
        Some(token) if token.may_be_signed_in() => signed_in(app, token).await?,
        _ => Caller::Visitor,
    };
    let token = match token {
        // A token that no longer opens anything is not kept for forms either:
        // the next sign-in must not be bound to it.
        Some(token) if account.account().is_some() || !token.may_be_signed_in() => token,
        _ => Token::anonymous(app.entropy.as_ref()),
    };
    let lang =
        language(headers, wishes.lang, Cookie::Lang.read(jar, https), app.config.default_lang);
    let theme = wishes
        .theme
        .or_else(|| Cookie::Theme.read(jar, https).and_then(Theme::named))
        .unwrap_or_default();
    Ok(Visitor(Arc::new(Known {
        words: Words::new(lang, app.config.zone.clone()),
        theme,
        caller: account,
        token,
        by_cookie,
        basket: Cookie::Basket.read(jar, https).map(Basket::read).unwrap_or_default(),
        path: request.uri.path().to_owned(),
        query: wishes.rest.clone(),
        done: wishes.done,
    })))
}

/// The caller behind a token. Each use lets the session last longer, up to its
/// longest.
async fn signed_in(app: &App, token: &Token) -> Result<Caller, Failure> {
    caller_of(app, token.hash(), true).await
}

/// The caller whose session that is. `lasts`: this use lets it last longer.
pub(crate) async fn caller_of(app: &App, token: TokenHash, lasts: bool) -> Result<Caller, Failure> {
    let Some(session) = app.sessions.find(token).await? else {
        return Ok(Caller::Visitor);
    };
    let now = app.centre.now();
    let expires_at = lasts_until(app, &session, now);
    if lasts && expires_at.as_second() - session.expires_at.as_second() >= EXTEND_EVERY {
        app.sessions.extend(token, expires_at).await?;
    }
    match app.centre.caller(&session.account).await {
        Ok(caller) => Ok(caller),
        Err(centre::Refused::Absent { .. }) => Ok(Caller::Visitor),
        Err(refused) => Err(refused.into()),
    }
}

/// When a session ends if nothing is done in it after `now`.
pub(crate) fn lasts_until(app: &App, session: &Session, now: Timestamp) -> Timestamp {
    let idle = now.saturating_add(app.config.idle).unwrap_or(Timestamp::MAX);
    let longest = session.opened_at.saturating_add(app.config.longest).unwrap_or(Timestamp::MAX);
    idle.min(longest)
}

/// Whether the request must not be listened to: it changes something and comes
/// from elsewhere, or it is a program's that rides on a browser's cookie without
/// the token.
fn is_refused(visitor: &Visitor, api: bool, request: &Request) -> bool {
    let known = &visitor.0;
    if !known.by_cookie || request.method().is_safe() {
        return false;
    }
    if is_from_elsewhere(request.method(), request.headers()) {
        return true;
    }
    let riding = api && known.caller.account().is_some();
    let token = request.headers().get("x-csrf-token").and_then(|value| value.to_str().ok());
    riding && !visitor.accepts(token.unwrap_or_default())
}

/// The failure in a response, if it is one: from a handler, or from the router.
fn failure_in(response: &mut Response) -> Option<Failure> {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        return Some(failure);
    }
    let status = response.status();
    let bare = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/plain")));
    (bare && (status.is_client_error() || status.is_server_error()))
        .then(|| Failure::of_status(status))
}

fn page(
    app: &App,
    visitor: &Visitor,
    failure: &Failure,
    id: &RequestId,
    headers: &HeaderMap,
) -> Response {
    let words = visitor.words();
    let broken = matches!(failure, Failure::Broken(_) | Failure::TooSlow);
    let sign_in = visitor.caller().account().is_none()
        && matches!(failure, Failure::SignIn | Failure::Denied(_) | Failure::Absent);
    let page = FailurePage::of(
        visitor.chrome(app),
        failure.heading(words),
        failure.says(words),
        failure.is_english(),
        failure.rules(words),
        if broken { id.to_string() } else { String::new() },
        sign_in,
    );
    let mut response = match crate::answer::html(&page) {
        Ok(response) => response,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    *response.status_mut() = failure.status();
    if let Some(wait) = headers.get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    response
}

/// The route of a request, for logs and figures: never the address itself.
pub(crate) fn route_of(request: &Request) -> String {
    request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(header: &str) -> Lang {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, header.parse().unwrap());
        language(&headers, None, None, Lang::Nb)
    }

    #[test]
    fn the_browser_is_spoken_to_in_the_language_it_prefers_among_ours() {
        assert_eq!(asked("sv, da;q=0.8, en;q=0.7"), Lang::Da);
        assert_eq!(asked("nn-NO,nn;q=0.9,en;q=0.1"), Lang::Nb);
        assert_eq!(asked("en-GB,da"), Lang::En);
        assert_eq!(asked("da;q=0, fr"), Lang::Nb);
    }

    #[test]
    fn what_was_chosen_counts_before_what_the_browser_asks() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, "da".parse().unwrap());
        assert_eq!(language(&headers, None, Some("en"), Lang::Nb), Lang::En);
        assert_eq!(language(&headers, Some(Lang::Nb), Some("en"), Lang::Nb), Lang::Nb);
    }

    #[test]
    fn an_address_can_make_the_page_say_only_what_is_on_the_list() {
        let wishes = Wishes::of("q=a&done=released&lang=da&theme=dark");
        assert_eq!(wishes.done, Some("done-released"));
        assert_eq!((wishes.lang, wishes.theme), (Some(Lang::Da), Some(Theme::Dark)));
        assert_eq!(wishes.rest, "q=a");
        assert_eq!(Wishes::of("done=you-have-won").done, None);
    }
}
