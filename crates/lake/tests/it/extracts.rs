//! What an extract holds: exactly what the permit allows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lake::{ExtractOptions, LakeError, remove_extract, sweep_extracts};
use linkage::{ExtractManifest, Hash};
use model::Date;
use permit::{Comparison, Condition, Period, Terms};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::extract_support::{Delivered, Extracted, House, batches, cohort, extract, id, terms};

const PARQUET: ExtractOptions = ExtractOptions { csv: false, memory: usize::MAX };

fn condition(column: &str, is: Comparison, values: &[&str]) -> Condition {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Condition { column: column.to_owned(), is, values }
}

prop_compose! {
    fn delivered()(
        person in 0_usize..25,
        date in proptest::option::weighted(0.9, 0_i32..60),
        age in proptest::option::weighted(0.9, 0_i64..100),
        value in proptest::option::weighted(0.9, -1e3..1e3),
        code in proptest::option::weighted(0.9, "[abc]{1,2}|[æøå\"',\n]{0,3}"),
        seen in proptest::option::weighted(0.9, any::<bool>()),
    ) -> Delivered {
        Delivered { person, date, age, value, code, seen }
    }
}

/// What the table must hold, worked out row by row from the delivery.
fn expected(
    rows: &[Delivered],
    numbers: &BTreeMap<usize, i32>,
    allowed: impl Fn(&Delivered) -> bool,
) -> Vec<Extracted> {
    let mut kept: Vec<Extracted> = (0..)
        .zip(rows)
        .filter(|(_, row)| allowed(row))
        .filter_map(|(serial, row)| {
            Some(Extracted {
                person: *numbers.get(&row.person)?,
                serial,
                date: row.date,
                age: row.age,
                value: row.value,
                code: row.code.clone(),
                seen: row.seen,
            })
        })
        .collect();
    kept.sort_by_key(|row| (row.person, row.date, row.serial));
    kept
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_table_holds_the_permitted_rows_of_the_cohort_sorted_and_no_other(
        population in proptest::collection::vec(delivered(), 0..60),
        laboratory in proptest::collection::vec(delivered(), 0..300),
        memory in prop_oneof![Just(0), Just(usize::MAX)],
        from in 0_i32..30, days in 0_i32..30, smallest in 0_i64..60,
    ) {
        let registers =
            [("population", population.clone()), ("laboratory", laboratory.clone())];
        let house = House::of(25, &registers);
        let mut terms = terms(&["population", "laboratory"]);
        let smallest_age = smallest.to_string();
        terms.cohort = cohort(
            "population",
            vec![
                condition("age", Comparison::AtLeast, &[&smallest_age]),
                condition("seen", Comparison::OneOf, &["true"]),
            ],
        );
        terms.sources[1].rows = vec![condition("code", Comparison::OneOf, &["a", "ab", "\""])];
        let day = |n: i32| {
            Date::constant(1970, 1, 1)
                .saturating_add(model::SignedDuration::from_hours(24 * i64::from(n)))
        };
        terms.period = Period { from: Some(day(from)), until: Some(day(from + days)) };
        let plan = house.plan(terms);
        let crosswalk = house.link(&plan);
        let options = ExtractOptions { csv: false, memory };
        let manifest = house.build(&plan, &crosswalk, options).unwrap();

        // The cohort looks at every row, whenever it was.
        let cohort: BTreeSet<usize> = population
            .iter()
            .filter(|row| row.age.is_some_and(|age| age >= smallest) && row.seen == Some(true))
            .map(|row| row.person)
            .collect();
        prop_assert_eq!(crosswalk.persons() as usize, cohort.len());
        for (name, rows) in registers {
            let who = house.who(&crosswalk, name);
            let numbers: BTreeMap<usize, i32> =
                who.iter().map(|(number, person)| (*person, *number)).collect();
            prop_assert!(numbers.keys().all(|person| cohort.contains(person)));
            let in_period =
                |row: &Delivered| row.date.is_some_and(|d| (from..=from + days).contains(&d));
            let codes = ["a", "ab", "\""];
            let wanted = |row: &Delivered| {
                name != "laboratory"
                    || row.code.as_deref().is_some_and(|code| codes.contains(&code))
            };
            let expected = expected(&rows, &numbers, |row| in_period(row) && wanted(row));
            let found = house.table(name);
            prop_assert!(found == expected, "{name}: {found:?}\nexpected {expected:?}");
            let table = &manifest.tables[&id(name)];
            prop_assert_eq!(table.rows, expected.len() as u64);
            let persons: BTreeSet<i32> = expected.iter().map(|row| row.person).collect();
            prop_assert_eq!(table.persons, persons.len() as u64);
        }
    }
}

