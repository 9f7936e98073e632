//! Sources of unusual shapes.

use source::{ContentBatch, ContentSink, SinkError, SortedObserver};

use crate::support::{
    KeepAll, Row, batch, files, import, laboratory, lake, read, some_rows, sorted, source, subject,
    take_in,
};

#[test]
fn a_source_without_rows_has_a_version_without_rows() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    assert_eq!(take_in(&lake, "a", &[], None).unwrap(), 0);
    assert_eq!(read(&lake, 0), []);
    assert_eq!(take_in(&lake, "b", &some_rows(2, 2, 1), Some(0)).unwrap(), 1);
    assert_eq!(take_in(&lake, "c", &[], Some(1)).unwrap(), 2);
    assert_eq!(read(&lake, 2), []);
    assert_eq!(read(&lake, 1).len(), 4);
}

#[test]
fn a_source_of_one_row() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let rows = [Row { subject: subject(u64::MAX, u64::MAX), date: None, number: 9, test: None }];
    take_in(&lake, "a", &rows, None).unwrap();
    assert_eq!(read(&lake, 0), rows);
}

/// Wants whole persons, and counts chunks.
struct Whole(Vec<usize>);

impl SortedObserver for Whole {
    fn wants_whole_persons(&self) -> bool {
        true
    }

    fn observe(&mut self, chunk: &ContentBatch) -> Result<Option<Vec<bool>>, SinkError> {
        self.0.push(chunk.subjects.len());
        Ok(None)
    }
}

#[test]
fn a_person_with_more_rows_than_a_chunk_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).with_sort_memory(1 << 20);
    let lock = lake.lock(&source()).unwrap();
    let mut intake = lake.intake(&lock, &import("a"), &laboratory()).unwrap();
    // Persons of 100,000, 10,000 and 1 rows; a chunk has 65,536.
    let rows: Vec<Row> = (0..110_001_u64)
        .map(|row| Row {
            subject: subject(
                if row < 100_000 {
                    1
                } else if row < 110_000 {
                    2
                } else {
                    3
                },
                0,
            ),
            date: Some(i32::try_from(row * 17 % 1000).unwrap()),
            number: row,
            test: None,
        })
        .collect();
    for rows in rows.chunks(9_999) {
        intake.put(batch(rows)).unwrap();
    }
    let mut whole = Whole(Vec::new());
    let staged = intake.finish(&mut whole).unwrap();
    assert_eq!(whole.0, [100_000, 10_001]);
    let version = lake.commit(&lock, staged, None).unwrap();
    assert_eq!(read(&lake, version), sorted(&rows));
}

/// Drops everything, or fails.
struct Refuses(bool);

impl SortedObserver for Refuses {
    fn wants_whole_persons(&self) -> bool {
        false
    }

    fn observe(&mut self, chunk: &ContentBatch) -> Result<Option<Vec<bool>>, SinkError> {
        if self.0 {
            return Err(SinkError::Failed { what: "looking".to_owned(), why: "no".to_owned() });
        }
        Ok(Some(vec![false; chunk.subjects.len()]))
    }
}

#[test]
fn an_observer_may_drop_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let lock = lake.lock(&source()).unwrap();
    let mut intake = lake.intake(&lock, &import("a"), &laboratory()).unwrap();
    intake.put(batch(&some_rows(30, 30, 1))).unwrap();
    let staged = intake.finish(&mut Refuses(false)).unwrap();
    assert_eq!((staged.rows(), staged.files(), staged.bytes()), (0, 0, 0));
}

#[test]
fn an_observer_that_fails_ends_the_import_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let lock = lake.lock(&source()).unwrap();
    let mut intake = lake.intake(&lock, &import("a"), &laboratory()).unwrap();
    // More chunks than may wait: the other threads must not wait for ever.
    for rows in some_rows(3_000, 200, 1).chunks(50_000) {
        intake.put(batch(rows)).unwrap();
    }
    let error = intake.finish(&mut Refuses(true)).unwrap_err();
    assert_eq!(error.to_string(), "looking failed: no");
    assert_eq!(files(folder.path()), Vec::<String>::new());
}

#[test]
fn rows_that_do_not_fit_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let lock = lake.lock(&source()).unwrap();
    let mut intake = lake.intake(&lock, &import("a"), &laboratory()).unwrap();
    let mut lame = batch(&some_rows(3, 3, 1));
    lame.subjects.pop();
    assert!(intake.put(lame).is_err());
    let _ = intake.finish(&mut KeepAll);
}
