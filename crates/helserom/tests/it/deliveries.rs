//! Bad deliveries, from the command line to the files: each is told with what to
//! do, and nothing of it is left where it does not belong.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Command;

use crate::people::{HEADER, LABORATORY, id, values, with_rows};
use crate::place::{Place, Running, Said, signal, text};

/// Delivers a file that is refused as a whole: exit 1, these words, and the same
/// entries and files as before but for the entry that says so.
#[track_caller]
fn refused(name: &str, bytes: impl AsRef<[u8]>, words: &[&str]) {
    let place = Place::with_laboratory();
    let file = place.file(name, bytes);
    refused_at(&place, &file, words);
}

#[track_caller]
fn refused_at(place: &Place, file: &Path, words: &[&str]) {
    let (entries, files) = (place.entries(), place.files());
    let said = place.import(file);
    let told = said.refusal(1);
    for word in words {
        assert!(told.contains(word), "no `{word}` in: {told}");
    }
    assert!(no_identity(told), "{told}");
    assert_eq!(place.entries(), entries + 1, "a delivery that was refused is written down");
    let left: Vec<_> = place.files().difference(&files).cloned().collect();
    assert!(left.iter().all(|file| file.starts_with("quarantine/")), "left {left:?}");
}

fn no_identity(told: &str) -> bool {
    !told.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 11)
        && !told.contains("Kari")
}

/// Delivers a file of which this row, the 21st, is kept aside for this reason.
#[track_caller]
fn kept_aside(row: &str, column: Option<&str>, reason: &str) {
    let place = Place::with_laboratory();
    let file = place.file("lab.csv", with_rows(&[row]));
    let said = place.import(&file);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("20 rows of 20 people, 1 rows kept aside"), "{said:?}");
    assert!(said.out.contains(&format!("{reason}: 1")), "{said:?}");
    assert!(no_identity(&said.out) && no_identity(&said.err), "{said:?}");
    let aside = aside(&place);
    assert_eq!(aside, [(21, column.map(str::to_owned), reason.to_owned())]);
    place.entries();
    only_named_files(&place);
}

/// Row, column and reason of what the newest delivery kept aside, as its holder
/// reads it.
#[track_caller]
fn aside(place: &Place) -> Vec<(u64, Option<String>, String)> {
    let rows = place.json(&["--as", "holder", "source", "quarantine", "laboratory"]);
    let rows = rows.as_array().unwrap();
    rows.iter()
        .flat_map(|row| {
            assert_eq!(row["file"], "lab.csv", "{row}");
            row["faults"].as_array().unwrap().iter().map(|fault| {
                let column = fault["column"].as_str().map(str::to_owned);
                (row["row"].as_u64().unwrap(), column, fault["reason"].as_str().unwrap().to_owned())
            })
        })
        .collect()
}

/// Whatever lies in vault, lake and quarantine bears the name of a delivery that
/// the ledger speaks of, or is in the table's log.
#[track_caller]
fn only_named_files(place: &Place) {
    let export = place.path().join("ledger-of-files");
    let _ = fs::remove_file(&export);
    place.does(&["ledger", "export", text(&export)]);
    let ledger = fs::read_to_string(&export).unwrap();
    let mut log = String::new();
    for file in place.files().iter().filter(|file| file.contains("_delta_log")) {
        log.push_str(&fs::read_to_string(place.data().join(file)).unwrap());
    }
    for file in place.files() {
        let name = file.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        let named = ledger.contains(stem)
            || log.contains(name)
            || file.contains("_delta_log/")
            || name == "keyring.json";
        assert!(named, "no entry speaks of `{file}`");
    }
}

#[test]
fn a_wrong_header() {
    let text = values(20).replacen("comment", "coment", 1);
    refused("lab.csv", text, &["`lab.csv`", "missing `comment`", "meant as `comment`?"]);
}

#[test]
fn a_wrong_delimiter() {
    let text = values(20).replace(',', ";");
    refused("lab.csv", text, &["`lab.csv`", "looks separated by `;`, the contract says `,`"]);
}

#[test]
fn a_wrong_encoding() {
    let utf16: Vec<u8> = values(20).encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused("lab.csv", utf16, &["`lab.csv` is UTF-16: save it as UTF-8"]);
    let latin1: Vec<u8> = values(30).chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    refused("lab.csv", latin1, &["not one of 30 rows keeps to the contract", "column `name`"]);
}

#[test]
fn a_number_where_a_date_belongs() {
    kept_aside(&format!("{},Per,43831,hdl,1,", id(100)), Some("date"), "date");
}

#[test]
fn a_date_in_the_future() {
    kept_aside(&format!("{},Per,2999-01-01,hdl,1,", id(100)), Some("date"), "future-date");
}

#[test]
fn a_date_before_1870() {
    kept_aside(&format!("{},Per,1869-12-31,hdl,1,", id(100)), Some("date"), "early-date");
}

