use disclosure::Kind;
use disclosure::finding;
use model::SeededEntropy;

use super::*;
use crate::output::{Checked, Decided, Output, OutputState, Verdict};

fn at() -> Timestamp {
    "2026-02-03T04:05:06Z".parse().unwrap()
}

fn output(name: &str, bytes: &[u8]) -> Output {
    Output {
        id: OutputId::mint(&SeededEntropy::new(bytes.len() as u64)),
        state: OutputState::Released,
        room: "room-1".parse().unwrap(),
        permit: "permit-1".parse().unwrap(),
        name: name.to_owned(),
        declared: Kind::Unknown,
        table: None,
        contributions: None,
        sealed: hash(b"sealed"),
        sha256: Some(hash(bytes)),
        bytes: bytes.len() as u64,
        note: String::new(),
        requested_by: "researcher".parse().unwrap(),
        requested_at: at(),
        mends: None,
        changes: None,
        checked: Some(Checked {
            at: at(),
            verdict: finding::Verdict::Pass,
            findings: vec![],
            read_as: "frequency-table".to_owned(),
            tried: vec![],
        }),
        decided: vec![Decided {
            at: at(),
            by: "checker".parse().unwrap(),
            verdict: Verdict::Released,
            why: "safe".to_owned(),
        }],
        packed: None,
    }
}

fn checked(name: &str, bytes: &[u8]) -> CheckedOutput {
    CheckedOutput::new(output(name, bytes), bytes.to_vec()).unwrap()
}

fn heading() -> Heading {
    Heading {
        release: "release-1".parse().unwrap(),
        room: "room-1".parse().unwrap(),
        permit: "permit-1".parse().unwrap(),
        title: "Lipids".to_owned(),
        data_user: "university".parse().unwrap(),
        rules: OutputTerms::default(),
        packaged_at: at(),
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn packed() -> Vec<u8> {
    let outputs = [checked("out/a.csv", b"age,n\n40,12\n"), checked("out/b.svg", b"<svg/>")];
    package(&heading(), &outputs, &key()).unwrap()
}

#[test]
fn a_package_is_the_same_for_the_same_outputs_and_verifies() {
    let package = packed();
    assert_eq!(package, packed());
    let verified = verify(&package, &key().verifying_key()).unwrap();
    let paths: Vec<_> = verified.manifest.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["statement.json", "files/out/a.csv", "files/out/b.svg"]);
    assert_eq!(verified.statement.files[0].why, "safe");
}

#[test]
fn a_package_with_any_one_byte_changed_is_refused() {
    let package = packed();
    for place in 0..package.len() {
        let mut spoilt = package.clone();
        spoilt[place] ^= 1 << (place % 8);
        assert!(verify(&spoilt, &key().verifying_key()).is_err(), "byte {place}");
    }
}

#[test]
fn a_package_cut_short_or_with_something_behind_it_is_refused() {
    let package = packed();
    for length in (0..package.len()).step_by(61) {
        assert!(verify(&package[..length], &key().verifying_key()).is_err(), "{length} bytes");
    }
    let longer = [package.as_slice(), &[0; 512]].concat();
    assert_eq!(verify(&longer, &key().verifying_key()), Err(VerifyError::Archive));
}

#[test]
fn another_centre_s_key_verifies_nothing() {
    let other = SigningKey::from_bytes(&[6; 32]).verifying_key();
    let expected =
        VerifyError::OtherKey { says: key_id(&key().verifying_key()), given: key_id(&other) };
    assert_eq!(verify(&packed(), &other), Err(expected));
}

#[test]
fn a_file_put_in_beside_the_manifest_is_refused() {
    let mut entries = read(&packed()).unwrap();
    entries.push(("files/extra.csv".to_owned(), b"1".to_vec()));
    let forged = write(&entries).unwrap();
    assert_eq!(verify(&forged, &key().verifying_key()), Err(VerifyError::Files));
}

#[test]
fn what_was_not_released_or_is_not_what_was_checked_does_not_leave() {
    let mut held = output("a.csv", b"x");
    held.state = OutputState::Held;
    assert!(CheckedOutput::new(held, b"x".to_vec()).is_err());
    assert!(CheckedOutput::new(output("a.csv", b"x"), b"y".to_vec()).is_err());
}

#[test]
fn a_name_that_leads_elsewhere_when_unpacked_is_not_packed() {
    for name in
        ["../a.csv", "a/../../b", "/etc/x", "c:a.csv", "nul.csv", "a\\b", "a\u{202e}b", "a./b"]
    {
        let outputs = [checked(name, b"x")];
        let refused = package(&heading(), &outputs, &key());
        assert!(matches!(refused, Err(PackageError::Name(_))), "{name}: {refused:?}");
        assert_eq!(packable(name), Err(PackageError::Name(name.to_owned())), "{name}");
    }
}

#[test]
fn a_signed_manifest_that_names_a_file_twice_or_elsewhere_is_refused() {
    for path in ["files/out/a.csv", "files/../../x"] {
        let mut entries = read(&packed()).unwrap();
        let mut manifest: Manifest = serde_json::from_slice(&entries[0].1).unwrap();
        manifest.files[2].path = path.to_owned();
        let text = serde_json::to_vec(&manifest).unwrap();
        let signature = BASE64.encode(key().sign(&signed(&text)).to_bytes());
        entries[0].1 = text;
        entries[1].1 = signature.into_bytes();
        let forged = write(&entries).unwrap();
        assert_eq!(verify(&forged, &key().verifying_key()), Err(VerifyError::Files), "{path}");
    }
}

#[test]
fn whatever_is_said_to_be_packable_is_packed_and_nothing_else() {
    for length in 85..105 {
        let name = "n".repeat(length);
        let packed = package(&heading(), &[checked(&name, b"x")], &key());
        assert_eq!(packable(&name).is_ok(), packed.is_ok(), "{length}");
        assert_eq!(packable(&name).is_ok(), length <= 93, "{length}");
    }
}

#[test]
fn two_files_of_one_name_are_refused() {
    let outputs = [checked("a.csv", b"x"), checked("a.csv", b"xy")];
    assert!(matches!(package(&heading(), &outputs, &key()), Err(PackageError::SameName(_))));
}
