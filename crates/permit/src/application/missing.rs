//! What an application still lacks before it can be submitted: beside the
//! field, and in one list on top.

use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, Sensitivity, SourceId, Text, ValueType};
use serde::{Deserialize, Serialize};

use crate::{Comparison, Condition, Terms};

/// What there is to ask for.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// The sources, and for each its columns.
    pub sources: BTreeMap<SourceId, BTreeMap<String, KnownColumn>>,
    /// The accounts that may be named.
    pub accounts: BTreeSet<AccountId>,
}

/// What a column holds, and how much care it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownColumn {
    /// What kind of value.
    pub value_type: ValueType,
    /// How much care it wants.
    pub sensitivity: Sensitivity,
}

/// One thing that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Missing {
    /// Where: `title`, `sources.laboratory.value.reason`, `cohort.0.values`, …
    pub field: String,
    /// What.
    pub problem: Problem,
}

/// What is missing or wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// There is nothing.
    Empty,
    /// There is no such source.
    UnknownSource(String),
    /// The source has no such column, or it never leaves the vault.
    UnknownColumn(String),
    /// There is no such account.
    UnknownAccount(String),
    /// The same thing twice.
    Twice(String),
    /// A value does not fit the column's type.
    Unfitting(String),
    /// The last day is before the first.
    Backwards,
    /// Below what the centre allows.
    TooSmall(String),
    /// Above what the centre allows.
    TooLarge(String),
}

impl Problem {
    /// In words.
    pub fn text(&self) -> Text {
        match self {
            Self::Empty => Text::of("mangler", "mangler", "is missing"),
            Self::UnknownSource(name) => Text::of(
                &format!("det finnes ingen kilde `{name}`"),
                &format!("der findes ingen kilde `{name}`"),
                &format!("there is no source `{name}`"),
            ),
            Self::UnknownColumn(name) => Text::of(
                &format!("kilden har ingen variabel `{name}` som kan utleveres"),
                &format!("kilden har ingen variabel `{name}`, der kan udleveres"),
                &format!("the source has no variable `{name}` that can be given out"),
            ),
            Self::UnknownAccount(name) => Text::of(
                &format!("det finnes ingen konto `{name}`"),
                &format!("der findes ingen konto `{name}`"),
                &format!("there is no account `{name}`"),
            ),
            Self::Twice(name) => Text::of(
                &format!("`{name}` står to ganger"),
                &format!("`{name}` står to gange"),
                &format!("`{name}` stands twice"),
            ),
            Self::Unfitting(value) => Text::of(
                &format!("`{value}` passer ikke til variabelens type"),
                &format!("`{value}` passer ikke til variablens type"),
                &format!("`{value}` does not fit the variable's type"),
            ),
            Self::Backwards => Text::of(
                "slutter før det begynner",
                "slutter før det begynder",
                "ends before it begins",
            ),
            Self::TooSmall(least) => Text::of(
                &format!("må være minst {least}"),
                &format!("skal være mindst {least}"),
                &format!("must be at least {least}"),
            ),
            Self::TooLarge(most) => Text::of(
                &format!("kan høyst være {most}"),
                &format!("må højst være {most}"),
                &format!("must be at most {most}"),
            ),
        }
    }
}

impl Terms {
    /// Everything that must be mended before the terms can be submitted.
    pub fn missing(&self, known: &Knowledge) -> Vec<Missing> {
        let mut missing = Vec::new();
        let mut say =
            |field: &str, problem| missing.push(Missing { field: field.to_owned(), problem });
        for (field, text) in
            [("title", &self.title), ("summary", &self.summary), ("legal-basis", &self.legal_basis)]
        {
            if text.trim().is_empty() {
                say(field, Problem::Empty);
            }
        }
        if self.purpose.is_none() {
            say("purpose", Problem::Empty);
        }
        self.people_missing(known, &mut say);
        self.sources_missing(known, &mut say);
        self.cohort_missing(known, &mut say);
        for (field, period) in [("period", self.period), ("valid", self.valid)] {
            if let (Some(from), Some(until)) = (period.from, period.until)
                && until < from
            {
                say(field, Problem::Backwards);
            }
        }
        if self.valid.until.is_none() {
            say("valid.until", Problem::Empty);
        }
        self.outputs_missing(&mut say);
        missing
    }