/// `persons` people with some rows each, in an order that mixes them.
fn register(persons: usize, rows: usize) -> Vec<Delivered> {
    (0..rows)
        .map(|n| Delivered {
            person: n * 7 % persons,
            date: Some(i32::try_from(n * 31 % 900).unwrap()),
            age: Some(i64::try_from(n % 90).unwrap()),
            value: Some(n as f64 / 8.0),
            code: Some(format!("code {}", n % 13)),
            seen: Some(n % 3 == 0),
        })
        .collect()
}

fn house() -> House {
    House::of(500, &[("population", register(500, 500)), ("laboratory", register(400, 6_000))])
}

fn built(house: &House, terms: Terms) -> ExtractManifest {
    let plan = house.plan(terms);
    house.build(&plan, &house.link(&plan), PARQUET).unwrap()
}

#[test]
fn spilling_to_disk_changes_no_byte_of_the_tables() {
    let house = house();
    let plan = house.plan(terms(&["population", "laboratory"]));
    let crosswalk = house.link(&plan);
    let in_memory = house.build(&plan, &crosswalk, PARQUET).unwrap();
    remove_extract(&house.extracts(), &extract()).unwrap();
    let spilt = house.build(&plan, &crosswalk, ExtractOptions { csv: false, memory: 0 }).unwrap();
    assert_eq!(in_memory, spilt);
}

#[test]
fn a_table_has_the_permitted_columns_and_no_key_of_the_source() {
    let house = house();
    let mut terms = terms(&["laboratory"]);
    // Time and a condition's column are looked at without being handed out.
    terms.sources[0].columns.retain(|column| column.name == "value");
    terms.sources[0].rows = vec![condition("code", Comparison::OneOf, &["code 1"])];
    terms.period = Period { from: Some(Date::constant(1970, 2, 1)), until: None };
    let plan = house.plan(terms);
    let crosswalk = house.link(&plan);
    let manifest = house.build(&plan, &crosswalk, PARQUET).unwrap();
    let path = lake::table_path(&house.extracts(), &extract(), &id("laboratory"));
    let batches = batches(&path);
    let names: Vec<_> = batches[0].schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["person", "value"]);
    let rows: usize = batches.iter().map(arrow::array::RecordBatch::num_rows).sum();
    assert_eq!(rows as u64, manifest.tables[&id("laboratory")].rows);
    assert!(rows > 0 && rows < 6_000 / 10);
    let bytes = fs::read(&path).unwrap();
    let folder = house.extracts().join(extract().as_str());
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
    for (subject, _) in crosswalk.of(&id("laboratory")) {
        assert!(!bytes.windows(16).any(|window| window == subject.0));
    }
    for word in ["subject", "national", "segment"] {
        assert!(!text.contains(word), "{word}");
    }
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["laboratory.parquet", "manifest.json"]);
    // A room runs as another user, whatever the umask here.
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o755);
    for file in files {
        assert_eq!(mode(&folder.join(file)), 0o644);
    }
}

#[test]
fn the_manifest_says_what_lies_beside_it() {
    let house = house();
    let manifest = built(&house, terms(&["population", "laboratory"]));
    let folder = house.extracts().join(extract().as_str());
    let read: ExtractManifest =
        serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(read, manifest);
    assert_eq!(manifest.persons, 500);
    for (name, rows, persons) in [("population", 500, 500), ("laboratory", 6_000, 400)] {
        let table = &manifest.tables[&id(name)];
        let bytes = fs::read(folder.join(format!("{name}.parquet"))).unwrap();
        assert_eq!((table.rows, table.persons), (rows, persons));
        assert_eq!(table.bytes, bytes.len() as u64);
        assert_eq!(table.sha256, Hash(Sha256::digest(&bytes).into()));
        let columns: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(columns, crate::extract_support::COLUMNS);
        assert_eq!(manifest.linkage[&id(name)].in_extract, persons);
    }
}

