//! What came of it: every package that left, in the open.

use crate::answer::{Answered, html};
use crate::failure::Failure;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use model::{Lang, Timestamp};

use crate::chrome::Chrome;
use crate::parts::listing::{Cell, Column, List, ListQuery, Listing};
use crate::words::{Shown, Words};

/// The results.
#[derive(Debug, Template)]
#[template(path = "pages/results.html")]
pub struct ResultsPage {
    chrome: Chrome,
    listing: Listing,
}

/// A package that left, as everyone may see it.
#[derive(Debug, Clone)]
pub struct ResultLine {
    /// The release.
    pub id: String,
    /// The permit.
    pub permit: String,
    /// What the work is called.
    pub title: String,
    /// What was to be found out.
    pub summary: String,
    /// Who used the data.
    pub data_user: String,
    /// When the package was written.
    pub packaged_at: Timestamp,
    /// The same, in words.
    pub at: Shown,
    /// How many files.
    pub files: u64,
}

const COLUMNS: &[Column<ResultLine>] = &[
    Column {
        name: "title",
        key: "terms-title",
        cell: |line, _| Cell::Link(line.title.clone(), format!("/releases/{}", line.id)),
        order: Some(|a, b| a.title.cmp(&b.title)),
        numeric: false,
    },
    Column {
        name: "user",
        key: "data-user",
        cell: |line, _| Cell::Words(line.data_user.clone()),
        order: Some(|a, b| a.data_user.cmp(&b.data_user)),
        numeric: false,
    },
    Column {
        name: "permit",
        key: "permit",
        cell: |line, _| Cell::Link(line.permit.clone(), format!("/permits/{}", line.permit)),
        order: None,
        numeric: false,
    },
    Column {
        name: "at",
        key: "released-at",
        cell: |line, _| Cell::Time(line.at.clone()),
        order: Some(|a, b| a.packaged_at.cmp(&b.packaged_at)),
        numeric: false,
    },
    Column {
        name: "files",
        key: "files",
        cell: |line, words| Cell::whole(words, line.files),
        order: Some(|a, b| a.files.cmp(&b.files)),
        numeric: true,
    },
];

impl ResultLine {
    /// A sample.
    pub fn sample(words: &Words) -> Self {
        let terms = crate::parts::terms::TermsTree::sample_terms(words.lang());
        let packaged_at = "2026-03-01T12:00:00Z".parse().unwrap_or_default();
        Self {
            id: "release-6w8y0a2c4e".to_owned(),
            permit: "permit-7k3m9q2x4d".to_owned(),
            title: terms.title,
            summary: terms.summary,
            data_user: "Universitetet".to_owned(),
            at: words.moment(packaged_at),
            packaged_at,
            files: 3,
        }
    }
}

impl ResultsPage {
    /// The results, narrowed as the address says.
    pub fn of(chrome: Chrome, lines: Vec<ResultLine>, query: &ListQuery) -> Self {
        let list = List {
            words: chrome.words(),
            caption: "results-caption",
            path: "/results",
            columns: COLUMNS,
            filter: None,
            empty: "results-empty",
        };
        Self { listing: list.show(lines, query), chrome }
    }

    /// The list, for a download.
    pub const fn listing(&self) -> &Listing {
        &self.listing
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/results");
        let lines = vec![ResultLine::sample(chrome.words())];
        Self::of(chrome, lines, &ListQuery::default())
    }
}

/// What left, with names instead of ids.
pub(crate) async fn lines(app: &App, visitor: &Visitor) -> Result<Vec<ResultLine>, Failure> {
    let words = visitor.words();
    let results = app.centre.results(visitor.caller()).await?;
    if results.is_empty() {
        return Ok(Vec::new());
    }
    let names = app.names(visitor.caller()).await?;
    Ok(results
        .into_iter()
        .map(|result| ResultLine {
            id: result.release.to_string(),
            permit: result.permit.to_string(),
            title: result.title,
            summary: result.summary,
            data_user: names.organisation(&result.data_user, words.lang()),
            packaged_at: result.packaged_at,
            at: words.moment(result.packaged_at),
            files: u64::try_from(result.files).unwrap_or(u64::MAX),
        })
        .collect())
}

/// `GET /results`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ListQuery>,
) -> Answered {
    let lines = lines(&app, &visitor).await?;
    let page = ResultsPage::of(visitor.chrome(&app), lines, &query);
    if query.is_csv() { Ok(page.listing().csv_response("results")) } else { html(&page) }
}
