//! The log is what the Delta protocol says (delta-io/delta, PROTOCOL.md), so
//! that other tools read the table.

use serde_json::{Value, json};

use crate::support::{lake, some_rows, take_in};

fn log(folder: &std::path::Path, version: u64) -> Vec<Value> {
    let path = folder.join(format!("laboratory/_delta_log/{version:020}.json"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn only<'a>(log: &'a [Value], action: &str) -> &'a Value {
    let found: Vec<&Value> = log.iter().filter_map(|line| line.get(action)).collect();
    assert_eq!(found.len(), 1, "`{action}` in {log:?}");
    found[0]
}

#[test]
fn the_first_version_says_protocol_schema_and_files() {
    let folder = tempfile::tempdir().unwrap();
    take_in(&lake(folder.path()), "a", &some_rows(5, 4, 1), None).unwrap();
    let log = log(folder.path(), 0);
    assert_eq!(only(&log, "protocol"), &json!({ "minReaderVersion": 1, "minWriterVersion": 2 }));

    let metadata = only(&log, "metaData");
    assert_eq!(metadata["format"], json!({ "provider": "parquet", "options": {} }));
    assert_eq!(metadata["partitionColumns"], json!([]));
    let id = metadata["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "4"), "`{id}` is no version 4 UUID");
    let schema: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    let field = |name: &str, kind: &str, nullable: bool| json!({ "name": name, "type": kind, "nullable": nullable, "metadata": {} });
    assert_eq!(
        schema,
        json!({ "type": "struct", "fields": [
            field("subject", "binary", false),
            field("date", "date", true),
            field("test", "string", true),
            field("serial", "long", true),
        ] })
    );

    let add = only(&log, "add");
    let path = folder.path().join("laboratory").join(add["path"].as_str().unwrap());
    assert_eq!(add["size"], json!(path.metadata().unwrap().len()));
    assert_eq!(add["dataChange"], json!(true));
    assert_eq!(add["partitionValues"], json!({}));
    assert_eq!(add["modificationTime"], json!(1_772_366_400_000_u64));
    let stats: Value = serde_json::from_str(add["stats"].as_str().unwrap()).unwrap();
    // INVARIANT: no subject's key in the log.
    assert_eq!(stats, json!({ "numRecords": 20 }));

    let info = only(&log, "commitInfo");
    assert_eq!(info["import"], json!("import-a"));
    assert_eq!(info["timestamp"], json!(1_772_366_400_000_u64));
}

#[test]
fn a_later_version_removes_the_files_before_and_keeps_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    take_in(&lake, "a", &some_rows(5, 4, 1), None).unwrap();
    take_in(&lake, "b", &some_rows(5, 4, 2), Some(0)).unwrap();
    let (first, second) = (log(folder.path(), 0), log(folder.path(), 1));
    assert_eq!(only(&second, "remove")["path"], only(&first, "add")["path"]);
    assert_eq!(only(&second, "remove")["dataChange"], json!(true));
    assert_ne!(only(&second, "add")["path"], only(&first, "add")["path"]);
    assert!(!second.iter().any(|line| line.get("metaData").is_some()), "{second:?}");
    assert!(!second.iter().any(|line| line.get("protocol").is_some()), "{second:?}");
}

#[test]
fn no_subject_shows_in_a_parquet_footer() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let folder = tempfile::tempdir().unwrap();
    take_in(&lake(folder.path()), "a", &some_rows(5, 4, 1), None).unwrap();
    let add = log(folder.path(), 0);
    let path = folder.path().join("laboratory").join(only(&add, "add")["path"].as_str().unwrap());
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let columns = reader.metadata().row_group(0).columns();
    assert!(columns[0].statistics().is_none(), "the subject has statistics");
    assert!(columns[1].statistics().is_some(), "the date has none: the test tests nothing");
}
