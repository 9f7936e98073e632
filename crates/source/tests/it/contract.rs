//! A contract that does not hold together is refused, with the place.

use source::{Contract, ContractError};

const LABORATORY: &str = r#"version = 1
source = "laboratory"
title = "Laboratory"
holder = "hospital"
update = "weekly"
smallest-count = 5
time = "date"
key = ["id", "date", "test"]

[file]
format = "csv"
delimiter = ";"

[[column]]
name = "id"
type = "text"
identifies = "national-id"

[[column]]
name = "born"
type = "date"
identifies = "birth-date"

[[column]]
name = "date"
type = "date"
required = true

[[column]]
name = "test"
type = "code"
allowed = { hdl = "HDL cholesterol", ldl = "LDL cholesterol" }

[[column]]
name = "value"
type = "decimal"
unit = "mmol/L"
min = 0
max = 1000

[[derived]]
name = "age"
years-between = { from = "born", to = "date" }
"#;

fn refused(from: &str, to: &str) -> ContractError {
    assert_eq!(LABORATORY.matches(from).count(), 1, "`{from}` must stand in the contract once");
    match Contract::parse(&LABORATORY.replacen(from, to, 1)) {
        Ok(_) => panic!("`{to}` was taken for `{from}`"),
        Err(error) => error,
    }
}

#[track_caller]
fn refuses(from: &str, to: &str, line: usize, field: &str, why: &str) {
    let error = refused(from, to);
    assert_eq!((error.line, error.field.as_str()), (line, field), "{error}");
    assert!(error.why.contains(why), "{error}");
}

#[test]
fn the_example_holds_together_and_survives_json() {
    let contract = Contract::parse(LABORATORY).unwrap();
    let json = serde_json::to_string(&contract).unwrap();
    let back: Contract = serde_json::from_str(&json).unwrap();
    assert_eq!(back, contract);
    assert_eq!(back.fingerprint(), contract.fingerprint());
    let names: Vec<&str> = contract.content_columns().map(|column| column.name).collect();
    assert_eq!(names, ["date", "test", "value", "age"]);
}

#[test]
fn the_fingerprint_is_of_what_is_said_not_of_how() {
    let contract = Contract::parse(LABORATORY).unwrap();
    let commented = format!("# the same\n{LABORATORY}");
    assert_eq!(Contract::parse(&commented).unwrap().fingerprint(), contract.fingerprint());
    let other = LABORATORY.replace("max = 1000", "max = 1001");
    assert_ne!(Contract::parse(&other).unwrap().fingerprint(), contract.fingerprint());
}

#[test]
fn a_text_that_is_no_toml_is_refused_with_its_place() {
    let error = refused("update = \"weekly\"", "update = weekly");
    assert_eq!((error.line, error.column), (5, 10), "{error}");
}

#[test]
fn unknown_keys_are_refused_wherever_they_stand() {
    for (from, to, line) in [
        ("smallest-count = 5", "smallest-count = 5\nsmalest = 1", 7),
        ("required = true", "required = true\nrequires = true", 28),
        ("delimiter = \";\"", "delimiter = \";\"\nquote = \"'\"", 10),
        ("years-between = {", "rounding = 1\nyears-between = {", 43),
    ] {
        let error = refused(from, to);
        assert_eq!(error.line, line, "{error}");
    }
}

#[test]
fn values_outside_what_the_type_says_are_refused() {
    for (from, to) in [
        ("update = \"weekly\"", "update = \"sometimes\""),
        ("identifies = \"national-id\"", "identifies = \"passport\""),
        ("source = \"laboratory\"", "source = \"../laboratory\""),
        ("format = \"csv\"", "format = \"xlsx\""),
        ("years-between = {", "months-between = {"),
    ] {
        let error = refused(from, to);
        assert!(!error.why.is_empty(), "{error}");
    }
}

