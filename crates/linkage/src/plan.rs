//! What an extract will hold, worked out from the permit and the contracts
//! before any row is read.

use std::collections::BTreeMap;

use model::national_id::Country;
use model::{Date, ExtractId, PermitId, SourceId, Text, ValueType};
use permit::{ActivePermit, Comparison, Condition, Period, Strictness};
use source::{ContentColumn, Imported, SourceRecord};

/// What an extract will hold. Made only from an [`ActivePermit`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExtractPlan {
    /// Which extract.
    pub extract: ExtractId,
    /// For which permit.
    pub permit: PermitId,
    /// Which of the permit's extracts.
    pub strictness: Strictness,
    /// The tables, by source id.
    pub sources: Vec<SourcePlan>,
    /// Whom the data are about; `None`: everyone in any of the sources.
    pub cohort: Option<CohortPlan>,
    /// By what else than equal numbers people are found; `None`: by nothing else.
    pub linkage: Option<LinkagePlan>,
    /// The day of the newest delivery, by which ages are told.
    pub as_of: Date,
}

/// By what else than equal identity numbers people are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkagePlan {
    /// Two become one from this probability on.
    pub threshold: f64,
    /// Whether every row tells how likely it is its person's.
    pub probability: bool,
    /// No count of people below this is told.
    pub smallest_count: u64,
}

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePlan {
    /// Which source.
    pub source: SourceId,
    /// The version of its table in the lake.
    pub lake_version: u64,
    /// The vault's segment of its identities.
    pub vault_segment: String,
    /// The columns after `person`, in the order of the source.
    pub columns: Vec<PlannedColumn>,
    /// What every row meets.
    pub conditions: Vec<TypedCondition>,
    /// The column that tells when a row happened, and the days that are
    /// allowed. `None`: rows have no time, or every time is allowed.
    pub period: Option<(String, Period)>,
    /// The column the rows of a person are sorted by, if they have a time.
    pub time: Option<String>,
    /// Whether the source holds each person once.
    pub once: bool,
    /// Which country issues its national identity numbers.
    pub issued_by: Country,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedColumn {
    /// Its name.
    pub name: String,
    /// What kind of value.
    pub value_type: ValueType,
    /// What people call it.
    pub title: Text,
    /// The unit, in UCUM.
    pub unit: Option<String>,
    /// The code system.
    pub code_system: Option<String>,
    /// The only values it may have, with what they mean.
    pub codes: BTreeMap<String, Text>,
}

/// Whom the data are about: those with a row in `source` that meets every
/// condition.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortPlan {
    /// The source that decides.
    pub source: SourceId,
    /// The version of its table in the lake.
    pub lake_version: u64,
    /// The vault's segment of its identities.
    pub vault_segment: String,
    /// What its row meets.
    pub conditions: Vec<TypedCondition>,
    /// Whether the source holds each person once.
    pub once: bool,
    /// Which country issues its national identity numbers.
    pub issued_by: Country,
}

