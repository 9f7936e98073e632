//! Pairs in doubt through the whole program: put up with an extract, looked at and
//! answered by two clerks, and so from the next extract on.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cascade::{asked, build, centre, exported, likely};
use crate::place::{Place, text};
use crate::web::{Server, granted};

/// Two clerks of the access body, and one of the institution that the permit is for.
fn with_clerks(place: &Place) {
    for (clerk, organisation) in
        [("first", "access-body"), ("second", "access-body"), ("theirs", "university")]
    {
        let role = ["--role", "clerk"];
        let named = ["account", "add", clerk, "--name", clerk, "--organisation", organisation];
        place.does(&[&named[..], &role].concat());
    }
}

fn review(place: &Place, clerk: &str, words: &[&str]) -> Value {
    place.json(&[&["--as", clerk, "link", "review"], words].concat())
}

fn waiting(place: &Place, clerk: &str) -> Vec<String> {
    let list = review(place, clerk, &["list"]);
    let waiting = list["waiting"].as_array().unwrap();
    waiting.iter().map(|pair| pair["id"].as_str().unwrap().to_owned()).collect()
}

/// Names of the registers that are long enough not to stand anywhere by chance.
fn names(place: &Place) -> HashSet<String> {
    let mut names = HashSet::new();
    for register in ["population", "hospital"] {
        let file = place.path().join("registers").join(format!("{register}.csv"));
        let mut rows = csv::Reader::from_path(file).unwrap();
        let head = rows.headers().unwrap().clone();
        let columns: Vec<usize> = ["given_name", "surname"]
            .iter()
            .map(|name| head.iter().position(|column| column == *name).unwrap())
            .collect();
        for row in rows.records() {
            let row = row.unwrap();
            names.extend(columns.iter().map(|at| row[*at].to_owned()).filter(|n| n.len() >= 8));
        }
    }
    names
}

/// Whether one of the names stands in what may be text or not: a run of letters.
fn holds(names: &HashSet<String>, bytes: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    bytes
        .split(|byte| !letter(byte))
        .filter(|run| run.len() >= 8)
        .any(|run| std::str::from_utf8(run).is_ok_and(|run| names.contains(run)))
}

/// Every file below a folder in which one of the names stands.
fn with_names(folder: &Path, names: &HashSet<String>, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            with_names(&path, names, found);
        } else if holds(names, &fs::read(&path).unwrap()) {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn pairs_are_put_up_answered_by_two_and_so_in_the_next_extract() {
    let place = centre(6_000);
    with_clerks(&place);
    let server = Server::start(&place, &[]);
    let permit = granted(&server, asked(likely()));
    assert_eq!(server.running.stop().1, Some(0));
    let first = build(&place, &permit);
    let told = &first["manifest"]["found"]["reviewed"];
    println!("{told}");
    let put_up = waiting(&place, "first");
    assert!(put_up.len() > 5 && put_up.len() <= 50, "{}", put_up.len());
    assert_eq!(told["put-up"], put_up.len());
    assert!(waiting(&place, "theirs").is_empty(), "of the institution that the permit is for");

    let mut shown = String::new();
    for (n, pair) in put_up.iter().take(12).enumerate() {
        let answer = if n < 6 { "same" } else { "different" };
        for clerk in ["first", "second"] {
            let whole = review(&place, clerk, &["show", pair, "--whole"]);
            shown.push_str(&whole.to_string());
            shown.push_str(&review(&place, clerk, &["show", pair]).to_string());
            review(&place, clerk, &["answer", pair, answer]);
        }
    }
    let theirs = place.says(&["--as", "theirs", "link", "review", "show", &put_up[12]]);
    assert!(theirs.refusal(1).contains("is not allowed"), "{theirs:?}");
    let researcher = place.says(&["--as", "researcher", "link", "review", "list"]);
    assert!(researcher.refusal(1).contains("linkage clerk"), "{researcher:?}");
    let twice = place.says(&["--as", "first", "link", "review", "answer", &put_up[0], "same"]);
    assert!(twice.refusal(1).contains("twice") || twice.refusal(1).contains("waits"), "{twice:?}");

    let second = build(&place, &permit);
    let told = &second["manifest"]["found"]["reviewed"];
    println!("{told}");
    assert_eq!((&told["same"], &told["different"]), (&Value::from(6), &Value::from(6)), "{told}");
    assert_eq!(told["set-aside"], 0);
    let left: BTreeSet<String> = waiting(&place, "first").into_iter().collect();
    assert!(put_up.iter().skip(12).all(|pair| left.contains(pair)), "those that wait still do");
    assert!(put_up.iter().take(12).all(|pair| !left.contains(pair)));

    // What clerks saw is in no file of the centre, and not in a backup.
    let names = names(&place);
    assert!(holds(&names, shown.as_bytes()), "clerks saw no name: the search finds nothing");
    let backup = place.path().join("backup");
    place.does(&["backup", text(&backup)]);
    let mut found = Vec::new();
    for folder in [place.data(), backup.clone()] {
        with_names(&folder, &names, &mut found);
    }
    assert!(found.is_empty(), "names stand in {found:?}");
    let pairs = fs::read_dir(backup.join("vault/pairs")).unwrap().count();
    let since = usize::try_from(told["put-up"].as_u64().unwrap()).unwrap();
    assert_eq!(pairs, put_up.len() + since, "a backup holds them, encrypted");
    let ledger = exported(&place);
    assert!(!holds(&names, ledger.as_bytes()));
    for act in ["pair.put-up", "pair.looked", "pair.answered", "pair.settled"] {
        assert!(ledger.contains(act), "{act}");
    }
    place.entries();

    // A file that no entry speaks of is gone at the next start.
    let stray = place.data().join("vault/pairs/pair-0000000000.pair");
    fs::write(&stray, b"left behind").unwrap();
    place.does(&["account", "list"]);
    assert!(!stray.exists());
}
