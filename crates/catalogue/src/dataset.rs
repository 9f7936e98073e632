//! One source as the catalogue shows it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use model::{Date, OrganisationId, Sensitivity, SourceId, Text, Timestamp, ValueType};
use serde::{Deserialize, Serialize};
use source::{ImportManifest, Rhythm, SourceRecord, VariableProfile, YearCount};

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
    /// Rows that were kept aside at the last delivery, rounded to the smallest
    /// count. `None` as for `rows`, and when there are fewer than that: they may
    /// be one person's.
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

/// How many rows were kept aside, as everyone may know it: to the nearest `k`.
fn kept_aside(manifest: &ImportManifest, k: u64) -> Option<u64> {
    let k = k.max(1);
    match manifest.rows_quarantined {
        0 => Some(0),
        rows if rows < k => None,
        rows => Some((rows + k / 2) / k * k),
    }
}

impl Dataset {
    /// The source as everyone may see it.
    pub fn of(record: &SourceRecord) -> Self {
        let contract = &record.contract;
        let current = record.current();
        // A contract that asks for more people than the one the delivery was read
        // under holds at once, not only from the next delivery on.
        let counted = current.map_or(0, |imported| imported.contract.smallest_count);
        let smallest_count = contract.smallest_count.max(counted);
        let k = u64::from(smallest_count);
        let shown = current.filter(|imported| imported.manifest.persons >= k);
        let profile = |name: &str| {
            let profiles = &shown?.manifest.variables;
            let profile = profiles.iter().find(|profile| profile.name == name).cloned()?;
            Some(if smallest_count > counted { profile.under_larger_count(k) } else { profile })
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
            smallest_count,
            rows: shown.map(|imported| imported.manifest.rows_kept),
            persons: shown.map(|imported| imported.manifest.persons),
            quarantined: shown.and_then(|imported| kept_aside(&imported.manifest, k)),
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
pub(crate) mod tests {
    use model::{ImportId, SeededEntropy};
    use source::{Contract, Imported, TopValue};

    use super::*;

    const CONTRACT: &str = r#"
        version = 1
        source = "laboratory"
        title = "Laboratory"
        holder = "hospital"
        update = "weekly"
        smallest-count = 5
        time = "date"
        file = { format = "csv" }
        column = [
          { name = "id", type = "text", identifies = "national-id" },
          { name = "date", type = "date" },
          { name = "test", type = "text" },
        ]
        "#;

    fn profile(name: &str, value_type: ValueType) -> VariableProfile {
        VariableProfile {
            name: name.to_owned(),
            value_type,
            filled: Some(0.5),
            persons: Some(100),
            range: None,
            quantiles: Vec::new(),
            top: vec![TopValue { value: "hdl".to_owned(), rows: 10, persons: 5 }],
            years: vec![YearCount { year: 2020, rows: 10, persons: 5 }],
        }
    }

    /// A source with one delivery of `persons` people and `aside` rows kept aside.
    pub(crate) fn delivered(persons: u64, aside: u64) -> SourceRecord {
        let contract = Contract::parse(CONTRACT).unwrap();
        let at = "2026-03-02T12:00:00Z".parse().unwrap();
        let manifest = ImportManifest {
            import: ImportId::mint(&SeededEntropy::new(1)),
            contract: contract.fingerprint(),
            files: Vec::new(),
            rows_read: 1000 + aside,
            rows_kept: 1000,
            rows_quarantined: aside,
            reasons: BTreeMap::new(),
            persons,
            lake_version: 0,
            vault_segment: String::new(),
            variables: vec![profile("date", ValueType::Date), profile("test", ValueType::Text)],
        };
        let imported = Imported { at, manifest, contract: contract.clone() };
        SourceRecord {
            source: contract.source.clone(),
            contract,
            registered: at,
            imports: vec![imported],
            refused: Vec::new(),
        }
    }

    #[test]
    fn a_dataset_shows_figures_and_names_what_stays_in_the_vault() {
        let shown = Dataset::of(&delivered(100, 12));
        assert_eq!((shown.rows, shown.persons, shown.snapshots), (Some(1000), Some(100), 1));
        let names: Vec<_> = shown.variables.iter().map(|variable| &*variable.id.name).collect();
        assert_eq!(names, ["date", "test"]);
        assert_eq!(shown.identifiers, [Text::from("id")]);
        assert_eq!(shown.years.len(), 1);
        assert_eq!(shown.variable("test").unwrap().profile.as_ref().unwrap().top.len(), 1);
    }

    #[test]
    fn a_delivery_on_too_few_people_shows_nothing_of_them() {
        let shown = Dataset::of(&delivered(4, 12));
        assert_eq!((shown.rows, shown.persons, shown.quarantined), (None, None, None));
        assert!(shown.years.is_empty());
        assert!(shown.variables.iter().all(|variable| variable.profile.is_none()));
    }

    #[test]
    fn rows_kept_aside_are_told_only_to_the_smallest_count() {
        let told = |aside| Dataset::of(&delivered(100, aside)).quarantined;
        assert_eq!([0, 1, 4, 5, 7, 8].map(told), [Some(0), None, None, Some(5), Some(5), Some(10)]);
    }

    #[test]
    fn a_smallest_count_that_was_raised_holds_without_a_new_delivery() {
        let mut record = delivered(100, 12);
        record.contract.smallest_count = 20;
        let shown = Dataset::of(&record);
        assert_eq!((shown.smallest_count, shown.quarantined), (20, None));
        let test = shown.variable("test").unwrap().profile.clone().unwrap();
        assert_eq!((test.persons, test.top.len()), (Some(100), 0));
        assert!(shown.years.is_empty());
        record.contract.smallest_count = 101;
        assert_eq!(Dataset::of(&record).rows, None);
        // A count that was lowered does not bring back what was left out.
        record.contract.smallest_count = 2;
        assert_eq!(Dataset::of(&record).smallest_count, 5);
    }

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
