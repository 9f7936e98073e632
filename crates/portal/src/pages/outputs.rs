//! The files that were asked out of rooms: what waits, what was decided.

use askama::Template;
use axum::extract::{Query, State};
use model::{Lang, Timestamp};
use permit::Role;
use release::OutputState;

use super::output::{state_tag, state_word};
use crate::answer::{Answered, html};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::parts::listing::{Cell, Column, Filter, List, ListQuery, Listing};
use crate::sample::literal;
use crate::state::App;
use crate::visitor::Visitor;

/// The list.
#[derive(Debug, Template)]
#[template(path = "pages/outputs.html")]
pub struct OutputsPage {
    chrome: Chrome,
    listing: Listing,
}

/// One file, with names instead of ids.
#[derive(Debug, Clone)]
pub struct OutputLine {
    id: String,
    name: String,
    permit: String,
    asked_by: String,
    asked_at: Timestamp,
    state: OutputState,
}

const COLUMNS: &[Column<OutputLine>] = &[
    Column {
        name: "file",
        key: "file",
        cell: |line, _| Cell::Link(line.name.clone(), format!("/outputs/{}", line.id)),
        order: Some(|a, b| a.name.cmp(&b.name)),
        numeric: false,
    },
    Column {
        name: "state",
        key: "state",
        cell: |line, words| Cell::Tag(state_tag(words, line.state)),
        order: Some(|a, b| a.state.as_str().cmp(b.state.as_str())),
        numeric: false,
    },
    Column {
        name: "by",
        key: "output-asked-by",
        cell: |line, _| Cell::Words(line.asked_by.clone()),
        order: Some(|a, b| a.asked_by.cmp(&b.asked_by)),
        numeric: false,
    },
    Column {
        name: "asked",
        key: "output-asked-at",
        cell: |line, words| Cell::Time(words.moment_short(line.asked_at)),
        order: Some(|a, b| a.asked_at.cmp(&b.asked_at)),
        numeric: false,
    },
    Column {
        name: "permit",
        key: "permit",
        cell: |line, _| Cell::Link(line.permit.clone(), format!("/permits/{}", line.permit)),
        order: Some(|a, b| a.permit.cmp(&b.permit)),
        numeric: false,
    },
];

/// In the order in which an output goes through them.
const STATES: [OutputState; 5] = [
    OutputState::Requested,
    OutputState::Checked,
    OutputState::Held,
    OutputState::Released,
    OutputState::Refused,
];

impl OutputsPage {
    /// The list, narrowed as the address says.
    pub fn of(chrome: Chrome, lines: Vec<OutputLine>, query: &ListQuery) -> Self {
        let words = chrome.words();
        let choices = STATES
            .iter()
            .filter(|state| lines.iter().any(|line| line.state == **state))
            .map(|state| (state.as_str().to_owned(), words.say(state_word(*state).0).into_owned()))
            .collect();
        let list = List {
            words,
            caption: "outputs-caption",
            path: "/outputs",
            columns: COLUMNS,
            filter: Some(Filter {
                label: "state",
                choices,
                passes: &|line, value| line.state.as_str() == value,
            }),
            empty: "outputs-empty",
        };
        Self { listing: list.show(lines, query), chrome }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/outputs").seen_by(&[Role::Checker]);
        let line = |id: &str, name: &str, state| OutputLine {
            id: id.to_owned(),
            name: name.to_owned(),
            permit: "permit-7k3m9q2x4d".to_owned(),
            asked_by: "researcher".to_owned(),
            asked_at: literal("2026-03-01T08:30:00Z"),
            state,
        };
        let lines = vec![
            line("output-5v7x9z1b3d", "out/table_2.csv", OutputState::Checked),
            line("output-6w8y0a2c4e", "out/survival_curve.svg", OutputState::Released),
        ];
        Self::of(chrome, lines, &ListQuery::default())
    }
}

/// `GET /outputs`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ListQuery>,
) -> Answered {
    if visitor.caller().account().is_none() {
        return Err(Failure::SignIn);
    }
    let lang = visitor.words().lang();
    let names = app.names(visitor.caller()).await?;
    let outputs = app.centre.outputs(visitor.caller(), None).await?;
    let lines = outputs
        .into_iter()
        .map(|output| OutputLine {
            id: output.id.to_string(),
            permit: output.permit.to_string(),
            asked_by: names.account(&output.requested_by, lang),
            asked_at: output.requested_at,
            state: output.state,
            name: output.name.clone(),
        })
        .collect();
    let page = OutputsPage::of(visitor.chrome(&app), lines, &query);
    if query.is_csv() { Ok(page.listing.csv_response("outputs")) } else { html(&page) }
}
