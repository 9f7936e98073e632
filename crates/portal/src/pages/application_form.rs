//! Writing an application: every field, what is missing in one list on top and
//! beside the field; what was typed is kept whatever is wrong with it.

mod read;
pub(crate) mod serve;
mod write;

use askama::Template;
use catalogue::Dataset;
use model::{AccountId, Lang, Purpose};
use permit::application::Missing;
use permit::{Comparison, Role, Terms};

use super::source::{sample_datasets, title_of};
use crate::chrome::Chrome;
use crate::fields::Fields;
use crate::parts::form::{Fault, Faults};
use crate::parts::terms::TermsTree;
use crate::sample::literal;
use crate::words::Words;

pub use read::{Read, read};
pub use write::write;

/// How many empty conditions a form offers below those that are filled in.
const SPARE_CONDITIONS: usize = 1;

/// The form.
#[derive(Debug, Template)]
#[template(path = "pages/application_form.html")]
pub struct ApplicationFormPage {
    chrome: Chrome,
    id: String,
    faults: Faults,
    values: Fields,
    purposes: Vec<(&'static str, String, &'static str, bool)>,
    people: Vec<(String, String, bool)>,
    sources: Vec<SourceFields>,
    cohort_sources: Vec<(String, String, bool)>,
    cohort_columns: Vec<(String, String)>,
    cohort_conditions: usize,
    comparisons: [(&'static str, String); 3],
    in_basket: usize,
}

/// What is asked of one source, as fields.
#[derive(Debug, Clone)]
pub struct SourceFields {
    id: String,
    title: String,
    columns: Vec<ColumnField>,
    /// What a condition can be about.
    choices: Vec<(String, String)>,
    conditions: usize,
}

/// One column, as fields.
#[derive(Debug, Clone)]
pub struct ColumnField {
    /// `laboratory/value`.
    id: String,
    /// `sources.laboratory.value.reason`.
    field: String,
    title: String,
    name: String,
}

/// Everything the form shows besides what was typed.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// What there is to ask for.
    pub datasets: &'a [Dataset],
    /// Who can be named: account, and name.
    pub colleagues: &'a [(AccountId, String)],
    /// How many variables lie in the basket that are not in the application.
    pub in_basket: usize,
}

/// The word for a comparison.
pub const fn comparison_key(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::OneOf => "compare-one-of",
        Comparison::AtLeast => "compare-at-least",
        Comparison::AtMost => "compare-at-most",
    }
}

/// The same word as in JSON.
pub const fn comparison_word(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::OneOf => "one-of",
        Comparison::AtLeast => "at-least",
        Comparison::AtMost => "at-most",
    }
}

const COMPARISONS: [Comparison; 3] = [Comparison::OneOf, Comparison::AtLeast, Comparison::AtMost];

/// What is missing, in words, with the label of the field before it.
pub fn faults_of(words: &Words, missing: &[Missing]) -> Vec<Fault> {
    missing
        .iter()
        .map(|missing| Fault {
            field: missing.field.clone(),
            what: format!(
                "{}: {}",
                label_of(words, &missing.field),
                missing.problem.text().get(words.lang())
            ),
        })
        .collect()
}

/// What the form calls a field: `sources.laboratory.value.reason` is "Reason
/// for laboratory/value".
fn label_of(words: &Words, field: &str) -> String {
    let parts: Vec<_> = field.split('.').collect();
    match parts.as_slice() {
        ["title"] => words.say("terms-title").into_owned(),
        ["summary"] => words.say("terms-summary").into_owned(),
        ["purpose"] => words.say("terms-purpose").into_owned(),
        ["legal-basis"] => words.say("terms-legal-basis").into_owned(),
        ["people", ..] => words.say("terms-people").into_owned(),
        ["sources"] => words.say("terms-sources").into_owned(),
        ["sources", source, name, "reason"] => {
            words.say_with("reason-for", format!("{source}/{name}"))
        }
        ["sources", rest @ ..] => format!("{} {}", words.say("terms-sources"), rest.join("/")),
        ["cohort", ..] => words.say("terms-cohort").into_owned(),
        ["period", ..] => words.say("terms-period").into_owned(),
        ["valid", ..] => words.say("terms-valid").into_owned(),
        ["outputs", ..] => words.say("terms-outputs").into_owned(),
        ["linkage", ..] => words.say("terms-linkage").into_owned(),
        ["room", ..] => words.say("terms-room").into_owned(),
        _ => field.to_owned(),
    }
}

fn column_choices(words: &Words, dataset: &Dataset) -> Vec<(String, String)> {
    dataset
        .variables
        .iter()
        .map(|variable| (variable.id.name.clone(), title_of(variable, words)))
        .collect()
}

