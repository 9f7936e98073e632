//! A stand-in is like the extract, and about nobody.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::Dataset;
use linkage::stand_in::{PEOPLE, StandIn, StandInTable, Values, stand_in};
use model::{Date, SeededEntropy};
use permit::{Comparison, Condition, Period, Strictness, Terms};
use source::{Quantile, SourceRecord, TopValue, ValueRange, VariableProfile, YearCount};

use crate::support::{cohort, contract, extract, permit_with, record, table};

fn profile(name: &str, kind: &str) -> VariableProfile {
    serde_json::from_value(serde_json::json!({
        "name": name, "value-type": kind, "filled": 0.8, "persons": 5_000
    }))
    .unwrap()
}

/// A laboratory of 40,000 values of 5,000 people, and a population of 10,000.
fn records() -> [SourceRecord; 2] {
    let mut population = record(contract("population"), 10_000);
    let mut laboratory = record(contract("laboratory"), 5_000);
    let age = VariableProfile {
        range: Some(ValueRange::Numbers { low: 1.0, high: 95.0 }),
        quantiles: vec![Quantile { share: 0.5, value: 40.0 }],
        ..profile("age", "integer")
    };
    let date = VariableProfile {
        years: vec![
            YearCount { year: 2015, rows: 900, persons: 800 },
            YearCount { year: 2003, rows: 100, persons: 90 },
        ],
        ..profile("date", "date")
    };
    let value = VariableProfile {
        range: Some(ValueRange::Numbers { low: 2.5, high: 9.5 }),
        ..profile("value", "decimal")
    };
    let top = |value: &str, rows| TopValue { value: value.to_owned(), rows, persons: 100 };
    let code = VariableProfile {
        top: vec![top("hdl", 30_000), top("ldl", 10_000)],
        ..profile("code", "code")
    };
    population.imports[0].manifest.variables = vec![age, date.clone()];
    laboratory.imports[0].manifest.variables = vec![date, value, code];
    laboratory.imports[0].manifest.rows_kept = 40_000;
    [population, laboratory]
}

fn made(terms: Terms, seed: u64) -> StandIn {
    let records = records();
    let day = Date::constant(2026, 1, 1);
    let valid = Period { from: Some(day), until: Some(day) };
    let permit = permit_with(1, Terms { valid, ..terms });
    let plan = linkage::plan(&permit, &records, &extract(1), Strictness::Strict).unwrap();
    let datasets = records.each_ref().map(Dataset::of);
    stand_in(&plan, &datasets, &SeededEntropy::new(seed))
}

fn both() -> Terms {
    Terms {
        sources: vec![
            table("population", &["age", "date", "seen"]),
            table("laboratory", &["date", "value", "code"]),
        ],
        ..Terms::default()
    }
}

fn values<'a>(table: &'a StandInTable, name: &str) -> &'a Values {
    &table.columns.iter().find(|(column, _)| column.name == name).unwrap().1
}

#[test]
fn its_tables_have_the_columns_shares_and_values_of_the_catalogue() {
    let made = made(both(), 1);
    let [population, laboratory] = made.tables.as_slice() else { panic!("two tables") };
    // One row of each of the population; eight values of half of them.
    assert_eq!(population.person, (1..=PEOPLE).collect::<Vec<_>>());
    let people: BTreeSet<i32> = laboratory.person.iter().copied().collect();
    assert!((400..600).contains(&people.len()), "{}", people.len());
    assert!(people.iter().all(|person| (1..=PEOPLE).contains(person)), "a join finds them");
    let each = laboratory.person.len() / people.len();
    assert!((6..11).contains(&each), "{each}");
    assert!(laboratory.person.is_sorted());
    let Values::Integers(ages) = values(population, "age") else { panic!("whole numbers") };
    let known: Vec<i64> = ages.iter().flatten().copied().collect();
    assert!((700..900).contains(&known.len()), "eight of ten are filled: {}", known.len());
    assert!(known.iter().all(|age| (1..=95).contains(age)));
    let older = known.iter().filter(|age| **age > 40).count();
    assert!((known.len() * 4 / 10..known.len() * 6 / 10).contains(&older), "{older}");
    let Values::Texts(codes) = values(laboratory, "code") else { panic!("codes") };
    let mut counted = BTreeMap::<&str, usize>::new();
    for code in codes.iter().flatten() {
        *counted.entry(code).or_default() += 1;
    }
    assert_eq!(counted.keys().copied().collect::<Vec<_>>(), ["hdl", "ldl"]);
    assert!(counted["hdl"] > counted["ldl"] * 2);
    let Values::Dates(days) = values(laboratory, "date") else { panic!("days") };
    assert!(days.iter().flatten().all(|day| [2003, 2015].contains(&day.year())));
    for own in laboratory.person.chunk_by(|a, b| a == b).scan(0, |from, own| {
        let days = &days[*from..*from + own.len()];
        *from += own.len();
        Some(days)
    }) {
        let known: Vec<_> = own.iter().flatten().collect();
        assert!(known.is_sorted(), "a person's rows are in the order of time: {own:?}");
    }
    let Values::Booleans(seen) = values(population, "seen") else { panic!("answers") };
    assert!(seen.iter().flatten().any(|seen| *seen) && seen.iter().flatten().any(|seen| !seen));
}

#[test]
fn its_rows_meet_what_the_permit_asks_of_the_extracts() {
    let condition = |column: &str, is, values: &[&str]| Condition {
        column: column.to_owned(),
        is,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let mut terms = both();
    // Nothing in the catalogue says that there are any such.
    terms.sources[1].rows = vec![
        condition("code", Comparison::OneOf, &["crp"]),
        condition("value", Comparison::AtLeast, &["100"]),
    ];
    terms.cohort = cohort("population", vec![condition("age", Comparison::AtLeast, &["67"])]);
    terms.period = Period { from: Some(Date::constant(2010, 5, 1)), until: None };
    let made = made(terms, 2);
    let Values::Integers(ages) = values(&made.tables[0], "age") else { panic!("whole numbers") };
    assert!(ages.iter().all(|age| age.is_some_and(|age| age >= 67)), "{ages:?}");
    let Values::Texts(codes) = values(&made.tables[1], "code") else { panic!("codes") };
    assert!(codes.iter().all(|code| code.as_deref() == Some("crp")));
    let Values::Decimals(numbers) = values(&made.tables[1], "value") else { panic!("numbers") };
    assert!(numbers.iter().all(|number| number.is_some_and(|n| n >= 100.0)));
    let Values::Dates(days) = values(&made.tables[1], "date") else { panic!("days") };
    assert!(days.iter().all(|day| day.is_some_and(|day| day >= Date::constant(2010, 5, 1))));
}

#[test]
fn it_is_the_same_for_the_same_seed_and_needs_no_figures() {
    assert_eq!(made(both(), 7), made(both(), 7));
    assert_ne!(made(both(), 7), made(both(), 8));
    let records = [record(contract("population"), 1), record(contract("laboratory"), 1)];
    let permit = permit_with(
        1,
        Terms { valid: Period { from: None, until: Some(Date::constant(2026, 1, 1)) }, ..both() },
    );
    let plan = linkage::plan(&permit, &records, &extract(1), Strictness::Strict).unwrap();
    let bare = stand_in(&plan, &records.each_ref().map(Dataset::of), &SeededEntropy::new(1));
    assert_eq!(bare.tables.len(), 2);
    assert_eq!(bare.tables[0].person.len(), usize::try_from(PEOPLE).unwrap());
}
