//! The demo's files, made by the real `Rscript` from the real cohort.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::similar_names,
    clippy::many_single_char_names,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    unreachable_pub,
    reason = "tests stop at the first thing that is wrong, and say what it was"
)]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use model::{Date, NationalId};
use synthetic::{Delivery, DemoFiles, PrepareError, Scale};

type Row = Vec<String>;

/// What a file says, decompressed and in UTF-8.
fn text(files: &DemoFiles, delivery: &Delivery) -> String {
    let raw = fs::read(files.file(delivery)).unwrap();
    match delivery.source.as_str() {
        "population" => encoding_rs::WINDOWS_1252.decode(&raw).0.into_owned(),
        "laboratory" => {
            let mut text = String::new();
            flate2::read::GzDecoder::new(&raw[..]).read_to_string(&mut text).unwrap();
            text
        }
        _ => String::from_utf8(zstd::decode_all(&raw[..]).unwrap()).unwrap(),
    }
}

/// A file's rows after the header, spoilt rows left out.
fn good_rows(files: &DemoFiles, delivery: &Delivery) -> Vec<Row> {
    let text = text(files, delivery);
    let delimiter = if delivery.source == "population" { b';' } else { b',' };
    let spoilt: Vec<u64> = delivery.spoilt.iter().map(|spoilt| spoilt.row).collect();
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes())
        .records()
        .zip(1_u64..)
        .filter(|(_, number)| !spoilt.contains(number))
        .map(|(row, _)| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn date(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

fn days(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

fn age(born: Date, day: Date) -> i16 {
    let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
    day.year() - born.year() - i16::from(!had_birthday)
}

fn counted<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_insert(0) += 1;
    }
    counts
}

/// The tables as R has them, exported by the same script, rows as text.
fn raw(directory: &Path, name: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(directory.join(name)).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn every_real_record_is_there_once_with_its_values_and_its_intervals_in_days() {
    let work = tempfile::tempdir().unwrap();
    let files = DemoFiles::prepare(&work.path().join("demo"), "Rscript".as_ref()).unwrap();
    let script = work.path().join("export.R");
    fs::write(&script, synthetic::demo::EXPORT_R).unwrap();
    let exported = Command::new("Rscript").arg(&script).arg(work.path()).status().unwrap();
    assert!(exported.success());

    let [population, laboratory, diagnoses] = &files.manifest.deliveries[..] else { panic!() };
    let people = good_rows(&files, population);
    assert_eq!(people.len() as u64, population.rows);

    // What is known of a person without the invented part must be what R has:
    // age, sex, weight, height, days of follow-up, status.
    let mut index = HashMap::new();
    let mut found = Vec::new();
    for row in &people {
        let [id, name, born, sex, height, weight, start, end, death] = &row[..] else { panic!() };
        let number = NationalId::parse(id).unwrap();
        let (born, start, end) = (date(born), date(start), date(end));
        assert!(number.evidence().unwrap().birth().allows(born));
        assert_eq!(id.as_bytes()[8] % 2 == 1, sex == "1", "sex digit");
        assert!(name.contains(' '));
        assert!(death.is_empty() || date(death) == end);
        assert!(end <= Date::constant(2017, 12, 31));
        let male = if sex == "1" { "1" } else { "0" };
        let status = if death.is_empty() { "0" } else { "1" };
        let (age, futime) = (age(born, start).to_string(), days(start, end).to_string());
        found.push([&age, male, weight, height, &futime, status].map(str::to_owned).to_vec());
        assert!(index.insert(id.clone(), start).is_none(), "two people with one number");
    }
    let expected = raw(work.path(), "nafld1.csv").into_iter().map(|row| row[1..].to_vec());
    assert_eq!(counted(found), counted(expected));

    // The same for what was measured and diagnosed: per person, the multiset of
    // (days, what, value) must be one that R has, as often as R has it.
    for (delivery, name) in [(laboratory, "nafld2.csv"), (diagnoses, "nafld3.csv")] {
        let mut ours: HashMap<String, Vec<Row>> = HashMap::new();
        for row in good_rows(&files, delivery) {
            let mut event = row[1..].to_vec();
            event[0] = days(index[&row[0]], date(&event[0])).to_string();
            ours.entry(row[0].clone()).or_default().push(event);
        }
        let mut theirs: HashMap<String, Vec<Row>> = HashMap::new();
        for row in raw(work.path(), name) {
            theirs.entry(row[0].clone()).or_default().push(row[1..].to_vec());
        }
        assert_eq!(ours.len() as u64, delivery.persons);
        let sorted = |of: HashMap<String, Vec<Row>>| {
            counted(of.into_values().map(|mut events| {
                events.sort();
                events
            }))
        };
        assert!(sorted(ours) == sorted(theirs), "{name}");
    }
}

#[test]
fn the_same_seed_gives_the_same_files_and_a_changed_file_is_made_anew() {
    let work = tempfile::tempdir().unwrap();
    let directory = work.path().join("demo");
    let first = DemoFiles::prepare(&directory, "Rscript".as_ref()).unwrap();
    let delivery = &first.manifest.deliveries[0];

    // Whole files need no R.
    let again = DemoFiles::prepare(&directory, "/nowhere/Rscript".as_ref()).unwrap();
    assert_eq!(again.manifest, first.manifest);

    fs::write(first.file(delivery), "id\n").unwrap();
    let without_r = DemoFiles::prepare(&directory, "/nowhere/Rscript".as_ref());
    assert!(matches!(without_r, Err(PrepareError::NoR { .. })));
    let mended = DemoFiles::prepare(&directory, "Rscript".as_ref()).unwrap();
    assert_eq!(mended.manifest, first.manifest);
}

#[test]
fn a_failing_r_leaves_no_files_and_says_what_r_said() {
    let work = tempfile::tempdir().unwrap();
    let rscript = work.path().join("Rscript");
    fs::write(&rscript, "#!/bin/sh\necho 'Error: no package called survival' >&2\nexit 1\n")
        .unwrap();
    let mut mode = fs::metadata(&rscript).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    fs::set_permissions(&rscript, mode).unwrap();
    let error = DemoFiles::prepare(&work.path().join("a/demo"), &rscript).unwrap_err();
    assert!(error.to_string().contains("no package called survival"), "{error}");
    assert_eq!(fs::read_dir(work.path().join("a")).unwrap().count(), 0, "something was left");
}

#[test]
fn the_files_have_the_columns_and_the_form_that_their_contracts_name() {
    let work = tempfile::tempdir().unwrap();
    let files = DemoFiles::prepare(&work.path().join("demo"), "Rscript".as_ref()).unwrap();
    for delivery in &files.manifest.deliveries {
        let contract = fs::read_to_string(files.contract(delivery)).unwrap();
        let value = |line: &str, key: &str| {
            line.strip_prefix(key).map(|rest| rest.trim_matches(['=', ' ', '"']).to_owned())
        };
        let form = |key: &str| contract.lines().find_map(|line| value(line, key)).unwrap();
        let columns: Vec<String> = contract
            .split("[[column]]")
            .skip(1)
            .map(|column| column.lines().find_map(|line| value(line, "name")).unwrap())
            .collect();
        let text = text(&files, delivery);
        assert_eq!(text.lines().next().unwrap(), columns.join(&form("delimiter")));
        assert_eq!(form("encoding") == "latin-1", delivery.source == "population");
        assert_eq!(form("source"), delivery.source);
    }
}

#[test]
fn registers_of_any_size_hold_what_is_asked_for() {
    let work = tempfile::tempdir().unwrap();
    let scale = Scale { people: 50, measurements: 400, diagnoses: 120 };
    synthetic::scale::write(work.path(), scale).unwrap();
    let population = fs::read(work.path().join("population.csv")).unwrap();
    let population = encoding_rs::WINDOWS_1252.decode(&population).0.into_owned();
    let known: Vec<&str> = population.lines().skip(1).map(|row| &row[..11]).collect();
    assert_eq!(known.len(), 50);
    for id in &known {
        NationalId::parse(id).unwrap();
    }
    for (file, rows) in [("laboratory.csv", 400), ("diagnoses.csv", 120)] {
        let text = fs::read_to_string(work.path().join(file)).unwrap();
        assert_eq!(text.lines().skip(1).count(), rows);
        assert!(text.lines().skip(1).all(|row| known.contains(&&row[..11])));
    }
    let diagnoses = fs::read_to_string(work.path().join("diagnoses.csv")).unwrap();
    assert!(counted(diagnoses.lines()).values().all(|times| *times == 1), "a key is there twice");
    let too_many = Scale { people: 1, measurements: 0, diagnoses: 101 };
    assert!(synthetic::scale::write(work.path(), too_many).is_err());
}
