//! A population that does not exist: `helserom generate population`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use model::NationalId;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::place::{Place, text};

/// A row by its columns' names.
type Record = HashMap<String, String>;

fn generate(place: &Place, out: &str, more: &[&str]) -> serde_json::Value {
    let mut all = vec!["generate", "population", "--out", out];
    all.extend(more);
    place.json(&all)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

fn rows(file: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(file).unwrap().deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn the_same_seed_makes_the_same_files_with_any_number_of_threads() {
    let place = Place::new();
    let people = ["--people", "25000", "--sources", "3"];
    for (out, more) in
        [("a", ["--seed", "7", "--threads", "1"]), ("b", ["--seed", "7", "--threads", "3"])]
    {
        generate(&place, out, &[&people[..], &more].concat());
    }
    generate(&place, "c", &[&people[..], &["--seed", "8"]].concat());
    let [a, b, c] = ["a", "b", "c"].map(|name| files(&place.path().join(name)));
    assert!(a == b, "threads made other files");
    assert!(a["hospital.csv"] != c["hospital.csv"], "another seed made the same file");
    let names: Vec<&str> = a.keys().map(String::as_str).collect();
    assert_eq!(names, ["hospital.csv", "laboratory.csv", "population.csv", "truth.csv"]);
    // A larger population begins with the same people.
    generate(&place, "d", &["--people", "30000", "--sources", "1", "--seed", "7"]);
    let longer = &files(&place.path().join("d"))["population.csv"];
    let half = a["population.csv"].len() / 2;
    assert!(longer[..half] == a["population.csv"][..half]);
}

#[test]
fn records_of_one_person_are_one_person_and_nobody_elses() {
    let place = Place::new();
    let made = generate(&place, "p", &["--people", "20000", "--sources", "4", "--truth-column"]);
    let folder = place.path().join("p");
    let truth: HashMap<String, String> = rows(&folder.join("truth.csv"))
        .into_iter()
        .map(|mut row| (row.remove("record").unwrap(), row.remove("person").unwrap()))
        .collect();
    let mut of_number: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut numbers: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut seen = 0;
    let population = rows(&folder.join("population.csv"));
    for row in &population {
        let (number, person) = (&row["national_id"], &row["person"]);
        assert_eq!(&truth[&row["record"]], person);
        seen += 1;
        let Ok(read) = NationalId::parse(number) else { continue };
        let read = read.evidence().unwrap();
        assert!(read.is_synthetic(), "only numbers that are never given");
        of_number.entry(number.clone()).or_default().insert(person.clone());
    }
    assert!(of_number.len() > 19_000);
    assert!(of_number.values().all(|people| people.len() == 1), "a number of two people");
    assert_eq!(made["population"]["sources"][0]["records"], seen);

    let register = |name: &str| rows(&folder.join(name));
    let hospital = register("hospital.csv");
    for row in population.iter().chain(&hospital) {
        if NationalId::parse(&row["national_id"]).is_ok() {
            numbers.entry(row["person"].clone()).or_default().insert(row["national_id"].clone());
        }
    }
    // What makes linking hard is there.
    let now: HashMap<&str, &HashMap<String, String>> =
        population.iter().map(|row| (row["person"].as_str(), row)).collect();
    let share = |of: &dyn Fn(&Record, &Record) -> bool| {
        let both = hospital.iter().filter_map(|row| Some((row, *now.get(row["person"].as_str())?)));
        let all: Vec<bool> = both.map(|(row, now)| of(row, now)).collect();
        all.iter().filter(|is| **is).count() * 1000 / all.len()
    };
    let differs = |field: &'static str| share(&move |row, now| row[field] != now[field]);
    assert!((20..400).contains(&differs("given_name")), "{}", differs("given_name"));
    assert!((50..400).contains(&differs("surname")), "{}", differs("surname"));
    assert!((5..150).contains(&differs("date_of_birth")), "{}", differs("date_of_birth"));
    assert!((200..950).contains(&differs("postcode")), "{}", differs("postcode"));
    let lacking = share(&|row, _| row["national_id"].is_empty());
    assert!((40..90).contains(&lacking), "{lacking}");
    let changed = numbers.values().filter(|numbers| numbers.len() > 1).count();
    assert!(changed > 50, "D-numbers become birth numbers: {changed}");
    let twice: BTreeSet<_> = hospital.iter().map(|row| &row["person"]).collect();
    assert!(twice.len() < hospital.len(), "some are recorded more than once");
    let plain = register("laboratory.csv").iter().all(|row| row["surname"].is_ascii());
    assert!(plain && population.iter().any(|row| row["surname"].contains('ø')));
    // Families share surname and home.
    let mut homes: HashMap<(&str, &str), usize> = HashMap::new();
    for row in population.iter().filter(|row| !row["address"].is_empty()) {
        *homes.entry((&row["address"], &row["postcode"])).or_default() += 1;
    }
    assert!(homes.values().filter(|people| **people >= 3).count() > 500);
}

#[test]
fn parquet_has_the_same_rows() {
    let place = Place::new();
    let order = ["--people", "12000", "--sources", "2", "--seed", "3", "--truth-column"];
    generate(&place, "csv", &order);
    generate(&place, "parquet", &[&order[..], &["--form", "parquet"]].concat());
    for name in ["population", "hospital", "truth"] {
        let csv = rows(&place.path().join("csv").join(format!("{name}.csv")));
        let file = fs::File::open(place.path().join("parquet").join(format!("{name}.parquet")));
        let parquet = ParquetRecordBatchReaderBuilder::try_new(file.unwrap()).unwrap();
        let rows: usize = parquet.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, csv.len(), "{name}");
    }
    // And what is encoded from one is what is encoded from the other.
    let schema = place.file(
        "schema.json",
        r#"{"version": 3,
        "clkConfig": {"l": 512, "kdf": {"type": "HKDF"}},
        "features": [{"identifier": "surname", "format": {"type": "string"}, "hashing": {
            "comparison": {"type": "ngram", "n": 2}, "strategy": {"bitsPerFeature": 90}}}]}"#,
    );
    let secret = place.file("secret", "a secret for nobody's names");
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let encoded = |file: &str| {
        let file = place.path().join(file);
        place.does(&[
            "link",
            "encode",
            "--schema",
            text(&schema),
            "--secret",
            text(&secret),
            text(&file),
        ])
    };
    assert!(encoded("csv/hospital.csv") == encoded("parquet/hospital.parquet"));
}

#[test]
fn what_cannot_be_made_is_refused_and_leaves_nothing() {
    let place = Place::new();
    let says = |people: &str, sources: &str, out: &str| {
        place.says(&[
            "generate",
            "population",
            "--people",
            people,
            "--sources",
            sources,
            "--out",
            out,
        ])
    };
    assert!(says("0", "1", "p").refusal(1).contains("1 to 8000000 people"));
    assert!(says("10", "9", "p").refusal(1).contains("1 to 8 sources"));
    assert!(!place.path().join("p").exists());
    assert_eq!(says("10", "1", "p").code, Some(0));
    let before = files(&place.path().join("p"));
    assert!(says("10", "1", "p").refusal(1).contains("is there already"));
    assert_eq!(files(&place.path().join("p")), before);
    let left = fs::read_dir(place.path()).unwrap().count();
    assert_eq!(left, 1, "nothing is left beside it");
}
