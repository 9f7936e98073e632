//! `helserom link evaluate`, on people who do not exist.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field};
use parquet::arrow::ArrowWriter;
use serde_json::Value;

use crate::place::{Place, Said, text};

pub(crate) const SPEC: &str = r#"
id = "id"

[[comparison]]
columns = ["given", "surname"]
kind = "person-name"

[[comparison]]
column = "born"
kind = "date"

[[comparison]]
column = "postcode"
kind = "postcode"

[[block]]
on = ["surname", { column = "given", prefix = 2 }]

[[block]]
on = ["born"]

[[block]]
swapped = ["given", "surname"]

[[block]]
on = ["postcode", { column = "born", part = "year" }]
"#;

pub(crate) const HEADER: &str = "id,given,surname,born,postcode,person";

/// Chance that is the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// Rows of so many people, as often each as `times` says: given name, surname, date,
/// postcode, and who it is. Every third row but the first is misspelt somewhere.
pub(crate) fn people(count: usize, times: usize) -> Vec<Vec<String>> {
    const SYLLABLES: [&str; 12] =
        ["ka", "ri", "to", "ne", "bjø", "lu", "han", "se", "mar", "te", "gro", "vi"];
    let mut chance = Chance(42);
    let mut rows = Vec::new();
    for person in 0..count {
        let mut word = |syllables: usize| -> String {
            (0..syllables).map(|_| SYLLABLES[chance.below(SYLLABLES.len())]).collect()
        };
        let (given, surname) = (word(2), word(3));
        let born = format!(
            "{}-{:02}-{:02}",
            1930 + chance.below(70),
            1 + chance.below(12),
            1 + chance.below(28)
        );
        let postcode = format!("{:04}", 100 + chance.below(9000));
        for time in 0..times {
            let mut row = vec![given.clone(), surname.clone(), born.clone(), postcode.clone()];
            if time > 0 && chance.below(3) == 0 {
                match chance.below(5) {
                    0 => row.swap(0, 1),
                    1 => row[2].clear(),
                    2 => row[0] = row[0].replace('ø', "oe").replacen('a', "e", 1),
                    3 => row[3] = format!("{:04}", 100 + chance.below(9000)),
                    _ => row[1].push('n'),
                }
            }
            row.push(person.to_string());
            rows.push(row);
        }
    }
    rows
}

/// The rows as CSV, each with its place as its id.
pub(crate) fn csv(rows: &[Vec<String>]) -> String {
    numbered(rows.iter().enumerate())
}

fn numbered<'a>(rows: impl Iterator<Item = (usize, &'a Vec<String>)>) -> String {
    let mut csv = format!("{HEADER}\n");
    for (id, row) in rows {
        writeln!(csv, "{id},{}", row.join(",")).unwrap();
    }
    csv
}

pub(crate) struct Files {
    pub(crate) place: Place,
    spec: PathBuf,
}

impl Files {
    pub(crate) fn new(spec: &str) -> Self {
        let place = Place::new();
        let spec = place.file("spec.toml", spec);
        Self { place, spec }
    }

    pub(crate) fn evaluate(&self, arguments: &[&str]) -> Said {
        let mut all = vec!["link", "evaluate", "--spec", text(&self.spec)];
        all.extend(arguments);
        self.place.says(&all)
    }

    #[track_caller]
    pub(crate) fn told(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(arguments);
        let said = self.evaluate(&all);
        assert_eq!(said.code, Some(0), "{said:?}");
        serde_json::from_str(&said.out).unwrap()
    }
}

pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn the_rows_of_one_person_are_found_in_one_file() {
    let files = Files::new(SPEC);
    let file = files.place.file("people.csv", csv(&people(500, 3)));
    let out = files.place.path().join("out");
    let told = files.told(&[text(&file), "--truth", "person", "--out", text(&out)]);
    assert_eq!((&told["rows"], &told["rows-of-second"]), (&1500.into(), &Value::Null));
    for at in ["0.5", "0.95"] {
        for what in ["pairs", "clustered"] {
            let figures = &told["at"][at][what];
            assert!(number(&figures["precision"]) > 0.99, "{at} {what}: {figures}");
            assert!(number(&figures["recall"]) > 0.97, "{at} {what}: {figures}");
            assert_eq!(figures["all"], 1500, "{figures}");
        }
    }
    assert!((number(&told["matches-expected"]) / 1500.0 - 1.0).abs() < 0.1, "{told}");
    let pairs: u64 =
        told["rules"].as_array().unwrap().iter().map(|r| r["pairs"].as_u64().unwrap()).sum();
    assert_eq!(told["pairs"], pairs);
    for stage in ["read", "prepare", "train", "predict", "cluster", "write", "total"] {
        assert!(number(&told["seconds"][stage]) > 0.0, "{stage}");
    }
    assert!(number(&told["peak-memory-mib"]) > 1.0);
    let model: Value = serde_json::from_slice(&fs::read(out.join("model.json")).unwrap()).unwrap();
    assert_eq!(model, told["model"]);
    assert_eq!(model["comparisons"][1]["levels"][0]["label"], "equal");
    let chart = fs::read_to_string(out.join("weights.svg")).unwrap();
    assert!(chart.starts_with("<svg ") && chart.contains("surname the same"), "{chart}");
    assert!(File::open(out.join("edges.parquet")).is_ok());
    // Without the truth the same is found, and nothing is said of how good it is.
    let blind = files.told(&[text(&file)]);
    assert_eq!(blind["model"], told["model"]);
    assert_eq!(blind["at"]["0.5"]["edges"], told["at"]["0.5"]["edges"]);
    assert_eq!(blind["at"]["0.5"]["pairs"], Value::Null);
}

#[test]
fn who_moved_agrees_on_where_they_lived_earlier() {
    let spec = SPEC.replace("kind = \"postcode\"", "kind = \"postcode\"\nseparator = \";\"");
    let files = Files::new(&spec);
    // Every other row is from another place, and names the one before behind it.
    let mut rows = people(500, 2);
    for (row, at) in rows.iter_mut().zip(0_u32..).filter(|(_, at)| at % 2 == 1) {
        row[3] = format!("{:04};{}", 9_000 + at % 900, row[3]);
    }
    let file = files.place.file("people.csv", csv(&rows));
    let told = files.told(&[text(&file), "--truth", "person"]);
    let levels = told["model"]["comparisons"][2]["levels"].as_array().unwrap();
    let earlier = levels.iter().find(|level| level["label"] == "now or earlier the same").unwrap();
    assert!(number(&earlier["weight"]) > 3.0, "{levels:?}");
    assert!(number(&told["at"]["0.5"]["clustered"]["f1"]) > 0.97, "{}", told["at"]);
}

