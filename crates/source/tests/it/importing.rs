//! A delivery that keeps its contract.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};
use model::NationalId;
use source::{
    ContentBatch, ContentSink, Pseudonymiser, Quiet, SinkError, SortedObserver, SubjectKey,
    already_imported,
};

use crate::support::{Desk, POPULATION, TestKeys, id, key_of, laboratory, laboratory_rows};

#[test]
fn rows_are_split_into_who_and_what() {
    let desk = laboratory();
    let taken = desk
        .import_bytes(laboratory_rows(&[
            format!("{},2020-01-02,hdl,50.5,fine", id(1)),
            format!("{},2020-01-03,ldl,NA,", id(2)),
            format!("{},2020-01-04,ldl,3,\"a, \"\"b\"\"\"", id(1)),
        ]))
        .unwrap();
    taken.adds_up();
    assert_eq!((taken.report.rows_read, taken.report.rows_kept, taken.report.persons), (3, 3, 2));
    assert_eq!(
        taken.identities[&key_of(1)].national_id.as_ref().unwrap().reveal(),
        id(1).as_bytes()
    );
    let content = taken.content.content.unwrap();
    let names: Vec<String> = content.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["date", "test", "value", "comment"]);
    let at = |row: u64| taken.content.rows.iter().position(|r| *r == row).unwrap();
    let value = content["value"].as_primitive::<Float64Type>();
    assert!((value.value(at(0)) - 50.5).abs() < f64::EPSILON);
    assert!(value.is_null(at(1)));
    let comment = content["comment"].as_string::<i32>();
    assert_eq!(comment.value(at(2)), "a, \"b\"");
    assert!(comment.is_null(at(1)));
    assert_eq!(content["date"].as_primitive::<Date32Type>().value(at(0)), 18_263);
}

#[test]
fn no_identifier_reaches_the_content() {
    let desk = Desk::new(POPULATION);
    let taken = desk
        .import_bytes(
            format!(
                "id;name;born;index;children;alive\n{};Bl\u{e5};1950-01-02;2000-01-01;2;true\n",
                id(1)
            )
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect::<Vec<u8>>(),
        )
        .unwrap();
    taken.adds_up();
    let content = taken.content.content.unwrap();
    let names: Vec<String> = content.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["index", "children", "alive", "age"]);
    assert_eq!(content["age"].as_primitive::<Int64Type>().value(0), 49);
    let who = &taken.identities[&key_of(1)];
    assert_eq!(who.name.as_ref().unwrap().reveal(), "Blå");
    assert_eq!(who.birth_date.as_ref().unwrap().reveal(), model::Date::constant(1950, 1, 2));
}

