//! Records are encoded and compared without names: `helserom link encode` and `match`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::place::{Place, text};

/// What clkhash and anonlink made of invented values.
const FIGURES: &str = include_str!("../../../linkage/tests/it/encoded_vectors.json");
const SECRET: &str = "correct horse battery staple of two centres";

fn secret(place: &Place, secret: &str) -> PathBuf {
    let path = place.file("secret", format!("{secret}\n"));
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}

fn schema(place: &Place) -> PathBuf {
    let field = |name: &str, format: Value, n: u8, positional: bool, bits: u16| {
        json!({ "identifier": name, "format": format, "hashing": {
            "comparison": { "type": "ngram", "n": n, "positional": positional },
            "strategy": { "bitsPerFeature": bits },
        } })
    };
    let text = || json!({ "type": "string" });
    let schema = json!({
        "version": 3,
        "clkConfig": { "l": 1024, "kdf": { "type": "HKDF" } },
        "features": [
            field("given", text(), 2, false, 150),
            field("surname", text(), 2, false, 150),
            field("born", json!({ "type": "date", "format": "%Y-%m-%d" }), 1, true, 150),
            field("town", text(), 2, false, 100),
        ],
    });
    place.file("schema.json", schema.to_string())
}

/// Three hundred people, of whom the first two hundred are in both files, some of them
/// misspelt in the second.
fn registers(place: &Place) -> (PathBuf, PathBuf) {
    let parts =
        ["Ar", "Bo", "Dag", "Ei", "Frø", "Gu", "Hå", "Ing", "Jo", "Ku", "Lei", "Mæ", "Nora"];
    let towns = ["Vik", "Nes", "Moen", "Sand", "Øya", "Berg", "Dal"];
    let row = |at: usize, misspelt: bool| {
        let given = format!("{}{}", parts[at % 13], parts[at / 13 % 13].to_lowercase());
        let surname =
            format!("{}{}sen", parts[at * 7 % 13], parts[at * 3 / 11 % 13].to_lowercase());
        let surname = if misspelt { surname.replacen('e', "ee", 1) } else { surname };
        let (year, month, day) = (1920 + at * 11 % 97, 1 + at * 5 % 12, 1 + at * 17 % 28);
        format!("{at},{given},{surname},{year}-{month:02}-{day:02},{}\n", towns[at * 5 % 7])
    };
    let header = "number,given,surname,born,town\n";
    let a: String = (0..250).map(|at| row(at, false)).collect();
    let b: String = (0..200).chain(250..300).map(|at| row(at, at % 4 == 0)).collect();
    (place.file("a.csv", format!("{header}{a}")), place.file("b.csv", format!("{header}{b}")))
}

fn encode<'a>(
    schema: &'a Path,
    secret: &'a Path,
    file: &'a Path,
    more: &[&'a str],
) -> Vec<&'a str> {
    let mut all = vec!["link", "encode", "--schema", text(schema), "--secret", text(secret)];
    all.extend(more);
    all.push(text(file));
    all
}

