//! A variable: what it means, how its values lie, how much of it is filled.

use super::seen;
use crate::answer::{Answered, html};
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::{Path, State};
use catalogue::{Dataset, Variable};
use model::Lang;
use source::{ValueRange, VariableProfile};

use super::source::{care_key, sample_datasets, title_of, type_key};
use crate::basket::Basket;
use crate::chart::{Chart, Columned, Ranked, Room, Spread, Written, columns, ranked, spread};
use crate::chrome::Chrome;
use crate::parts::standing::{Fact, Standing};
use crate::words::Words;

/// The page of a variable.
#[derive(Debug, Template)]
#[template(path = "pages/variable.html")]
pub struct VariablePage {
    chrome: Chrome,
    standing: Standing,
    id: String,
    here: String,
    in_basket: bool,
    smallest_count: u32,
    pictures: Vec<Picture>,
    codes: Vec<(String, String)>,
    never_shown: bool,
}

/// A picture with its table.
#[derive(Debug, Clone)]
pub struct Picture {
    heading: String,
    chart: Chart,
    caption: String,
    /// How many columns of the table are words; the others are numbers.
    words: usize,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[expect(clippy::cast_precision_loss, reason = "lengths of bars in a picture")]
fn top(words: &Words, variable: &Variable, profile: &VariableProfile) -> Option<Picture> {
    if profile.top.is_empty() {
        return None;
    }
    let meaning = |value: &str| {
        variable.codes.get(value).map(|text| words.text(text)).filter(|text| !text.is_empty())
    };
    let label = |value: &str| meaning(value).unwrap_or(value).to_owned();
    let bars: Vec<_> = profile
        .top
        .iter()
        .map(|top| (label(&top.value), top.rows as f64, words.whole(top.rows)))
        .collect();
    let heading = words.say("variable-top").into_owned();
    let chart = ranked(Ranked {
        id: "top",
        title: &heading,
        description: &words.say_with("variable-top-desc", title_of(variable, words)),
        bars: &bars,
        room: Room::Page,
    });
    let coded = profile.top.iter().any(|top| meaning(&top.value).is_some());
    let heads = ["variable-value", "variable-means", "rows", "people"];
    Some(Picture {
        chart,
        caption: words.say("variable-top-what").into_owned(),
        words: if coded { 2 } else { 1 },
        heads: heads
            .into_iter()
            .filter(|key| coded || *key != "variable-means")
            .map(|key| words.say(key).into_owned())
            .collect(),
        rows: profile
            .top
            .iter()
            .map(|top| {
                let mut row = vec![top.value.clone()];
                if coded {
                    row.push(meaning(&top.value).unwrap_or_default().to_owned());
                }
                row.extend([words.whole(top.rows), words.whole(top.persons)]);
                row
            })
            .collect(),
        heading,
    })
}

fn lies(words: &Words, variable: &Variable, profile: &VariableProfile) -> Option<Picture> {
    if profile.quantiles.is_empty() {
        return None;
    }
    let values: Vec<_> = profile.quantiles.iter().map(|quantile| quantile.value).collect();
    let heading = words.say("variable-spread").into_owned();
    let chart = match <[f64; 5]>::try_from(values) {
        Ok(values) => spread(Spread {
            id: "spread",
            title: &heading,
            description: &words.say_with("variable-spread-desc", title_of(variable, words)),
            values,
            write: Written(&|value| words.number(value)),
        }),
        Err(_) => Chart::default(),
    };
    Some(Picture {
        chart,
        caption: words.say("variable-spread-what").into_owned(),
        words: 1,
        heads: ["variable-share", "variable-value"].map(|key| words.say(key).into_owned()).into(),
        rows: profile
            .quantiles
            .iter()
            .map(|quantile| vec![words.percent(quantile.share), words.number(quantile.value)])
            .collect(),
        heading,
    })
}

#[expect(clippy::cast_precision_loss, reason = "heights of columns in a picture")]
fn years(words: &Words, variable: &Variable, profile: &VariableProfile) -> Option<Picture> {
    if profile.years.is_empty() {
        return None;
    }
    let heights: Vec<_> =
        profile.years.iter().map(|year| (year.year.to_string(), Some(year.rows as f64))).collect();
    let heading = words.say("variable-years").into_owned();
    let chart = columns(Columned {
        id: "years",
        title: &heading,
        description: &words.say_with("source-coverage-desc", title_of(variable, words)),
        columns: &heights,
        room: Room::Page,
        axis: Written(&|end| words.decimal(end, 0)),
    });
    Some(Picture {
        chart,
        caption: String::new(),
        words: 1,
        heads: ["year", "rows", "people"].map(|key| words.say(key).into_owned()).into(),
        rows: profile
            .years
            .iter()
            .map(|y| vec![y.year.to_string(), words.whole(y.rows), words.whole(y.persons)])
            .collect(),
        heading,
    })
}

fn facts(words: &Words, dataset: &Dataset, variable: &Variable) -> Vec<(String, Fact)> {
    let mut facts = vec![
        (
            words.say("source").into_owned(),
            Fact::Link(
                words.text(&dataset.title).to_owned(),
                format!("/sources/{}", dataset.source),
            ),
        ),
        (
            words.say("variable-type").into_owned(),
            Fact::Words(words.say(type_key(variable.value_type)).into_owned()),
        ),
    ];
    let mut add = |key: &str, fact: Option<String>| {
        if let Some(fact) = fact {
            facts.push((words.say(key).into_owned(), Fact::Words(fact)));
        }
    };
    add("variable-unit", variable.unit.clone());
    add("variable-code-system", variable.code_system.clone());
    add("variable-care", Some(words.say(care_key(variable.sensitivity)).into_owned()));
    if let Some(profile) = &variable.profile {
        add("variable-filled", profile.filled.map(|filled| words.percent(filled)));
        let few = || Some(format!("<{}", dataset.smallest_count));
        add("people", profile.persons.map(|persons| words.whole(persons)).or_else(few));
        add(
            "variable-range",
            profile.range.map(|range| match range {
                ValueRange::Numbers { low, high } => {
                    words.say_both("from-to", words.number(low), words.number(high))
                }
                ValueRange::Dates { low, high } => {
                    words.say_both("from-to", words.day(low), words.day(high))
                }
            }),
        );
    }
    facts
}

impl VariablePage {
    /// The page of one of the variables of `dataset`.
    pub fn of(chrome: Chrome, dataset: &Dataset, variable: &Variable, basket: &Basket) -> Self {
        let words = chrome.words().clone();
        let standing = Standing {
            trail: vec![
                (words.say("nav-catalogue").into_owned(), "/catalogue".to_owned()),
                (words.text(&dataset.title).to_owned(), format!("/sources/{}", dataset.source)),
            ],
            kind: format!("{} {}", words.say("variable"), variable.id.name),
            title: title_of(variable, &words),
            says: words.text(&variable.description).to_owned(),
            facts: facts(&words, dataset, variable),
            ..Standing::default()
        };
        let pictures: Vec<_> = variable
            .profile
            .iter()
            .flat_map(|profile| {
                [
                    lies(&words, variable, profile),
                    top(&words, variable, profile),
                    years(&words, variable, profile),
                ]
            })
            .flatten()
            .collect();
        let codes = variable
            .codes
            .iter()
            .map(|(code, text)| (code.clone(), words.text(text).to_owned()))
            .collect();
        Self {
            standing,
            id: variable.id.to_string(),
            here: chrome.here(),
            in_basket: basket.holds(&variable.id.source, &variable.id.name),
            smallest_count: dataset.smallest_count,
            never_shown: pictures.is_empty(),
            pictures,
            codes,
            chrome,
        }
    }

    /// A sample: a code.
    pub fn sample(lang: Lang) -> Self {
        Self::sample_of(lang, "test")
    }

    /// A sample: a number.
    pub fn sample_number(lang: Lang) -> Self {
        Self::sample_of(lang, "value")
    }

    #[expect(clippy::expect_used, reason = "the sample has that variable")]
    fn sample_of(lang: Lang, name: &str) -> Self {
        let chrome = Chrome::sample(lang, &format!("/sources/laboratory/{name}"));
        let [_, laboratory, _] = sample_datasets();
        let variable = laboratory.variable(name).expect("a variable of the sample");
        Self::of(chrome, &laboratory, variable, &Basket::default())
    }
}

/// `GET /sources/{source}/{variable}`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path((source, name)): Path<(String, String)>,
) -> Answered {
    let dataset = app.centre.dataset(visitor.caller(), &seen::id(&source)?).await?;
    let variable = dataset.variable(&name).ok_or(Failure::Absent)?;
    html(&VariablePage::of(visitor.chrome(&app), &dataset, variable, visitor.basket()))
}