#[test]
fn a_person_with_more_rows_than_a_batch_keeps_their_order() {
    let rows: Vec<Delivered> = (0..150_000)
        .map(|n| Delivered {
            person: usize::from(n % 50_000 == 0),
            date: Some((n * 7919) % 3_000),
            age: None,
            value: None,
            code: None,
            seen: None,
        })
        .collect();
    let house = House::of(2, &[("laboratory", rows)]);
    let plan = house.plan(terms(&["laboratory"]));
    house.build(&plan, &house.link(&plan), ExtractOptions { csv: false, memory: 0 }).unwrap();
    let table = house.table("laboratory");
    assert_eq!(table.len(), 150_000);
    assert!(table.is_sorted_by_key(|row| (row.person, row.date, row.serial)));
}

#[test]
fn nobody_and_nothing_make_an_empty_table() {
    let house = house();
    let mut nobody = terms(&["laboratory"]);
    nobody.cohort = cohort("population", vec![condition("age", Comparison::AtLeast, &["1000"])]);
    let manifest = built(&house, nobody);
    assert_eq!(manifest.persons, 0);
    assert_eq!(manifest.tables[&id("laboratory")].rows, 0);
    assert!(house.table("laboratory").is_empty());
    remove_extract(&house.extracts(), &extract()).unwrap();
    let mut nothing = terms(&["laboratory"]);
    nothing.period = Period { from: Some(Date::constant(2030, 1, 1)), until: None };
    let manifest = built(&house, nothing);
    assert_eq!(manifest.tables[&id("laboratory")].persons, 0);
    assert!(house.table("laboratory").is_empty());
}

#[test]
fn an_extract_that_failed_leaves_nothing() {
    let house = house();
    let plan = house.plan(terms(&["population", "laboratory"]));
    let crosswalk = house.link(&plan);
    // A data file of the second table loses its end.
    let table = house.extracts().parent().unwrap().join("lake/laboratory");
    let file = fs::read_dir(table)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "parquet"))
        .unwrap();
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    for memory in [0, usize::MAX] {
        let options = ExtractOptions { csv: true, memory };
        let error = house.build(&plan, &crosswalk, options).unwrap_err();
        assert!(matches!(error, LakeError::Files { .. }), "{error}");
        assert_eq!(fs::read_dir(house.extracts()).unwrap().count(), 0);
    }
}

#[test]
fn an_extract_is_never_written_over_another() {
    let house = house();
    let plan = house.plan(terms(&["population"]));
    let crosswalk = house.link(&plan);
    let first = house.build(&plan, &crosswalk, PARQUET).unwrap();
    let error = house.build(&plan, &crosswalk, PARQUET).unwrap_err();
    assert!(error.to_string().contains("extract-0000000001"), "{error}");
    assert_eq!(house.table("population").len() as u64, first.tables[&id("population")].rows);
    assert_eq!(fs::read_dir(house.extracts()).unwrap().count(), 1);
}

#[test]
fn recovery_removes_what_is_unfinished_or_unknown_and_nothing_else() {
    let house = house();
    built(&house, terms(&["population"]));
    let extracts = house.extracts();
    for name in ["extract-0000000002", "extract-0000000003.tmp", "notes"] {
        fs::create_dir(extracts.join(name)).unwrap();
        fs::write(extracts.join(name).join("laboratory.parquet"), b"x").unwrap();
    }
    let removed = sweep_extracts(&extracts, &|known| *known == extract()).unwrap();
    assert_eq!(removed, 2);
    let mut left: Vec<_> =
        fs::read_dir(&extracts).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["extract-0000000001", "notes"]);
    assert_eq!(sweep_extracts(&extracts.join("nowhere"), &|_| true).unwrap(), 0);
}