#[test]
fn a_check_digit_that_fails() {
    let good = id(100);
    let last = (good.as_bytes()[10] - b'0' + 1) % 10;
    let spoilt = format!("{}{last}", &good[..10]);
    kept_aside(&format!("{spoilt},Per,2020-01-02,hdl,1,"), Some("id"), "national-id");
}

#[test]
fn a_formula() {
    let row = format!("{},Per,2020-01-02,hdl,1,=HYPERLINK(\"x\")", id(100));
    kept_aside(&row.replace("=HYPERLINK(\"x\")", "=1+1"), Some("comment"), "formula");
}

#[test]
fn a_line_that_was_cut_short() {
    kept_aside(&format!("{},Per,2020-01", id(100)), None, "field-count");
}

#[test]
fn two_people_with_one_number() {
    let place = Place::with_laboratory();
    // One row for each person: another name under the number is another person.
    let contract = LABORATORY.replace("key = [\"id\", \"date\", \"test\"]", "key = [\"id\"]");
    let contract = place.file("people.toml", contract);
    place.does(&["source", "add", text(&contract)]);
    let rows = [
        format!("{},Per Hansen,2020-01-02,hdl,1,", id(100)),
        format!("{},Anne Olsen,2020-01-03,hdl,1,", id(100)),
    ];
    let file = place.file("lab.csv", with_rows(&[&rows[0], &rows[1]]));
    let said = place.import(&file);
    assert_eq!(said.code, Some(0), "{said:?}");
    let found = aside(&place);
    let rows: Vec<_> = found.iter().map(|(row, ..)| *row).collect();
    assert_eq!(rows, [21, 22], "{found:?}");
    assert!(found.iter().all(|(.., reason)| reason == "two-people"), "{found:?}");
    place.entries();
    only_named_files(&place);
}

#[test]
fn a_duplicate_key() {
    let place = Place::with_laboratory();
    let rows = [
        format!("{},Per Hansen,2020-01-02,hdl,1,", id(100)),
        format!("{},Per Hansen,2020-01-02,hdl,2,", id(100)),
    ];
    let file = place.file("lab.csv", with_rows(&[&rows[0], &rows[1]]));
    let said = place.import(&file);
    assert_eq!(said.code, Some(0), "{said:?}");
    let found = aside(&place);
    let rows: Vec<_> = found.iter().map(|(row, ..)| *row).collect();
    assert_eq!(rows, [21, 22], "{found:?}");
    assert!(found.iter().all(|(.., reason)| reason == "duplicate-key"), "{found:?}");
    only_named_files(&place);
}

#[test]
fn an_empty_file() {
    refused("lab.csv", "", &["`lab.csv` is empty"]);
    refused("lab.csv", format!("{HEADER}\n"), &["`lab.csv` has a header and no rows"]);
}

#[test]
fn a_truncated_gzip() {
    let place = Place::with_laboratory();
    let plain = place.file("lab.csv", values(5_000));
    let packed = Command::new("gzip").arg("--keep").arg(&plain).status().unwrap();
    assert!(packed.success());
    let file = place.path().join("lab.csv.gz");
    let whole = fs::metadata(&file).unwrap().len();
    File::options().write(true).open(&file).unwrap().set_len(whole / 2).unwrap();
    refused_at(&place, &file, &["`lab.csv.gz` is cut short", "fetch it again"]);
}

#[test]
fn a_line_of_two_gigabytes_is_one_row_that_is_kept_aside() {
    let place = Place::with_laboratory();
    let path = place.file("lab.csv", values(20));
    let mut file = File::options().write(true).open(&path).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    write!(file, "{},Per,2020-01-02,hdl,1,", id(100)).unwrap();
    // A hole: 2 GB that take no room on the disk.
    let end = file.stream_position().unwrap();
    file.set_len(end + 2_000_000_000).unwrap();
    let said = place.import(&path);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("20 rows of 20 people, 1 rows kept aside"), "{said:?}");
    assert!(said.out.contains("too-large: 1"), "{said:?}");
    assert!(no_identity(&format!("{}{}", said.out, said.err)), "{said:?}");
    assert_eq!(aside(&place), [(21, None, "too-large".to_owned())]);
    // What is kept of it is no larger than a record may be.
    let kept: u64 =
        place.files().iter().map(|file| fs::metadata(place.data().join(file)).unwrap().len()).sum();
    assert!(kept < 8 << 20, "{kept} bytes");
    place.entries();
    only_named_files(&place);
}

#[test]
fn a_file_that_does_not_exist() {
    let place = Place::with_laboratory();
    let entries = place.entries();
    let said = place.import(&place.path().join("nowhere.csv"));
    assert!(said.refusal(1).contains("nowhere.csv"), "{said:?}");
    assert_eq!(place.entries(), entries);
}