fn source_fields(words: &Words, terms: &Terms, datasets: &[Dataset]) -> Vec<SourceFields> {
    terms
        .sources
        .iter()
        .map(|source| {
            let dataset = datasets.iter().find(|dataset| dataset.source == source.source);
            let column = |name: &str| ColumnField {
                id: format!("{}/{name}", source.source),
                field: format!("sources.{}.{name}.reason", source.source),
                title: dataset
                    .and_then(|dataset| dataset.variable(name))
                    .map_or_else(|| name.to_owned(), |variable| title_of(variable, words)),
                name: name.to_owned(),
            };
            SourceFields {
                id: source.source.to_string(),
                title: dataset.map_or_else(
                    || source.source.to_string(),
                    |dataset| words.text(&dataset.title).to_owned(),
                ),
                columns: source.columns.iter().map(|c| column(&c.name)).collect(),
                choices: dataset.map(|d| column_choices(words, d)).unwrap_or_default(),
                conditions: source.rows.len() + SPARE_CONDITIONS,
            }
        })
        .collect()
}

impl ApplicationFormPage {
    /// The form of application `id`: `terms` is what could be read of it,
    /// `values` is what was typed.
    pub fn of(
        chrome: Chrome,
        id: String,
        terms: &Terms,
        values: Fields,
        faults: Vec<Fault>,
        around: &Surroundings<'_>,
    ) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let purposes = Purpose::ALL
            .iter()
            .map(|purpose| {
                let chosen = terms.purpose == Some(*purpose);
                (purpose.as_str(), purpose.title().get(lang).to_owned(), purpose.article(), chosen)
            })
            .collect();
        let people = around
            .colleagues
            .iter()
            .map(|(id, name)| (id.to_string(), name.clone(), terms.people.contains(id)))
            .collect();
        let cohort_source = terms.cohort.source.as_ref();
        let cohort_dataset =
            around.datasets.iter().find(|dataset| Some(&dataset.source) == cohort_source);
        Self {
            faults: Faults {
                heading: words.say_count("faults-heading", faults.len()),
                list: faults,
                english: false,
            },
            values,
            purposes,
            people,
            sources: source_fields(&words, terms, around.datasets),
            cohort_sources: around
                .datasets
                .iter()
                .map(|dataset| {
                    let chosen = Some(&dataset.source) == cohort_source;
                    (dataset.source.to_string(), words.text(&dataset.title).to_owned(), chosen)
                })
                .collect(),
            cohort_columns: cohort_dataset.map(|d| column_choices(&words, d)).unwrap_or_default(),
            cohort_conditions: terms.cohort.conditions.len() + SPARE_CONDITIONS,
            comparisons: COMPARISONS.map(|comparison| {
                let word = words.say(comparison_key(comparison)).into_owned();
                (comparison_word(comparison), word)
            }),
            in_basket: around.in_basket,
            id,
            chrome,
        }
    }

    fn value(&self, name: &str) -> &str {
        self.values.one(name)
    }

    /// A part of a field, such as the column of a condition.
    fn value_of(&self, name: &str, part: &str) -> &str {
        self.values.one(&format!("{name}.{part}"))
    }

    fn typed(&self, name: &str) -> String {
        self.values.text(name)
    }

    /// A sample with two things missing.
    pub fn sample(lang: Lang) -> Self {
        let path = "/applications/application-2m4n6p8q0r/edit";
        let mut chrome = Chrome::sample(lang, path).seen_by(&[Role::Researcher]);
        chrome.basket = 1;
        let mut terms = TermsTree::sample_terms(lang);
        terms.summary.clear();
        let missing = [
            Missing { field: "summary".to_owned(), problem: permit::application::Problem::Empty },
            Missing {
                field: "sources.population.height.reason".to_owned(),
                problem: permit::application::Problem::Empty,
            },
        ];
        let faults = faults_of(chrome.words(), &missing);
        let values = write(&terms);
        let colleagues = ["researcher", "statistician", "student"].map(|id| {
            let id: AccountId = literal(id);
            let name = id.to_string();
            (id, name)
        });
        let datasets = sample_datasets();
        let around = Surroundings { datasets: &datasets, colleagues: &colleagues, in_basket: 1 };
        let id = "application-2m4n6p8q0r".to_owned();
        Self::of(chrome, id, &terms, values, faults, &around)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_as_the_form_names_it() {
        let words = Words::new(Lang::En, jiff::tz::TimeZone::UTC);
        let missing = Missing {
            field: "sources.laboratory.value.reason".into(),
            problem: permit::application::Problem::Empty,
        };
        let faults = faults_of(&words, &[missing]);
        assert_eq!(faults[0].what, "Reason for laboratory/value: is missing");
    }

    #[test]
    fn every_fault_on_top_links_to_a_field_that_is_on_the_page() {
        let page = ApplicationFormPage::sample(Lang::En).to_string();
        for fault in ["summary", "sources.population.height.reason"] {
            assert!(page.contains(&format!("href=\"#{fault}\"")), "{fault}");
            assert!(page.contains(&format!("id=\"{fault}\"")), "{fault}");
        }
    }
}
