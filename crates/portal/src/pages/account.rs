//! My account: who I am here, a new password, signing out everywhere else.

use super::sign_in::{FromWhere, open_session, try_password, with_token};
use crate::answer::{Answered, html, see};
use crate::failure::Failure;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use model::Lang;
use model::Secret;
use permit::Role;

use crate::chrome::Chrome;
use crate::parts::form::{Fault, Faults};

/// The account page.
#[derive(Debug, Template)]
#[template(path = "pages/account.html")]
pub struct AccountPage {
    chrome: Chrome,
    name: String,
    id: String,
    organisation: String,
    roles: Vec<(String, String)>,
    faults: Faults,
}

impl AccountPage {
    /// The page of whoever is signed in; nothing for a visitor.
    pub fn of(chrome: Chrome, organisation: String, faults: Vec<Fault>) -> Self {
        let words = chrome.words();
        let who = chrome.who.as_ref();
        let roles = who
            .map(|who| {
                who.roles
                    .iter()
                    .map(|role| {
                        (
                            words.say(&format!("role-{}", role.as_str())).into_owned(),
                            words.say(&format!("role-{}-does", role.as_str())).into_owned(),
                        )
                    })
                    .collect()
            })
            .unwrap_or_default();
        Self {
            name: who.map(|who| who.name.clone()).unwrap_or_default(),
            id: who.map(|who| who.id.to_string()).unwrap_or_default(),
            organisation,
            roles,
            faults: Faults {
                heading: words.say_count("faults-heading", faults.len()),
                list: faults,
                english: false,
            },
            chrome,
        }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/account").seen_by(&[Role::Researcher]);
        let fault = Fault {
            field: "password".to_owned(),
            what: chrome.words().say("password-short").into_owned(),
        };
        Self::of(chrome, "university".to_owned(), vec![fault])
    }
}

/// `GET /account`
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Answered {
    page(&app, &visitor, Vec::new()).await
}

async fn page(app: &App, visitor: &Visitor, faults: Vec<Fault>) -> Answered {
    let account = visitor.account()?;
    let names = app.names(visitor.caller()).await?;
    let organisation = names.organisation(&account.organisation, visitor.words().lang());
    html(&AccountPage::of(visitor.chrome(app), organisation, faults))
}

/// `POST /account/password`: the old one is asked for again, and every session
/// but this one ends.
pub(crate) async fn set_password(
    State(app): State<App>,
    visitor: Visitor,
    FromWhere(address): FromWhere,
    Signed(mut fields): Signed,
) -> Answered {
    let account = visitor.account()?.id.clone();
    let fault = |field: &str, key: &str| {
        vec![Fault { field: field.to_owned(), what: visitor.words().say(key).into_owned() }]
    };
    let present = Secret::new(fields.take("present").unwrap_or_default());
    match try_password(&app, address, account.as_str(), present).await {
        Ok(_) => {}
        Err(Failure::SignIn) => {
            return page(&app, &visitor, fault("present", "password-wrong")).await;
        }
        Err(failure) => return Err(failure),
    }
    let password = Secret::new(fields.take("password").unwrap_or_default());
    match app.centre.set_password(visitor.caller(), &account, password).await {
        Ok(()) => {}
        Err(centre::Refused::Field { .. }) => {
            return page(&app, &visitor, fault("password", "password-short")).await;
        }
        Err(refused) => return Err(refused.into()),
    }
    app.sessions.close_all(&account).await?;
    let token = open_session(&app, &visitor, account).await?;
    Ok(with_token(&app, see("/account", "password"), &token))
}
