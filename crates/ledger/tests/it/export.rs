//! An export is checked with nothing but the public key, and everything that was
//! done to it is named.

use std::fmt::Write as _;

use ledger::entry::Entry;
use ledger::export::{Export, ExportError, verify};
use ledger::{Checkpoint, Draft, Hash, Report, SignerKey, Subject};
use model::{SeededEntropy, Timestamp};
use proptest::prelude::*;

use crate::lamp::actor;

fn key() -> SignerKey {
    SignerKey::generate("centre.example/ledger", &SeededEntropy::new(7)).unwrap()
}

fn sealed(seq: u64, previous: Hash, body: serde_json::Value) -> Entry {
    let draft = Draft {
        actor: actor(),
        act: "lamp.lit".to_owned(),
        subject: Subject::new("lamp", format!("\"{seq}\"")),
        body,
    };
    let at = Timestamp::from_second(1_700_000_000 + i64::try_from(seq).unwrap()).unwrap();
    Entry::seal(draft, seq, at, previous).unwrap()
}

fn line(entry: &Entry) -> String {
    let text = String::from_utf8(entry.canonical().unwrap()).unwrap();
    format!("{{\"entry\":{text},\"hash\":\"{}\"}}", entry.hash)
}

fn chain(count: u64) -> Vec<Entry> {
    let mut entries: Vec<Entry> = vec![];
    for seq in 0..count {
        let previous = entries.last().map_or(Hash::default(), |entry| entry.hash);
        // A body that looks like the end of an entry must not fool the reader.
        let body = serde_json::json!({"æ": "\",\"hash\":\"", "previous": "0", "seq": 99, "n": seq});
        entries.push(sealed(seq, previous, body));
    }
    entries
}

