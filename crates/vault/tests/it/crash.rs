//! Programs that die in the middle: real ones, by SIGKILL or abort.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use model::SeededEntropy;
use source::{IdentitySink, Pseudonymiser};
use vault::Vault;

use crate::support::{Place, extract, fill, import, permit, person, segment_name, source};

const ROLE: &str = "VAULT_TEST_ROLE";
const FOLDER: &str = "VAULT_TEST_FOLDER";

/// Starts this test binary again, as a program that plays `role` on the vault
/// of `place`.
fn start(role: &str, place: &Place) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["crash::the_program_that_dies", "--exact", "--nocapture"])
        .env(ROLE, role)
        .env(FOLDER, place.root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Not a test of its own: what the other tests here start in a second process.
#[test]
fn the_program_that_dies() {
    let (Ok(role), Ok(folder)) = (std::env::var(ROLE), std::env::var(FOLDER)) else { return };
    let folder = PathBuf::from(folder);
    let vault = Vault::open_with_key_file(
        &folder.join("vault"),
        &folder.join("master.key"),
        Arc::new(SeededEntropy::new(std::process::id().into())),
    )
    .unwrap();
    match role.as_str() {
        "dies-before-the-segment-has-its-name" => {
            let mut writer = vault.identity_writer(&source(), &import()).unwrap();
            let pseudonyms = vault.pseudonymiser(&source()).unwrap();
            let one = person(1);
            writer.put(pseudonyms.subject(one.national_id.as_ref().unwrap()), one).unwrap();
            let _unpublished = writer.finish().unwrap();
            std::process::abort();
        }
        "dies-before-the-crosswalk-has-its-name" => {
            let mut writer = vault.crosswalk_writer(&permit(), &extract()).unwrap();
            writer.source(&source(), &[]).unwrap();
            let _unpublished = writer.finish().unwrap();
            std::process::abort();
        }
        "rotates-without-end" => loop {
            vault.rotate_key_file(&folder.join("master.key")).unwrap();
        },
        "destroys-without-end" => {
            for n in 0_u64.. {
                let extract = format!("extract-{}-{n}", std::process::id()).parse().unwrap();
                vault.blind_hasher(&permit(), &extract).unwrap();
                vault.destroy_extract(&permit(), &extract).unwrap();
            }
        }
        other => panic!("no such role: {other}"),
    }
}

fn files_ending(dir: &Path, end: &str) -> usize {
    fs::read_dir(dir).map_or(0, |entries| {
        entries
            .filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().ends_with(end))
            .count()
    })
}

#[test]
fn a_segment_whose_writer_died_is_not_there_and_is_swept_away() {
    let place = Place::new();
    place.create();
    let status = start("dies-before-the-segment-has-its-name", &place).wait().unwrap();
    assert!(!status.success());
    let folder = place.dir().join("sources/laboratory");
    assert_eq!((files_ending(&folder, ".tmp"), files_ending(&folder, ".segment")), (1, 0));

    let vault = place.open();
    assert!(vault.segment(&source(), &segment_name()).is_err());
    assert_eq!(vault.sweep(&|_, _| true, &|_| true).unwrap(), 1);
    assert_eq!(files_ending(&folder, ""), 0);
    fill(&vault, &[person(1)]);
    assert_eq!(vault.segment(&source(), &segment_name()).unwrap().persons(), 1);
}

#[test]
fn a_crosswalk_whose_writer_died_is_not_there_and_is_swept_away() {
    let place = Place::new();
    place.create();
    start("dies-before-the-crosswalk-has-its-name", &place).wait().unwrap();
    let folder = place.dir().join("permits/permit-0000000001");
    assert_eq!((files_ending(&folder, ".tmp"), files_ending(&folder, ".crosswalk")), (1, 0));
    let vault = place.open();
    assert_eq!(vault.sweep(&|_, _| true, &|_| false).unwrap(), 1);
    assert!(vault.key_names().iter().all(|name| !name.starts_with("permit/")));
}

/// Kills a program of that role at `rounds` moments, and opens the vault after each.
fn survives(role: &str, rounds: u64) {
    let place = Place::new();
    let secret = place.create().sealed("signing").unwrap();
    for round in 0..rounds {
        let mut program = start(role, &place);
        // Wait until it works on the vault, then a little, each time a little longer.
        let keyring = place.dir().join("keyring.json");
        let before = fs::read(&keyring).unwrap();
        while fs::read(&keyring).unwrap() == before {
            assert!(program.try_wait().unwrap().is_none(), "the program ended by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(round * 137 % 5_000));
        program.kill().unwrap();
        program.wait().unwrap();
        let vault = place.open();
        assert!(vault.sealed("signing").unwrap().reveal() == secret.reveal(), "round {round}");
        assert!(!place.root().join("master.key.next").exists(), "round {round}");
        assert_eq!(files_ending(&place.dir(), ".tmp"), 0, "round {round}");
    }
}

#[test]
fn whenever_a_rotation_is_killed_the_key_file_opens_the_vault() {
    survives("rotates-without-end", 40);
}

#[test]
fn whenever_a_destruction_is_killed_the_keyring_is_whole() {
    survives("destroys-without-end", 20);
}
