//! The key envelope: rotation, destruction, and what was changed behind our back.

use std::fs;
use std::sync::Arc;

use model::{ExtractId, SeededEntropy};
use source::Pseudonymiser;
use vault::{KeyringError, MasterKey, RotationError, Vault, VaultError};

use crate::support::{Place, extract, fill, permit, person, segment_name, source};

fn entropy(seed: u64) -> Arc<SeededEntropy> {
    Arc::new(SeededEntropy::new(seed))
}

#[test]
fn a_secret_is_made_once_and_stays_the_same() {
    let place = Place::new();
    let vault = place.create();
    let first = vault.sealed("ledger-signing").unwrap();
    assert_ne!(first.reveal(), vault.sealed("release-signing").unwrap().reveal());
    assert_eq!(first.reveal(), vault.sealed("ledger-signing").unwrap().reveal());
    assert_eq!(first.reveal(), place.open().sealed("ledger-signing").unwrap().reveal());
}

#[test]
fn pseudonyms_of_two_sources_are_unrelated_and_last() {
    let place = Place::new();
    let vault = place.create();
    let id = person(1).national_id.unwrap();
    let of = |vault: &Vault, source: &str| {
        vault.pseudonymiser(&source.parse().unwrap()).unwrap().subject(&id)
    };
    let laboratory = of(&vault, "laboratory");
    assert_ne!(laboratory, of(&vault, "diagnoses"));
    assert_eq!(laboratory, of(&place.open(), "laboratory"));
}

#[test]
fn after_a_rotation_only_the_new_master_key_opens_the_vault() {
    let place = Place::new();
    let vault = place.create();
    let secret = vault.sealed("signing").unwrap();
    fill(&vault, &[person(1)]);
    let old = fs::read(place.key_file()).unwrap();
    vault.rotate_key_file(&place.key_file()).unwrap();
    assert_ne!(fs::read(place.key_file()).unwrap(), old);

    let rotated = place.open();
    assert_eq!(rotated.sealed("signing").unwrap().reveal(), secret.reveal());
    assert_eq!(rotated.segment(&source(), &segment_name()).unwrap().identities().count(), 1);
    // The vault that was open all the time goes on.
    assert_eq!(vault.sealed("signing").unwrap().reveal(), secret.reveal());
    vault.sealed("another").unwrap();

    fs::write(place.key_file(), old).unwrap();
    let error = Vault::open_with_key_file(&place.dir(), &place.key_file(), entropy(3)).unwrap_err();
    assert!(matches!(error, RotationError::Keyring(KeyringError::WrongMaster(_))), "{error}");
    assert!(!error.to_string().contains('\n'));
}

#[test]
fn a_rotation_rewraps_keys_and_touches_nothing_else() {
    let place = Place::new();
    let vault = place.create();
    fill(&vault, &[person(1)]);
    let segment = crate::support::segment_path(&place);
    let before = (fs::read(&segment).unwrap(), fs::read(place.dir().join("keyring.json")).unwrap());
    vault.rotate_key_file(&place.key_file()).unwrap();
    assert!(fs::read(&segment).unwrap() == before.0);
    assert!(fs::read(place.dir().join("keyring.json")).unwrap() != before.1);
}

#[test]
fn a_rotation_cut_off_before_the_keyring_changed_is_undone() {
    let place = Place::new();
    let secret = place.create().sealed("signing").unwrap();
    let next = place.root().join("master.key.next");
    MasterKey::create(&next, &*entropy(4)).unwrap();
    assert_eq!(place.open().sealed("signing").unwrap().reveal(), secret.reveal());
    assert!(!next.exists());
}

#[test]
fn a_rotation_cut_off_after_the_keyring_changed_is_finished() {
    let place = Place::new();
    let vault = place.create();
    let secret = vault.sealed("signing").unwrap();
    let next = place.root().join("master.key.next");
    vault.rotate(MasterKey::create(&next, &*entropy(4)).unwrap()).unwrap();
    let new = fs::read(&next).unwrap();
    assert_eq!(place.open().sealed("signing").unwrap().reveal(), secret.reveal());
    assert!(!next.exists());
    assert_eq!(fs::read(place.key_file()).unwrap(), new);
}

#[test]
fn a_key_file_that_is_not_the_vaults_is_not_rotated() {
    let place = Place::new();
    let vault = place.create();
    let other = place.root().join("other.key");
    MasterKey::create(&other, &*entropy(9)).unwrap();
    let error = vault.rotate_key_file(&other).unwrap_err();
    assert!(matches!(error, RotationError::OtherKey(_)), "{error}");
    place.open();
}

#[test]
fn a_program_whose_master_key_was_rotated_away_changes_nothing() {
    let place = Place::new();
    let (vault, other) = (place.create(), place.open());
    vault.rotate_key_file(&place.key_file()).unwrap();
    let error = other.sealed("late").unwrap_err();
    assert!(matches!(error, KeyringError::WrongMaster(_)), "{error}");
    assert!(place.open().key_names().is_empty());
}