/// Something a row must meet, with values of the column's own type. A missing
/// value meets no condition.
#[derive(Debug, Clone, PartialEq)]
pub struct TypedCondition {
    /// Which column.
    pub column: String,
    /// What its value must be.
    pub test: Test,
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// One of these texts.
    Texts(Vec<String>),
    /// One of these whole numbers.
    Integers(Vec<i64>),
    /// One of these numbers.
    Decimals(Vec<f64>),
    /// One of these days.
    Dates(Vec<Date>),
    /// Yes or no.
    Booleans(Vec<bool>),
    /// A whole number from `.0` to `.1`, both included.
    IntegerRange(i64, i64),
    /// A number from `.0` to `.1`, both included.
    DecimalRange(f64, f64),
    /// A day from `.0` to `.1`, both included.
    DateRange(Date, Date),
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The permit speaks of a source the centre does not have.
    #[error("the permit speaks of source `{0}`, which is not registered")]
    UnknownSource(SourceId),
    /// Nothing was delivered to a source yet.
    #[error("source `{0}` has no data yet: its holder must deliver first")]
    Empty(SourceId),
    /// The permit speaks of a column that the snapshot does not have.
    #[error(
        "the permit speaks of column `{column}` of source `{from}`, which its data do not have"
    )]
    UnknownColumn {
        /// Which source.
        from: SourceId,
        /// Which column.
        column: String,
    },
    /// A condition's value does not fit its column.
    #[error("`{value}` does not fit column `{column}` of source `{from}`: give {wanted}")]
    Unfitting {
        /// Which source.
        from: SourceId,
        /// Which column.
        column: String,
        /// Which value.
        value: String,
        /// What would fit.
        wanted: &'static str,
    },
    /// The permit has no second extract.
    #[error("permit `{0}` has no generous extract: its terms ask for one alone")]
    OneAlone(PermitId),
    /// The permit has two tables of one name.
    #[error("the permit names source `{0}` twice: one table holds all its columns")]
    Twice(SourceId),
    /// A table would have two columns of one name.
    #[error(
        "column `{PERSON}` of source `{0}` has the name of the person number: its holder must rename it in the contract"
    )]
    TakenName(SourceId),
    /// The same for the probability.
    #[error(
        "column `{LIKELIHOOD}` of source `{0}` has the name of what tells how likely a row is its person's: its holder must rename it in the contract, or the permit do without"
    )]
    TakenLikelihood(SourceId),
}

/// The first column of every table of an extract: the person's number.
pub const PERSON: &str = "person";

/// The last column of every table, where the permit has it: how likely the row is its
/// person's, 0 to 1.
pub const LIKELIHOOD: &str = "link_probability";

/// That column, as extracts describe it.
pub fn likelihood() -> PlannedColumn {
    PlannedColumn {
        name: LIKELIHOOD.to_owned(),
        value_type: ValueType::Decimal,
        title: Text::of(
            "Sannsynlighet for at raden er denne personens",
            "Sandsynlighed for, at rækken er denne persons",
            "Probability that the row is this person's",
        ),
        unit: None,
        code_system: None,
        codes: BTreeMap::new(),
    }
}

/// Works out what an extract of `permit` will hold.
pub fn plan(
    permit: &ActivePermit,
    records: &[SourceRecord],
    extract: &ExtractId,
    strictness: Strictness,
) -> Result<ExtractPlan, PlanError> {
    let terms = permit.terms();
    let threshold = terms.linkage.threshold_of(strictness);
    let threshold = threshold.ok_or_else(|| PlanError::OneAlone(permit.id().clone()))?;
    let mut sources = Vec::with_capacity(terms.sources.len());
    for (at, asked) in terms.sources.iter().enumerate() {
        if terms.sources.iter().skip(at + 1).any(|other| other.source == asked.source) {
            return Err(PlanError::Twice(asked.source.clone()));
        }
        let imported = current(records, &asked.source)?;
        let mut columns = Vec::new();
        for column in imported.contract.content_columns() {
            if asked.columns.iter().any(|terms| terms.name == column.name) {
                columns.push(planned(&column));
            }
        }
        if let Some(absent) =
            asked.columns.iter().find(|terms| columns.iter().all(|c| c.name != terms.name))
        {
            return Err(PlanError::UnknownColumn {
                from: asked.source.clone(),
                column: absent.name.clone(),
            });
        }
        if columns.iter().any(|column: &PlannedColumn| column.name == PERSON) {
            return Err(PlanError::TakenName(asked.source.clone()));
        }
        let taken = |column: &PlannedColumn| column.name == LIKELIHOOD;
        if terms.linkage.probability && columns.iter().any(taken) {
            return Err(PlanError::TakenLikelihood(asked.source.clone()));
        }
        let time = imported.contract.time.clone();
        let bounded = terms.period.from.is_some() || terms.period.until.is_some();
        sources.push(SourcePlan {
            source: asked.source.clone(),
            lake_version: imported.manifest.lake_version,
            vault_segment: imported.manifest.vault_segment.clone(),
            columns,
            conditions: typed(imported, &asked.source, &asked.rows)?,
            period: time.clone().filter(|_| bounded).map(|time| (time, terms.period)),
            time,
            once: imported.contract.holds_a_person_once(),
            issued_by: imported.contract.issued_by(),
        });
    }
    let cohort = match &terms.cohort.source {
        None => None,
        Some(source) => {
            let imported = current(records, source)?;
            Some(CohortPlan {
                source: source.clone(),
                lake_version: imported.manifest.lake_version,
                vault_segment: imported.manifest.vault_segment.clone(),
                conditions: typed(imported, source, &terms.cohort.conditions)?,
                once: imported.contract.holds_a_person_once(),
                issued_by: imported.contract.issued_by(),
            })
        }
    };
    let of_permit = terms.sources.iter().map(|asked| &asked.source).chain(&terms.cohort.source);
    let used: Vec<&Imported> =
        of_permit.filter_map(|source| current(records, source).ok()).collect();
    let newest = used.iter().map(|imported| imported.at).max().unwrap_or_default();
    let strictest = used.iter().map(|imported| imported.contract.smallest_count).max();
    let smallest_count = terms.outputs.smallest_count.max(strictest.unwrap_or_default()).into();
    let linkage = (terms.linkage.how == permit::LinkageWay::Likely).then_some(LinkagePlan {
        threshold,
        probability: terms.linkage.probability,
        smallest_count,
    });
    Ok(ExtractPlan {
        extract: extract.clone(),
        permit: permit.id().clone(),
        strictness,
        sources,
        cohort,
        linkage,
        as_of: newest.to_zoned(jiff::tz::TimeZone::UTC).date(),
    })
}

