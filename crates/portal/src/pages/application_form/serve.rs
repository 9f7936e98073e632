//! Beginning, showing, saving and submitting.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use catalogue::Dataset;
use model::{AccountId, ApplicationId};
use permit::policy::{Action, Thing};
use permit::{Application, ColumnTerms, SourceTerms, Terms, Way};

use super::{ApplicationFormPage, Surroundings, faults_of, read, write};
use crate::answer::{Answered, html, see};
use crate::basket::Basket;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::pages::seen;
use crate::parts::form::Fault;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;

/// `POST /applications/new`: begins one with what is in the basket.
pub(crate) async fn begin(State(app): State<App>, visitor: Visitor, _: Signed) -> Answered {
    let me = visitor.account()?.id.clone();
    let mut terms =
        Terms { people: vec![me], sources: visitor.basket().terms(), ..Terms::default() };
    if app.config.notebooks.is_some() {
        terms.room.way = Way::Notebook;
    }
    let id = app.centre.begin_application(visitor.caller(), terms).await?;
    let mut response = see(&format!("/applications/{id}/edit"), "");
    crate::pages::basket::empty(&app, &mut response);
    Ok(response)
}

/// `GET /applications/{application}/edit`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
) -> Answered {
    let application = editable(&app, &visitor, &seen::id(&application)?).await?;
    let values = write(&application.terms);
    page(&app, &visitor, &application.id, &application.terms, values, Vec::new()).await
}

/// `POST /applications/{application}/edit`: saves, and goes on as the button says.
pub(crate) async fn save(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&application)?;
    let application = editable(&app, &visitor, &id).await?;
    let read = read(visitor.words(), &fields, &application.terms);
    let mut terms = read.terms;
    let act = fields.one("do");
    let from_basket = act == "basket";
    if from_basket {
        bring_in(&mut terms, visitor.basket());
    }
    save_changed(&app, &visitor, &application, &terms).await?;
    let mut faults = read.faults;
    if act == "submit" {
        let missing = app.centre.application_lacks(&terms).await?;
        faults.extend(faults_of(visitor.words(), &missing));
        if faults.is_empty() {
            app.centre.submit_application(visitor.caller(), &id).await?;
            return Ok(see(&format!("/applications/{id}"), "submitted"));
        }
    }
    if faults.is_empty() {
        let place = if act.starts_with("remove:") || from_basket { "#sources" } else { "" };
        let mut response = see(&format!("/applications/{id}/edit{place}"), "saved");
        if from_basket {
            crate::pages::basket::empty(&app, &mut response);
        }
        return Ok(response);
    }
    let mut response = page(&app, &visitor, &id, &terms, fields, faults).await?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

/// `POST /applications/{application}/draft`: saves as somebody types. What
/// cannot be read yet is left as it was.
pub(crate) async fn save_draft(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&application)?;
    let application = editable(&app, &visitor, &id).await?;
    let read = read(visitor.words(), &fields, &application.terms);
    save_changed(&app, &visitor, &application, &read.terms).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Saves, if something was changed: each time is an entry of the ledger with the
/// whole of what is asked for.
async fn save_changed(
    app: &App,
    visitor: &Visitor,
    application: &Application,
    terms: &Terms,
) -> Result<(), Failure> {
    if application.terms != *terms {
        app.centre.save_application(visitor.caller(), &application.id, terms.clone()).await?;
    }
    Ok(())
}

/// The application, for those who may write on it now.
async fn editable(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
) -> Result<Application, Failure> {
    let application = app.centre.application(visitor.caller(), id).await?;
    let thing = Thing::application(&application);
    seen::require(app, visitor, Action::EditApplication, &thing)?;
    Ok(Arc::unwrap_or_clone(application))
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    terms: &Terms,
    values: Fields,
    faults: Vec<Fault>,
) -> Answered {
    let datasets = app.centre.catalogue(visitor.caller()).await?;
    let colleagues = colleagues(app, visitor, terms).await?;
    let around = Surroundings {
        datasets: &datasets,
        colleagues: &colleagues,
        in_basket: not_yet_in(terms, visitor.basket(), &datasets),
    };
    let chrome = visitor.chrome(app);
    let id = id.to_string();
    html(&ApplicationFormPage::of(chrome, id, terms, values, faults, &around))
}

/// Those of one's own organisation, and whoever is named already.
async fn colleagues(
    app: &App,
    visitor: &Visitor,
    terms: &Terms,
) -> Result<Vec<(AccountId, String)>, Failure> {
    let mine = visitor.account()?.organisation.clone();
    let words = visitor.words();
    let accounts = app.centre.accounts(visitor.caller()).await?;
    Ok(accounts
        .into_iter()
        .filter(|account| {
            terms.people.contains(&account.id) || (account.open && account.organisation == mine)
        })
        .map(|account| {
            let name = words.text(&account.name).to_owned();
            (account.id.clone(), name)
        })
        .collect())
}

/// How many variables of the basket the application does not ask for yet.
fn not_yet_in(terms: &Terms, basket: &Basket, datasets: &[Dataset]) -> usize {
    basket
        .variables()
        .filter(|(source, name)| {
            let there = datasets
                .iter()
                .any(|dataset| dataset.source == **source && dataset.variable(name).is_some());
            let asked = terms.sources.iter().any(|terms| {
                terms.source == **source && terms.columns.iter().any(|column| column.name == *name)
            });
            there && !asked
        })
        .count()
}

/// Asks for the variables of the basket too.
fn bring_in(terms: &mut Terms, basket: &Basket) {
    for (source, name) in basket.variables() {
        let column = ColumnTerms { name: name.to_owned(), reason: String::new() };
        match terms.sources.iter_mut().find(|terms| terms.source == *source) {
            Some(there) => {
                if !there.columns.iter().any(|column| column.name == name) {
                    there.columns.push(column);
                }
            }
            None => terms.sources.push(SourceTerms {
                source: source.clone(),
                columns: vec![column],
                rows: Vec::new(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_brought_in_from_the_basket_stands_there_once() {
        let mut terms = Terms { sources: Basket::read("lab:a").terms(), ..Terms::default() };
        terms.sources[0].columns[0].reason = "needed".into();
        bring_in(&mut terms, &Basket::read("lab:a+b/other:c"));
        let columns: Vec<_> = terms
            .sources
            .iter()
            .flat_map(|s| s.columns.iter().map(|c| (c.name.as_str(), c.reason.as_str())))
            .collect();
        assert_eq!(columns, [("a", "needed"), ("b", ""), ("c", "")]);
    }
}