/// The rows of a table that was written as CSV.
fn written(folder: &std::path::Path, name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn the_order_of_the_rows_changes_no_byte_of_what_is_written() {
    let files = Files::new(SPEC);
    let rows = people(200, 3);
    let there = files.place.file("there.csv", csv(&rows));
    let back = numbered(rows.iter().enumerate().rev());
    let back = files.place.file("back.csv", back);
    let [one, other] = ["one", "other"].map(|name| files.place.path().join(name));
    for (file, out) in [(&there, &one), (&back, &other)] {
        files.told(&[text(file), "--out", text(out), "--format", "csv", "--threads", "2"]);
    }
    for name in ["edges.csv", "clusters.csv", "model.json", "weights.svg"] {
        let [one, other] = [&one, &other].map(|folder| fs::read(folder.join(name)).unwrap());
        assert!(!one.is_empty() && one == other, "{name}");
    }
    let edges = written(&one, "edges.csv");
    assert_eq!(edges[0], ["id_1", "id_2", "weight", "probability"]);
    let weights: Vec<f64> = edges[1..].iter().map(|edge| edge[2].parse().unwrap()).collect();
    let id = |text: &str| text.parse::<u64>().unwrap();
    assert!(edges[1..].iter().all(|edge| id(&edge[0]) < id(&edge[1])), "the smaller id first");
    assert!(weights.windows(2).all(|two| two[0] >= two[1]), "the heaviest first");
    assert!(edges[1..].iter().all(|edge| edge[3].parse::<f64>().unwrap() >= 0.01));
    let clusters = written(&one, "clusters.csv");
    assert_eq!(clusters[0], ["id", "cluster", "cluster_95"]);
    assert_eq!(clusters.len(), rows.len() + 1);
    // Who is one person is one cluster, with few exceptions.
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &clusters[1..] {
        *sizes.entry(&row[1]).or_default() += 1;
    }
    assert!(sizes.values().filter(|size| **size == 3).count() > 190, "{sizes:?}");
}

#[test]
fn ids_that_are_numbers_are_written_as_numbers_and_others_as_they_are() {
    let files = Files::new(SPEC);
    let rows = people(60, 3);
    let numbered = csv(&rows);
    let lettered: String = numbered
        .lines()
        .enumerate()
        .map(|(at, line)| if at == 0 { line.to_owned() } else { format!("p{line}") } + "\n")
        .collect();
    for (name, text_of, kind) in [
        ("numbers", numbered, arrow::datatypes::DataType::Int64),
        ("texts", lettered, arrow::datatypes::DataType::Utf8),
    ] {
        let file = files.place.file(&format!("{name}.csv"), text_of);
        let out = files.place.path().join(name);
        files.told(&[text(&file), "--out", text(&out)]);
        for (table, columns) in [("edges", 2), ("clusters", 1)] {
            let file = fs::File::open(out.join(format!("{table}.parquet"))).unwrap();
            let reader =
                parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
            let schema = reader.unwrap().schema().clone();
            for column in schema.fields().iter().take(columns) {
                assert_eq!(*column.data_type(), kind, "{name} {table} {}", column.name());
            }
        }
    }
}

#[test]
fn two_files_are_linked_with_each_other_alone() {
    let spec = SPEC.replace("id = \"id\"", "id = \"id\"\n[second]\ngiven = \"fornavn\"");
    let files = Files::new(&spec);
    let rows = people(400, 4);
    let of = |times: &[usize]| -> Vec<Vec<String>> {
        let chosen = rows.iter().enumerate().filter(|(at, _)| times.contains(&(at % 4)));
        chosen.map(|(_, row)| row.clone()).collect()
    };
    let first = files.place.file("first.csv", csv(&of(&[0])));
    let second = files
        .place
        .file("second.csv", csv(&of(&[1, 2, 3])).replacen("given", "fornavn", 1).replace(',', ";"));
    let out = files.place.path().join("out");
    let arguments = [text(&first), text(&second), "--truth", "person"];
    let mut all = arguments.to_vec();
    all.extend(["--out", text(&out), "--format", "csv"]);
    let told = files.told(&all);
    assert_eq!((&told["rows"], &told["rows-of-second"]), (&400.into(), &1200.into()));
    let pairs = &told["at"]["0.5"]["pairs"];
    assert_eq!(pairs["all"], 1200, "pairs within a file count nowhere");
    assert!(number(&pairs["f1"]) > 0.98, "{pairs}");
    let misspelt = Files::new(&spec.replace("given = \"fornavn\"", "givn = \"fornavn\""));
    let said = misspelt.evaluate(&arguments);
    let why = said.refusal(2);
    assert!(why.contains("`[second]` of the spec: ") && why.contains("no column `givn`"), "{why}");
    let clusters = written(&out, "clusters.csv");
    assert_eq!(clusters[0], ["id", "file", "cluster", "cluster_95"]);
    // Where each row may have one partner, a person who stands there three times is
    // found once.
    let mut once = arguments.to_vec();
    once.push("--one-to-one");
    let told = files.told(&once);
    let pairs = &told["at"]["0.5"]["pairs"];
    let found = number(&pairs["found"]);
    assert!((380.0..=400.0).contains(&found), "{pairs}");
    assert_eq!(told["at"]["0.5"]["clustered"]["found"], pairs["found"]);
}

/// Files as they come: a tabulator between fields that a comma in the header would hide,
/// the truth under another name and as fractions in one of them, dates in words.
#[test]
fn the_truth_is_read_by_the_rules_of_every_other_column() {
    let spec = SPEC.replace(
        "id = \"id\"",
        "id = \"id\"\ndelimiter = \"\\t\"\nmissing = [\"NA\"]\n[second]\nperson = \"who\"",
    );
    let files = Files::new(&spec);
    let rows = people(300, 2);
    let (mut one, mut other): (Vec<_>, Vec<_>) =
        rows.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).unzip();
    for row in &mut other {
        row[4].push_str(".0");
        row[2] = row[2].replace('-', "");
    }
    // Of nine in ten it is not known who they are.
    for row in one.iter_mut().chain(&mut other).filter(|row| !row[4].starts_with('7')) {
        row[4] = "NA".to_owned();
    }
    let known = one.iter().filter(|row| row[4] != "NA").count();
    let first = files.place.file("first.tsv", csv(&one).replace(',', "\t"));
    let second =
        files.place.file("second.tsv", csv(&other).replacen("person", "who", 1).replace(',', "\t"));
    let told = files.told(&[text(&first), text(&second), "--truth", "person"]);
    let pairs = &told["at"]["0.5"]["pairs"];
    assert_eq!(pairs["all"], known, "{pairs}");
    assert!(number(&pairs["recall"]) > 0.95, "{pairs}");

    let twice = csv(&one).replacen("postcode", "given", 1);
    let twice = files.place.file("twice.tsv", twice.replace(',', "\t"));
    let said = files.evaluate(&[text(&twice)]);
    assert!(said.err.contains("more than one column `given`"), "{said:?}");
}

