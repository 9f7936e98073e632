//! What a source's record makes of its entries.

use ledger::{Draft, Entry, Hash, Record};
use model::{ImportId, SeededEntropy};
use source::{Contract, ImportReport, SourceEvent, SourceRecord};

use crate::support::{LABORATORY, id, laboratory, laboratory_rows, now, source_id};

fn entry(seq: u64, contract: &Contract, event: &SourceEvent) -> Entry {
    let actor = "holder".parse().unwrap();
    let draft = Draft::new(&actor, source_id(contract).as_str(), event).unwrap();
    Entry::seal(draft, seq, now(), Hash::default()).unwrap()
}

fn imported_event(contract: &Contract, report: ImportReport, version: u64) -> SourceEvent {
    let import = ImportId::mint(&SeededEntropy::new(version));
    let manifest = report.into_manifest(import, contract.fingerprint(), version, "segment".into());
    SourceEvent::Imported { manifest: Box::new(manifest) }
}

/// A record with one import, folded from entries as they are stored.
pub(crate) fn imported(contract: &Contract, report: ImportReport) -> SourceRecord {
    let events = [
        SourceEvent::Registered { contract: Box::new(contract.clone()) },
        imported_event(contract, report, 1),
    ];
    let fold = SourceRecord::projection().fold;
    let mut document: Option<String> = None;
    for (seq, event) in (0..).zip(&events) {
        document = Some(fold(document.as_deref(), &entry(seq, contract, event)).unwrap().document);
    }
    serde_json::from_str(&document.unwrap()).unwrap()
}

fn report() -> ImportReport {
    laboratory()
        .import_bytes(laboratory_rows(&[format!("{},2020-01-02,hdl,1,", id(1))]))
        .unwrap()
        .report
}

#[test]
fn a_source_is_registered_before_it_is_imported() {
    let contract = Contract::parse(LABORATORY).unwrap();
    let event = imported_event(&contract, report(), 1);
    let fold = SourceRecord::projection().fold;
    assert!(fold(None, &entry(0, &contract, &event)).unwrap_err().contains("never registered"));
    let record = imported(&contract, report());
    assert_eq!((record.state(), record.lake_version()), ("imported", Some(1)));
    assert_eq!(record.parent().as_deref(), Some("hospital"));
}

#[test]
fn an_import_that_does_not_fit_is_refused() {
    let contract = Contract::parse(LABORATORY).unwrap();
    let record = imported(&contract, report());
    let refuse = |event: SourceEvent| {
        let mut record = record.clone();
        record.apply(event.clone(), &entry(2, &contract, &event)).unwrap_err()
    };
    assert!(refuse(imported_event(&contract, report(), 1)).contains("not newer"));
    let mut lossy = report();
    lossy.rows_kept = 0;
    assert!(refuse(imported_event(&contract, lossy, 2)).contains("do not add up"));
    let mut other = contract.clone();
    other.smallest_count = 9;
    assert!(refuse(imported_event(&other, report(), 2)).contains("another contract"));
    other.source = "elsewhere".parse().unwrap();
    let replaced = SourceEvent::ContractReplaced { contract: Box::new(other) };
    assert!(refuse(replaced).contains("is for `elsewhere`"));
}

#[test]
fn refusals_are_remembered_until_the_next_import() {
    let contract = Contract::parse(LABORATORY).unwrap();
    let mut record = imported(&contract, report());
    let refused = SourceEvent::ImportRefused {
        import: ImportId::mint(&SeededEntropy::new(9)),
        why: "is empty".into(),
    };
    record.apply(refused.clone(), &entry(2, &contract, &refused)).unwrap();
    assert_eq!(record.refused.len(), 1);
    let event = imported_event(&contract, report(), 2);
    record.apply(event.clone(), &entry(3, &contract, &event)).unwrap();
    assert_eq!((record.refused.len(), record.imports.len()), (0, 2));
    assert_eq!(record.lake_version(), Some(2));
}
