//! A version is whole, stays readable, and is made at once or not at all.

use lake::LakeError;

use crate::support::{
    KeepAll, batch, files, import, laboratory, lake, read, some_rows, sorted, source, stage,
    take_in,
};
use source::{ContentSink, Contract};

#[test]
fn an_import_replaces_the_one_before_which_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let (first, second) = (some_rows(50, 7, 1), some_rows(20, 3, 2));
    assert_eq!(take_in(&lake, "a", &first, None).unwrap(), 0);
    assert_eq!(take_in(&lake, "b", &second, Some(0)).unwrap(), 1);
    assert_eq!(read(&lake, 1), sorted(&second));
    assert_eq!(read(&lake, 0), sorted(&first));
    let Err(LakeError::NoVersion { version: 2, .. }) = lake.snapshot(&source(), 2) else {
        panic!("a version that is not there was opened");
    };
}

#[test]
fn what_is_not_committed_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).with_sort_memory(1_000);
    take_in(&lake, "a", &some_rows(5, 5, 1), None).unwrap();
    let before = files(folder.path());

    let lock = lake.lock(&source()).unwrap();
    let mut intake = lake.intake(&lock, &import("b"), &laboratory()).unwrap();
    for rows in some_rows(40, 5, 2).chunks(10) {
        intake.put(batch(rows)).unwrap();
    }
    assert_ne!(files(folder.path()), before, "nothing was spilled: the test tests nothing");
    drop(intake);
    assert_eq!(files(folder.path()), before);
    drop(lock);

    let (_lock, staged) = stage(&lake, "c", &some_rows(40, 5, 2), 10);
    assert_ne!(files(folder.path()), before);
    drop(staged);
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_commit_that_fails_leaves_the_table_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    take_in(&lake, "a", &some_rows(5, 5, 1), None).unwrap();
    let before = files(folder.path());
    let (lock, staged) = stage(&lake, "b", &some_rows(6, 6, 2), 10);
    // The log has become unreadable.
    let entry = folder.path().join("laboratory/_delta_log/00000000000000000000.json");
    let log = std::fs::read(&entry).unwrap();
    std::fs::write(&entry, "{").unwrap();
    lake.commit(&lock, staged, Some(0)).unwrap_err();
    std::fs::write(&entry, log).unwrap();
    assert_eq!(files(folder.path()), before);
    assert_eq!(read(&lake, 0).len(), 25);
}

#[test]
fn a_version_the_ledger_never_named_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let (first, third) = (some_rows(9, 9, 1), some_rows(7, 7, 3));
    take_in(&lake, "a", &first, None).unwrap();
    take_in(&lake, "b", &some_rows(8, 8, 2), Some(0)).unwrap();
    // The process was killed before the ledger had version 1.
    let recovered = lake.recover(&source(), &[0]).unwrap();
    assert_eq!((recovered.files, recovered.unnamed), (1, Some(1)));
    assert_eq!(read(&lake, 0), sorted(&first));
    assert!(!files(folder.path()).iter().any(|name| name.contains("import-b")));

    assert_eq!(take_in(&lake, "c", &third, Some(0)).unwrap(), 2);
    let recovered = lake.recover(&source(), &[0, 2]).unwrap();
    assert_eq!((recovered.files, recovered.unnamed), (0, None));
    assert_eq!(read(&lake, 0), sorted(&first));
    assert_eq!(read(&lake, 2), sorted(&third));
    assert!(!files(folder.path()).iter().any(|name| name.contains("import-b")));
}

#[test]
fn recovery_reads_each_named_versions_own_entry_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    for version in 0..4_u64 {
        let rows = some_rows(version + 1, 2, version);
        take_in(&lake, &format!("n{version}"), &rows, version.checked_sub(1)).unwrap();
    }
    // To read version 3 as the table's library does takes every entry before it.
    for version in [0, 1] {
        let entry = format!("laboratory/_delta_log/{version:020}.json");
        std::fs::write(folder.path().join(entry), "unreadable").unwrap();
    }
    let recovered = lake.recover(&source(), &[2, 3]).unwrap();
    assert_eq!((recovered.files, recovered.unnamed), (2, None));
    let left = files(folder.path());
    for kept in ["import-n2", "import-n3"] {
        assert!(left.iter().any(|name| name.contains(kept)), "{kept} is gone");
    }
}

