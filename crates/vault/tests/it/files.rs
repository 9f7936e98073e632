//! Rows that were kept aside, and crosswalks.

use std::fs;

use model::{ExtractId, ImportId, SourceId};
use source::{Fault, QuarantineSink, QuarantinedRow, Reason, SubjectKey};
use vault::{CrosswalkError, Vault};

use crate::support::{Place, extract, import, permit, source};

fn keep_aside(vault: &Vault, rows: &[&[u8]]) {
    let mut writer = vault.quarantine_writer(&source(), &import()).unwrap();
    for (row, bytes) in (1..).zip(rows) {
        let faults = [Fault::of_row(Reason::FieldCount, "4 fields, the contract has 5 columns")];
        let file = "laboratory.csv";
        let line = row + 1;
        writer.put(&QuarantinedRow { file, row, line, faults: &faults, bytes }).unwrap();
    }
    let kept = writer.finish().unwrap();
    assert_eq!(kept.rows(), rows.len() as u64);
    kept.publish().unwrap();
}

#[test]
fn rows_kept_aside_read_back_whole_with_their_reasons() {
    let place = Place::new();
    let long = vec![b'x'; 200_000];
    let rows: [&[u8]; 4] = [b"a,b", b"", b"\xff\x00", &long];
    keep_aside(&place.create(), &rows);
    let read: Vec<_> =
        place.open().quarantine(&source(), &import()).unwrap().map(Result::unwrap).collect();
    assert_eq!(read.len(), rows.len());
    for ((number, expected), row) in (1..).zip(rows).zip(&read) {
        assert_eq!((row.row, row.line), (number, number + 1));
        assert_eq!(row.file, "laboratory.csv");
        assert!(row.bytes.as_slice() == expected);
        assert_eq!(row.faults[0].reason, Reason::FieldCount);
    }
}

#[test]
fn an_import_that_kept_nothing_aside_reads_back_empty() {
    let place = Place::new();
    let vault = place.create();
    keep_aside(&vault, &[]);
    assert_eq!(vault.quarantine(&source(), &import()).unwrap().count(), 0);
}

#[test]
fn a_changed_bit_of_a_row_kept_aside_is_seen() {
    let place = Place::new();
    let vault = place.create();
    keep_aside(&vault, &[b"a row", b"another"]);
    let path = place.dir().join("sources/laboratory/import-0000000001.quarantine");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 0x10;
        fs::write(&path, &spoilt).unwrap();
        let failed = match vault.quarantine(&source(), &import()) {
            Err(_) => true,
            Ok(rows) => rows.last().is_some_and(|row| row.is_err()),
        };
        assert!(failed, "byte {at} was taken");
    }
}

/// The people of one source in a crosswalk, each with the number it gives.
type Numbered = Vec<(SubjectKey, i32)>;

fn people(count: u8) -> Numbered {
    (0..count).map(|n| (SubjectKey([n; 16]), i32::from(n) * 7 + 1)).collect()
}

fn write_crosswalk(vault: &Vault, extract: &ExtractId, sources: &[(&str, u8)]) {
    let mut writer = vault.crosswalk_writer(&permit(), extract).unwrap();
    for (source, count) in sources {
        writer.source(&source.parse().unwrap(), &people(*count)).unwrap();
    }
    writer.finish().unwrap().publish().unwrap();
}

fn read_crosswalk(
    vault: &Vault,
    extract: &ExtractId,
) -> Result<Vec<(SourceId, Numbered)>, CrosswalkError> {
    let mut reader = vault.crosswalk(&permit(), extract)?;
    let mut sources = Vec::new();
    while let Some((source, count)) = reader.next_source()? {
        let mut people = Vec::new();
        while let Some(person) = reader.next_person()? {
            people.push(person);
        }
        assert_eq!(people.len() as u64, count);
        sources.push((source, people));
    }
    Ok(sources)
}

