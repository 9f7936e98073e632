//! The catalogue: find the variable, and put it in the basket that becomes an
//! application.

use crate::answer::{Answered, html};
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use catalogue::Dataset;
use model::Lang;
use permit::Role;

use super::source::{care_key, sample_datasets, title_of, type_key};
use crate::basket::Basket;
use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::listing::{Cell, Column, List, ListQuery, Listing, percent};
use crate::words::Words;

/// The catalogue.
#[derive(Debug, Template)]
#[template(path = "pages/catalogue.html")]
pub struct CataloguePage {
    chrome: Chrome,
    query: ListQuery,
    sources: Vec<SourceCard>,
    found: Vec<FoundVariable>,
    listing: Listing,
    total: usize,
    in_basket: usize,
    here: String,
}

/// A source in a few words.
#[derive(Debug, Clone)]
pub struct SourceCard {
    id: String,
    title: String,
    description: String,
    holder: String,
    persons: String,
    rows: String,
    variables: usize,
    chosen: bool,
}

/// A variable that was found.
#[derive(Debug, Clone)]
pub struct FoundVariable {
    /// `laboratory/value`.
    pub id: String,
    /// Where its page is.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it means.
    pub description: String,
    /// What its source is called.
    pub source: String,
    /// What kind of value.
    pub kind: &'static str,
    /// The unit.
    pub unit: String,
    /// How much care it wants.
    pub care: &'static str,
    /// The share filled, from 0 to 1, and how it is written.
    pub filled: Option<(f64, String)>,
    /// The first codes.
    pub codes: String,
    /// Whether it is in the basket.
    pub in_basket: bool,
}

const COLUMNS: &[Column<FoundVariable>] = &[
    Column {
        name: "title",
        key: "variable-title",
        cell: |v, _| Cell::Words(v.title.clone()),
        order: Some(|a, b| a.title.to_lowercase().cmp(&b.title.to_lowercase())),
        numeric: false,
    },
    Column {
        name: "name",
        key: "variable",
        cell: |v, _| Cell::Link(v.id.clone(), v.href.clone()),
        order: Some(|a, b| a.name.cmp(&b.name)),
        numeric: false,
    },
    Column {
        name: "source",
        key: "source",
        cell: |v, _| Cell::Words(v.source.clone()),
        order: Some(|a, b| a.source.cmp(&b.source)),
        numeric: false,
    },
    Column {
        name: "type",
        key: "variable-type",
        cell: |v, words| Cell::Words(words.say(v.kind).into_owned()),
        order: Some(|a, b| a.kind.cmp(b.kind)),
        numeric: false,
    },
    Column {
        name: "unit",
        key: "variable-unit",
        cell: |v, _| if v.unit.is_empty() { Cell::None } else { Cell::Code(v.unit.clone()) },
        order: None,
        numeric: false,
    },
    Column {
        name: "filled",
        key: "variable-filled",
        cell: |v, _| match &v.filled {
            Some((share, shown)) => Cell::Share(*share, shown.clone()),
            None => Cell::None,
        },
        order: Some(|a, b| {
            let filled = |v: &FoundVariable| v.filled.as_ref().map_or(-1.0, |(share, _)| *share);
            filled(a).total_cmp(&filled(b))
        }),
        numeric: true,
    },
    Column {
        name: "care",
        key: "variable-care",
        cell: |v, words| Cell::Words(words.say(v.care).into_owned()),
        order: Some(|a, b| a.care.cmp(b.care)),
        numeric: false,
    },
];

fn found(
    dataset: &Dataset,
    variable: &catalogue::Variable,
    words: &Words,
    basket: &Basket,
) -> FoundVariable {
    const CODES: usize = 4;
    let mut codes: Vec<_> = variable
        .codes
        .iter()
        .take(CODES)
        .map(|(code, text)| match words.text(text) {
            "" => code.clone(),
            meaning => format!("{code}: {meaning}"),
        })
        .collect();
    if variable.codes.len() > CODES {
        codes.push("…".to_owned());
    }
    FoundVariable {
        id: variable.id.to_string(),
        href: format!("/sources/{}/{}", variable.id.source, percent(&variable.id.name)),
        name: variable.id.name.clone(),
        title: title_of(variable, words),
        description: words.text(&variable.description).to_owned(),
        source: words.text(&dataset.title).to_owned(),
        kind: type_key(variable.value_type),
        unit: variable.unit.clone().unwrap_or_default(),
        care: care_key(variable.sensitivity),
        filled: variable
            .profile
            .as_ref()
            .and_then(|profile| profile.filled)
            .map(|filled| (filled, words.percent(filled))),
        codes: codes.join(", "),
        in_basket: basket.holds(&variable.id.source, &variable.id.name),
    }
}