#[test]
fn packed_files_and_several_files_are_one_delivery() {
    use std::io::Write;
    let desk = laboratory();
    let part = |n: usize| laboratory_rows(&[format!("{},2020-01-02,hdl,{n},", id(n))]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(part(1).as_bytes()).unwrap();
    let files = [
        desk.file("a.csv", part(0)),
        desk.file("b.csv.gz", gzip.finish().unwrap()),
        desk.file("c.csv.zst", zstd::encode_all(part(2).as_bytes(), 1).unwrap()),
    ];
    let taken = desk.import(&files).unwrap();
    taken.adds_up();
    assert_eq!(taken.report.rows_read, 3);
    assert_eq!(taken.report.persons, 3);
    for (file, path) in taken.report.files.iter().zip(&files) {
        use sha2::Digest;
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(file.bytes, bytes.len() as u64);
        assert_eq!(
            file.sha256.0[..],
            sha2::Sha256::digest(&bytes)[..],
            "hash of the file as delivered"
        );
    }
}

#[test]
fn a_file_of_several_gzip_members_is_read_to_its_end() {
    use std::io::Write;
    let desk = laboratory();
    let text = laboratory_rows(&[
        format!("{},2020-01-02,hdl,1,", id(1)),
        format!("{},2020-01-02,hdl,1,", id(2)),
    ]);
    let (head, tail) = text.as_bytes().split_at(40);
    let mut bytes = Vec::new();
    for part in [head, tail] {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(part).unwrap();
        bytes.extend(gzip.finish().unwrap());
    }
    let file = desk.file("two.csv.gz", bytes);
    assert_eq!(desk.import(&[file]).unwrap().report.rows_kept, 2);
}

#[test]
fn many_blocks_are_taken_in_order() {
    let desk = laboratory();
    let rows: Vec<String> = (0..60_000)
        .map(|n| {
            format!(
                "{},2020-01-02,hdl,{},{}",
                id(n % 3000 + n / 3000 * 3000),
                n % 100,
                "x".repeat(n % 90)
            )
        })
        .collect();
    let taken = desk.import_bytes(laboratory_rows(&rows)).unwrap();
    taken.adds_up();
    assert_eq!(taken.report.rows_kept, 60_000);
    let content = taken.content.content.unwrap();
    let value = content["value"].as_primitive::<Float64Type>();
    for (at, row) in taken.content.rows.iter().enumerate() {
        let expected = f64::from(u32::try_from(row % 100).unwrap());
        assert!(
            (value.value(at) - expected).abs() < f64::EPSILON,
            "row {row} has the value of another"
        );
    }
}

#[test]
fn the_same_delivery_again_is_known_and_another_is_not() {
    use crate::record::imported;
    let desk = laboratory();
    let text = laboratory_rows(&[format!("{},2020-01-02,hdl,1,", id(1))]);
    let file = desk.file("a.csv", &text);
    let report = desk.import(std::slice::from_ref(&file)).unwrap().report;
    let record = imported(&desk.contract, report);
    let import = record.current().unwrap().manifest.import.clone();

    let again = desk.file("renamed.csv", &text);
    assert_eq!(already_imported(&record, &[again]).unwrap(), Some(&import));
    let same_size = desk.file("b.csv", text.replace(",1,", ",2,"));
    assert_eq!(already_imported(&record, &[same_size]).unwrap(), None);
    let longer = desk.file("c.csv", format!("{text}\n"));
    assert_eq!(already_imported(&record, &[file.clone(), longer]).unwrap(), None);
    let mut other = record;
    other.contract.smallest_count = 6;
    assert_eq!(already_imported(&other, &[file]).unwrap(), None, "the contract is another now");
}

/// A reader may run eight blocks ahead of the one that is waited for, and each of
/// them is a mebibyte.
fn more_than_readers_run_ahead() -> Vec<String> {
    let comment = "x".repeat(1000);
    (0..16_000).map(|n| format!("{},2020-01-02,hdl,1,{comment}", id(n % 40))).collect()
}

#[test]
fn a_reader_that_panics_does_not_leave_the_other_waiting() {
    /// Breaks one reader, and no other after it.
    struct Broken(AtomicBool);
    impl Pseudonymiser for Broken {
        fn subject(&self, national_id: &NationalId) -> SubjectKey {
            assert!(self.0.swap(true, Ordering::Relaxed), "a defect");
            TestKeys.subject(national_id)
        }
        fn local(&self, id: &str) -> SubjectKey {
            TestKeys.local(id)
        }
    }
    let rows = more_than_readers_run_ahead();
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let desk = laboratory();
        let file = desk.file("a.csv", laboratory_rows(&rows));
        let import = || desk.import_with(&[file], &Quiet, &Broken(false.into())).is_ok();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(import)).is_err();
        ended.send(panicked).unwrap();
    });
    let panicked = end.recv_timeout(std::time::Duration::from_mins(1));
    assert_eq!(panicked, Ok(true), "the import waits for ever");
}

#[test]
fn a_sink_that_takes_nothing_does_not_leave_a_reader_waiting() {
    /// Holds the first block back until the other reader has run as far ahead as
    /// it may.
    #[derive(Default)]
    struct SlowAtFirst(AtomicUsize);
    impl Pseudonymiser for SlowAtFirst {
        fn subject(&self, national_id: &NationalId) -> SubjectKey {
            if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
                let mut before = 0;
                while before != self.0.load(Ordering::Relaxed) {
                    before = self.0.load(Ordering::Relaxed);
                    std::thread::sleep(std::time::Duration::from_millis(500));
                }
            }
            TestKeys.subject(national_id)
        }
        fn local(&self, id: &str) -> SubjectKey {
            TestKeys.local(id)
        }
    }
    struct Full;
    impl ContentSink for Full {
        type Staged = ();
        fn put(&mut self, _: ContentBatch) -> Result<(), SinkError> {
            Err(SinkError::DiskFull { place: "lake".to_owned() })
        }
        fn finish(self, _: &mut dyn SortedObserver) -> Result<(), SinkError> {
            Ok(())
        }
    }
    let rows = more_than_readers_run_ahead();
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let desk = laboratory();
        let file = desk.file("a.csv", laboratory_rows(&rows));
        let told = desk.import_into(Full, &[file], &SlowAtFirst::default()).unwrap_err();
        ended.send(told.to_string()).unwrap();
    });
    let told = end.recv_timeout(std::time::Duration::from_mins(1)).expect("the import ends");
    assert!(told.contains("the disk that holds `lake` is full"), "{told}");
}