    fn people_missing(&self, known: &Knowledge, say: &mut impl FnMut(&str, Problem)) {
        if self.people.is_empty() {
            say("people", Problem::Empty);
        }
        let mut seen = BTreeSet::new();
        for person in &self.people {
            if !known.accounts.contains(person) {
                say("people", Problem::UnknownAccount(person.to_string()));
            }
            if !seen.insert(person) {
                say("people", Problem::Twice(person.to_string()));
            }
        }
    }

    fn sources_missing(&self, known: &Knowledge, say: &mut impl FnMut(&str, Problem)) {
        if self.sources.is_empty() {
            say("sources", Problem::Empty);
        }
        let mut seen = BTreeSet::new();
        for asked in &self.sources {
            let at = format!("sources.{}", asked.source);
            if !seen.insert(&asked.source) {
                say(&at, Problem::Twice(asked.source.to_string()));
            }
            let Some(columns) = known.sources.get(&asked.source) else {
                say(&at, Problem::UnknownSource(asked.source.to_string()));
                continue;
            };
            if asked.columns.is_empty() {
                say(&at, Problem::Empty);
            }
            let mut seen = BTreeSet::new();
            for column in &asked.columns {
                if known_column(columns, &column.name).is_none() {
                    say(&at, Problem::UnknownColumn(column.name.clone()));
                }
                if !seen.insert(&column.name) {
                    say(&at, Problem::Twice(column.name.clone()));
                }
                if column.reason.trim().is_empty() {
                    say(&format!("{at}.{}.reason", column.name), Problem::Empty);
                }
            }
            for (place, condition) in asked.rows.iter().enumerate() {
                condition_missing(columns, condition, &format!("{at}.rows.{place}"), say);
            }
        }
    }

    fn cohort_missing(&self, known: &Knowledge, say: &mut impl FnMut(&str, Problem)) {
        let Some(source) = &self.cohort.source else {
            if !self.cohort.conditions.is_empty() {
                say("cohort.source", Problem::Empty);
            }
            return;
        };
        let Some(columns) = known.sources.get(source) else {
            say("cohort.source", Problem::UnknownSource(source.to_string()));
            return;
        };
        for (place, condition) in self.cohort.conditions.iter().enumerate() {
            condition_missing(columns, condition, &format!("cohort.{place}"), say);
        }
    }

    fn outputs_missing(&self, say: &mut impl FnMut(&str, Problem)) {
        // Below three, a person in a cell of two knows the other one.
        if self.outputs.smallest_count < 3 {
            say("outputs.smallest-count", Problem::TooSmall("3".into()));
        }
        let room = self.room;
        for (field, value, least, most) in [
            ("room.memory-mib", room.memory_mib, 256, 1024 * 1024),
            ("room.cpu-percent", room.cpu_percent, 10, 25_600),
            ("room.processes", room.processes, 16, 32_768),
            ("room.disk-mib", room.disk_mib, 16, 16 * 1024 * 1024),
            ("room.wall-seconds", room.wall_seconds, 1, 30 * 24 * 3600),
        ] {
            if value < least {
                say(field, Problem::TooSmall(least.to_string()));
            } else if value > most {
                say(field, Problem::TooLarge(most.to_string()));
            }
        }
    }
}

fn known_column(columns: &BTreeMap<String, KnownColumn>, name: &str) -> Option<KnownColumn> {
    columns.get(name).copied().filter(|column| column.sensitivity != Sensitivity::Direct)
}

