//! Signing in with a local account; in demo mode, one click per role.

use crate::answer::{Answered, html, see};
use crate::failure::Failure;
use crate::observe::SIGN_INS_FAILED;
use crate::ports::Session;
use crate::query::Query;
use crate::security::cookies::Cookie;
use crate::security::forms::Signed;
use crate::security::next::own_path;
use crate::security::sign_in::PATIENCE;
use crate::security::token::Token;
use crate::state::App;
use crate::visitor::{Visitor, lasts_until};
use askama::Template;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use model::Lang;
use model::{AccountId, Secret};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::chrome::Chrome;

/// The sign-in page.
#[derive(Debug, Template)]
#[template(path = "pages/sign_in.html")]
pub struct SignInPage {
    chrome: Chrome,
    /// Where to go afterwards: a path of ours.
    next: String,
    /// What was typed as account.
    account: String,
    /// The key of what went wrong, if something did.
    fault: Option<&'static str>,
    /// The accounts that anyone may sign in as.
    doors: Vec<Door>,
}

/// An account that anyone may sign in as, in demo mode.
#[derive(Debug, Clone)]
pub struct Door {
    /// The account.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What one does with it.
    pub what: String,
}

impl SignInPage {
    /// The page, on the way to `next`.
    pub const fn new(chrome: Chrome, next: String, doors: Vec<Door>) -> Self {
        Self { chrome, next, account: String::new(), fault: None, doors }
    }

    /// The page after a vain attempt.
    #[must_use]
    pub fn after_fault(mut self, account: String, fault: &'static str) -> Self {
        self.account = account;
        self.fault = Some(fault);
        self
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/sign-in");
        let doors = ["researcher", "holder", "caseworker", "checker", "auditor", "operator"]
            .map(|role| Door {
                id: role.to_owned(),
                name: chrome.words().say(&format!("role-{role}")).into_owned(),
                what: chrome.words().say(&format!("role-{role}-does")).into_owned(),
            })
            .into();
        Self::new(chrome, "/work".to_owned(), doors)
            .after_fault("researcher".to_owned(), "sign-in-refused")
    }
}

/// Where people go who have signed in.
const HOME: &str = "/work";

/// What the address of the sign-in page says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Way {
    next: String,
}

/// `GET /sign-in`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(way): Query<Way>,
) -> Answered {
    let next = own_path(&way.next, HOME).to_owned();
    html(&SignInPage::new(visitor.chrome(&app), next, doors(&app, &visitor).await?))
}

/// The accounts that anyone may sign in as. None but in a demonstration.
async fn doors(app: &App, visitor: &Visitor) -> Result<Vec<Door>, Failure> {
    let words = visitor.words();
    let mut doors = Vec::with_capacity(app.config.demo.len());
    for id in &app.config.demo {
        let Ok(centre::Caller::Known(account)) = app.centre.caller(id).await else { continue };
        let does = account.roles.iter().next().map_or_else(String::new, |role| {
            words.say(&format!("role-{}-does", role.as_str())).into_owned()
        });
        doors.push(Door {
            id: id.to_string(),
            name: words.text(&account.name).to_owned(),
            what: does,
        });
    }
    Ok(doors)
}

/// `POST /sign-in`
pub(crate) async fn with_password(
    State(app): State<App>,
    visitor: Visitor,
    FromWhere(address): FromWhere,
    Signed(mut fields): Signed,
) -> Answered {
    let next = own_path(fields.one("next"), HOME).to_owned();
    let typed = fields.one("account").to_ascii_lowercase();
    let password = Secret::new(fields.take("password").unwrap_or_default());
    let fault = match try_password(&app, address, &typed, password).await {
        Ok(account) => return enter(&app, &visitor, account, &next).await,
        Err(Failure::SignIn) => "sign-in-refused",
        Err(Failure::TooOften(_)) => "sign-in-too-often",
        Err(Failure::Busy) => "problem-busy-says",
        Err(failure) => return Err(failure),
    };
    let page = SignInPage::new(visitor.chrome(&app), next, doors(&app, &visitor).await?);
    let mut response = html(&page.after_fault(typed, fault))?;
    *response.status_mut() = if fault == "sign-in-refused" {
        axum::http::StatusCode::UNAUTHORIZED
    } else {
        axum::http::StatusCode::TOO_MANY_REQUESTS
    };
    Ok(response)
}