#[test]
fn a_source_that_does_not_exist() {
    let place = Place::with_laboratory();
    let file = place.file("lab.csv", values(20));
    let said = place.says(&["source", "import", "labratory", text(&file)]);
    assert!(said.refusal(1).contains("`labratory`"), "{said:?}");
}

#[test]
fn a_parquet_file_of_another_schema() {
    let place = Place::with_laboratory();
    let file = place.file("lab.csv", values(20));
    assert_eq!(place.import(&file).code, Some(0));
    // The lake's own table is Parquet, with other columns than the contract's.
    let table = place.files().into_iter().find(|file| file.ends_with(".parquet")).unwrap();
    let bytes = fs::read(place.data().join(table)).unwrap();
    let contract = LABORATORY.replace("format = \"csv\"", "format = \"parquet\"");
    let contract = place.file("parquet.toml", contract);
    place.does(&["source", "add", text(&contract)]);
    let file = place.file("lab.parquet", bytes);
    refused_at(&place, &file, &["`lab.parquet`", "missing `id`"]);
}

#[test]
fn a_file_that_changes_while_it_is_read() {
    let place = Place::with_laboratory();
    let path = place.file("lab.csv", values(60_000));
    let (entries, files) = (place.entries(), place.files());
    let import = place.command(&["source", "import", "laboratory", text(&path)]).spawn().unwrap();
    let mut file = File::options().append(true).open(&path).unwrap();
    let import = std::thread::spawn(move || Said::from(import.wait_with_output().unwrap()));
    while !import.is_finished() {
        file.write_all(b"more").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let said = import.join().unwrap();
    assert!(said.refusal(1).contains("changed while it was read"), "{said:?}");
    assert_eq!(place.entries(), entries + 1);
    let left: Vec<_> = place.files().difference(&files).cloned().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_same_file_twice_is_one_import() {
    let place = Place::with_laboratory();
    let file = place.file("lab.csv", values(20));
    assert_eq!(place.import(&file).code, Some(0));
    let (entries, files) = (place.entries(), place.files());
    let again = place.import(&file);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.contains("taken in before"), "{again:?}");
    assert_eq!((place.entries(), place.files()), (entries, files));
}

#[test]
fn two_imports_at_once() {
    let place = Place::with_laboratory();
    let first = place.file("first.csv", values(30_000));
    let second = place.file("second.csv", values(40));
    let mut begun = place
        .command(&["source", "import", "laboratory", text(&first)])
        .spawn()
        .map(Running)
        .unwrap();
    // It says that it reads once it has the source's turn, and stands still there.
    let mut lines = BufReader::new(begun.0.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("laboratory: reading")));
    signal(&begun.0, "-STOP");
    let entries = ledger_entries(&place);
    let said = place.import(&second);
    let told = said.refusal(1);
    assert!(
        told.contains("another import of `laboratory` is at work: wait until it has ended"),
        "{told}"
    );
    assert_eq!(ledger_entries(&place), entries, "who was told to wait did nothing");
    signal(&begun.0, "-CONT");
    assert_eq!(begun.0.wait().unwrap().code(), Some(0));
    assert_eq!(place.json(&["source", "list"])[0]["persons"], 30_000);
    assert_eq!(place.import(&second).code, Some(0));
    assert_eq!(place.json(&["source", "list"])[0]["persons"], 40);
    place.entries();
    only_named_files(&place);
}

/// How many entries there are, for who may not wait until nothing else is at work.
fn ledger_entries(place: &Place) -> u64 {
    place.json(&["ledger", "verify"])["events"].as_u64().unwrap()
}

#[test]
fn a_check_keeps_nothing() {
    let place = Place::with_laboratory();
    let contract = place.path().join("laboratory.toml");
    let file = place.file("lab.csv", with_rows(&["1,,,,,"]));
    let (entries, files) = (place.entries(), place.files());
    let said = place.says(&["source", "check", text(&contract), text(&file)]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("20 rows of 20 people, 1 rows kept aside"), "{said:?}");
    let json = place.json(&["source", "check", text(&contract), text(&file)]);
    assert_eq!(json["would-import"]["rows-kept"], 20, "{json}");
    assert_eq!((place.entries(), place.files()), (entries, files));
}

#[test]
fn a_delivery_of_which_no_row_fits_does_not_take_the_place_of_the_one_before() {
    let place = Place::with_laboratory();
    let before = place.file("before.csv", values(30));
    assert_eq!(place.import(&before).code, Some(0));
    let row = |n| format!("{},Kari Prøve,02.01.2020,hdl,1,\n", id(n));
    let days: String = (0..30).map(row).collect();
    let long = "x".repeat(2 << 20);
    for (name, rows) in [("days.csv", days.as_str()), ("long.csv", long.as_str())] {
        let file = place.file(name, format!("{HEADER}\n{rows}\n"));
        refused_at(
            &place,
            &file,
            &["rows keeps to the contract", "is it a delivery to this source?"],
        );
        assert_eq!(place.json(&["source", "list"])[0]["persons"], 30);
    }
}