impl CataloguePage {
    /// The catalogue, narrowed as the address says: `q` are words to look for,
    /// `only` is a source.
    pub fn of(
        chrome: Chrome,
        datasets: &[Dataset],
        names: &Names,
        basket: &Basket,
        query: &ListQuery,
    ) -> Self {
        let words = chrome.words().clone();
        let sources = datasets
            .iter()
            .map(|dataset| SourceCard {
                id: dataset.source.to_string(),
                title: words.text(&dataset.title).to_owned(),
                description: words.text(&dataset.description).to_owned(),
                holder: names.organisation(&dataset.holder, words.lang()),
                persons: dataset.persons.map_or_else(
                    || format!("<{}", dataset.smallest_count),
                    |persons| words.whole(persons),
                ),
                rows: dataset.rows.map_or_else(String::new, |rows| words.whole(rows)),
                variables: dataset.variables.len(),
                chosen: query.only == dataset.source.as_str(),
            })
            .collect();
        let hits = catalogue::search(datasets, &query.q);
        let all: Vec<_> = hits
            .iter()
            .filter(|hit| query.only.is_empty() || hit.dataset.source.as_str() == query.only)
            .map(|hit| found(hit.dataset, hit.variable, &words, basket))
            .collect();
        let total = datasets.iter().map(|dataset| dataset.variables.len()).sum();
        let list = List {
            words: &words,
            caption: "source-variables",
            path: "/catalogue",
            columns: COLUMNS,
            filter: None,
            empty: "source-no-variables",
        };
        let (found, listing) = list.show_found(all, total, query);
        Self {
            total,
            in_basket: basket.len(),
            here: chrome.here(),
            query: query.clone(),
            sources,
            found,
            listing,
            chrome,
        }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/catalogue").seen_by(&[Role::Researcher]);
        let mut basket = Basket::default();
        if let Ok(source) = "laboratory".parse() {
            basket.add(source, "test");
        }
        let datasets = sample_datasets();
        let query = ListQuery::default();
        let mut page = Self::of(chrome, &datasets, &Names::sample(), &basket, &query);
        page.chrome.basket = basket.len();
        page
    }
}

/// `GET /catalogue`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ListQuery>,
) -> Answered {
    let datasets = app.centre.catalogue(visitor.caller()).await?;
    let names = app.names(visitor.caller()).await?;
    let chrome = visitor.chrome(&app);
    let page = CataloguePage::of(chrome, &datasets, &names, visitor.basket(), &query);
    if query.is_csv() { Ok(page.listing.csv_response("catalogue")) } else { html(&page) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(query: &ListQuery) -> CataloguePage {
        let chrome = Chrome::sample(Lang::En, "/catalogue");
        let basket = Basket::default();
        CataloguePage::of(chrome, &sample_datasets(), &Names::sample(), &basket, query)
    }

    #[test]
    fn the_variables_are_sorted_by_the_address_and_come_as_a_file() {
        let sorted = |sort: &str| -> Vec<String> {
            let query = ListQuery { sort: sort.into(), ..ListQuery::default() };
            listed(&query).found.into_iter().map(|found| found.name).collect()
        };
        let mut backwards = sorted("-name");
        backwards.reverse();
        assert!(backwards.len() > 2 && backwards.is_sorted(), "{backwards:?}");
        let query = ListQuery { format: "csv".into(), q: "result".into(), ..ListQuery::default() };
        let file = listed(&query).listing.csv();
        assert!(file.lines().count() == 2 && file.contains("laboratory/value"), "{file}");
    }

    #[test]
    fn a_page_that_is_past_the_end_is_empty_and_leads_back() {
        let query = ListQuery { page: 9, ..ListQuery::default() };
        let page = listed(&query);
        assert!(
            page.found.is_empty() && page.to_string().contains("rel=\"prev\" href=\"/catalogue\"")
        );
    }

    #[test]
    fn a_search_finds_by_code_and_says_what_is_in_the_basket() {
        let query = ListQuery { q: "cholesterol".into(), ..ListQuery::default() };
        let chrome = Chrome::sample(Lang::En, "/catalogue");
        let mut basket = Basket::default();
        basket.add("laboratory".parse().unwrap(), "test");
        let page = CataloguePage::of(chrome, &sample_datasets(), &Names::sample(), &basket, &query);
        let ids: Vec<_> = page.found.iter().map(|f| (f.id.as_str(), f.in_basket)).collect();
        assert_eq!(ids, [("laboratory/test", true)]);
    }

    #[test]
    fn a_source_narrows_the_variables_to_its_own() {
        let query = ListQuery { only: "diagnoses".into(), ..ListQuery::default() };
        let chrome = Chrome::sample(Lang::En, "/catalogue");
        let page = CataloguePage::of(
            chrome,
            &sample_datasets(),
            &Names::sample(),
            &Basket::default(),
            &query,
        );
        assert!(page.found.iter().all(|found| found.id.starts_with("diagnoses/")));
        assert_eq!(page.found.len(), 1);
    }
}
