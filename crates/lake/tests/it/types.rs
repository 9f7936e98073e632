//! Every type of value comes back as it was, and so does its absence.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int32Array, Int64Array, StringArray,
};
use arrow::datatypes::{Field, Int32Type, Schema};
use arrow::record_batch::RecordBatch;
use source::{ContentBatch, ContentSink, Contract, IdentityMark, SubjectKey, content_schema};

use crate::support::{KeepAll, decimals, import, lake};

const CONTRACT: &str = r#"
version = 1
source = "everything"
title = "Everything"
holder = "hospital"
update = "once"
smallest-count = 5
[file]
format = "csv"
[[column]]
name = "id"
type = "text"
identifies = "national-id"
[[column]]
name = "text"
type = "text"
[[column]]
name = "code"
type = "code"
[[column]]
name = "integer"
type = "integer"
[[column]]
name = "decimal"
type = "decimal"
[[column]]
name = "date"
type = "date"
[[column]]
name = "boolean"
type = "boolean"
"#;

#[test]
fn all_value_types_come_back_with_their_nulls() {
    let contract = Contract::parse(CONTRACT).unwrap();
    let codes: DictionaryArray<Int32Type> = DictionaryArray::new(
        Int32Array::from(vec![Some(1), Some(0), None, Some(1)]),
        Arc::new(StringArray::from(vec!["E11", "I10"])),
    );
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![Some("æøå"), None, Some(""), Some("a\0b")])),
        Arc::new(codes),
        Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(0), Some(i64::MAX)])),
        decimals(vec![Some(f64::MIN_POSITIVE), None, Some(-0.0), Some(f64::MAX)]),
        Arc::new(Date32Array::from(vec![Some(-36_524), None, Some(0), Some(20_000)])),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)])),
    ];
    let schema = content_schema(&contract);
    let as_given: Vec<Field> = schema
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true))
        .collect();
    let content = RecordBatch::try_new(Arc::new(Schema::new(as_given)), columns.clone()).unwrap();

    // In memory, and through the disk.
    for (memory, name) in [(1 << 20, "a"), (0, "b")] {
        let folder = tempfile::tempdir().unwrap();
        let lake = lake(folder.path()).with_sort_memory(memory);
        let lock = lake.lock(&contract.source).unwrap();
        let mut intake = lake.intake(&lock, &import(name), &contract).unwrap();
        // Two deliveries of the same rows: the second sorts after the first.
        for from in [0, 4] {
            intake
                .put(ContentBatch {
                    subjects: (0..4).map(|at| SubjectKey([at; 16])).collect(),
                    rows: (from..from + 4).collect(),
                    marks: vec![IdentityMark { birth_date: 1, name: 2 }; 4],
                    content: content.clone(),
                })
                .unwrap();
        }
        let staged = intake.finish(&mut KeepAll).unwrap();
        assert_eq!(staged.rows(), 8);
        let version = lake.commit(&lock, staged, None).unwrap();
        let snapshot = lake.snapshot(&contract.source, version).unwrap();
        assert_eq!(snapshot.schema().fields()[1..], schema.fields()[..]);
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let batch = snapshot.scan(&names).unwrap().next().unwrap().unwrap();
        let twice = arrow::array::UInt32Array::from(vec![0, 0, 1, 1, 2, 2, 3, 3]);
        for (at, given) in columns.iter().enumerate() {
            let plain = arrow::compute::cast(given, schema.field(at).data_type()).unwrap();
            let expected = arrow::compute::take(&plain, &twice, None).unwrap();
            assert_eq!(batch.column(at + 1), &expected, "{}", names[at]);
        }
    }
}
