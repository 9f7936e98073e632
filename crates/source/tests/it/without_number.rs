//! Rows whose national identity number is missing or wrong, where the contract lets
//! them in.

use source::{Clue, Contract, Pseudonymiser as _, Reason, WithoutNumber};

use crate::support::{Desk, TestKeys, id, key_of};

const CLINIC: &str = r#"
version = 1
source = "clinic"
title = "Clinic"
holder = "hospital"
update = "weekly"
smallest-count = 5
without-national-id = "kept"

[file]
format = "csv"

[[column]]
name = "patient"
type = "text"
identifies = "local-id"

[[column]]
name = "id"
type = "text"
identifies = "national-id"

[[column]]
name = "given"
type = "text"
identifies = "given-name"

[[column]]
name = "surname"
type = "text"
identifies = "surname"

[[column]]
name = "sex"
type = "code"
evidence = "sex"

[[column]]
name = "postcode"
type = "integer"
evidence = "postcode"
"#;

fn rows(rows: &[String]) -> String {
    format!("patient,id,given,surname,sex,postcode\n{}\n", rows.join("\n"))
}

#[test]
fn a_row_without_a_number_that_holds_is_kept_under_the_registers_own() {
    let taken = Desk::new(CLINIC)
        .import_bytes(rows(&[
            format!("p-1,{},Kari,Prøve,F,0150", id(1)),
            "p-2,,Ola,Prøve,M,5003".to_owned(),
            "p-3,12345678901,Liv,Test,F,".to_owned(),
            "p-2,unknown,Ola,Prøve,M,5003".to_owned(),
        ]))
        .unwrap();
    taken.adds_up();
    assert_eq!((taken.report.rows_kept, taken.report.persons), (4, 3));
    let numbered = &taken.identities[&key_of(1)];
    assert!(numbered.national_id.is_some());
    assert_eq!(numbered.clues.reveal(Clue::LocalId), Some("p-1"));
    assert_eq!(numbered.clues.reveal(Clue::Postcode), Some("0150"), "as it was written");
    let without = &taken.identities[&TestKeys.local("p-2")];
    assert!(without.national_id.is_none());
    assert_eq!(without.clues.reveal(Clue::StatedNumber), None, "it was empty at first");
    assert_eq!(without.clues.reveal(Clue::GivenName), Some("Ola"));
    let wrong = &taken.identities[&TestKeys.local("p-3")];
    assert_eq!(wrong.clues.reveal(Clue::StatedNumber), Some("12345678901"));
    // The names went to the vault, sex and postcode to the lake as well.
    let content = taken.content.content.unwrap();
    let names: Vec<String> = content.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["sex", "postcode"]);
}

#[test]
fn a_row_without_either_number_is_kept_aside_and_so_are_other_faults() {
    let mut all: Vec<String> = (0..40).map(|n| format!("p-{n},{},Kari,Prøve,F,1", id(n))).collect();
    all.push(",,Ola,Prøve,M,5003".to_owned());
    all.push("p-98,,Ola,Prøve,M,north".to_owned());
    let taken = Desk::new(CLINIC).import_bytes(rows(&all)).unwrap();
    taken.adds_up();
    assert_eq!(taken.report.rows_quarantined, 2);
    assert_eq!(taken.report.reasons.get(&Reason::Missing), Some(&1));
    assert_eq!(taken.report.reasons.get(&Reason::Integer), Some(&1));
}

#[test]
fn a_contract_that_does_not_say_so_keeps_them_aside_and_has_the_print_it_had() {
    let silent = CLINIC.replace("without-national-id = \"kept\"\n", "");
    let contract = Contract::parse(&silent).unwrap();
    assert_eq!(contract.without_national_id, WithoutNumber::Aside);
    let text = serde_json::to_string(&contract).unwrap();
    assert!(!text.contains("without-national-id"), "{text}");
    let mut all: Vec<String> = (0..40).map(|n| format!("p-{n},{},Kari,Prøve,F,1", id(n))).collect();
    all.push("p-99,,Ola,Prøve,M,5003".to_owned());
    let taken = Desk::new(&silent).import_bytes(rows(&all)).unwrap();
    assert_eq!(taken.report.rows_quarantined, 1);
}

#[test]
fn what_does_not_hold_together_is_refused_in_its_place() {
    let refuses = |from: &str, to: &str, field: &str, why: &str| {
        let refused = Contract::parse(&CLINIC.replacen(from, to, 1)).unwrap_err();
        assert_eq!(refused.field, field, "{refused}");
        assert!(refused.why.contains(why), "{refused}");
    };
    refuses("identifies = \"local-id\"", "", "without-national-id", "register's own number");
    refuses(
        "identifies = \"national-id\"",
        "identifies = \"national-id\"\nrequired = true",
        "column[2].required",
        "cannot be required",
    );
    refuses(
        "identifies = \"surname\"",
        "identifies = \"name\"",
        "column[3].identifies",
        "there is a `name` already",
    );
    refuses("evidence = \"postcode\"", "evidence = \"sex\"", "column[6].evidence", "only one");
    refuses(
        "identifies = \"surname\"",
        "identifies = \"surname\"\nevidence = \"sex\"",
        "column[4].evidence",
        "goes to the vault already",
    );
    refuses("type = \"integer\"", "type = \"date\"", "column[6].type", "must be `text`");
}

#[test]
fn a_source_whose_whole_key_is_the_number_holds_a_person_once() {
    let contract = |key: &str| {
        Contract::parse(&CLINIC.replacen(
            "smallest-count = 5",
            &format!("smallest-count = 5\n{key}"),
            1,
        ))
        .unwrap()
        .holds_a_person_once()
    };
    assert!(contract("key = [\"id\"]"));
    assert!(!contract("key = [\"id\", \"postcode\"]"));
    assert!(!contract(""));
}