#[test]
fn parquet_is_read_as_csv_is() {
    let files = Files::new(SPEC);
    let rows = people(150, 3);
    let from_csv = files.place.file("people.csv", csv(&rows));
    let column = |at: usize| -> ArrayRef {
        let values =
            rows.iter().map(|row| Some(row[at].as_str()).filter(|value| !value.is_empty()));
        Arc::new(values.collect::<StringArray>())
    };
    // Whole numbers among missing ones are kept as fractions by many programs, names that
    // come again and again once, and long texts in another kind of column.
    let person = rows.iter().map(|row| row[4].parse::<f64>().unwrap());
    let ids = (0..450_u32).map(f64::from);
    let cast = |at: usize, kind: &DataType| arrow::compute::cast(&column(at), kind).unwrap();
    let once = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    // A column of several below it stands before those that are read.
    let field = |name: &str| Arc::new(Field::new(name, DataType::Utf8, true));
    let nested = StructArray::from(vec![(field("x"), column(3)), (field("y"), column(2))]);
    let batch = RecordBatch::try_from_iter([
        ("nested", Arc::new(nested) as ArrayRef),
        ("person", Arc::new(Float64Array::from_iter_values(person))),
        ("id", Arc::new(Float64Array::from_iter_values(ids))),
        ("given", cast(0, &once)),
        ("surname", cast(1, &DataType::LargeUtf8)),
        ("born", column(2)),
        ("postcode", column(3)),
    ])
    .unwrap();
    let path = files.place.path().join("people.parquet");
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let [one, other] = [&from_csv, &path]
        .map(|file| files.told(&[text(file), "--truth", "person", "--explain", "0", "1"]));
    for part in ["model", "at", "rules", "pairs", "explained"] {
        assert_eq!(one[part], other[part], "{part}");
    }
    let nested = Files::new(&SPEC.replace("column = \"postcode\"", "column = \"nested\""));
    let said = nested.evaluate(&[text(&path)]);
    assert!(said.refusal(1).contains("column `nested` is of type Struct"), "{said:?}");
}

