//! Extracts as others meet them: processes that die, R, pandas.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, StringArray,
};
use arrow::record_batch::RecordBatch;
use lake::{ExtractOptions, sweep_extracts, write_csv};
use model::{Entropy, SeededEntropy};
use parquet::arrow::ArrowWriter;

use crate::extract_support::{Delivered, House, extract, terms};

const FOLDER: &str = "LAKE_TEST_EXTRACT_FOLDER";

fn rows() -> Vec<Delivered> {
    (0..500)
        .map(|n| Delivered {
            person: n % 50,
            date: Some(i32::try_from(n).unwrap()),
            age: None,
            value: Some(0.5),
            code: None,
            seen: None,
        })
        .collect()
}

/// Not a test of its own: what the next one starts in a second process.
#[test]
fn the_program_that_dies_while_it_extracts() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let registers = [("population", rows()), ("laboratory", rows())];
    let house = House::at(PathBuf::from(folder), None, 50, &registers);
    let plan = house.plan(terms(&["population", "laboratory"]));
    let crosswalk = house.link(&plan);
    let _ = house.lake.build_extract(
        &plan,
        &crosswalk,
        &house.extracts(),
        ExtractOptions { csv: true, memory: 0 },
        // The first table is written, the second one is being read.
        &|table, _, _| {
            if table.as_str() == "laboratory" {
                std::process::abort();
            }
            std::ops::ControlFlow::Continue(())
        },
    );
}

#[test]
fn an_extract_whose_program_died_is_not_there_and_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "extract_files::the_program_that_dies_while_it_extracts"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    let extracts = folder.path().join("extracts");
    let names = || -> Vec<String> {
        fs::read_dir(&extracts)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names(), ["extract-0000000001.tmp"]);
    assert!(extracts.join("extract-0000000001.tmp/population.parquet").exists());
    // Even an extract that counts is not there while it is unfinished.
    assert_eq!(sweep_extracts(&extracts, &|known| *known == extract()).unwrap(), 1);
    assert!(names().is_empty());
}

/// Writes a table with a column of each type to `folder`, as Parquet and CSV.
fn table(folder: &Path, decimals: Vec<Option<f64>>) -> PathBuf {
    let rows = decimals.len();
    let count = i32::try_from(rows).unwrap();
    let every = |n: i32| (0..count).map(move |row| (row % n != 0).then_some(row));
    let words = ["plain", "with, comma", "with \"quotes\"", "two\nlines", " spaces ", "blåbær"];
    let texts = every(7).map(|row| row.map(|row| words[usize::try_from(row).unwrap() % 6]));
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("person", Arc::new(Int32Array::from_iter_values(1..=count)), false),
        (
            "whole",
            Arc::new(
                every(5).map(|r| r.map(|r| i64::from(r) * -3_000_000)).collect::<Int64Array>(),
            ),
            true,
        ),
        ("fraction", Arc::new(Float64Array::from(decimals)), true),
        (
            "day",
            Arc::new(every(4).map(|r| r.map(|r| r * 37 - 30_000)).collect::<Date32Array>()),
            true,
        ),
        ("flag", Arc::new(every(6).map(|r| r.map(|r| r % 2 == 0)).collect::<BooleanArray>()), true),
        ("word", Arc::new(texts.collect::<StringArray>()), true),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let path = folder.join("table.parquet");
    let mut writer =
        ArrowWriter::try_new(fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let csv = folder.join("table.csv");
    write_csv(&path, &csv).unwrap();
    csv
}

fn small() -> Vec<Option<f64>> {
    vec![Some(0.1), None, Some(-1.0), Some(1e300), Some(5e-324), Some(123_456.789), Some(0.0)]
}

#[test]
fn a_table_as_csv_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let csv = fs::read_to_string(table(folder.path(), small())).unwrap();
    let expected = "person,whole,fraction,day,flag,word\n\
        1,,0.1,,,\n\
        2,-3000000,,1887-12-19,FALSE,\"with, comma\"\n\
        3,-6000000,-1.0,1888-01-25,TRUE,\"with \"\"quotes\"\"\"\n\
        4,-9000000,1e300,1888-03-02,FALSE,\"two\nlines\"\n\
        5,-12000000,5e-324,,TRUE,\" spaces \"\n\
        6,,123456.789,1888-05-15,FALSE,blåbær\n\
        7,-18000000,0.0,1888-06-21,,plain\n";
    assert_eq!(csv, expected);
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let csv = table(folder.path(), small());
    let error = write_csv(&folder.path().join("table.parquet"), &csv).unwrap_err();
    assert!(error.to_string().contains("table.csv"), "{error}");
}

