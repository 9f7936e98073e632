//! What is asked for, or allowed, as a tree in plain words.

use askama::Template;
use model::{Date, Lang};
use permit::{Cohort, Comparison, Condition, LinkageWay, Period, SourceTerms, Terms, Way};

use crate::names::Names;
use crate::sample::literal;
use crate::words::Words;

/// Terms as people read them.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/terms.html")]
pub struct TermsTree {
    words: Words,
    purpose: Option<(String, &'static str)>,
    legal_basis: String,
    people: Vec<String>,
    sources: Vec<SourceBranch>,
    cohort: Vec<String>,
    period: String,
    valid: String,
    outputs: Vec<String>,
    room: Vec<String>,
    linkage: Vec<String>,
}

impl askama::filters::HtmlSafe for TermsTree {}

/// What is asked of one source.
#[derive(Debug, Clone)]
pub struct SourceBranch {
    id: String,
    title: String,
    columns: Vec<(String, String, String)>,
    rows: Vec<String>,
}

/// What columns are called: from the catalogue.
pub trait ColumnTitles {
    /// The title of a column, if the catalogue has one.
    fn title(&self, source: &str, column: &str, words: &Words) -> Option<String>;

    /// What a code of a column means, if the catalogue says so.
    fn meaning(&self, source: &str, column: &str, code: &str, words: &Words) -> Option<String>;
}

impl ColumnTitles for [catalogue::Dataset] {
    fn title(&self, source: &str, column: &str, words: &Words) -> Option<String> {
        let dataset = self.iter().find(|dataset| dataset.source.as_str() == source)?;
        let title = words.text(&dataset.variable(column)?.title);
        (!title.is_empty()).then(|| title.to_owned())
    }

    fn meaning(&self, source: &str, column: &str, code: &str, words: &Words) -> Option<String> {
        let dataset = self.iter().find(|dataset| dataset.source.as_str() == source)?;
        let meaning = words.text(dataset.variable(column)?.codes.get(code)?);
        (!meaning.is_empty()).then(|| meaning.to_owned())
    }
}

/// A condition in words: "Age at index is at least 18".
pub fn condition(
    words: &Words,
    titles: &(impl ColumnTitles + ?Sized),
    source: &str,
    condition: &Condition,
) -> String {
    let column = condition.column.as_str();
    let title = titles.title(source, column, words).unwrap_or_else(|| column.to_owned());
    let meant = |code: &String| match titles.meaning(source, column, code, words) {
        Some(meaning) if meaning != *code => format!("{meaning} ({code})"),
        _ => code.clone(),
    };
    let values = condition.values.iter().map(meant).collect::<Vec<_>>().join(", ");
    let key = match condition.is {
        Comparison::OneOf if condition.values.len() == 1 => "is-equal",
        Comparison::OneOf => "is-one-of",
        Comparison::AtLeast => "is-at-least",
        Comparison::AtMost => "is-at-most",
    };
    words.say_both(key, title, values)
}

/// A period in words.
pub fn period(words: &Words, period: Period) -> String {
    let day = |date: Date| words.day(date);
    match (period.from, period.until) {
        (Some(from), Some(until)) => words.say_both("from-to", day(from), day(until)),
        (Some(from), None) => words.say_with("from-on", day(from)),
        (None, Some(until)) => words.say_with("until", day(until)),
        (None, None) => words.say("without-limit").into_owned(),
    }
}

fn cohort(
    words: &Words,
    names: &Names,
    titles: &(impl ColumnTitles + ?Sized),
    cohort: &Cohort,
) -> Vec<String> {
    match &cohort.source {
        None => vec![words.say("cohort-everyone").into_owned()],
        Some(source) => {
            let title = names.source(source, words.lang());
            let says = |c| condition(words, titles, source.as_str(), c);
            std::iter::once(words.say_with("cohort-in", title))
                .chain(cohort.conditions.iter().map(says))
                .collect()
        }
    }
}

fn outputs(words: &Words, terms: &Terms) -> Vec<String> {
    let rules = terms.outputs;
    vec![
        words.say_with("outputs-smallest", rules.smallest_count),
        words.say_both("outputs-dominance", rules.dominance_n, words.percent(rules.dominance_k)),
        words.say_with("outputs-p-percent", words.percent(rules.p_percent)),
        words.say_with("outputs-residual", rules.smallest_residual_df),
    ]
}

/// How people work in a room, in a sentence.
pub(crate) const fn way_key(way: Way) -> &'static str {
    match way {
        Way::Blind => "room-way-blind",
        Way::Desktop => "room-way-desktop",
        Way::Scripts => "room-way-scripts",
        Way::Notebook => "room-way-notebook",
    }
}

/// How people are found, in a sentence.
pub(crate) const fn linkage_key(how: LinkageWay) -> &'static str {
    match how {
        LinkageWay::Exact => "linkage-exact",
        LinkageWay::Likely => "linkage-likely",
    }
}

fn linkage(words: &Words, terms: &Terms) -> Vec<String> {
    let linkage = terms.linkage;
    let mut lines = vec![words.say(linkage_key(linkage.how)).into_owned()];
    if linkage.how == LinkageWay::Likely {
        lines.push(words.say_with("linkage-threshold", words.percent(linkage.threshold)));
        if linkage.probability {
            lines.push(words.say("linkage-probability").into_owned());
        }
        lines.extend(
            linkage.generous.map(|from| words.say_with("linkage-generous", words.percent(from))),
        );
    }
    lines
}