#[test]
fn two_programs_on_one_vault_see_each_others_keys() {
    let place = Place::new();
    let (one, other) = (place.create(), place.open());
    let secret = one.sealed("signing").unwrap();
    assert_eq!(other.sealed("signing").unwrap().reveal(), secret.reveal());
    other.sealed("second").unwrap();
    assert_eq!(place.open().key_names(), ["sealed/second", "sealed/signing"]);
}

#[test]
fn a_destroyed_extract_has_no_key_and_gets_none() {
    let place = Place::new();
    let vault = place.create();
    vault.blind_hasher(&permit(), &extract()).unwrap();
    let named = |vault: &Vault| vault.key_names().iter().any(|name| name.starts_with("permit/"));
    assert!(named(&vault));
    vault.destroy_extract(&permit(), &extract()).unwrap();
    vault.destroy_extract(&permit(), &extract()).unwrap();
    for vault in [&vault, &place.open()] {
        assert!(!named(vault));
        let error = vault.blind_hasher(&permit(), &extract()).unwrap_err();
        assert!(matches!(error, KeyringError::Destroyed(_)), "{error}");
    }
    let another: ExtractId = "extract-0000000002".parse().unwrap();
    vault.blind_hasher(&permit(), &another).unwrap();
}

#[test]
fn a_destroyed_permit_gets_no_key_for_any_extract() {
    let place = Place::new();
    let vault = place.create();
    vault.blind_hasher(&permit(), &extract()).unwrap();
    vault.destroy_permit(&permit()).unwrap();
    let another: ExtractId = "extract-0000000002".parse().unwrap();
    for extract in [extract(), another] {
        let error = place.open().crosswalk_writer(&permit(), &extract).unwrap_err();
        assert!(error.to_string().contains("was destroyed"), "{error}");
    }
}

#[test]
fn any_changed_bit_of_the_keyring_is_seen() {
    let place = Place::new();
    let vault = place.create();
    vault.sealed("signing").unwrap();
    vault.blind_hasher(&permit(), &extract()).unwrap();
    vault.destroy_extract(&permit(), &extract()).unwrap();
    let path = place.dir().join("keyring.json");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 1 << bit;
            fs::write(&path, &spoilt).unwrap();
            let master = MasterKey::load(&place.key_file()).unwrap();
            let error = Vault::open(&place.dir(), master, entropy(3)).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("keyring.json"), "byte {at}, bit {bit}: {text}");
        }
    }
}

#[test]
fn a_key_taken_out_of_the_keyring_is_missed() {
    let place = Place::new();
    place.create().sealed("signing").unwrap();
    let path = place.dir().join("keyring.json");
    let mut ring: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    ring["keys"].as_object_mut().unwrap().clear();
    fs::write(&path, serde_json::to_vec(&ring).unwrap()).unwrap();
    let master = MasterKey::load(&place.key_file()).unwrap();
    let error = Vault::open(&place.dir(), master, entropy(3)).unwrap_err();
    assert!(matches!(error, KeyringError::Damaged { .. }), "{error}");
}

#[test]
fn a_vault_without_a_keyring_is_not_begun_anew() {
    let place = Place::new();
    place.create();
    fs::remove_file(place.dir().join("keyring.json")).unwrap();
    let error = Vault::open_with_key_file(&place.dir(), &place.key_file(), entropy(3)).unwrap_err();
    assert!(matches!(error, RotationError::Keyring(KeyringError::Missing(_))), "{error}");
}

#[test]
fn a_keyring_is_never_overwritten() {
    let place = Place::new();
    place.create();
    let error =
        Vault::create(&place.dir(), MasterKey::random(&*entropy(5)), entropy(5)).unwrap_err();
    assert!(matches!(error, KeyringError::Exists(_)), "{error}");
    place.open();
}

#[test]
fn the_keyring_is_wrapped_anew_and_the_former_bytes_are_wiped() {
    let place = Place::new();
    let vault = place.create();
    vault.blind_hasher(&permit(), &extract()).unwrap();
    let path = place.dir().join("keyring.json");
    // A second name keeps the old file in reach after it was replaced.
    fs::hard_link(&path, place.root().join("former")).unwrap();
    vault.destroy_extract(&permit(), &extract()).unwrap();
    let former = fs::read(place.root().join("former")).unwrap();
    assert!(!former.is_empty() && former.iter().all(|byte| *byte == 0));
}

#[test]
fn errors_of_the_vault_name_no_key() {
    let error = VaultError::from(KeyringError::Destroyed("permit/permit-1/extract-1".to_owned()));
    assert!(error.to_string().starts_with("the key `permit/permit-1/extract-1` was destroyed"));
}