/// Numbers as laboratories report them, and any others between 1e-6 and 1e9.
fn many() -> Vec<Option<f64>> {
    let entropy = SeededEntropy::new(5);
    (0..20_000)
        .map(|n| {
            let drawn = entropy.below(1 << 53) as f64 / (1_u64 << 53) as f64;
            Some(match n % 4 {
                0 => (drawn * 3_000.0).round() / 10.0,
                1 => drawn * 1_000.0 - 500.0,
                2 => 10_f64.powf(drawn * 15.0 - 6.0),
                _ => return None,
            })
        })
        .collect()
}

/// The doubles in a file, as the other program wrote them; missing ones are NaN.
fn doubles(path: &Path) -> Vec<Option<u64>> {
    fs::read(path)
        .unwrap()
        .as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| f64::from_le_bytes(*bytes))
        .map(|number| (!number.is_nan()).then_some(number.to_bits()))
        .collect()
}

fn bits(decimals: &[Option<f64>]) -> Vec<Option<u64>> {
    decimals.iter().map(|number| number.map(f64::to_bits)).collect()
}

#[test]
fn r_reads_every_number_date_and_word_back() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = many();
    table(folder.path(), numbers.clone());
    let script = r#"
        t <- read.csv("table.csv")
        stopifnot(is.integer(t$person), is.numeric(t$fraction), is.logical(t$flag))
        stopifnot(sum(is.na(t$whole)) == 4000, sum(is.na(t$flag)) == 3334)
        day <- as.Date(t$day[2:4])
        stopifnot(all(as.integer(day) == 1:3 * 37 - 30000), t$day[1] == "")
        stopifnot(t$word[4] == "two\nlines", t$word[3] == "with \"quotes\"", t$word[5] == " spaces ")
        stopifnot(enc2utf8(t$word[6]) == "bl\u00e5b\u00e6r")
        t$fraction[is.na(t$fraction)] <- NaN
        writeBin(t$fraction, "back", endian = "little")
    "#;
    let output = Command::new("Rscript")
        .args(["-e", script])
        .env("LC_ALL", "C.UTF-8")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(doubles(&folder.path().join("back")) == bits(&numbers));
}

#[test]
fn pandas_reads_every_number_date_and_word_back() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = many();
    table(folder.path(), numbers.clone());
    let script = "
import pandas
t = pandas.read_csv('table.csv')
assert t.person.dtype == 'int64' and t.fraction.dtype == 'float64'
assert t.whole.isna().sum() == 4000 and t.flag.isna().sum() == 3334
days = pandas.to_datetime(t.day[1:4])
assert [(d - pandas.Timestamp(1970, 1, 1)).days for d in days] == [37 - 30000, 74 - 30000, 111 - 30000]
assert list(t.word[1:7]) == ['with, comma', 'with \"quotes\"', 'two\\nlines', ' spaces ', 'bl\u{e5}b\u{e6}r', 'plain']
t.fraction.to_numpy().astype('<f8').tofile('back')
p = pandas.read_parquet('table.parquet')
assert (p.fraction.fillna(-1) == t.fraction.fillna(-1)).all() and (p.person == t.person).all()
";
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/room-python/bin/python");
    let output =
        Command::new(python).args(["-c", script]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(doubles(&folder.path().join("back")) == bits(&numbers));
}
