//! A source: what it covers, how good and how fresh it is, who asks for it.

pub(crate) mod quarantine;
mod sample;

pub use sample::sample_datasets;

use super::seen;
use crate::answer::{Answered, html};
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use ::source::{Reason, Rhythm, SourceRecord, YearCount};
use askama::Template;
use axum::extract::{Path, State};
use catalogue::{Dataset, Variable};
use model::{Sensitivity, Timestamp, ValueType};
use permit::policy::{Action, Thing};

use crate::chart::{Chart, Columned, Room, Written, columns};
use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::listing::{Cell, Column, Filter, List, ListQuery, Listing};
use crate::parts::rules::{Rules, RulingLine};
use crate::parts::standing::{Fact, Standing, Step};
use crate::parts::timeline::{Happening, Timeline};
use crate::parts::{Tag, Tone};
use crate::words::Words;

/// The page of a source.
#[derive(Debug, Template)]
#[template(path = "pages/source.html")]
pub struct SourcePage {
    chrome: Chrome,
    standing: Standing,
    variables: Listing,
    coverage: Chart,
    years: Vec<(String, String, String)>,
    identifiers: Vec<String>,
    smallest_count: u32,
    deliveries: Vec<DeliveryLine>,
    id: String,
    may_read_aside: bool,
    rules: Rules,
    timeline: Timeline,
}

/// One delivery, as its holder sees it.
#[derive(Debug, Clone)]
pub struct DeliveryLine {
    /// Its id.
    pub import: String,
    /// When it was taken in or refused.
    pub at: Timestamp,
    /// Rows read, kept and kept aside; `None` when it was refused.
    pub rows: Option<(u64, u64, u64)>,
    /// Why it was refused.
    pub why: String,
    /// Why rows were kept aside, and how many for each reason.
    pub reasons: Vec<(String, u64)>,
}

/// The words for a reason to keep a row aside.
pub(crate) fn reason_in_words(words: &Words, reason: Reason) -> String {
    words.say(&format!("reason-{}", reason.word())).into_owned()
}

/// The word for a kind of value.
pub const fn type_key(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Text => "type-text",
        ValueType::Code => "type-code",
        ValueType::Integer => "type-integer",
        ValueType::Decimal => "type-decimal",
        ValueType::Date => "type-date",
        ValueType::Boolean => "type-boolean",
    }
}

/// The word for how much care a variable wants.
pub const fn care_key(sensitivity: Sensitivity) -> &'static str {
    match sensitivity {
        Sensitivity::Ordinary => "care-ordinary",
        Sensitivity::Quasi => "care-quasi",
        Sensitivity::Health => "care-health",
        Sensitivity::HighlySensitive => "care-high",
        Sensitivity::Direct => "care-direct",
    }
}

/// The word for a rhythm of delivery.
pub const fn rhythm_key(rhythm: Rhythm) -> &'static str {
    match rhythm {
        Rhythm::Daily => "rhythm-daily",
        Rhythm::Weekly => "rhythm-weekly",
        Rhythm::Monthly => "rhythm-monthly",
        Rhythm::Quarterly => "rhythm-quarterly",
        Rhythm::Yearly => "rhythm-yearly",
        Rhythm::Once => "rhythm-once",
    }
}

/// The title of a variable, or its name when it has none.
pub fn title_of(variable: &Variable, words: &Words) -> String {
    let title = words.text(&variable.title);
    if title.is_empty() { variable.id.name.clone() } else { title.to_owned() }
}

const COLUMNS: &[Column<Variable>] = &[
    Column {
        name: "name",
        key: "variable",
        cell: |v, _| {
            Cell::Link(v.id.name.clone(), format!("/sources/{}/{}", v.id.source, v.id.name))
        },
        order: Some(|a, b| a.id.cmp(&b.id)),
        numeric: false,
    },
    Column {
        name: "title",
        key: "variable-title",
        cell: |v, words| Cell::Words(title_of(v, words)),
        order: None,
        numeric: false,
    },
    Column {
        name: "type",
        key: "variable-type",
        cell: |v, words| Cell::Words(words.say(type_key(v.value_type)).into_owned()),
        order: Some(|a, b| type_key(a.value_type).cmp(type_key(b.value_type))),
        numeric: false,
    },
    Column {
        name: "unit",
        key: "variable-unit",
        cell: |v, _| v.unit.clone().map_or(Cell::None, Cell::Code),
        order: None,
        numeric: false,
    },
    Column {
        name: "filled",
        key: "variable-filled",
        cell: |v, words| {
            v.profile.as_ref().and_then(|p| p.filled).map_or(Cell::None, |f| Cell::share(words, f))
        },
        order: Some(|a, b| filled(a).total_cmp(&filled(b))),
        numeric: true,
    },
    Column {
        name: "care",
        key: "variable-care",
        cell: |v, words| Cell::Words(words.say(care_key(v.sensitivity)).into_owned()),
        order: Some(|a, b| a.sensitivity.cmp(&b.sensitivity)),
        numeric: false,
    },
];

