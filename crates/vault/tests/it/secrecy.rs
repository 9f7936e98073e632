//! Nothing of a person or a key is to be read: not on the disk, not in `Debug`.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use source::{Fault, Identity, IdentitySink, QuarantineSink, QuarantinedRow, Reason};
use vault::{KEY_BYTES, MasterKey};

use crate::support::{Place, digits, extract, fill, import, permit, person, segment_name, source};

/// The ways a text could lie in a file by mistake.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes().to_vec();
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
    let hex = bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    let mut forms =
        vec![bytes.clone(), reversed, wide(u16::to_le_bytes), wide(u16::to_be_bytes), hex];
    // Digits as numbers: 0x01 for `1`.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        forms.push(bytes.iter().map(|byte| byte - b'0').collect());
        forms.push(text.parse::<u64>().unwrap().to_le_bytes()[..5].to_vec());
        forms.push(text.parse::<u64>().unwrap().to_be_bytes()[3..].to_vec());
    }
    forms
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn no_identifier_lies_in_any_file_of_the_vault() {
    let place = Place::new();
    let vault = place.create();
    let people: Vec<Identity> = (0..200).map(person).collect();
    let subjects = fill(&vault, &people);
    let mut aside = vault.quarantine_writer(&source(), &import()).unwrap();
    for (row, one) in (1..).zip(&people) {
        let bytes = format!("{},{}", digits(one), one.name.clone().unwrap().reveal());
        let faults = [Fault::of_row(Reason::FieldCount, "2 fields, the contract has 3 columns")];
        let (file, bytes) = ("laboratory.csv", bytes.as_bytes());
        aside.put(&QuarantinedRow { file, row, line: row + 1, faults: &faults, bytes }).unwrap();
    }
    aside.finish().unwrap().publish().unwrap();
    let mut crosswalk = vault.crosswalk_writer(&permit(), &extract()).unwrap();
    let numbers: Vec<_> = subjects.iter().copied().zip(1..).collect();
    crosswalk.source(&source(), &numbers).unwrap();
    crosswalk.finish().unwrap().publish().unwrap();

    let files = files(&place.dir());
    assert!(files.len() >= 4, "{} files", files.len());
    for one in people.iter().step_by(20) {
        let name = one.name.clone().unwrap().reveal().clone();
        let contact = one.contact.clone().unwrap().reveal().clone();
        let born = one.birth_date.as_ref().unwrap().reveal();
        for text in [digits(one), name, contact, born.to_string()] {
            for form in forms(&text) {
                for (path, bytes) in &files {
                    assert!(!holds(bytes, &form), "{path} holds an identifier");
                }
            }
        }
    }
    for word in ["Synthetic", "Person", "Street"] {
        for (path, bytes) in &files {
            assert!(!holds(bytes, word.as_bytes()), "{path} holds a part of a name");
        }
    }
    // The search itself finds what is there.
    fs::write(place.dir().join("leak"), digits(&people[0])).unwrap();
    let (_, leak) = self::files(&place.dir()).into_iter().find(|f| f.0.ends_with("leak")).unwrap();
    assert!(forms(&digits(&people[0])).iter().any(|form| holds(&leak, form)));
}

#[test]
fn an_unfinished_import_leaves_no_identifier_on_the_disk_either() {
    let place = Place::new();
    let vault = place.create();
    let mut writer = vault.identity_writer(&source(), &import()).unwrap();
    for n in 0..500 {
        writer.put(source::SubjectKey([u8::try_from(n % 251).unwrap(); 16]), person(n)).unwrap();
    }
    let unpublished = writer.finish().unwrap();
    for (path, bytes) in files(&place.dir()) {
        for n in 0..500 {
            assert!(!holds(&bytes, digits(&person(n)).as_bytes()), "{path}");
        }
    }
    drop(unpublished);
}

