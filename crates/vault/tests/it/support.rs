//! A vault in a folder of its own, and people who never were.

use std::path::PathBuf;
use std::sync::Arc;

use model::{Date, ExtractId, ImportId, NationalId, PermitId, Secret, SeededEntropy, SourceId};
use source::{BirthDate, Identity, IdentitySink, Pseudonymiser, SubjectKey};
use tempfile::TempDir;
use vault::{MasterKey, Vault};

pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("master.key")
    }

    pub(crate) fn create(&self) -> Vault {
        let entropy = Arc::new(SeededEntropy::new(1));
        let master = MasterKey::create(&self.key_file(), &*entropy).unwrap();
        Vault::create(&self.dir(), master, entropy).unwrap()
    }

    pub(crate) fn open(&self) -> Vault {
        let entropy = Arc::new(SeededEntropy::new(2));
        Vault::open_with_key_file(&self.dir(), &self.key_file(), entropy).unwrap()
    }
}

pub(crate) fn source() -> SourceId {
    "laboratory".parse().unwrap()
}

pub(crate) fn import() -> ImportId {
    "import-0000000001".parse().unwrap()
}

pub(crate) fn permit() -> PermitId {
    "permit-0000000001".parse().unwrap()
}

pub(crate) fn extract() -> ExtractId {
    "extract-0000000001".parse().unwrap()
}

/// The `n`th synthetic person.
pub(crate) fn person(n: u32) -> Identity {
    let mut left = n;
    let mut day = 0;
    loop {
        let born = Date::constant(1930, 1, 1).saturating_add(jiff_days(day));
        for individual in 0..1000 {
            let Some(national_id) = NationalId::synthetic(born, individual) else { continue };
            if left == 0 {
                return Identity {
                    national_id: Some(national_id),
                    clues: source::Clues::default(),
                    name: Some(Secret::new(format!("Synthetic Person {n:06}"))),
                    birth_date: Some(BirthDate::new(born)),
                    contact: Some(Secret::new(format!("Test Street {n:06}"))),
                };
            }
            left -= 1;
        }
        day += 1;
    }
}

fn jiff_days(days: i64) -> model::SignedDuration {
    model::SignedDuration::from_hours(24 * days)
}

pub(crate) fn digits(identity: &Identity) -> String {
    String::from_utf8(identity.national_id.as_ref().unwrap().reveal().to_vec()).unwrap()
}

/// Writes the segment of `people` and gives it its name.
pub(crate) fn fill(vault: &Vault, people: &[Identity]) -> Vec<SubjectKey> {
    let pseudonyms = vault.pseudonymiser(&source()).unwrap();
    let mut writer = vault.identity_writer(&source(), &import()).unwrap();
    let subjects: Vec<SubjectKey> = people
        .iter()
        .map(|person| {
            let subject = pseudonyms.subject(person.national_id.as_ref().unwrap());
            writer.put(subject, person.clone()).unwrap();
            subject
        })
        .collect();
    writer.finish().unwrap().publish().unwrap();
    subjects
}

pub(crate) fn segment_name() -> String {
    format!("{}.segment", import())
}

pub(crate) fn segment_path(place: &Place) -> PathBuf {
    place.dir().join("sources").join(source().as_str()).join(segment_name())
}