fn filled(variable: &Variable) -> f64 {
    variable.profile.as_ref().and_then(|profile| profile.filled).unwrap_or(-1.0)
}

/// The variables of a source as a list.
pub fn variables(words: &Words, path: &str, dataset: &Dataset, query: &ListQuery) -> Listing {
    let types = [
        ValueType::Code,
        ValueType::Date,
        ValueType::Decimal,
        ValueType::Integer,
        ValueType::Text,
        ValueType::Boolean,
    ]
    .into_iter()
    .filter(|t| dataset.variables.iter().any(|v| v.value_type == *t))
    .map(|t| (type_key(t).to_owned(), words.say(type_key(t)).into_owned()))
    .collect();
    List {
        words,
        caption: "source-variables",
        path,
        columns: COLUMNS,
        filter: Some(Filter {
            label: "variable-type",
            choices: types,
            passes: &|variable, value| type_key(variable.value_type) == value,
        }),
        empty: "source-no-variables",
    }
    .show(dataset.variables.clone(), query)
}

/// The picture of rows a year, and its table: year, rows, people.
pub fn coverage(words: &Words, dataset: &Dataset) -> (Chart, Vec<(String, String, String)>) {
    let table = dataset
        .years
        .iter()
        .map(|y| (y.year.to_string(), words.whole(y.rows), words.whole(y.persons)))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "heights of columns in a picture")]
    let heights: Vec<_> = every_year(&dataset.years)
        .into_iter()
        .map(|(year, rows)| (year.to_string(), rows.map(|rows| rows as f64)))
        .collect();
    let title = words.say("source-coverage");
    let chart = columns(Columned {
        id: "coverage",
        title: &title,
        description: &words.say_with("source-coverage-desc", words.text(&dataset.title)),
        columns: &heights,
        room: Room::Page,
        axis: Written(&|end| words.decimal(end, 0)),
    });
    (chart, table)
}

/// The years from the first to the last, those of too few people among them.
fn every_year(years: &[YearCount]) -> Vec<(i16, Option<u64>)> {
    let first = years.iter().map(|y| y.year).min();
    let last = years.iter().map(|y| y.year).max();
    let Some((first, last)) = first.zip(last) else { return Vec::new() };
    (first..=last)
        .map(|year| (year, years.iter().find(|y| y.year == year).map(|y| y.rows)))
        .collect()
}

impl SourcePage {
    /// The page of `dataset`.
    pub fn of(
        chrome: Chrome,
        dataset: &Dataset,
        names: &Names,
        now: Timestamp,
        query: &ListQuery,
        seen: Seen,
    ) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let path = format!("/sources/{}", dataset.source);
        let late = dataset.freshness.is_late(now);
        let (tag, says) = match (dataset.freshness.delivered, late) {
            (None, _) => {
                (Tag::new(Tone::Neutral, words.say("source-awaited")), "source-awaited-says")
            }
            (Some(_), true) => {
                (Tag::new(Tone::Warning, words.say("source-late")), "source-late-says")
            }
            (Some(_), false) => {
                (Tag::new(Tone::Success, words.say("source-fresh")), "source-fresh-says")
            }
        };
        let holder = names.organisation(&dataset.holder, lang);
        let mut facts =
            vec![(words.say("source-holder").into_owned(), Fact::Words(holder.clone()))];
        if let Some(persons) = dataset.persons {
            facts.push((words.say("people").into_owned(), Fact::Words(words.whole(persons))));
        }
        if let Some(rows) = dataset.rows {
            facts.push((words.say("rows").into_owned(), Fact::Words(words.whole(rows))));
        }
        if let Some(delivered) = dataset.freshness.delivered {
            let rhythm = words.say(rhythm_key(dataset.update)).into_owned();
            let delivered = Fact::Time(words.moment(delivered), rhythm);
            facts.push((words.say("source-delivered").into_owned(), delivered));
        }
        if let Some(due) = dataset.freshness.due {
            facts.push((
                words.say("source-next").into_owned(),
                Fact::Time(words.date(due), String::new()),
            ));
        }
        let standing = Standing {
            trail: vec![(words.say("nav-catalogue").into_owned(), "/catalogue".to_owned())],
            kind: words.say("source").into_owned(),
            title: words.text(&dataset.title).to_owned(),
            tag,
            says: format!("{} {}", words.text(&dataset.description), words.say(says)),
            facts,
            steps: vec![Step::go(
                words.say("source-choose"),
                format!("/catalogue?only={}", dataset.source),
            )],
        };
        let (coverage, years) = coverage(&words, dataset);
        Self {
            standing,
            variables: variables(&words, &path, dataset, query),
            coverage,
            years,
            identifiers: dataset.identifiers.iter().map(|t| words.text(t).to_owned()).collect(),
            smallest_count: dataset.smallest_count,
            deliveries: seen.deliveries,
            id: dataset.source.to_string(),
            may_read_aside: seen.may_read_aside,
            rules: Rules::new(&words)
                .with(words.say("source-holder"), vec![holder])
                .ruled(seen.rulings),
            timeline: Timeline::new(&words, &seen.happenings, seen.may_read_ledger),
            chrome,
        }
    }

    /// The variables, for a download.
    pub const fn listing(&self) -> &Listing {
        &self.variables
    }
}