/// Every type that the crate lets out, as its `lib.rs` says.
fn exported() -> BTreeSet<String> {
    include_str!("../../src/lib.rs")
        .split("pub use ")
        .skip(1)
        .flat_map(|list| {
            let list = list.split(';').next().unwrap();
            let (_, names) = list.split_once("::").unwrap();
            names
                .trim_matches(['{', '}'])
                .split(',')
                .map(|name| name.trim().trim_matches(['{', '}']).trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of every type, each where a secret is at hand")]
fn debug_of_every_public_type_shows_no_key_and_no_identifier() {
    let place = Place::new();
    let vault = place.create();
    let one = person(1);
    let subject = fill(&vault, std::slice::from_ref(&one))[0];
    let secret = vault.sealed("signing").unwrap();
    let master_bytes = fs::read(place.key_file()).unwrap();
    let blind_hasher = vault.blind_hasher(&permit(), &extract()).unwrap();
    let blind = blind_hasher.index(one.national_id.as_ref().unwrap());

    let mut shown: Vec<(String, String)> = Vec::new();
    let mut show = |name: &str, value: &dyn Debug| {
        shown.push((name.to_owned(), format!("{value:?}\n{value:#?}")));
    };
    show("Vault", &vault);
    show("MasterKey", &MasterKey::load(&place.key_file()).unwrap());
    show("SubjectHasher", &vault.pseudonymiser(&source()).unwrap());
    show("BlindHasher", &blind_hasher);
    show("BlindIndex", &blind);
    show("PairHasher", &vault.pair_hasher().unwrap());
    let segment = vault.segment(&source(), &segment_name()).unwrap();
    show("Identities", &segment.identities());
    show("NationalIds", &segment.national_ids(1));
    show("Segment", &segment);

    let other = "import-0000000002".parse().unwrap();
    let mut writer = vault.identity_writer(&source(), &other).unwrap();
    writer.put(subject, one.clone()).unwrap();
    show("SegmentWriter", &writer);
    let unpublished = writer.finish().unwrap();
    show("UnpublishedSegment", &unpublished);
    show("SegmentSummary", &unpublished.publish().unwrap());

    let mut aside = vault.quarantine_writer(&source(), &import()).unwrap();
    let bytes = digits(&one).into_bytes();
    let (file, bytes) = ("a.csv", bytes.as_slice());
    aside.put(&QuarantinedRow { file, row: 1, line: 2, faults: &[], bytes }).unwrap();
    show("QuarantineWriter", &aside);
    let unpublished = aside.finish().unwrap();
    show("UnpublishedQuarantine", &unpublished);
    unpublished.publish().unwrap();
    let mut rows = vault.quarantine(&source(), &import()).unwrap();
    show("RefusedRow", &rows.next().unwrap().unwrap());
    show("QuarantineReader", &rows);

    let mut crosswalk = vault.crosswalk_writer(&permit(), &extract()).unwrap();
    crosswalk.source(&source(), &[(subject, 1)]).unwrap();
    show("CrosswalkWriter", &crosswalk);
    let unpublished = crosswalk.finish().unwrap();
    show("UnpublishedCrosswalk", &unpublished);
    unpublished.publish().unwrap();
    let mut crosswalk = vault.crosswalk(&permit(), &extract()).unwrap();
    crosswalk.next_source().unwrap();
    show("CrosswalkReader", &crosswalk);

    // Errors, each provoked where a secret was at hand.
    vault.destroy_extract(&permit(), &extract()).unwrap();
    let destroyed = vault.crosswalk(&permit(), &extract()).unwrap_err();
    show("CrosswalkError", &destroyed);
    show("PairError", &vault.pair(&"pair-5v7x9z1b3d".parse().unwrap()).unwrap_err());
    show("KeyringError", &vault.blind_hasher(&permit(), &extract()).unwrap_err());
    show("VaultError", &vault.quarantine(&source(), &"import-9".parse().unwrap()).unwrap_err());
    let quarantine = place.dir().join("sources/laboratory/import-0000000001.quarantine");
    fs::write(&quarantine, b"short").unwrap();
    match vault.quarantine(&source(), &import()).unwrap_err() {
        vault::VaultError::Stream(error) => show("StreamError", &error),
        other => panic!("{other}"),
    }
    fs::write(crate::support::segment_path(&place), b"short").unwrap();
    show("SegmentError", &vault.segment(&source(), &segment_name()).unwrap_err());
    let wrong = place.root().join("wrong.key");
    fs::write(&wrong, &master_bytes).unwrap();
    show("MasterKeyError", &MasterKey::load(&wrong).unwrap_err());
    show("RotationError", &vault.rotate_key_file(&wrong).unwrap_err());
    fs::remove_file(place.dir().join("keyring.json")).unwrap();
    fs::create_dir(place.dir().join("keyring.json")).unwrap();
    match vault.sealed("new").unwrap_err() {
        vault::KeyringError::File(error) => show("FileError", &error),
        other => panic!("{other}"),
    }

    let mut named: BTreeSet<String> = shown.iter().map(|(name, _)| name.clone()).collect();
    // The one constant.
    named.insert("KEY_BYTES".to_owned());
    assert_eq!(KEY_BYTES, 32);
    assert_eq!(named, exported());

    let born = one.birth_date.as_ref().unwrap().reveal().to_string();
    let mut never = vec![digits(&one), "Synthetic".to_owned(), "Street".to_owned(), born];
    let bytes = [
        master_bytes.as_slice(),
        secret.reveal().as_slice(),
        subject.0.as_slice(),
        &blind.number().to_be_bytes(),
    ];
    for bytes in bytes {
        let bytes = &bytes[..8];
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        never.push(hex.concat());
        never.push(hex.concat().to_uppercase());
        let list: Vec<String> = bytes.iter().map(ToString::to_string).collect();
        never.push(list.join(", "));
        never.push(list.join(",\n"));
    }
    for (name, text) in &shown {
        let squeezed: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for secret in &never {
            let found = text.contains(secret) || squeezed.contains(secret);
            assert!(!found, "{name} shows a secret: {text}");
        }
    }
}
