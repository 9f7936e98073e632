//! The catalogue's figures say what the rows say, and nothing of few people.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use source::{ValueRange, VariableProfile};

use crate::support::{Desk, LABORATORY, id, laboratory_rows};

fn desk() -> Desk {
    Desk::new(
        &LABORATORY.replace("key = [\"id\", \"date\", \"test\"]", "key = []").replace(
            "[column.allowed]\nhdl = \"HDL cholesterol\"\nldl = \"LDL cholesterol\"\n",
            "",
        ),
    )
}

fn variable<'a>(variables: &'a [VariableProfile], name: &str) -> &'a VariableProfile {
    variables.iter().find(|variable| variable.name == name).unwrap()
}

#[test]
fn figures_are_those_of_the_rows() {
    let rows: Vec<String> = (0..1000)
        .map(|n| {
            let test = if n % 4 == 0 { "ldl" } else { "hdl" };
            let value = if n % 5 == 0 { String::new() } else { (n % 100).to_string() };
            format!("{},20{:02}-01-02,{test},{value},", id(n % 500), n % 20)
        })
        .collect();
    let report = desk().import_bytes(laboratory_rows(&rows)).unwrap().report;
    assert_eq!(report.persons, 500);
    let test = variable(&report.variables, "test");
    assert_eq!(test.filled, Some(1.0));
    assert_eq!(test.persons, Some(500));
    let top: Vec<_> = test.top.iter().map(|t| (t.value.as_str(), t.rows, t.persons)).collect();
    assert_eq!(top, [("hdl", 750, 375), ("ldl", 250, 125)]);
    let value = variable(&report.variables, "value");
    assert_eq!(value.filled, Some(0.8));
    // Each value is that of the persons n % 100, five of them: person 1, 101, 201, …
    assert_eq!(value.range, Some(ValueRange::Numbers { low: 1.0, high: 99.0 }));
    let median = value.quantiles.iter().find(|q| (q.share - 0.5).abs() < 1e-9).unwrap();
    assert!((median.value - 50.0).abs() <= 1.0, "{median:?}");
    let date = variable(&report.variables, "date");
    assert_eq!(date.years.len(), 20);
    assert!(date.years.iter().all(|year| year.rows == 50 && year.persons == 25));
    assert_eq!(variable(&report.variables, "comment").filled, None);
}

#[test]
fn a_single_small_value_takes_its_neighbour_with_it() {
    let row = |n: usize, test: &str| format!("{},2020-01-02,{test},1,", id(n));
    let rows: Vec<String> = (0..40)
        .map(|n| row(n, "hdl"))
        .chain((40..60).map(|n| row(n, "ldl")))
        .chain((60..62).map(|n| row(n, "rare")))
        .collect();
    let report = desk().import_bytes(laboratory_rows(&rows)).unwrap().report;
    let top: Vec<_> =
        variable(&report.variables, "test").top.iter().map(|t| t.value.clone()).collect();
    // `rare` rests on two people; if both others were told it could be worked out.
    assert_eq!(top, ["hdl"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_figure_rests_on_fewer_people_than_the_contract_says(
        rows in prop::collection::vec((0..30_usize, 0..6_u32, 0..8_u32, 0..40_i32), 1..150)
    ) {
        const K: usize = 5;
        let lines: Vec<String> = rows
            .iter()
            .map(|(person, year, test, value)| {
                let value = if *value > 30 { String::new() } else { value.to_string() };
                format!("{},201{year}-01-02,t{test},{value},", id(*person))
            })
            .collect();
        let report = desk().import_bytes(laboratory_rows(&lines)).unwrap().report;

        let mut by_test: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let mut by_year: BTreeMap<i16, BTreeSet<usize>> = BTreeMap::new();
        for (person, year, test, _) in &rows {
            by_test.entry(format!("t{test}")).or_default().insert(*person);
            by_year.entry(2010 + i16::try_from(*year).unwrap()).or_default().insert(*person);
        }
        for top in &variable(&report.variables, "test").top {
            prop_assert!(by_test[&top.value].len() >= K);
            prop_assert_eq!(top.rows % 5, 0);
        }
        // Nor does what was left out, which is the difference to the whole.
        let told: BTreeSet<&String> =
            variable(&report.variables, "test").top.iter().map(|top| &top.value).collect();
        let left_out: BTreeSet<usize> = by_test
            .iter()
            .filter(|(test, _)| !told.contains(test))
            .flat_map(|(_, people)| people.iter().copied())
            .collect();
        prop_assert!(told.is_empty() || left_out.is_empty() || left_out.len() >= K);
        for year in &variable(&report.variables, "date").years {
            prop_assert!(by_year[&year.year].len() >= K);
        }
        let value = variable(&report.variables, "value");
        let having = |test: &dyn Fn(f64) -> bool| {
            rows.iter()
                .filter(|(_, _, _, value)| *value <= 30 && test(f64::from(*value)))
                .map(|(person, ..)| *person)
                .collect::<BTreeSet<_>>()
                .len()
        };
        if let Some(ValueRange::Numbers { low, high }) = value.range {
            prop_assert!(having(&|v| v <= low) >= K);
            prop_assert!(having(&|v| v >= high) >= K);
        }
        let with = having(&|_| true);
        prop_assert_eq!(value.persons.is_some(), with >= K);
        let without = rows.iter().filter(|r| r.3 > 30).map(|r| r.0).collect::<BTreeSet<_>>().len();
        if let Some(share) = value.filled {
            prop_assert!((share - 1.0).abs() < 1e-9 || without >= K);
        }
        for quantile in &value.quantiles {
            let share = quantile.share.min(1.0 - quantile.share);
            prop_assert!(share * f64::from(u32::try_from(with).unwrap()) >= 5.0);
        }
    }
}