/// What the reader of a source sees besides the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The deliveries, newest first, for those who may see them.
    pub deliveries: Vec<DeliveryLine>,
    /// Whether the reader may read the rows that were kept aside.
    pub may_read_aside: bool,
    /// What the reader may do.
    pub rulings: Vec<RulingLine>,
    /// What happened, newest first.
    pub happenings: Vec<Happening>,
    /// Whether the reader may read the ledger.
    pub may_read_ledger: bool,
}

/// `GET /sources/{source}`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(source): Path<String>,
    Query(query): Query<ListQuery>,
) -> Answered {
    let record = app.centre.source(visitor.caller(), &seen::id(&source)?).await?;
    let dataset = Dataset::of(&record);
    let names = app.names(visitor.caller()).await?;
    let thing = Thing::source(&record.source, &record.contract.holder);
    let may = |action| app.centre.ruling(visitor.caller(), action, &thing).allowed;
    let known = visitor.caller().account().is_some();
    let seen = Seen {
        deliveries: if may(Action::SeeImports) {
            deliveries(visitor.words(), &record)
        } else {
            Vec::new()
        },
        may_read_aside: may(Action::ReadQuarantine),
        rulings: seen::rulings(
            &app,
            &visitor,
            &thing,
            &[Action::SeeImports, Action::ImportSource, Action::ReadQuarantine],
        ),
        happenings: if known {
            seen::happenings(&app, &visitor, &names, "source", &source).await?
        } else {
            Vec::new()
        },
        may_read_ledger: seen::may_read_ledger(&app, &visitor),
    };
    let now = app.centre.now();
    let page = SourcePage::of(visitor.chrome(&app), &dataset, &names, now, &query, seen);
    if query.is_csv() { Ok(page.listing().csv_response(&source)) } else { html(&page) }
}

fn deliveries(words: &Words, record: &SourceRecord) -> Vec<DeliveryLine> {
    let taken_in = record.imports.iter().map(|imported| {
        let manifest = &imported.manifest;
        DeliveryLine {
            import: manifest.import.to_string(),
            at: imported.at,
            rows: Some((manifest.rows_read, manifest.rows_kept, manifest.rows_quarantined)),
            why: String::new(),
            reasons: manifest
                .reasons
                .iter()
                .map(|(reason, rows)| (reason_in_words(words, *reason), *rows))
                .collect(),
        }
    });
    let refused = record.refused.iter().map(|refused| DeliveryLine {
        import: refused.import.to_string(),
        at: refused.at,
        rows: None,
        why: words.text(&refused.why).to_owned(),
        reasons: Vec::new(),
    });
    let mut lines: Vec<_> = taken_in.chain(refused).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_of_too_few_people_has_its_place_and_no_number() {
        let year = |year, rows| YearCount { year, rows, persons: rows };
        assert_eq!(
            every_year(&[year(2001, 10), year(1999, 7)]),
            [(1999, Some(7)), (2000, None), (2001, Some(10))]
        );
    }
}