#[test]
fn each_rule_names_line_field_and_remedy() {
    refuses("version = 1", "version = 2", 1, "version", "version 1, not 2");
    refuses("title = \"Laboratory\"", "title = \" \"", 3, "title", "what the source is called");
    refuses("smallest-count = 5", "smallest-count = 0", 6, "smallest-count", "at least 1");
    refuses("delimiter = \";\"", "delimiter = '\"'", 12, "file.delimiter", "cannot separate");
    refuses("delimiter = \";\"", "delimiter = \"æ\"", 12, "file.delimiter", "cannot separate");
    refuses("delimiter = \";\"", "delimiter = \"1\"", 12, "file.delimiter", "cannot separate");
    refuses("name = \"value\"", "name = \"my value\"", 35, "column[5].name", "is no column name");
    refuses("name = \"value\"", "name = \"Test\"", 35, "column[5].name", "already, as `test`");
    refuses("name = \"value\"", "name = \"person\"", 35, "column[5].name", "kept for the person");
    refuses("name = \"age\"", "name = \"value\"", 42, "derived[1].name", "already, as `value`");
    refuses("max = 1000", "max = -1", 39, "column[5].max", "smaller than `min`");
    refuses("max = 1000", "max = inf", 39, "column[5].max", "finite");
    refuses("type = \"decimal\"", "type = \"text\"", 37, "column[5].unit", "only numbers");
    refuses("time = \"date\"", "time = \"dato\"", 7, "time", "did you mean `date`?");
    refuses("time = \"date\"", "time = \"test\"", 7, "time", "is no date");
    refuses("time = \"date\"", "time = \"born\"", 7, "time", "goes to the vault");
    refuses("\"test\"]", "\"tset\"]", 8, "key[3]", "did you mean `test`?");
    refuses("\"test\"]", "\"date\"]", 8, "key[3]", "in the key already");
    refuses("\"test\"]", "\"born\"]", 8, "key[3]", "goes to the vault");
    refuses("[\"id\", \"date\", \"test\"]", "[\"date\"]", 8, "key", "national identity number");
    refuses(
        "from = \"born\"",
        "from = \"test\"",
        43,
        "derived[1].years-between.from",
        "is no date",
    );
    refuses("to = \"date\" }", "to = \"born\" }", 43, "derived[1].years-between", "same column");
    refuses("hdl = \"HDL cholesterol\"", "hdl = 1", 32, "", "");
}

#[test]
fn there_is_exactly_one_national_id() {
    refuses("identifies = \"national-id\"", "", 14, "column", "identifies = \"national-id\"");
    refuses(
        "identifies = \"birth-date\"",
        "identifies = \"national-id\"",
        21,
        "column[2].type",
        "must be `text`",
    );
    refuses(
        "type = \"date\"\nidentifies = \"birth-date\"",
        "type = \"text\"\nidentifies = \"national-id\"",
        22,
        "column[2].identifies",
        "column 1 is the `national-id` already",
    );
}

#[test]
fn a_column_that_names_people_cannot_reach_the_lake() {
    refuses(
        "min = 0",
        "sensitivity = \"direct\"\nmin = 0",
        38,
        "column[5].sensitivity",
        "goes to the vault",
    );
    refuses(
        "name = \"age\"",
        "name = \"age\"\nsensitivity = \"direct\"",
        43,
        "derived[1].sensitivity",
        "cannot name people",
    );
}

#[test]
fn the_contracts_of_the_demo_hold_together() {
    for name in ["population", "laboratory", "diagnoses"] {
        let path = format!("{}/../../demo/contracts/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let contract = Contract::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(contract.source.as_str(), name);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-z\\[\\]=\"{}, \n.0-9-]{0,200}") {
        let _ = Contract::parse(&text);
    }

    #[test]
    fn a_spoilt_contract_is_read_or_refused_with_a_place_inside(at in 0..LABORATORY.len(), byte in 0x20_u8..0x7f) {
        let mut bytes = LABORATORY.as_bytes().to_vec();
        bytes[at] = byte;
        let text = String::from_utf8(bytes).unwrap();
        if let Err(error) = Contract::parse(&text) {
            proptest::prop_assert!(error.line <= text.lines().count() + 1);
            proptest::prop_assert!(error.span.end <= text.len());
        }
    }
}
