//! What an application still lacks before it can be submitted: beside the
//! field, and in one list on top.

use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, Sensitivity, SourceId, Text, ValueType};
use serde::{Deserialize, Serialize};

use crate::{Comparison, Condition, Terms};

/// Below three, a person in a cell of two knows the other one.
const LEAST_COUNT: u32 = 3;

/// The rule of thumb for models: at least ten residual degrees of freedom
/// (Brandt et al., *Guidelines for the checking of output based on microdata
/// research*, 2010).
const LEAST_RESIDUAL_DF: u32 = 10;

/// What there is to ask for.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// The sources there are.
    pub sources: BTreeMap<SourceId, KnownSource>,
    /// The accounts that may be named.
    pub accounts: BTreeSet<AccountId>,
}

/// A source as its contract describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSource {
    /// Its columns.
    pub columns: BTreeMap<String, KnownColumn>,
    /// Nothing is published from it that rests on fewer people than this.
    pub smallest_count: u32,
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
    /// Below what the contract of a source that is asked for allows.
    BelowContract {
        /// Which source.
        source: SourceId,
        /// What its contract says.
        least: u32,
    },
    /// No share that protects anybody.
    NoShare,
    /// Not below something else that is asked for.
    NotBelow(String),
    /// A second extract of people who are found by equal numbers alone.
    NothingInDoubt,
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
            Self::BelowContract { source, least } => Text::of(
                &format!("må være minst {least}: kontrakten for kilden `{source}` krever det"),
                &format!("skal være mindst {least}: kontrakten for kilden `{source}` kræver det"),
                &format!("must be at least {least}: the contract of source `{source}` asks for it"),
            ),
            Self::NoShare => Text::of(
                "må være mer enn 0 og mindre enn 1",
                "skal være mere end 0 og mindre end 1",
                "must be more than 0 and less than 1",
            ),
            Self::NotBelow(other) => Text::of(
                &format!("må være mindre enn {other}, som det første uttrekket har"),
                &format!("skal være mindre end {other}, som det første udtræk har"),
                &format!("must be less than {other}, which the first extract has"),
            ),
            Self::NothingInDoubt => Text::of(
                "passer ikke: med like numre alene er det bare ett uttrekk",
                "passer ikke: med ens numre alene er der kun ét udtræk",
                "does not fit: by equal numbers alone there is one extract only",
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
        self.outputs_missing(known, &mut say);
        self.room_missing(&mut say);
        self.linkage_missing(&mut say);
        missing
    }

    fn linkage_missing(&self, say: &mut impl FnMut(&str, Problem)) {
        let threshold = self.linkage.threshold;
        let (least, most) = crate::LinkageTerms::THRESHOLDS;
        if threshold.is_nan() || threshold < least {
            say("linkage.threshold", Problem::TooSmall(least.to_string()));
        } else if threshold > most {
            say("linkage.threshold", Problem::TooLarge(most.to_string()));
        }
        match self.linkage.generous {
            None => {}
            Some(_) if self.linkage.how == crate::LinkageWay::Exact => {
                say("linkage.generous", Problem::NothingInDoubt);
            }
            Some(generous) if generous.is_nan() || generous < least => {
                say("linkage.generous", Problem::TooSmall(least.to_string()));
            }
            Some(generous) if generous >= threshold => {
                say("linkage.generous", Problem::NotBelow(threshold.to_string()));
            }
            Some(_) => {}
        }
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
            let Some(KnownSource { columns, .. }) = known.sources.get(&asked.source) else {
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
        let Some(KnownSource { columns, .. }) = known.sources.get(source) else {
            say("cohort.source", Problem::UnknownSource(source.to_string()));
            return;
        };
        for (place, condition) in self.cohort.conditions.iter().enumerate() {
            condition_missing(columns, condition, &format!("cohort.{place}"), say);
        }
    }

    /// The sources whose people the outputs are about.
    fn asked(&self) -> impl Iterator<Item = &SourceId> {
        self.sources.iter().map(|terms| &terms.source).chain(&self.cohort.source)
    }

    fn outputs_missing(&self, known: &Knowledge, say: &mut impl FnMut(&str, Problem)) {
        let outputs = &self.outputs;
        let strictest = self
            .asked()
            .filter_map(|source| Some((known.sources.get(source)?.smallest_count, source)))
            .max();
        if outputs.smallest_count < LEAST_COUNT {
            say("outputs.smallest-count", Problem::TooSmall(LEAST_COUNT.to_string()));
        } else if let Some((least, source)) = strictest
            && outputs.smallest_count < least
        {
            let source = source.clone();
            say("outputs.smallest-count", Problem::BelowContract { source, least });
        }
        if outputs.dominance_n == 0 {
            say("outputs.dominance-n", Problem::TooSmall("1".into()));
        }
        for (field, share) in
            [("outputs.dominance-k", outputs.dominance_k), ("outputs.p-percent", outputs.p_percent)]
        {
            // Written so that what is no number is no share either.
            if !(share > 0.0 && share < 1.0) {
                say(field, Problem::NoShare);
            }
        }
        if outputs.smallest_residual_df < LEAST_RESIDUAL_DF {
            let least = LEAST_RESIDUAL_DF.to_string();
            say("outputs.smallest-residual-df", Problem::TooSmall(least));
        }
    }

    fn room_missing(&self, say: &mut impl FnMut(&str, Problem)) {
        let room = self.room;
        for (field, value, least, most) in [
            ("room.memory-mib", room.memory_mib, 256, 1024 * 1024),
            ("room.cpu-percent", room.cpu_percent, 10, 25_600),
            ("room.processes", room.processes, 16, 32_768),
            ("room.disk-mib", room.disk_mib, 16, 16 * 1024 * 1024),
            ("room.wall-seconds", room.wall_seconds, 1, 30 * 24 * 3600),
            ("room.hours", room.hours.unwrap_or(1), 1, 100_000),
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
    use crate::{Cohort, ColumnTerms, LinkageTerms, LinkageWay, Period, SourceTerms};

    fn known() -> Knowledge {
        let column = |value_type, sensitivity| KnownColumn { value_type, sensitivity };
        Knowledge {
            sources: BTreeMap::from([
                (
                    "laboratory".parse().unwrap(),
                    KnownSource {
                        columns: BTreeMap::from([
                            ("value".into(), column(ValueType::Decimal, Sensitivity::Health)),
                            ("name".into(), column(ValueType::Text, Sensitivity::Direct)),
                        ]),
                        smallest_count: 5,
                    },
                ),
                (
                    "abortions".parse().unwrap(),
                    KnownSource { columns: BTreeMap::new(), smallest_count: 20 },
                ),
            ]),
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
        terms.sources[0].source = "unheard-of".parse().unwrap();
        terms.outputs.smallest_count = 2;
        let missing = terms.missing(&known());
        assert_eq!(missing[1].field, "outputs.smallest-count");
        assert_eq!(missing[1].problem, Problem::TooSmall("3".into()));
    }

    #[test]
    fn the_smallest_count_is_never_below_that_of_any_contract_asked_for() {
        let below = |terms: &Terms, source: &str, least| {
            let source = source.parse().unwrap();
            let expected = Missing {
                field: "outputs.smallest-count".into(),
                problem: Problem::BelowContract { source, least },
            };
            assert_eq!(terms.missing(&known()), [expected]);
        };
        let mut terms = whole();
        terms.outputs.smallest_count = 4;
        below(&terms, "laboratory", 5);
        // A source that only says who is meant counts as well: every table is
        // about its people.
        terms.outputs.smallest_count = 19;
        terms.cohort.source = Some("abortions".parse().unwrap());
        below(&terms, "abortions", 20);
        terms.outputs.smallest_count = 20;
        assert_eq!(terms.missing(&known()), []);
    }

    #[test]
    fn rules_that_protect_nobody_are_refused() {
        let of = |change: &dyn Fn(&mut crate::OutputTerms)| {
            let mut terms = whole();
            change(&mut terms.outputs);
            let fields = terms.missing(&known()).into_iter().map(|missing| missing.field);
            fields.collect::<Vec<_>>()
        };
        for nothing in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
            let found = of(&|outputs| outputs.dominance_k = nothing);
            assert_eq!(found, ["outputs.dominance-k"], "{nothing}");
            let found = of(&|outputs| outputs.p_percent = nothing);
            assert_eq!(found, ["outputs.p-percent"], "{nothing}");
        }
        assert_eq!(of(&|outputs| outputs.dominance_n = 0), ["outputs.dominance-n"]);
        let found = of(&|outputs| outputs.smallest_residual_df = 9);
        assert_eq!(found, ["outputs.smallest-residual-df"]);
        assert_eq!(of(&|outputs| outputs.dominance_k = 0.9), [""; 0]);
    }

    #[test]
    fn a_second_extract_is_more_generous_than_the_first_and_only_where_there_is_doubt() {
        let faults = |how, threshold, generous| {
            let mut terms = whole();
            terms.linkage = LinkageTerms { how, threshold, generous, ..LinkageTerms::default() };
            let of = terms.missing(&known()).into_iter().map(|one| (one.field, one.problem));
            of.collect::<Vec<_>>()
        };
        let fault = |problem| vec![("linkage.generous".to_owned(), problem)];
        let likely = LinkageWay::Likely;
        for fitting in [None, Some(0.5), Some(0.949)] {
            assert_eq!(faults(likely, 0.95, fitting), [], "{fitting:?}");
        }
        assert_eq!(faults(likely, 0.95, Some(0.95)), fault(Problem::NotBelow("0.95".to_owned())));
        assert_eq!(faults(likely, 0.95, Some(0.49)), fault(Problem::TooSmall("0.5".to_owned())));
        assert_eq!(
            faults(likely, 0.95, Some(f64::NAN)),
            fault(Problem::TooSmall("0.5".to_owned()))
        );
        assert_eq!(faults(LinkageWay::Exact, 0.95, Some(0.6)), fault(Problem::NothingInDoubt));
    }

    #[test]
    fn terms_that_ask_for_one_extract_are_signed_as_before_there_were_two() {
        let mut terms = whole();
        terms.linkage.how = LinkageWay::Likely;
        let written = serde_json::to_value(&terms).unwrap();
        let linkage = written["linkage"].as_object().unwrap();
        let names: Vec<_> = linkage.keys().map(String::as_str).collect();
        assert_eq!(names, ["how", "threshold", "probability"]);
        assert_eq!(serde_json::from_value::<Terms>(written).unwrap(), terms);
    }
}