#[test]
fn filters_are_those_that_clkhash_writes() {
    let figures: Value = serde_json::from_str(FIGURES).unwrap();
    let whole = figures["encoded"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["clks"].as_array().unwrap().iter().all(Value::is_string));
    let mut compared = 0;
    for case in whole.take(4) {
        let place = Place::new();
        let schema = place.file("schema.json", case["schema"].to_string());
        let secret = secret(&place, case["secret"].as_str().unwrap());
        let names = case["schema"]["features"].as_array().unwrap();
        let names: Vec<&str> = names.iter().map(|f| f["identifier"].as_str().unwrap()).collect();
        let rows: Vec<Vec<String>> = serde_json::from_value(case["rows"].clone()).unwrap();

        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(&names).unwrap();
        for row in &rows {
            csv.write_record(row).unwrap();
        }
        let csv = place.file("records.csv", csv.into_inner().unwrap());
        let said = place.does(&encode(&schema, &secret, &csv, &[]));
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said, json!({ "clks": case["clks"] }));

        let column = |at: usize| -> ArrayRef {
            // What is missing in Parquet is empty in CSV.
            let value = |row: &Vec<String>| Some(row[at].clone()).filter(|v| !v.is_empty());
            Arc::new(rows.iter().map(value).collect::<StringArray>())
        };
        let columns = names.iter().enumerate().map(|(at, name)| (*name, column(at), true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        parquet.write(&batch).unwrap();
        let parquet = place.file("records.parquet", parquet.into_inner().unwrap());
        let said = place.does(&encode(&schema, &secret, &parquet, &["--form", "lines"]));
        assert_eq!(json!(said.lines().collect::<Vec<_>>()), case["clks"]);
        compared += rows.len();
    }
    assert!(compared >= 8, "{compared}");
}

#[test]
fn two_centres_find_the_people_they_share() {
    let place = Place::new();
    let (schema, secret) = (schema(&place), secret(&place, SECRET));
    let (a, b) = registers(&place);
    let (to_a, to_b) = (place.path().join("a.json"), place.path().join("b.json"));
    for harden in [&[][..], &["--balance"], &["--diffuse", "4", "--balance"]] {
        for (file, to) in [(&a, &to_a), (&b, &to_b)] {
            let mut more = harden.to_vec();
            more.extend(["--to", text(to)]);
            place.does(&encode(&schema, &secret, file, &more));
            assert_eq!(fs::metadata(to).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let found = place.json(&["link", "match", text(&to_a), text(&to_b), "--threshold", "auto"]);
        let pairs: Vec<(u32, u32)> = serde_json::from_value(found["pairs"].clone()).unwrap();
        let right = pairs.iter().filter(|(a, b)| a == b && *a < 200).count();
        assert!(right >= 190, "{right} of {} with {harden:?}: {}", pairs.len(), found["threshold"]);
        assert!(pairs.len() - right <= 4, "{right} of {} with {harden:?}", pairs.len());
        // The same with the instructions that every machine has, and in a file.
        let threshold = found["threshold"].to_string();
        let to = place.path().join("pairs.csv");
        place.does(&[
            "link",
            "match",
            text(&to_a),
            text(&to_b),
            "--threshold",
            &threshold,
            "--kernel",
            "scalar",
            "--threads",
            "3",
            "--to",
            text(&to),
        ]);
        let written = fs::read_to_string(&to).unwrap();
        let written: Vec<(u32, u32)> = written
            .lines()
            .skip(1)
            .map(|line| line.split_once(',').unwrap())
            .map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap()))
            .collect();
        assert_eq!(written, pairs);
    }
}

#[test]
fn a_secret_that_others_can_read_is_refused_and_never_told() {
    let place = Place::new();
    let (schema, secret) = (schema(&place), secret(&place, SECRET));
    let (a, _) = registers(&place);
    for mode in [0o644, 0o640, 0o400] {
        fs::set_permissions(&secret, Permissions::from_mode(mode)).unwrap();
        let said = place.says(&encode(&schema, &secret, &a, &[]));
        assert!(said.refusal(1).contains("chmod 600"), "{said:?}");
        assert!(said.out.is_empty() && !said.err.contains("horse"), "{said:?}");
    }
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let link = place.path().join("link");
    std::os::unix::fs::symlink(&secret, &link).unwrap();
    assert_eq!(place.says(&encode(&schema, &link, &a, &[])).code, Some(1));
    let said = place.says(&encode(&schema, &secret, &a, &[]));
    assert!(!said.out.contains("horse") && !said.err.contains("horse"));
    // A short one is told of.
    fs::write(&secret, "abc").unwrap();
    let said = place.says(&encode(&schema, &secret, &a, &[]));
    assert!(said.err.contains("the secret is short"), "{}", said.err);
}

#[test]
fn a_value_that_does_not_fit_leaves_no_file() {
    let place = Place::new();
    let (schema, secret) = (schema(&place), secret(&place, SECRET));
    let rows = "given,surname,born,town\nIngfrid,Moen,1957-03-14,Vik\nAsgeir,Dal,1957-02-30,Nes\n";
    let file = place.file("records.csv", rows);
    let to = place.path().join("out.json");
    let said = place.says(&encode(&schema, &secret, &file, &["--to", text(&to)]));
    let why = said.refusal(1);
    assert!(
        why.contains("row 2, field `born`: the value is no date of the form `%Y-%m-%d`"),
        "{why}"
    );
    assert!(!why.contains("Asgeir") && !why.contains("02-30"), "{why}");
    let left: Vec<_> = fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !["records.csv", "schema.json", "secret"].contains(&name.as_str()))
        .collect();
    assert_eq!(left, [""; 0], "nothing is left of a file that was not whole");

    let uneven = place.file("uneven.csv", "given,surname,born,town\nIngfrid,Moen\n");
    let said = place.says(&encode(&schema, &secret, &uneven, &[]));
    assert!(said.refusal(1).contains("line 2: 2 fields where the header has 4"), "{said:?}");
    let lacking = place.file("lacking.csv", "given,born,town\nIngfrid,1957-03-14,Vik\n");
    let said = place.says(&encode(&schema, &secret, &lacking, &[]));
    assert!(
        said.refusal(1).contains("no column `surname`: it has `given`, `born`, `town`"),
        "{said:?}"
    );
    let latin = place.file("latin.csv", b"given,surname,born,town\nK\xe5re,Moen,1957-03-14,Vik\n");
    let said = place.says(&encode(&schema, &secret, &latin, &[]));
    assert!(said.refusal(1).contains("line 2: not UTF-8"), "{said:?}");
}

