//! The file with the master key, and every way it can be wrong.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use model::SeededEntropy;
use vault::{MasterKey, MasterKeyError};

use crate::support::Place;

fn refusal(place: &Place) -> MasterKeyError {
    let error = MasterKey::load(&place.key_file()).unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n'), "more than one line: {text}");
    assert!(text.contains(place.key_file().to_str().unwrap()), "names no file: {text}");
    error
}

fn with_key() -> Place {
    let place = Place::new();
    MasterKey::create(&place.key_file(), &SeededEntropy::new(1)).unwrap();
    place
}

#[test]
fn a_new_key_is_ours_alone_and_reads_back() {
    let place = Place::new();
    let made = MasterKey::create(&place.key_file(), &SeededEntropy::new(1)).unwrap();
    let mode = fs::metadata(place.key_file()).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o600);
    assert_eq!(fs::metadata(place.key_file()).unwrap().len(), 32);
    assert!(made.is(&MasterKey::load(&place.key_file()).unwrap()));
}

#[test]
fn two_keys_are_not_the_same() {
    let entropy = SeededEntropy::new(1);
    assert!(!MasterKey::random(&entropy).is(&MasterKey::random(&entropy)));
}

#[test]
fn a_key_is_never_overwritten() {
    let place = with_key();
    let before = fs::read(place.key_file()).unwrap();
    let error = MasterKey::create(&place.key_file(), &SeededEntropy::new(2)).unwrap_err();
    assert!(matches!(error, MasterKeyError::Exists(_)), "{error}");
    assert_eq!(fs::read(place.key_file()).unwrap(), before);
}

#[test]
fn a_missing_key_is_said_to_be_missing() {
    assert!(matches!(refusal(&Place::new()), MasterKeyError::Missing(_)));
}

#[test]
fn a_key_with_any_other_mode_is_refused() {
    let place = with_key();
    for mode in [0o644, 0o640, 0o604, 0o660, 0o400, 0o700, 0o777, 0o4600, 0o000] {
        fs::set_permissions(place.key_file(), Permissions::from_mode(mode)).unwrap();
        let refused = MasterKey::load(&place.key_file()).unwrap_err();
        match refused {
            MasterKeyError::Mode { mode: said, .. } => assert_eq!(said, mode),
            // Not even readable, unless we are root.
            MasterKeyError::File(_) => assert_eq!(mode & 0o400, 0),
            other => panic!("mode {mode:o}: {other}"),
        }
    }
}

#[test]
fn a_key_of_another_user_is_refused() {
    let place = with_key();
    if chown(place.key_file(), Some(65_534), None).is_ok() {
        let error = refusal(&place);
        assert!(matches!(error, MasterKeyError::Owner { owner: 65_534, .. }), "{error}");
    } else {
        // Only root gives files away. Everybody else finds root's files.
        let error = MasterKey::load("/etc/passwd".as_ref()).unwrap_err();
        assert!(matches!(error, MasterKeyError::Owner { owner: 0, .. }), "{error}");
    }
}

#[test]
fn a_key_of_another_length_is_refused() {
    let place = with_key();
    for length in [0, 31, 33, 64] {
        fs::write(place.key_file(), vec![7; length]).unwrap();
        let error = refusal(&place);
        assert!(
            matches!(error, MasterKeyError::Length { bytes, .. } if bytes == length as u64),
            "{error}"
        );
    }
}

#[test]
fn a_link_to_a_key_is_refused() {
    let place = with_key();
    let elsewhere = place.root().join("elsewhere");
    fs::rename(place.key_file(), &elsewhere).unwrap();
    symlink(&elsewhere, place.key_file()).unwrap();
    assert!(matches!(refusal(&place), MasterKeyError::Link(_)));
}

#[test]
fn a_key_with_a_second_name_is_refused() {
    let place = with_key();
    fs::hard_link(place.key_file(), place.root().join("copy")).unwrap();
    assert!(matches!(refusal(&place), MasterKeyError::ManyNames { links: 2, .. }));
}

#[test]
fn a_folder_is_no_key() {
    let place = Place::new();
    fs::create_dir(place.key_file()).unwrap();
    assert!(matches!(refusal(&place), MasterKeyError::NotAFile(_)));
}
