//! The same rules for Parquet.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, StringArray, TimestampMillisecondArray,
};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;

use crate::support::{Desk, LABORATORY, id};

fn desk() -> Desk {
    Desk::new(&LABORATORY.replace("format = \"csv\"\nmissing = [\"NA\"]", "format = \"parquet\""))
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn ids(count: usize) -> ArrayRef {
    Arc::new((0..count).map(|n| Some(id(n))).collect::<StringArray>())
}

fn tests() -> ArrayRef {
    Arc::new(StringArray::from(vec!["hdl", "alt", "ldl"]))
}

fn good() -> Vec<u8> {
    parquet(vec![
        ("date", Arc::new(Date32Array::from(vec![Some(18_000), Some(18_001), None]))),
        ("id", ids(3)),
        ("test", tests()),
        ("value", Arc::new(Float64Array::from(vec![Some(1.25), None, Some(f64::NAN)]))),
        ("comment", Arc::new(StringArray::from(vec![None, Some("x"), Some("=x")]))),
    ])
}

#[test]
fn rows_are_checked_by_the_same_rules_and_columns_found_by_name() {
    let desk = desk();
    let file = desk.file("lab.parquet", good());
    let taken = desk.import(&[file]).unwrap();
    taken.adds_up();
    assert_eq!(
        taken.aside(),
        [
            (2, Some("test"), "not-allowed"),
            (3, Some("comment"), "formula"),
            (3, Some("date"), "missing"),
            (3, Some("value"), "decimal"),
        ]
    );
    let whole: serde_json::Value = serde_json::from_str(&taken.quarantine[0].bytes).unwrap();
    assert_eq!(whole["date"], "2019-04-15");
    assert_eq!(whole["value"], serde_json::Value::Null);
}

#[test]
fn an_instant_at_midnight_is_a_day_and_another_is_not() {
    let desk = desk();
    let day = 18_000 * 86_400_000;
    let file = desk.file(
        "lab.parquet",
        parquet(vec![
            ("id", ids(3)),
            ("date", Arc::new(TimestampMillisecondArray::from(vec![day, day + 1, day]))),
            ("test", Arc::new(StringArray::from(vec!["hdl"; 3]))),
            ("value", Arc::new(Int32Array::from(vec![1, 2, 3]))),
            ("comment", Arc::new(StringArray::from(vec!["a"; 3]))),
        ]),
    );
    let taken = desk.import(&[file]).unwrap();
    assert_eq!(taken.aside(), [(2, Some("date"), "date")]);
}

#[test]
fn contradictions_are_found_and_shown_whole() {
    let desk = desk();
    let who = || -> ArrayRef { Arc::new(StringArray::from(vec![id(1), id(1), id(2)])) };
    let file = desk.file(
        "lab.parquet",
        parquet(vec![
            ("id", who()),
            ("date", Arc::new(Date32Array::from(vec![18_000; 3]))),
            ("test", Arc::new(StringArray::from(vec!["hdl"; 3]))),
            ("value", Arc::new(Int32Array::from(vec![1, 2, 3]))),
            ("comment", Arc::new(StringArray::from(vec!["a"; 3]))),
        ]),
    );
    let taken = desk.import(&[file]).unwrap();
    taken.adds_up();
    assert_eq!(taken.aside(), [(1, None, "duplicate-key"), (2, None, "duplicate-key")]);
    assert!(taken.quarantine[0].bytes.contains(&id(1)));
}

#[test]
fn a_type_that_holds_no_such_values_is_refused() {
    let desk = desk();
    let told = desk.refusal(
        "lab.parquet",
        parquet(vec![
            ("id", Arc::new(Int32Array::from(vec![1]))),
            ("date", Arc::new(Date32Array::from(vec![18_000]))),
            ("test", Arc::new(StringArray::from(vec!["hdl"]))),
            ("value", Arc::new(Int32Array::from(vec![1]))),
            ("comment", Arc::new(StringArray::from(vec!["a"]))),
        ]),
    );
    assert!(told.contains("column `id` of the Parquet type Int32"), "{told}");
    let told = desk.refusal("lab.parquet", parquet(vec![("id", ids(2))]));
    assert!(told.contains("missing `date`, `test`, `value`, `comment`"), "{told}");
}

#[test]
fn what_is_no_parquet_is_refused() {
    let desk = desk();
    assert!(desk.refusal("lab.parquet", "id,date\n").contains("cannot be read as Parquet"));
    let whole = good();
    assert!(
        desk.refusal("lab.parquet", &whole[..whole.len() - 9])
            .contains("cannot be read as Parquet")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn spoilt_parquet_never_panics(spoil in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = good();
        for (at, byte) in spoil {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let desk = desk();
        let file = desk.file("lab.parquet", bytes);
        if let Ok(taken) = desk.import(&[file]) {
            taken.adds_up();
        }
    }
}