fn condition_missing(
    columns: &BTreeMap<String, KnownColumn>,
    condition: &Condition,
    at: &str,
    say: &mut impl FnMut(&str, Problem),
) {
    let Some(column) = known_column(columns, &condition.column) else {
        say(at, Problem::UnknownColumn(condition.column.clone()));
        return;
    };
    if condition.values.is_empty() {
        say(&format!("{at}.values"), Problem::Empty);
    }
    if condition.is != Comparison::OneOf && condition.values.len() > 1 {
        say(&format!("{at}.values"), Problem::Twice(condition.column.clone()));
    }
    let ordered = condition.is != Comparison::OneOf;
    for value in &condition.values {
        let fits = match column.value_type {
            ValueType::Integer => value.parse::<i64>().is_ok(),
            ValueType::Decimal => value.parse::<f64>().is_ok_and(f64::is_finite),
            ValueType::Date => value.parse::<model::Date>().is_ok(),
            ValueType::Boolean => !ordered && matches!(value.as_str(), "true" | "false"),
            ValueType::Text | ValueType::Code => !ordered,
        };
        if !fits {
            say(&format!("{at}.values"), Problem::Unfitting(value.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{Date, Purpose};

    use super::*;
    use crate::{Cohort, ColumnTerms, Period, SourceTerms};

    fn known() -> Knowledge {
        let column = |value_type, sensitivity| KnownColumn { value_type, sensitivity };
        Knowledge {
            sources: BTreeMap::from([(
                "laboratory".parse().unwrap(),
                BTreeMap::from([
                    ("value".into(), column(ValueType::Decimal, Sensitivity::Health)),
                    ("name".into(), column(ValueType::Text, Sensitivity::Direct)),
                ]),
            )]),
            accounts: BTreeSet::from(["researcher".parse().unwrap()]),
        }
    }

    fn whole() -> Terms {
        Terms {
            title: "Lipids".into(),
            summary: "What lipids say".into(),
            purpose: Some(Purpose::Research),
            legal_basis: "GDPR 6(1)(e), 9(2)(j)".into(),
            people: vec!["researcher".parse().unwrap()],
            sources: vec![SourceTerms {
                source: "laboratory".parse().unwrap(),
                columns: vec![ColumnTerms { name: "value".into(), reason: "exposure".into() }],
                rows: vec![],
            }],
            valid: Period { from: None, until: Some(Date::constant(2030, 1, 1)) },
            ..Terms::default()
        }
    }

    #[test]
    fn a_whole_application_lacks_nothing() {
        assert_eq!(whole().missing(&known()), vec![]);
    }

    #[test]
    fn an_empty_application_is_told_every_field_at_once() {
        let fields: Vec<_> =
            Terms::default().missing(&known()).into_iter().map(|m| m.field).collect();
        assert_eq!(
            fields,
            ["title", "summary", "legal-basis", "purpose", "people", "sources", "valid.until"]
        );
    }

    #[test]
    fn a_name_cannot_be_asked_for_and_every_column_wants_a_reason() {
        let mut terms = whole();
        terms.sources[0].columns = vec![ColumnTerms { name: "name".into(), reason: String::new() }];
        let missing = terms.missing(&known());
        assert_eq!(missing[0].problem, Problem::UnknownColumn("name".into()));
        assert_eq!(missing[1].field, "sources.laboratory.name.reason");
    }

    #[test]
    fn a_cohort_of_words_where_numbers_belong_is_told() {
        let mut terms = whole();
        terms.cohort = Cohort {
            source: Some("laboratory".parse().unwrap()),
            conditions: vec![Condition {
                column: "value".into(),
                is: Comparison::AtLeast,
                values: vec!["high".into()],
            }],
        };
        assert_eq!(
            terms.missing(&known()),
            [Missing {
                field: "cohort.0.values".into(),
                problem: Problem::Unfitting("high".into())
            }]
        );
    }

    #[test]
    fn a_smallest_count_of_two_is_refused() {
        let mut terms = whole();
        terms.outputs.smallest_count = 2;
        assert_eq!(terms.missing(&known())[0].field, "outputs.smallest-count");
    }
}
