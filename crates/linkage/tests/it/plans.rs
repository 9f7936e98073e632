//! What an extract will hold, and why there is no plan.

use linkage::{PlanError, Test};
use model::{Date, ValueType};
use permit::{Cohort, Comparison, Condition, LinkageTerms, LinkageWay, Period, Strictness, Terms};

use crate::support::{cohort, contract, extract, permit, permit_with, record, source, table};

fn condition(column: &str, is: Comparison, values: &[&str]) -> Condition {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Condition { column: column.to_owned(), is, values }
}

fn refusal(permit: &permit::ActivePermit) -> PlanError {
    let records = [record(contract("population"), 1), record(contract("laboratory"), 1)];
    let error = linkage::plan(permit, &records, &extract(1), Strictness::Strict).unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
    error
}

#[test]
fn a_plan_holds_what_the_permit_names_and_nothing_else() {
    let records = [record(contract("population"), 1), record(contract("laboratory"), 1)];
    let mut laboratory = table("laboratory", &["value", "code"]);
    laboratory.rows = vec![condition("code", Comparison::OneOf, &["hdl", "ldl"])];
    let adults = vec![condition("age", Comparison::AtLeast, &["18"])];
    let day = Date::constant(2026, 1, 1);
    let period = Period { from: Some(Date::constant(2010, 1, 1)), until: None };
    let permit = permit_with(
        1,
        Terms {
            sources: vec![laboratory],
            cohort: cohort("population", adults),
            period,
            valid: Period { from: Some(day), until: Some(day) },
            ..Terms::default()
        },
    );
    let plan = linkage::plan(&permit, &records, &extract(1), Strictness::Strict).unwrap();
    assert_eq!(plan.sources.len(), 1);
    let table = &plan.sources[0];
    // In the order of the source, whatever the order in the permit.
    let columns: Vec<_> =
        table.columns.iter().map(|column| (column.name.as_str(), column.value_type)).collect();
    assert_eq!(columns, [("value", ValueType::Decimal), ("code", ValueType::Code)]);
    assert_eq!(table.conditions[0].test, Test::Texts(vec!["hdl".into(), "ldl".into()]));
    assert_eq!(table.period, Some(("date".to_owned(), period)));
    let cohort = plan.cohort.unwrap();
    assert_eq!(cohort.source, source("population"));
    assert_eq!(cohort.conditions[0].test, Test::IntegerRange(18, i64::MAX));
}

#[test]
fn a_column_that_names_people_is_in_no_plan() {
    for columns in [&["id"][..], &["value", "id"]] {
        let error = refusal(&permit(1, vec![table("population", columns)], Cohort::default()));
        assert!(matches!(&error, PlanError::UnknownColumn { column, .. } if column == "id"));
    }
    let by_id = vec![condition("id", Comparison::OneOf, &["12345678901"])];
    let tables = vec![table("population", &["age"])];
    let error = refusal(&permit(1, tables, cohort("population", by_id)));
    assert!(matches!(error, PlanError::UnknownColumn { .. }), "{error}");
}

#[test]
fn what_the_centre_does_not_have_is_named() {
    let error = refusal(&permit(1, vec![table("cancer", &["age"])], Cohort::default()));
    assert_eq!(error, PlanError::UnknownSource(source("cancer")));
    let error = refusal(&permit(1, vec![table("population", &["agee"])], Cohort::default()));
    assert_eq!(
        error.to_string(),
        "the permit speaks of column `agee` of source `population`, which its data do not have"
    );
    let tables = vec![table("population", &["age"])];
    let error = refusal(&permit(1, tables, cohort("cancer", Vec::new())));
    assert_eq!(error, PlanError::UnknownSource(source("cancer")));
}

#[test]
fn a_source_without_data_has_no_plan() {
    let mut empty = record(contract("population"), 0);
    empty.imports.clear();
    let permit = permit(1, vec![table("population", &["age"])], Cohort::default());
    let error = linkage::plan(&permit, &[empty], &extract(1), Strictness::Strict).unwrap_err();
    assert_eq!(error, PlanError::Empty(source("population")));
}

#[test]
fn a_condition_that_does_not_fit_says_source_column_and_what_would_fit() {
    let old = vec![condition("age", Comparison::AtLeast, &["old"])];
    let tables = vec![table("population", &["age"])];
    let error = refusal(&permit(1, tables, cohort("population", old)));
    assert_eq!(
        error.to_string(),
        "`old` does not fit column `age` of source `population`: give one whole number, such as `18`"
    );
}

#[test]
fn one_table_per_source_and_one_column_called_person() {
    let twice = vec![table("population", &["age"]), table("population", &["value"])];
    assert_eq!(
        refusal(&permit(1, twice, Cohort::default())),
        PlanError::Twice(source("population"))
    );
    let mut taken = contract("population");
    taken.columns.iter_mut().find(|column| column.name == "age").unwrap().name = "person".into();
    let asked = permit(1, vec![table("population", &["person"])], Cohort::default());
    let error =
        linkage::plan(&asked, &[record(taken, 1)], &extract(1), Strictness::Strict).unwrap_err();
    assert_eq!(error, PlanError::TakenName(source("population")));
}

#[test]
fn columns_are_those_of_the_snapshot_not_of_a_later_contract() {
    let mut later = record(contract("population"), 1);
    later.contract.columns.retain(|column| column.name != "age");
    let asked = permit(1, vec![table("population", &["age"])], Cohort::default());
    let plan = linkage::plan(&asked, &[later], &extract(1), Strictness::Strict).unwrap();
    assert_eq!(plan.sources[0].columns[0].name, "age");
}

#[test]
fn the_generous_extract_has_the_lower_threshold_and_a_permit_of_one_has_none() {
    let records = [record(contract("population"), 1)];
    let asked = |linkage| {
        let sources = vec![table("population", &["age"])];
        let day = Some(Date::constant(2026, 1, 1));
        let valid = Period { from: day, until: day };
        permit_with(1, Terms { sources, linkage, valid, ..Terms::default() })
    };
    let two =
        LinkageTerms { how: LinkageWay::Likely, generous: Some(0.6), ..LinkageTerms::default() };
    for (which, threshold) in [(Strictness::Strict, 0.95), (Strictness::Generous, 0.6)] {
        let plan = linkage::plan(&asked(two), &records, &extract(1), which).unwrap();
        assert_eq!((plan.strictness, plan.linkage.unwrap().threshold), (which, threshold));
    }
    let exact = LinkageTerms { how: LinkageWay::Exact, ..two };
    for one in [LinkageTerms::default(), exact] {
        let permit = asked(one);
        let refused = linkage::plan(&permit, &records, &extract(1), Strictness::Generous);
        assert_eq!(refused.unwrap_err(), PlanError::OneAlone(permit.id().clone()));
    }
}