#[test]
fn what_a_killed_import_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    take_in(&lake, "a", &some_rows(9, 9, 1), None).unwrap();
    let before = files(folder.path());
    std::fs::create_dir_all(folder.path().join(".work/laboratory")).unwrap();
    for orphan in [
        ".work/laboratory/run-000001",
        "laboratory/part-import-x-00000.parquet",
        "laboratory/_delta_log/00000000000000000001.json#1",
    ] {
        std::fs::write(folder.path().join(orphan), "left behind").unwrap();
    }
    let recovered = lake.recover(&source(), &[0]).unwrap();
    assert_eq!((recovered.files, recovered.work, recovered.unnamed), (1, true, None));
    assert_eq!(files(folder.path()), before);
    assert_eq!(lake.recover(&source(), &[0]).unwrap(), lake::Recovered::default());
}

#[test]
fn a_first_import_that_was_killed_leaves_no_table() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    std::fs::create_dir_all(folder.path().join("laboratory/_delta_log")).unwrap();
    std::fs::write(folder.path().join("laboratory/part-import-x-00000.parquet"), "x").unwrap();
    lake.recover(&source(), &[]).unwrap();
    assert_eq!(files(folder.path()), Vec::<String>::new());
    assert_eq!(take_in(&lake, "a", &some_rows(3, 3, 1), None).unwrap(), 0);
}

#[test]
fn a_lake_older_than_the_ledger_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    take_in(&lake, "a", &some_rows(3, 3, 1), None).unwrap();
    let error = take_in(&lake, "b", &some_rows(3, 3, 2), Some(4)).unwrap_err();
    assert!(matches!(error, LakeError::Behind { known: 4, .. }), "{error}");
    assert!(matches!(lake.recover(&source(), &[0, 4]), Err(LakeError::Behind { .. })));
    assert_eq!(read(&lake, 0).len(), 9);
}

#[test]
fn a_new_contract_changes_the_columns_of_new_versions_only() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    take_in(&lake, "a", &some_rows(4, 4, 1), None).unwrap();
    let text = crate::support::LABORATORY.replace("\"serial\"", "\"number\"");
    let contract = Contract::parse(&text).unwrap();
    let lock = lake.lock(&source()).unwrap();
    let mut intake = lake.intake(&lock, &import("b"), &contract).unwrap();
    intake.put(batch(&some_rows(2, 2, 2))).unwrap();
    let staged = intake.finish(&mut KeepAll).unwrap();
    assert_eq!(lake.commit(&lock, staged, Some(0)).unwrap(), 1);

    let names = |version| -> Vec<String> {
        let snapshot = lake.snapshot(&source(), version).unwrap();
        snapshot.schema().fields().iter().map(|field| field.name().clone()).collect()
    };
    assert_eq!(names(0), ["subject", "date", "test", "serial"]);
    assert_eq!(names(1), ["subject", "date", "test", "number"]);
    let Err(LakeError::NoColumn { .. }) = lake.snapshot(&source(), 1).unwrap().scan(&["serial"])
    else {
        panic!("a column that is not there was read");
    };
    assert_eq!(read(&lake, 0).len(), 16);
}

#[test]
fn columns_come_in_the_order_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    take_in(&lake, "a", &some_rows(4, 4, 1), None).unwrap();
    let snapshot = lake.snapshot(&source(), 0).unwrap();
    let scan = snapshot.scan(&["serial", "date"]).unwrap();
    let names: Vec<_> = scan.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["subject", "serial", "date"]);
    let batch = scan.map(Result::unwrap).next().unwrap();
    assert_eq!(batch.num_columns(), 3);
}

#[test]
fn many_versions_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    // Past the tenth commit, where a table of other tools would get a checkpoint.
    for version in 0..13_u64 {
        let known = version.checked_sub(1);
        let rows = some_rows(version + 1, 2, version);
        assert_eq!(take_in(&lake, &format!("n{version}"), &rows, known).unwrap(), version);
    }
    for version in 0..13 {
        assert_eq!(read(&lake, version), sorted(&some_rows(version + 1, 2, version)));
    }
}