/// The account behind a name and a password. [`Failure::SignIn`] whatever is
/// wrong with them: whether there is such an account is not told, nor by how
/// long it takes.
pub(crate) async fn try_password(
    app: &App,
    address: IpAddr,
    typed: &str,
    password: Secret<String>,
) -> Result<AccountId, Failure> {
    // What is no name of an account is tried like one that nobody has.
    let nobody = || "nobody-has-this-account".parse::<AccountId>().map_err(|_| Failure::SignIn);
    let id = typed.parse::<AccountId>().or_else(|_| nobody())?;
    app.attempts.count(address, &id).map_err(Failure::TooOften)?;
    let turn = app.attempts.turn(PATIENCE).await.ok_or(Failure::Busy)?;
    let known = app.centre.check_password(&id, password).await?;
    drop(turn);
    if let Some(account) = known {
        app.attempts.succeeded(address, &account.id);
        Ok(account.id.clone())
    } else {
        metrics::counter!(SIGN_INS_FAILED).increment(1);
        // Written down afterwards, so that it takes no time now; and only about
        // accounts there are: a password typed as a name stays out of the ledger.
        let centre = app.centre.clone();
        drop(app.underway.begin(async move {
            if centre.caller(&id).await.is_ok()
                && let Err(refused) = centre.note_session(&id, "refused").await
            {
                tracing::warn!(%refused, "a refused sign-in was not written down");
            }
        }));
        Err(Failure::SignIn)
    }
}

/// `POST /sign-in/demo`: one click, in a demonstration alone.
pub(crate) async fn with_one_click(
    State(app): State<App>,
    visitor: Visitor,
    FromWhere(address): FromWhere,
    Signed(fields): Signed,
) -> Answered {
    app.attempts.count_door(address).map_err(Failure::TooOften)?;
    let account: AccountId = fields.one("account").parse().map_err(|_| Failure::Absent)?;
    if !app.config.demo.contains(&account) {
        return Err(Failure::Absent);
    }
    app.centre.caller(&account).await?;
    enter(&app, &visitor, account, own_path(fields.one("next"), HOME)).await
}

/// Opens a session under a new token, and ends the one there was: a token that
/// somebody knew before is worth nothing afterwards.
pub(crate) async fn open_session(
    app: &App,
    visitor: &Visitor,
    account: AccountId,
) -> Result<Token, Failure> {
    if visitor.caller().account().is_some() {
        app.sessions.close(visitor.token().hash()).await?;
    }
    let token = Token::signed_in(app.entropy.as_ref());
    let now = app.centre.now();
    let mut session = Session { account, opened_at: now, expires_at: now };
    session.expires_at = lasts_until(app, &session, now);
    app.centre.note_session(&session.account, "signed-in").await?;
    app.sessions.open(token.hash(), session).await?;
    Ok(token)
}

async fn enter(app: &App, visitor: &Visitor, account: AccountId, next: &str) -> Answered {
    let token = open_session(app, visitor, account).await?;
    Ok(with_token(app, see(next, ""), &token))
}

/// The answer, with the session's cookie set.
pub(crate) fn with_token(app: &App, mut response: Response, token: &Token) -> Response {
    if let Some(cookie) = Cookie::Session.set(token.as_str(), app.config.https) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// `POST /sign-out`
pub(crate) async fn out(State(app): State<App>, visitor: Visitor, _: Signed) -> Answered {
    close_session(&app, &visitor).await?;
    let mut response = see("/", "");
    if let Some(cookie) = Cookie::Session.set("", app.config.https) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response.into_response())
}

/// Ends the visitor's session, if there is one.
pub(crate) async fn close_session(app: &App, visitor: &Visitor) -> Result<(), Failure> {
    if let Ok(account) = visitor.account() {
        app.sessions.close(visitor.token().hash()).await?;
        app.centre.note_session(&account.id, "signed-out").await?;
    }
    Ok(())
}

/// The address a request came from, as far as it can be told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FromWhere(pub(crate) IpAddr);

impl axum::extract::FromRequestParts<App> for FromWhere {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        app: &App,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        Ok(Self(address_of(peer, &parts.headers, app.config.behind_proxy)))
    }
}

/// Behind a proxy of ours, the last address in `X-Forwarded-For` is what it saw;
/// what stands before it may be anybody's word.
fn address_of(peer: IpAddr, headers: &HeaderMap, behind_proxy: bool) -> IpAddr {
    let forwarded = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?;
        last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
    };
    if behind_proxy { forwarded().unwrap_or(peer) } else { peer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxy_is_believed_about_addresses() {
        let peer = IpAddr::from([192, 0, 2, 1]);
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.9, 198.51.100.7".parse().unwrap());
        assert_eq!(address_of(peer, &headers, false), peer);
        assert_eq!(address_of(peer, &headers, true), IpAddr::from([198, 51, 100, 7]));
        headers.insert("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(address_of(peer, &headers, true), peer);
    }
}