#[test]
fn ids_may_be_what_elsewhere_means_none_and_a_header_may_have_other_delimiters_in_quotes() {
    let files = Files::new(&SPEC.replace("id = \"id\"", "id = \"id\"\nmissing = [\"7\"]"));
    let plain = csv(&people(20, 2));
    let file = files.place.file("people.csv", &plain);
    let told = files.told(&[text(&file)]);
    assert_eq!(told["rows"], 40);
    let quoted = plain.replacen("postcode", "postcode,\"a;b;c;d;e;f;g;h\"", 1);
    let quoted: String = quoted
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let mut fields: Vec<&str> = line.split(',').collect();
            if at > 0 {
                fields.insert(5, "x");
            }
            fields.join(",") + "\n"
        })
        .collect();
    let file = files.place.file("quoted.csv", quoted);
    assert_eq!(files.told(&[text(&file)])["at"], told["at"]);
}

#[test]
fn a_pairs_weight_is_explained_step_by_step() {
    let files = Files::new(SPEC);
    let file = files.place.file("people.csv", csv(&people(200, 3)));
    let told = files.told(&[text(&file), "--explain", "0", "1"]);
    let explained = &told["explained"];
    let steps = explained["steps"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["prior", "given + surname", "born", "postcode"]);
    let sum: f64 =
        steps.iter().map(|step| number(&step["weight"]) + number(&step["frequency"])).sum();
    assert!((sum - number(&explained["weight"])).abs() < 1e-9);
    let said = files.evaluate(&[text(&file), "--explain", "0", "1"]);
    assert!(said.out.contains("= probability "), "{said:?}");
    let said = files.evaluate(&[text(&file), "--explain", "0", "9999"]);
    assert!(said.refusal(2).contains("no row `9999`"), "{said:?}");
}

#[test]
fn a_spec_may_be_written_in_few_words() {
    let files = Files::new(
        "id_column = 'id'\n\
         comparisons = [{ column = 'given', kind = 'jaro_winkler' }, { column = 'surname', kind = 'name' },\
         { column = 'born', kind = 'dob' }, { column = 'postcode', kind = 'string' }]\n\
         blocking_rules = [['surname'], ['born'], [{ column = 'given', equals = 'surname' }, 'postcode']]",
    );
    let file = files.place.file("people.csv", csv(&people(300, 3)));
    let told = files.told(&[text(&file), "--truth", "person"]);
    assert!(number(&told["at"]["0.5"]["clustered"]["f1"]) > 0.9, "{}", told["at"]);
    assert_eq!(told["rules"][2]["rule"], "given = surname, postcode");
}

#[test]
fn letters_of_two_encodings_are_read_when_the_spec_says_so() {
    let spec = |encoding: &str| format!("encoding = \"{encoding}\"\n{SPEC}");
    let rows = people(100, 3);
    let whole = csv(&rows);
    let latin: Vec<u8> =
        whole.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    // The first lines in one encoding, the rest in the other.
    let at = whole.find("\n99,").unwrap();
    let mut mixed = whole.as_bytes()[..at].to_vec();
    mixed.extend(whole[at..].chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()));
    let model = |encoding: &str, bytes: &[u8]| {
        let files = Files::new(&spec(encoding));
        let file = files.place.file("people.csv", bytes);
        files.told(&[text(&file)])["model"].clone()
    };
    let plain = model("utf-8", whole.as_bytes());
    assert_eq!(plain, model("latin-1", &latin));
    assert_eq!(plain, model("mixed", &mixed));
    assert_eq!(plain, model("utf-8", format!("\u{feff}{whole}").as_bytes()));
}
