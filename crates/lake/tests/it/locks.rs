//! One import of a source at a time, and one extract of a permit.

use lake::LakeError;
use model::{PermitId, SeededEntropy};

use crate::support::{import, laboratory, lake, source};

#[test]
fn a_second_import_of_a_source_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (lake(folder.path()), lake(folder.path()));
    let lock = one.lock(&source()).unwrap();
    let error = other.lock(&source()).unwrap_err();
    assert!(matches!(error, LakeError::Busy { .. }));
    assert_eq!(
        error.to_string(),
        "another import of `laboratory` is at work: wait until it has ended"
    );
    assert!(matches!(other.recover(&source(), &[]), Err(LakeError::Busy { .. })));
    other.lock(&"diagnoses".parse().unwrap()).unwrap();
    drop(lock);
    other.lock(&source()).unwrap();
}

#[test]
fn a_lock_opens_its_own_source_only() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let lock = lake.lock(&"diagnoses".parse().unwrap()).unwrap();
    assert!(lake.intake(&lock, &import("a"), &laboratory()).is_err());
}

#[test]
fn a_second_extract_of_a_permit_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (lake(folder.path()), lake(folder.path()));
    let entropy = SeededEntropy::new(1);
    let (permit, another) = (PermitId::mint(&entropy), PermitId::mint(&entropy));
    let lock = one.lock_permit(&permit).unwrap();
    let error = other.lock_permit(&permit).unwrap_err();
    assert!(matches!(error, LakeError::BusyPermit { .. }));
    assert_eq!(
        error.to_string(),
        format!("another extract of permit `{permit}` is being built: wait until it has ended")
    );
    other.lock_permit(&another).unwrap();
    drop(lock);
    other.lock_permit(&permit).unwrap();
}