fn room(words: &Words, terms: &Terms) -> Vec<String> {
    let room = terms.room;
    let mut lines = vec![
        words.say(way_key(room.way)).into_owned(),
        words.say(crate::pages::bringing::word_key(room.bring)).into_owned(),
        words.say_with("room-memory", words.bytes(u64::from(room.memory_mib) << 20)),
        words.say_with("room-disk", words.bytes(u64::from(room.disk_mib) << 20)),
        words.say_with("room-cpu", words.number(f64::from(room.cpu_percent) / 100.0)),
        words.say_with("room-processes", room.processes),
        words.say_with("room-wall", words.duration(u64::from(room.wall_seconds))),
        words.say("room-no-network").into_owned(),
    ];
    lines.extend(room.hours.map(|hours| words.say_count("room-hours", u64::from(hours))));
    lines
}

impl TermsTree {
    /// The terms in words.
    pub fn new(
        words: &Words,
        names: &Names,
        titles: &(impl ColumnTitles + ?Sized),
        terms: &Terms,
    ) -> Self {
        let lang = words.lang();
        let branch = |source: &SourceTerms| SourceBranch {
            id: source.source.to_string(),
            title: names.source(&source.source, lang),
            columns: source
                .columns
                .iter()
                .map(|column| {
                    let title = titles
                        .title(source.source.as_str(), &column.name, words)
                        .unwrap_or_else(|| column.name.clone());
                    (column.name.clone(), title, column.reason.clone())
                })
                .collect(),
            rows: source
                .rows
                .iter()
                .map(|row| condition(words, titles, source.source.as_str(), row))
                .collect(),
        };
        Self {
            purpose: terms
                .purpose
                .map(|purpose| (purpose.title().get(lang).to_owned(), purpose.article())),
            legal_basis: terms.legal_basis.clone(),
            people: terms.people.iter().map(|person| names.account(person, lang)).collect(),
            sources: terms.sources.iter().map(branch).collect(),
            cohort: cohort(words, names, titles, &terms.cohort),
            period: period(words, terms.period),
            valid: period(words, terms.valid),
            outputs: outputs(words, terms),
            room: room(words, terms),
            linkage: linkage(words, terms),
            words: words.clone(),
        }
    }

    /// Terms for samples.
    pub fn sample_terms(lang: Lang) -> Terms {
        let text_of = |nb: &str, da: &str, en: &str| match lang {
            Lang::Nb => nb.to_owned(),
            Lang::Da => da.to_owned(),
            Lang::En => en.to_owned(),
        };
        let column =
            |name: &str, reason: String| permit::ColumnTerms { name: name.to_owned(), reason };
        Terms {
            title: text_of(
                "Dødelighet ved fettleversykdom",
                "Dødelighed ved fedtleversygdom",
                "Mortality in fatty liver disease",
            ),
            summary: text_of(
                "Lever personer med diabetes kortere etter at fettlever er påvist, og betyr HDL noe?",
                "Lever personer med diabetes kortere, efter at fedtlever er påvist, og betyder HDL noget?",
                "Do people with diabetes live shorter lives after fatty liver was found, and does HDL matter?",
            ),
            purpose: Some(model::Purpose::Research),
            legal_basis: text_of(
                "GDPR artikkel 6(1)(e) og 9(2)(j), helseregisterloven § 19 e",
                "GDPR artikel 6(1)(e) og 9(2)(j), databeskyttelseslovens § 10",
                "GDPR articles 6(1)(e) and 9(2)(j), national health register act",
            ),
            people: ["researcher", "statistician"].map(literal).into(),
            sources: vec![
                SourceTerms {
                    source: literal("population"),
                    columns: vec![
                        column(
                            "male",
                            text_of(
                                "Justering for kjønn",
                                "Justering for køn",
                                "Adjusting for sex",
                            ),
                        ),
                        column("height", String::new()),
                    ],
                    rows: Vec::new(),
                },
                SourceTerms {
                    source: literal("laboratory"),
                    columns: vec![
                        column(
                            "test",
                            text_of("For å finne HDL", "For at finde HDL", "To find HDL"),
                        ),
                        column("value", text_of("HDL-verdien", "HDL-værdien", "The HDL value")),
                    ],
                    rows: vec![Condition {
                        column: "test".to_owned(),
                        is: Comparison::OneOf,
                        values: vec!["hdl".to_owned()],
                    }],
                },
            ],
            cohort: Cohort {
                source: Some(literal("population")),
                conditions: vec![Condition {
                    column: "age".to_owned(),
                    is: Comparison::AtLeast,
                    values: vec!["18".to_owned()],
                }],
            },
            period: Period { from: "1996-01-01".parse().ok(), until: "2018-12-31".parse().ok() },
            valid: Period { from: "2026-02-01".parse().ok(), until: "2027-01-31".parse().ok() },
            ..Terms::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn a_condition_reads_as_a_sentence() {
        let words = Words::new(Lang::En, TimeZone::UTC);
        let text_of = |is, values: &[&str]| {
            condition(
                &words,
                &[] as &[catalogue::Dataset],
                "population",
                &Condition {
                    column: "age".into(),
                    is,
                    values: values.iter().map(|v| (*v).to_owned()).collect(),
                },
            )
        };
        assert_eq!(text_of(Comparison::AtLeast, &["18"]), "age is at least 18");
        assert_eq!(text_of(Comparison::OneOf, &["1", "2"]), "age is one of 1, 2");
        assert_eq!(text_of(Comparison::OneOf, &["1"]), "age is 1");
    }

    #[test]
    fn a_period_says_which_end_is_open() {
        let words = Words::new(Lang::Nb, TimeZone::UTC);
        let from = "2026-02-01".parse().ok();
        assert_eq!(period(&words, Period { from, until: None }), "fra og med 1. februar 2026");
        assert_eq!(period(&words, Period::default()), "uten grense");
    }
}