fn current<'a>(records: &'a [SourceRecord], id: &SourceId) -> Result<&'a Imported, PlanError> {
    records
        .iter()
        .find(|record| record.source == *id)
        .ok_or_else(|| PlanError::UnknownSource(id.clone()))?
        .current()
        .ok_or_else(|| PlanError::Empty(id.clone()))
}

fn planned(column: &ContentColumn<'_>) -> PlannedColumn {
    PlannedColumn {
        name: column.name.to_owned(),
        value_type: column.value_type,
        title: column.title.clone(),
        unit: column.unit.map(ToOwned::to_owned),
        code_system: column.code_system.map(ToOwned::to_owned),
        codes: column.allowed.cloned().unwrap_or_default(),
    }
}

fn typed(
    imported: &Imported,
    source: &SourceId,
    conditions: &[Condition],
) -> Result<Vec<TypedCondition>, PlanError> {
    conditions
        .iter()
        .map(|condition| {
            let column = imported
                .contract
                .content_columns()
                .find(|column| column.name == condition.column)
                .ok_or_else(|| PlanError::UnknownColumn {
                    from: source.clone(),
                    column: condition.column.clone(),
                })?;
            let unfitting = |(value, wanted)| PlanError::Unfitting {
                from: source.clone(),
                column: condition.column.clone(),
                value,
                wanted,
            };
            let test = test(column.value_type, condition).map_err(unfitting)?;
            Ok(TypedCondition { column: condition.column.clone(), test })
        })
        .collect()
}

