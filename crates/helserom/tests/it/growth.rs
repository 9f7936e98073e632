//! Whoever kept a checkpoint finds out later whether the ledger only grew.

use std::fs;

use crate::place::{Place, text};

#[test]
fn growth_is_proved_and_verified_without_the_centre() {
    let place = Place::with_laboratory();
    let kept = place.file("kept.checkpoint", place.does(&["ledger", "checkpoint"]));
    let exported = place.json(&["ledger", "export", text(&place.path().join("ledger"))]);
    place.does(&["account", "add-organisation", "university", "--name", "The university"]);
    let grown = place.file("grown.proof", place.does(&["ledger", "grew", text(&kept)]));
    let proof = fs::read_to_string(&grown).unwrap();
    assert_eq!(proof.lines().next().unwrap(), format!("old {}", exported["entries"]));

    let key = place.json(&["key", "show"]).to_string();
    let key = key.split('"').find(|word| word.contains('+') && word.len() > 40).unwrap().to_owned();
    let key = place.file("ledger.key", key);
    // Somewhere else, where no centre is.
    let elsewhere = Place::new();
    let verify = |growth: &str, since: &str| {
        elsewhere.says(&[
            "ledger",
            "verify",
            "--growth",
            growth,
            "--since",
            since,
            "--key",
            text(&key),
        ])
    };
    let said = verify(text(&grown), text(&kept));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("begins with the"), "{said:?}");
    let export = place.path().join("ledger");
    let said =
        elsewhere.says(&["ledger", "verify", "--export", text(&export), "--key", text(&key)]);
    assert_eq!(said.code, Some(0), "the export and the key are all that it takes: {said:?}");
    assert!(!elsewhere.data().exists());

    // A ledger that was written anew, or another checkpoint, is found.
    let line = proof.lines().nth(1).unwrap();
    let swapped = line.chars().rev().collect::<String>();
    let altered = elsewhere.file("altered.proof", proof.replacen(line, &swapped, 1));
    let said = verify(text(&altered), text(&kept));
    assert_eq!(said.code, Some(1), "{said:?}");
    let newest = elsewhere.file("newest", place.does(&["ledger", "checkpoint"]));
    let said = verify(text(&grown), text(&newest));
    assert!(
        said.code == Some(1) && (said.out + &said.err).contains("the earlier checkpoint is of")
    );
    let other = Place::with_laboratory();
    let said = other.says(&["ledger", "grew", text(&kept)]);
    assert_eq!(said.code, Some(1), "a checkpoint of another centre: {said:?}");
}

#[test]
fn an_export_takes_no_file_that_is_there() {
    let place = Place::with_laboratory();
    let file = place.path().join("ledger");
    fs::write(&file, "mine").unwrap();
    let said = place.says(&["ledger", "export", text(&file)]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    fs::remove_file(&file).unwrap();
    place.does(&["ledger", "export", text(&file)]);
}
