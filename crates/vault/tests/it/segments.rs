//! Identities on disk.

use std::collections::BTreeMap;
use std::fs;

use model::Date;
use source::{BirthDate, SubjectKey};
use vault::SegmentError;

use crate::support::{Place, digits, fill, person, segment_name, segment_path, source};

#[test]
fn every_person_reads_back_sorted_and_by_key() {
    let place = Place::new();
    let people: Vec<_> = (0..300).map(person).collect();
    let subjects = fill(&place.create(), &people);
    let by_subject: BTreeMap<SubjectKey, _> = subjects.iter().copied().zip(&people).collect();

    let segment = place.open().segment(&source(), &segment_name()).unwrap();
    assert_eq!(segment.persons(), 300);
    let read: Vec<_> = segment.identities().map(Result::unwrap).collect();
    assert!(read.iter().map(|(subject, _)| subject).eq(by_subject.keys()));
    for ((_, read), written) in read.iter().zip(by_subject.values()) {
        assert_eq!(digits(read), digits(written));
        let name = |identity: &source::Identity| identity.name.clone().unwrap().reveal().clone();
        assert_eq!(name(read), name(written));
        let contact = |i: &source::Identity| i.contact.clone().unwrap().reveal().clone();
        assert_eq!(contact(read), contact(written));
        let born = |i: &source::Identity| i.birth_date.as_ref().map(BirthDate::reveal).unwrap();
        assert_eq!(born(read), born(written));
        assert_ne!(born(read), Date::default());
    }
    for (subject, written) in &by_subject {
        let found = segment.lookup(*subject).unwrap().unwrap();
        assert_eq!(digits(&found), digits(written));
    }
    for stranger in [SubjectKey([0; 16]), SubjectKey([255; 16]), SubjectKey([127; 16])] {
        assert!(segment.lookup(stranger).unwrap().is_none());
    }
}

#[test]
fn the_parts_of_a_segment_are_together_the_whole() {
    let place = Place::new();
    let vault = place.create();
    let people: Vec<_> = (0..300).map(person).collect();
    fill(&vault, &people);
    let segment = vault.segment(&source(), &segment_name()).unwrap();
    let whole: Vec<_> =
        segment.identities().map(Result::unwrap).map(|(s, i)| (s, i.national_id)).collect();
    for parts in [0, 1, 2, 3, 4, 5, 6, 100] {
        let together: Vec<_> =
            segment.national_ids(parts).into_iter().flatten().map(Result::unwrap).collect();
        assert!(together == whole, "{parts} parts");
    }
}

#[test]
fn an_import_of_nobody_has_an_empty_segment() {
    let place = Place::new();
    let vault = place.create();
    fill(&vault, &[]);
    let segment = vault.segment(&source(), &segment_name()).unwrap();
    assert_eq!((segment.persons(), segment.identities().count()), (0, 0));
    assert!(segment.lookup(SubjectKey([7; 16])).unwrap().is_none());
}

#[test]
fn any_changed_bit_is_seen_and_a_changed_record_is_named() {
    let place = Place::new();
    let vault = place.create();
    fill(&vault, &[person(1), person(2), person(3)]);
    let path = segment_path(&place);
    let whole = fs::read(&path).unwrap();
    let read = || -> Result<usize, SegmentError> {
        let segment = vault.segment(&source(), &segment_name())?;
        let mut count = 0;
        for item in segment.identities() {
            item?;
            count += 1;
        }
        Ok(count)
    };
    assert_eq!(read().unwrap(), 3);
    let (mut records, mut frames) = (BTreeMap::new(), 0);
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 1 << bit;
            fs::write(&path, &spoilt).unwrap();
            let error = read().expect_err(&format!("byte {at}, bit {bit} was taken"));
            let text = error.to_string();
            assert!(text.contains(path.to_str().unwrap()), "names no file: {text}");
            match error {
                SegmentError::Record { record, .. } => *records.entry(record).or_insert(0) += 1,
                SegmentError::Damaged { .. } => frames += 1,
                other => panic!("byte {at}, bit {bit}: {other}"),
            }
        }
    }
    // Every record has the same length, so its bits are as many as those of the next.
    assert_eq!(records.keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
    assert!(records[&1] == records[&2] && records[&2] == records[&3], "{records:?}");
    assert_eq!(records.values().sum::<usize>() + frames, whole.len() * 8);
}

#[test]
fn a_segment_cut_anywhere_is_seen() {
    let place = Place::new();
    let vault = place.create();
    fill(&vault, &[person(1), person(2)]);
    let path = segment_path(&place);
    let whole = fs::read(&path).unwrap();
    for keep in 0..whole.len() {
        fs::write(&path, &whole[..keep]).unwrap();
        let error = vault.segment(&source(), &segment_name()).unwrap_err();
        assert!(matches!(error, SegmentError::Damaged { .. }), "{keep} bytes: {error}");
    }
}

#[test]
fn a_segment_under_another_imports_name_is_refused() {
    let place = Place::new();
    let vault = place.create();
    fill(&vault, &[person(1)]);
    let other = "import-0000000002.segment";
    fs::copy(segment_path(&place), segment_path(&place).with_file_name(other)).unwrap();
    let error = vault.segment(&source(), other).unwrap_err();
    assert!(error.to_string().contains("not of this source and import"), "{error}");
}

#[test]
fn a_segment_that_is_not_there_is_said_to_be_missing() {
    let place = Place::new();
    let vault = place.create();
    for name in [segment_name().as_str(), "../../keyring.json", "", ".segment"] {
        let error = vault.segment(&source(), name).unwrap_err();
        assert!(matches!(error, SegmentError::Missing(_)), "`{name}`: {error}");
    }
}

#[test]
fn the_segments_of_two_identical_imports_have_no_record_in_common() {
    let place = Place::new();
    let vault = place.create();
    fill(&vault, &[person(1)]);
    let first = fs::read(segment_path(&place)).unwrap();
    fs::remove_file(segment_path(&place)).unwrap();
    fill(&vault, &[person(1)]);
    let second = fs::read(segment_path(&place)).unwrap();
    assert_eq!(first.len(), second.len());
    // Before the index entry (56 bytes) and the footer (48) stands the ciphertext.
    let ciphertext = |file: &[u8]| file[file.len() - 104 - 64..file.len() - 104].to_vec();
    let (first, second) = (ciphertext(&first), ciphertext(&second));
    assert!(first.windows(8).all(|part| !second.windows(8).any(|other| other == part)));
}
