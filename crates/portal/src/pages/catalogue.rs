//! The catalogue: find the variable, and put it in the basket that becomes an
//! application.

use crate::answer::{Answered, html};
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::{Query, State};
use catalogue::Dataset;
use model::Lang;
use permit::Role;

use super::source::{care_key, sample_datasets, title_of, type_key};
use crate::basket::Basket;
use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::listing::{ListQuery, percent};
use crate::words::Words;

/// The catalogue.
#[derive(Debug, Template)]
#[template(path = "pages/catalogue.html")]
pub struct CataloguePage {
    chrome: Chrome,
    query: ListQuery,
    sources: Vec<SourceCard>,
    found: Vec<FoundVariable>,
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
        let found: Vec<_> = hits
            .iter()
            .filter(|hit| query.only.is_empty() || hit.dataset.source.as_str() == query.only)
            .map(|hit| found(hit.dataset, hit.variable, &words, basket))
            .collect();
        Self {
            total: datasets.iter().map(|dataset| dataset.variables.len()).sum(),
            in_basket: basket.len(),
            here: chrome.here(),
            query: query.clone(),
            sources,
            found,
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
    html(&CataloguePage::of(chrome, &datasets, &names, visitor.basket(), &query))
}

#[cfg(test)]
mod tests {
    use super::*;

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