/// The condition with values of the column's type; `Err` is what does not fit,
/// and what would.
fn test(value_type: ValueType, condition: &Condition) -> Result<Test, (String, &'static str)> {
    let Condition { is, values, .. } = condition;
    if values.is_empty() {
        return Err((String::new(), "at least one value"));
    }
    match value_type {
        ValueType::Text | ValueType::Code | ValueType::Boolean if *is != Comparison::OneOf => {
            Err((values.join(", "), "values it may be: they have no order"))
        }
        ValueType::Text | ValueType::Code => Ok(Test::Texts(values.clone())),
        ValueType::Boolean => {
            let yes = |value: &str| value.parse().ok();
            all(values, yes).map(Test::Booleans).map_err(|value| (value, "`true` or `false`"))
        }
        ValueType::Integer => ranged(
            condition,
            |value| value.parse().ok(),
            Test::Integers,
            |from, to| Test::IntegerRange(from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX)),
        )
        .map_err(|value| (value, "one whole number, such as `18`")),
        ValueType::Decimal => ranged(
            condition,
            |value| value.parse().ok().filter(|number: &f64| number.is_finite()),
            Test::Decimals,
            |from, to| {
                Test::DecimalRange(from.unwrap_or(f64::NEG_INFINITY), to.unwrap_or(f64::INFINITY))
            },
        )
        .map_err(|value| (value, "one number, such as `5.5`")),
        ValueType::Date => ranged(
            condition,
            // A time of day after the date would be dropped: that is no date.
            |value| value.parse().ok().filter(|date: &Date| date.to_string() == value),
            Test::Dates,
            |from, to| Test::DateRange(from.unwrap_or(Date::MIN), to.unwrap_or(Date::MAX)),
        )
        .map_err(|value| (value, "one date, such as `2015-01-31`")),
    }
}

/// Every value as a `T`, or the first that is none.
fn all<T>(values: &[String], read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    values.iter().map(|value| read(value).ok_or_else(|| value.clone())).collect()
}

/// A condition on values that have an order.
fn ranged<T: Copy>(
    condition: &Condition,
    read: impl Fn(&str) -> Option<T>,
    one_of: impl Fn(Vec<T>) -> Test,
    range: impl Fn(Option<T>, Option<T>) -> Test,
) -> Result<Test, String> {
    let values = all(&condition.values, read)?;
    match (condition.is, values.as_slice()) {
        (Comparison::OneOf, _) => Ok(one_of(values)),
        (Comparison::AtLeast, [from]) => Ok(range(Some(*from), None)),
        (Comparison::AtMost, [to]) => Ok(range(None, Some(*to))),
        _ => Err(condition.values.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(is: Comparison, values: &[&str]) -> Condition {
        Condition {
            column: "x".into(),
            is,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    #[test]
    fn conditions_take_the_type_of_their_column() {
        let adults = condition(Comparison::AtLeast, &["18"]);
        assert_eq!(test(ValueType::Integer, &adults), Ok(Test::IntegerRange(18, i64::MAX)));
        assert_eq!(test(ValueType::Decimal, &adults), Ok(Test::DecimalRange(18.0, f64::INFINITY)));
        assert_eq!(test(ValueType::Date, &adults).unwrap_err().0, "18");
        let early = condition(Comparison::AtMost, &["2015-01-31"]);
        let until = Date::constant(2015, 1, 31);
        assert_eq!(test(ValueType::Date, &early), Ok(Test::DateRange(Date::MIN, until)));
    }

    #[test]
    fn words_have_no_order_and_a_range_has_one_end() {
        for ordered in [Comparison::AtLeast, Comparison::AtMost] {
            for words in [ValueType::Text, ValueType::Code, ValueType::Boolean] {
                assert!(test(words, &condition(ordered, &["true"])).is_err());
            }
        }
        assert!(test(ValueType::Integer, &condition(Comparison::AtMost, &["1", "2"])).is_err());
    }

    #[test]
    fn values_that_compare_with_nothing_are_refused() {
        for (value_type, value) in [
            (ValueType::Decimal, "NaN"),
            (ValueType::Decimal, "inf"),
            (ValueType::Integer, "1.5"),
            (ValueType::Integer, ""),
            (ValueType::Boolean, "maybe"),
            (ValueType::Date, "2015-02-30"),
            (ValueType::Date, "2015-01-31T12:00"),
        ] {
            let refused = test(value_type, &condition(Comparison::OneOf, &[value]));
            assert_eq!(refused.unwrap_err().0, value);
        }
        assert!(test(ValueType::Text, &condition(Comparison::OneOf, &[])).is_err());
    }
}