#[test]
fn a_crosswalk_reads_back_until_its_key_is_destroyed() {
    let place = Place::new();
    let vault = place.create();
    write_crosswalk(
        &vault,
        &extract(),
        &[("population", 200), ("laboratory", 0), ("diagnoses", 5)],
    );
    let path = place.dir().join("permits/permit-0000000001/extract-0000000001.crosswalk");
    let kept = fs::read(&path).unwrap();
    let read = read_crosswalk(&place.open(), &extract()).unwrap();
    let expected = [("population", 200), ("laboratory", 0), ("diagnoses", 5)]
        .map(|(source, count)| (source.parse().unwrap(), people(count)));
    assert!(read == expected);

    vault.destroy_extract(&permit(), &extract()).unwrap();
    assert!(!path.exists());
    // Somebody kept a copy of the file: it is noise now.
    fs::write(&path, kept).unwrap();
    let error = read_crosswalk(&place.open(), &extract()).unwrap_err();
    assert!(error.to_string().contains("was destroyed"), "{error}");
}

#[test]
fn sources_of_a_crosswalk_can_be_stepped_over() {
    let place = Place::new();
    let vault = place.create();
    write_crosswalk(&vault, &extract(), &[("population", 200), ("diagnoses", 5)]);
    let mut reader = vault.crosswalk(&permit(), &extract()).unwrap();
    assert_eq!(reader.next_source().unwrap().unwrap().0.as_str(), "population");
    reader.next_person().unwrap().unwrap();
    assert_eq!(reader.next_source().unwrap().unwrap().0.as_str(), "diagnoses");
    assert_eq!(reader.next_person().unwrap().unwrap(), people(1)[0]);
    assert!(reader.next_source().unwrap().is_none());
}

#[test]
fn a_crosswalk_opens_for_its_own_extract_only() {
    let place = Place::new();
    let vault = place.create();
    let other: ExtractId = "extract-0000000002".parse().unwrap();
    write_crosswalk(&vault, &extract(), &[("population", 9)]);
    let path = place.dir().join("permits/permit-0000000001/extract-0000000001.crosswalk");
    fs::copy(&path, path.with_file_name("extract-0000000002.crosswalk")).unwrap();
    assert!(read_crosswalk(&vault, &other).is_err());
}

#[test]
fn opening_removes_a_keyring_that_was_never_finished() {
    let place = Place::new();
    drop(place.create());
    let left = place.dir().join("keyring.json.tmp");
    fs::copy(place.dir().join("keyring.json"), &left).unwrap();
    place.open();
    assert!(!left.exists());
}

#[test]
fn recovery_removes_what_no_entry_speaks_of_and_nothing_else() {
    let place = Place::new();
    let vault = place.create();
    keep_aside(&vault, &[b"row"]);
    crate::support::fill(&vault, &[crate::support::person(1)]);
    let orphan: ImportId = "import-0000000002".parse().unwrap();
    let writer = vault.identity_writer(&source(), &orphan).unwrap();
    writer.finish().unwrap().publish().unwrap();
    let gone: ExtractId = "extract-0000000002".parse().unwrap();
    write_crosswalk(&vault, &extract(), &[("population", 3)]);
    write_crosswalk(&vault, &gone, &[("population", 3)]);
    let folder = place.dir().join("sources/laboratory");
    fs::write(folder.join("import-0000000003.segment.tmp"), b"half").unwrap();
    fs::write(folder.join("notes.txt"), b"the operator's").unwrap();

    let kept_import = import();
    let removed =
        vault.sweep(&|_, found| *found == kept_import, &|found| *found == extract()).unwrap();
    assert_eq!(removed, 3);
    let mut left: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["import-0000000001.quarantine", "import-0000000001.segment", "notes.txt"]);
    assert_eq!(read_crosswalk(&vault, &extract()).unwrap().len(), 1);
    assert!(read_crosswalk(&vault, &gone).unwrap_err().to_string().contains("was destroyed"));
    assert_eq!(vault.sweep(&|_, _| true, &|_| true).unwrap(), 0);
}