#[test]
fn a_file_is_encoded_the_same_however_it_is_written() {
    let place = Place::new();
    let (schema, secret) = (schema(&place), secret(&place, SECRET));
    let encoded = |name: &str, bytes: Vec<u8>, more: &[&str]| {
        let file = place.file(name, bytes);
        place.says(&encode(&schema, &secret, &file, more)).out
    };
    let plain = "given,surname,born,town\nK\u{e5}re,Moen,1957-03-14,Vik\n";
    let told = encoded("plain.csv", plain.into(), &[]);
    assert!(told.contains("clks"), "{told}");
    let semicolons = format!("\u{feff}{}", plain.replace(',', ";"));
    assert_eq!(encoded("semicolons.csv", semicolons.into(), &[]), told);
    let latin: Vec<u8> =
        plain.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    assert_eq!(encoded("latin.csv", latin.clone(), &["--encoding", "latin-1"]), told);
    assert_eq!(encoded("latin.csv", latin, &["--encoding", "mixed"]), told);
}

#[test]
fn thresholds_and_files_that_are_none_are_refused() {
    let place = Place::new();
    let one = place.file("one.json", r#"{"clks": ["AQIDBAUGBwg="]}"#);
    let long = place.file("long.json", r#"{"clks": ["AQIDBAUGBwgBAgMEBQYHCA=="]}"#);
    let says = |b: &Path, threshold: &str| {
        place.says(&["link", "match", text(&one), text(b), "--threshold", threshold])
    };
    for threshold in ["0", "1.5", "high"] {
        assert_eq!(says(&one, threshold).code, Some(2), "{threshold}");
    }
    assert_eq!(says(&one, "0.8").out, "a,b\n0,0\n");
    assert!(says(&one, "auto").refusal(1).contains("50 records or more"));
    assert!(says(&long, "0.8").refusal(1).contains("64 bits and those of the other 128"));
    let none = place.file("none.json", r#"{"clks": ["?"]}"#);
    assert!(says(&none, "0.8").refusal(1).contains("filter 1 is no base64"));
}

#[test]
fn what_is_no_file_or_is_read_is_not_replaced() {
    let place = Place::new();
    let (schema, secret) = (schema(&place), secret(&place, SECRET));
    let rows = "given,surname,born,town\nIngfrid,Moen,1957-03-14,Vik\n";
    let file = place.file("records.csv", rows);
    let kept = place.file("kept", "as it was");
    let link = place.path().join("link");
    std::os::unix::fs::symlink(&kept, &link).unwrap();
    let pipe = place.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (to, why) in [
        (&link, "is no file that could be replaced"),
        (&pipe, "is no file that could be replaced"),
        (&file, "is what is read"),
        (&schema, "is what is read"),
    ] {
        let said = place.says(&encode(&schema, &secret, &file, &["--to", text(to)]));
        assert!(said.refusal(2).contains(why), "{said:?}");
    }
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&kept).unwrap(), "as it was");
    assert_eq!(fs::read_to_string(&file).unwrap(), rows);
}
