//! Reversal through the whole program: the numbers of a real extract lead to the people
//! they are of, once, for the register's holder, until the key is gone.

use std::fs;

use serde_json::Value;

use crate::cascade::exported;
use crate::people;
use crate::place::Place;
use crate::web::with_permit;

/// Who has which number, by the value that everybody has once.
fn number_of(place: &Place, extract: &Value, value: &str) -> String {
    let folder = place.data().join("extracts").join(extract["id"].as_str().unwrap());
    let mut rows = csv::Reader::from_path(folder.join("laboratory.csv")).unwrap();
    let head = rows.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|column| column == name).unwrap();
    let (person, of) = (at("person"), at("value"));
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let wanted: f64 = value.parse().unwrap();
    let is =
        |row: &&csv::StringRecord| row[of].parse::<f64>().is_ok_and(|v| (v - wanted).abs() < 1e-9);
    rows.iter().find(is).unwrap()[person].to_owned()
}

fn state(place: &Place, who: &str, words: &[&str]) -> String {
    let said = place.json(&[&["--as", who, "reversal"], words].concat());
    said["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_finding_reaches_the_holder_and_nobody_else_and_no_file() {
    let (place, permit) = with_permit(60);
    let extract = place.json(&["--as", "researcher", "extract", "build", &permit]);
    let (one, other) = (number_of(&place, &extract, "42"), number_of(&place, &extract, "7"));
    let ask = |why: &str| {
        let asked = place.json(&[
            "--as",
            "researcher",
            "reversal",
            "ask",
            &permit,
            "--source",
            "laboratory",
            "--person",
            &one,
            "--person",
            &other,
            "--finding",
            why,
        ]);
        asked["id"].as_str().unwrap().to_owned()
    };
    let id = ask("calls for a doctor");
    let alone = place.says(&["--as", "holder", "reversal", "do", &id]);
    assert!(alone.refusal(1).contains("58(3)"), "{alone:?}");
    let own = place.says(&["--as", "researcher", "reversal", "agree", &id, "--why", "mine"]);
    assert!(own.refusal(1).contains("66(3)"), "{own:?}");
    assert_eq!(state(&place, "caseworker", &["agree", &id, "--why", "it matters"]), "agreed");
    for who in ["researcher", "caseworker", "colleague", "operator"] {
        let told = place.says(&["--as", who, "reversal", "do", &id]);
        assert!(told.refusal(1).contains("is not allowed"), "{who}: {told:?}");
    }
    let told = place.json(&["--as", "holder", "reversal", "do", &id]);
    let whom = |person: &str| {
        let lines = told.as_array().unwrap();
        let line =
            lines.iter().find(|line| line["person"].as_u64() == person.parse().ok()).unwrap();
        line["national-id"].as_str().unwrap().to_owned()
    };
    assert_eq!(told.as_array().unwrap().len(), 2);
    assert_eq!((whom(&one), whom(&other)), (people::id(42), people::id(7)));
    let again = place.says(&["--as", "holder", "reversal", "do", &id]);
    assert!(again.refusal(1).contains("is not allowed"), "{again:?}");

    // Whom it was is in the ledger as little as anywhere else in the data folder.
    let ledger = exported(&place);
    assert!(ledger.contains("reversal.done"));
    for number in [people::id(42), people::id(7)] {
        assert!(!ledger.contains(&number));
        for file in place.files() {
            let bytes = fs::read(place.data().join(&file)).unwrap();
            let found = bytes.windows(11).any(|run| run == number.as_bytes());
            assert!(!found, "a number stands in {file}");
        }
    }
    // Once the extract is destroyed, nothing leads back.
    let late = ask("another one");
    assert_eq!(state(&place, "caseworker", &["agree", &late, "--why", "it matters"]), "agreed");
    place.does(&["extract", "destroy", extract["id"].as_str().unwrap(), "--why", "done"]);
    let said = place.says(&["--as", "holder", "reversal", "do", &late]);
    assert!(said.refusal(1).contains("nothing leads from them"), "{said:?}");
    place.entries();
}
