//! The basket on its way to an application.

use super::seen;
use crate::answer::{Answered, html, see};
use crate::failure::Failure;
use crate::security::cookies::Cookie;
use crate::security::forms::Signed;
use crate::security::next::own_path;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::Response;
use catalogue::Dataset;
use model::Lang;
use permit::Role;

use super::source::{sample_datasets, title_of};
use crate::basket::Basket;
use crate::chrome::Chrome;

/// The basket.
#[derive(Debug, Template)]
#[template(path = "pages/basket.html")]
pub struct BasketPage {
    chrome: Chrome,
    sources: Vec<(String, Vec<Picked>)>,
    gone: Vec<Picked>,
}

/// A variable in the basket.
#[derive(Debug, Clone)]
pub struct Picked {
    id: String,
    href: String,
    title: String,
}

impl BasketPage {
    /// The basket, with the names of what is in it.
    pub fn of(chrome: Chrome, datasets: &[Dataset], basket: &Basket) -> Self {
        let words = chrome.words();
        let mut sources: Vec<(String, Vec<Picked>)> = Vec::new();
        let mut gone = Vec::new();
        for (source, name) in basket.variables() {
            let id = format!("{source}/{name}");
            let dataset = datasets.iter().find(|dataset| dataset.source == *source);
            let found = dataset.and_then(|dataset| Some((dataset, dataset.variable(name)?)));
            let Some((dataset, variable)) = found else {
                gone.push(Picked { href: String::new(), title: id.clone(), id });
                continue;
            };
            let title = words.text(&dataset.title).to_owned();
            let picked =
                Picked { href: format!("/sources/{id}"), title: title_of(variable, words), id };
            match sources.iter_mut().find(|(source, _)| *source == title) {
                Some((_, variables)) => variables.push(picked),
                None => sources.push((title, vec![picked])),
            }
        }
        Self { chrome, sources, gone }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let mut chrome = Chrome::sample(lang, "/basket").seen_by(&[Role::Researcher]);
        let basket = Basket::read("laboratory:test+value/population:male/diagnoses:gone");
        chrome.basket = basket.len();
        Self::of(chrome, &sample_datasets(), &basket)
    }
}

/// `GET /basket`
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Answered {
    let datasets = app.centre.catalogue(visitor.caller()).await?;
    html(&BasketPage::of(visitor.chrome(&app), &datasets, visitor.basket()))
}

/// Empties the basket: what was in it is in an application now.
pub(crate) fn empty(app: &App, response: &mut Response) {
    if let Some(cookie) = Cookie::Basket.set("", app.config.https) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// `POST /basket`: puts a variable in or takes it out, and goes back.
pub(crate) async fn change(
    State(app): State<App>,
    visitor: Visitor,
    Signed(fields): Signed,
) -> Answered {
    let (source, name) = fields.one("variable").split_once('/').ok_or(Failure::Absent)?;
    let source = seen::id(source)?;
    let mut basket = visitor.basket().clone();
    let fits = if fields.one("do") == "remove" {
        basket.remove(&source, name);
        true
    } else {
        basket.add(source, name)
    };
    let done = if fits { "" } else { "basket-full" };
    let mut response = see(own_path(fields.one("next"), "/basket"), done);
    if let Some(cookie) = Cookie::Basket.set(&basket.write(), app.config.https) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
