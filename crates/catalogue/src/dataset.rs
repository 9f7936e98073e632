//! One source as the catalogue shows it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use model::{Date, OrganisationId, Sensitivity, SourceId, Text, Timestamp, ValueType};
use serde::{Deserialize, Serialize};
use source::{Rhythm, SourceRecord, VariableProfile, YearCount};

/// A source, as everyone may see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Dataset {
    /// Which source.
    pub source: SourceId,
    /// What people call it.
    pub title: Text,
    /// What it is.
    pub description: Text,
    /// The data holder.
    pub holder: OrganisationId,
    /// How often it is delivered.
    pub update: Rhythm,
    /// When it was delivered last, and whether that is late.
    pub freshness: Freshness,
    /// Nothing shown rests on fewer people than this.
    pub smallest_count: u32,
    /// Rows of the current snapshot. `None`: nothing was delivered, or on too
    /// few people.
    pub rows: Option<u64>,
    /// People in the current snapshot.
    pub persons: Option<u64>,
    /// Rows that were kept aside at the last delivery. `None` as for `rows`.
    pub quarantined: Option<u64>,
    /// How many snapshots there are.
    pub snapshots: usize,
    /// The column that tells when a row happened.
    pub time: Option<String>,
    /// Rows a year, by that column.
    pub years: Vec<YearCount>,
    /// What can be asked for, in order.
    pub variables: Vec<Variable>,
    /// What names people and stays in the vault: told, so that nobody asks.
    pub identifiers: Vec<Text>,
}

/// When a source was delivered last, and when it is due again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Freshness {
    /// The last delivery that was taken in.
    pub delivered: Option<Timestamp>,
    /// The day the next is due by the holder's promise.
    pub due: Option<Date>,
}

impl Freshness {
    fn of(update: Rhythm, delivered: Option<Timestamp>) -> Self {
        let span: Option<Span> = match update {
            Rhythm::Daily => Some(1.day()),
            Rhythm::Weekly => Some(1.week()),
            Rhythm::Monthly => Some(1.month()),
            Rhythm::Quarterly => Some(3.months()),
            Rhythm::Yearly => Some(1.year()),
            Rhythm::Once => None,
        };
        let due = delivered
            .map(|at| at.to_zoned(TimeZone::UTC).date())
            .zip(span)
            .and_then(|(day, span)| day.checked_add(span).ok());
        Self { delivered, due }
    }

    /// Whether the holder promised a delivery by now that has not come.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due < now.to_zoned(TimeZone::UTC).date())
    }
}

/// A variable's address: `laboratory/value`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VariableId {
    /// Which source.
    pub source: SourceId,
    /// Which column.
    pub name: String,
}

impl std::fmt::Display for VariableId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.source, self.name)
    }
}

/// One column that can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Variable {
    /// Its address.
    pub id: VariableId,
    /// What people call it.
    pub title: Text,
    /// What it means.
    pub description: Text,
    /// What kind of value.
    pub value_type: ValueType,
    /// The unit, in UCUM.
    pub unit: Option<String>,
    /// The code system.
    pub code_system: Option<String>,
    /// The only values it may have, with what they mean.
    pub codes: BTreeMap<String, Text>,
    /// How much care it wants.
    pub sensitivity: Sensitivity,
    /// What its values look like, once something was delivered.
    pub profile: Option<VariableProfile>,
}

impl Dataset {
    /// The source as everyone may see it.
    pub fn of(record: &SourceRecord) -> Self {
        let contract = &record.contract;
        let current = record.current();
        let shown = current.filter(|imported| {
            imported.manifest.persons >= u64::from(imported.contract.smallest_count)
        });
        let profile = |name: &str| {
            shown.and_then(|imported| {
                imported.manifest.variables.iter().find(|profile| profile.name == name).cloned()
            })
        };
        let variables: Vec<_> = contract
            .content_columns()
            .map(|column| Variable {
                id: VariableId { source: record.source.clone(), name: column.name.to_owned() },
                title: column.title.clone(),
                description: column.description.clone(),
                value_type: column.value_type,
                unit: column.unit.map(ToOwned::to_owned),
                code_system: column.code_system.map(ToOwned::to_owned),
                codes: column.allowed.cloned().unwrap_or_default(),
                sensitivity: column.sensitivity,
                profile: profile(column.name),
            })
            .collect();
        let years = contract
            .time
            .as_deref()
            .and_then(profile)
            .map(|profile| profile.years)
            .unwrap_or_default();
        Self {
            source: record.source.clone(),
            title: contract.title.clone(),
            description: contract.description.clone(),
            holder: contract.holder.clone(),
            update: contract.update,
            freshness: Freshness::of(contract.update, current.map(|imported| imported.at)),
            smallest_count: contract.smallest_count,
            rows: shown.map(|imported| imported.manifest.rows_kept),
            persons: shown.map(|imported| imported.manifest.persons),
            quarantined: shown.map(|imported| imported.manifest.rows_quarantined),
            snapshots: record.imports.len(),
            time: contract.time.clone(),
            years,
            variables,
            identifiers: contract
                .columns
                .iter()
                .filter(|column| column.identifies.is_some())
                .map(|column| {
                    if column.title.is_empty() {
                        Text::from(column.name.as_str())
                    } else {
                        column.title.clone()
                    }
                })
                .collect(),
        }
    }

    /// The variable of that name.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.id.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weekly_source_is_late_on_the_eighth_day() {
        let delivered: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let freshness = Freshness::of(Rhythm::Weekly, Some(delivered));
        assert!(!freshness.is_late("2026-03-09T23:00:00Z".parse().unwrap()));
        assert!(freshness.is_late("2026-03-10T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_source_delivered_once_is_never_late() {
        let delivered: Timestamp = "1999-01-01T00:00:00Z".parse().unwrap();
        let freshness = Freshness::of(Rhythm::Once, Some(delivered));
        assert!(!freshness.is_late("2026-03-10T00:00:00Z".parse().unwrap()));
    }
}