fn written(entries: &[Entry], checkpoints: &[u64]) -> Vec<String> {
    let mut export = Export::begin(Vec::new(), "centre.example/ledger").unwrap();
    let mut tree = ledger::tree::Tree::new();
    for entry in entries {
        let text = String::from_utf8(entry.canonical().unwrap()).unwrap();
        export.entry(&text, &entry.hash.to_string()).unwrap();
        tree.push(entry.hash);
        if checkpoints.contains(&tree.size()) {
            export
                .checkpoint(&Checkpoint::sign(tree.size(), tree.root(), &key()).unwrap())
                .unwrap();
        }
    }
    let bytes = export.finish().unwrap();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

/// Header, six entries, checkpoint.
fn six() -> Vec<String> {
    written(&chain(6), &[6])
}

fn check(lines: &[String]) -> Report {
    verify(lines.join("\n").as_bytes(), key().public()).unwrap()
}

fn said(lines: &[String]) -> String {
    check(lines).faults.iter().fold(String::new(), |mut all, fault| {
        writeln!(all, "{fault}").unwrap();
        all
    })
}

#[test]
fn an_untouched_export_is_sound() {
    let report = check(&six());
    assert!(report.is_sound(), "{:?}", report.faults);
    assert_eq!((report.entries, report.signed), (6, 6));
}

#[test]
fn the_empty_ledger_has_a_sound_export_when_it_is_signed() {
    let header = written(&[], &[]);
    assert!(said(&header).contains("covered by no checkpoint"));
    let mut export = Export::begin(Vec::new(), "centre.example/ledger").unwrap();
    let root = ledger::tree::empty_root();
    export.checkpoint(&Checkpoint::sign(0, root, &key()).unwrap()).unwrap();
    assert!(verify(&export.finish().unwrap()[..], key().public()).unwrap().is_sound());
}

#[test]
fn a_changed_entry_is_named_and_its_neighbours_are_not() {
    let mut lines = six();
    lines[4] = lines[4].replace("caseworker", "researcher");
    let said = said(&lines);
    assert!(
        said.starts_with("entry 3 (`lamp.lit` about `lamp/\"3\"`) was changed after"),
        "{said}"
    );
    assert!(said.contains("the checkpoint of 6 entries"), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_changed_number_is_a_changed_entry_and_not_a_gap() {
    let mut lines = six();
    lines[4] = lines[4].replace("\"seq\":3,", "\"seq\":300,");
    let said = said(&lines);
    assert!(
        said.starts_with("entry 3 (`lamp.lit` about `lamp/\"3\"`) was changed after"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_replaced_entry_with_its_own_right_hash_is_found_by_the_next() {
    let mut lines = six();
    let entries = chain(6);
    lines[4] = line(&sealed(3, entries[2].hash, serde_json::json!({"forged": true})));
    let said = said(&lines);
    assert!(
        said.contains("entry 4 (`lamp.lit` about `lamp/\"4\"`) does not follow entry 3"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_removed_entry_is_named() {
    let mut lines = six();
    lines.remove(3);
    let said = said(&lines);
    assert!(
        said.starts_with("entry 3 (`lamp.lit` about `lamp/\"3\"`): entry 2 is missing before it"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn entries_removed_from_the_end_are_named() {
    let mut lines = six();
    lines.drain(4..7);
    assert_eq!(
        said(&lines),
        "entry 2: 3 entries from 3 to 5 are missing at the end: a checkpoint was signed over them\n"
    );
}

#[test]
fn an_export_cut_before_its_checkpoint_is_noticed() {
    let mut lines = six();
    lines.truncate(4);
    assert_eq!(said(&lines), "entry 0 and those after it are covered by no checkpoint\n");
    let mut lines = written(&chain(6), &[2, 6]);
    lines.pop();
    assert_eq!(said(&lines), "entry 2 and those after it are covered by no checkpoint\n");
}

#[test]
fn reordered_entries_are_named_and_the_rest_is_not() {
    let mut lines = six();
    lines.swap(3, 4);
    let said = said(&lines);
    assert!(
        said.contains("entry 3 (`lamp.lit` about `lamp/\"3\"`): entry 2 is missing before it"),
        "{said}"
    );
    assert!(said.contains("entry 2 (`lamp.lit` about `lamp/\"2\"`) is out of order or there twice: it stands behind entry 3"), "{said}");
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[test]
fn an_entry_there_twice_is_named() {
    let mut lines = six();
    lines.insert(4, lines[3].clone());
    let said = said(&lines);
    assert!(
        said.contains("entry 2 (`lamp.lit` about `lamp/\"2\"`) is out of order or there twice"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_forged_number_does_not_make_all_that_follow_look_wrong() {
    let mut lines = written(&chain(40), &[40]);
    let entries = chain(40);
    let mut forged = sealed(7, entries[6].hash, serde_json::json!({}));
    forged.seq = 700;
    forged.hash = forged.hash_of().unwrap();
    lines[8] = line(&forged);
    assert!(said(&lines).lines().count() <= 5, "{}", said(&lines));
}

#[test]
fn a_ledger_rewritten_from_some_entry_on_is_found_by_its_checkpoints() {
    let honest = written(&chain(6), &[2, 6]);
    let mut entries = chain(4);
    for seq in 4..6 {
        let previous = entries.last().unwrap().hash;
        entries.push(sealed(seq, previous, serde_json::json!({"rewritten": true})));
    }
    let mut lines = written(&entries, &[2]);
    lines.push(honest.last().unwrap().clone());
    let said = said(&lines);
    assert!(
        said.starts_with("entry 5 is not what was signed, or one before it down to entry 2 is not"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_checkpoint_signed_by_somebody_else_is_not_taken() {
    let mut lines = six();
    let stranger = SignerKey::generate("centre.example/ledger", &SeededEntropy::new(8)).unwrap();
    let root = check(&lines).root;
    let note = Checkpoint::sign(6, root, &stranger).unwrap().to_string();
    lines[7] = serde_json::json!({ "checkpoint": note }).to_string();
    assert_eq!(
        said(&lines),
        "entry 5 has a checkpoint after it that cannot be taken: \
         the note is not signed by `centre.example/ledger`\n"
    );
}

#[test]
fn what_is_no_export_or_that_of_another_ledger_is_refused() {
    let of = |text: &str| verify(text.as_bytes(), key().public());
    assert!(matches!(of(""), Err(ExportError::Format)));
    assert!(matches!(of("PK\u{3}\u{4}"), Err(ExportError::Format)));
    let later = r#"{"format":"helserom-ledger/2","origin":"centre.example/ledger"}"#;
    assert!(matches!(of(later), Err(ExportError::Format)));
    let other = r#"{"format":"helserom-ledger/1","origin":"other.example/ledger"}"#;
    assert!(matches!(of(other), Err(ExportError::Origin { .. })));
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    struct Endless;
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'a');
            Ok(buffer.len())
        }
    }
    let refused = verify(std::io::BufReader::with_capacity(1 << 20, Endless), key().public());
    assert!(matches!(refused, Err(ExportError::Io(_))), "{refused:?}");
}

proptest! {
    #[test]
    fn no_byte_can_be_changed_unnoticed(at in any::<prop::sample::Index>(), to in 1_u8..127) {
        let mut bytes = (six().join("\n") + "\n").into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        if let Ok(report) = verify(&bytes[..], key().public()) {
            prop_assert!(!report.is_sound());
        }
    }
}
