//! Memory that does not grow with a delivery, whoever's rows it holds.

use std::path::{Path, PathBuf};
use std::process::Command;

use lake::SourceLock;
use source::{ContentBatch, ContentSink, SinkError, SortedObserver};

use crate::support::{Row, batch, import, laboratory, lake, source, subject};

const FOLDER: &str = "LAKE_TEST_BOUNDS_FOLDER";
const ROWS: &str = "LAKE_TEST_BOUNDS_ROWS";

/// Wants whole persons, as whoever looks for duplicate keys does.
struct Comparing;

impl SortedObserver for Comparing {
    fn wants_whole_persons(&self) -> bool {
        true
    }

    fn observe(&mut self, _chunk: &ContentBatch) -> Result<Option<Vec<bool>>, SinkError> {
        Ok(None)
    }
}

fn row_of(row: u64, persons: u64) -> Row {
    Row {
        subject: subject((row * 7919 % persons).wrapping_mul(0x9e37_79b9_7f4a_7c15), 1),
        date: Some(i32::try_from(row % 9_000).unwrap()),
        number: row,
        test: Some(format!("test-{}", row % 11)),
    }
}

/// Takes in `rows` rows of `persons` people, made as they are taken.
fn take_in(folder: &Path, rows: u64, persons: u64, most: usize) -> Result<lake::Staged, SinkError> {
    let lake = lake(folder).with_sort_memory(16 << 20).with_most_rows_of_one(most);
    let lock: SourceLock = lake.lock(&source()).unwrap();
    let mut intake = lake.intake(&lock, &import("a"), &laboratory()).unwrap();
    for first in (0..rows).step_by(10_000) {
        let rows: Vec<Row> =
            (first..rows.min(first + 10_000)).map(|row| row_of(row, persons)).collect();
        intake.put(batch(&rows))?;
    }
    intake.finish(&mut Comparing)
}

/// What the other test runs in a process of its own, whose peak it then reads.
#[test]
fn imports_and_tells_its_peak() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let rows: u64 = std::env::var(ROWS).unwrap().parse().unwrap();
    let folder = PathBuf::from(folder);
    let staged = take_in(&folder.join("lake"), rows, rows / 20, 1_000).unwrap();
    assert_eq!(staged.rows(), rows);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    std::fs::write(folder.join("peak"), peak.split_whitespace().nth(1).unwrap()).unwrap();
}

/// The most memory that an import of so many rows held, in KiB.
fn peak_of(rows: u64) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "bounds::imports_and_tells_its_peak", "--nocapture"])
        .env(FOLDER, folder.path())
        .env(ROWS, rows.to_string())
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    std::fs::read_to_string(folder.path().join("peak")).unwrap().parse().unwrap()
}

#[test]
fn ten_times_the_rows_take_no_more_memory() {
    let (once, ten_times) = (peak_of(300_000), peak_of(3_000_000));
    // The larger fills a row group, which is in memory until it is written; all its
    // rows, as they are sorted and merged, would take more than 200 MiB.
    assert!(ten_times < once + (96 << 10), "{once} KiB, then {ten_times} KiB");
}

#[test]
fn one_person_with_too_many_rows_to_compare_is_refused_by_the_row() {
    let folder = tempfile::tempdir().unwrap();
    // A number that stands for `unknown`: every row is the same person's.
    let refused = take_in(folder.path(), 5_000, 1, 1_000).unwrap_err();
    // Sorted by day and row, as here all are, row 1000 is the first beyond.
    assert!(matches!(refused, SinkError::TooManyOfOne { row: 1_000, most: 1_000 }), "{refused:?}");
    take_in(folder.path(), 1_000, 1, 1_000).unwrap();
}
