//! Who is who, and under which number.

use std::collections::{BTreeMap, BTreeSet};

use linkage::{Crosswalk, LinkError, PersonNumbers};
use model::NationalId;
use permit::Cohort;
use proptest::prelude::*;
use source::SubjectKey;

use crate::support::{House, cohort, extract, national_ids, permit, source, table};

const NAMES: [&str; 3] = ["population", "laboratory", "diagnoses"];

fn digits(id: &NationalId) -> String {
    String::from_utf8(id.reveal().to_vec()).unwrap()
}

/// Which people each source has, by bits: 1, 2 and 4.
fn sources(members: &[u8]) -> Vec<(&'static str, Vec<NationalId>)> {
    let ids = national_ids(members.len());
    NAMES
        .iter()
        .enumerate()
        .map(|(bit, name)| {
            let people = ids.iter().zip(members).filter(|(_, member)| **member & (1 << bit) != 0);
            (*name, people.map(|(id, _)| id.clone()).collect())
        })
        .collect()
}

fn all_tables() -> Vec<permit::SourceTerms> {
    NAMES.iter().map(|name| table(name, &["value"])).collect()
}

/// Every person's number, and that it is the same in every table.
fn people(house: &House, crosswalk: &Crosswalk) -> BTreeMap<String, i32> {
    let mut people = BTreeMap::new();
    for name in NAMES {
        for (id, person) in house.numbers(crosswalk, name) {
            assert_eq!(*people.entry(id).or_insert(person), person, "two numbers for one person");
        }
    }
    people
}

fn assert_dense(people: &BTreeMap<String, i32>, crosswalk: &Crosswalk) {
    let numbers: BTreeSet<i32> = people.values().copied().collect();
    assert_eq!(numbers.len(), people.len(), "two people under one number");
    assert_eq!(people.len(), crosswalk.persons() as usize);
    assert!(numbers.into_iter().eq(1..=i32::try_from(people.len()).unwrap()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whoever_is_in_a_table_has_one_number_and_numbers_are_dense(
        members in proptest::collection::vec(0_u8..8, 0..150), seed: u64,
    ) {
        let given = sources(&members);
        let house = House::of(&given);
        let plan = house.plan(&permit(1, all_tables(), Cohort::default()), 1);
        let crosswalk = house.link(&plan, None, seed).unwrap();
        let found = people(&house, &crosswalk);
        assert_dense(&found, &crosswalk);
        let expected: BTreeSet<String> =
            given.iter().flat_map(|(_, people)| people).map(digits).collect();
        prop_assert!(found.keys().eq(expected.iter()));

        for (bit, (name, people)) in given.iter().enumerate() {
            let linkage = crosswalk.linkage()[&source(name)];
            let matched = members.iter().filter(|m| **m & (1 << bit) != 0 && m.count_ones() > 1);
            prop_assert_eq!(linkage.persons, people.len() as u64);
            prop_assert_eq!(linkage.in_extract, people.len() as u64);
            prop_assert_eq!(linkage.matched, matched.count() as u64);
            let numbers = crosswalk.of(&source(name));
            prop_assert!(numbers.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert_eq!(numbers.len(), people.len());
        }
    }

    #[test]
    fn the_order_of_rows_and_of_sources_changes_nothing_but_numbers(
        members in proptest::collection::vec(0_u8..8, 1..100), seed: u64,
    ) {
        let given = sources(&members);
        let mut turned = given.clone();
        turned.reverse();
        for (_, people) in &mut turned {
            people.reverse();
        }
        let mut tables = all_tables();
        tables.reverse();
        let (one, other) = (House::of(&given), House::of(&turned));
        let first = one.plan(&permit(1, all_tables(), Cohort::default()), 1);
        let second = other.plan(&permit(1, tables, Cohort::default()), 1);
        let first = one.link(&first, None, seed).unwrap();
        let second = other.link(&second, None, seed).unwrap();
        prop_assert!(people(&one, &first).keys().eq(people(&other, &second).keys()));
        prop_assert_eq!(first.linkage(), second.linkage());
    }

    #[test]
    fn only_the_cohort_is_in_whether_or_not_its_source_is_a_table(
        members in proptest::collection::vec(0_u8..8, 1..100),
        wanted in proptest::collection::vec(any::<bool>(), 100),
        is_table: bool,
    ) {
        let given = sources(&members);
        let house = House::of(&given);
        let ids = national_ids(members.len());
        let chosen: Vec<NationalId> = ids
            .iter()
            .zip(&members)
            .zip(&wanted)
            .filter(|((_, member), wanted)| **member & 1 != 0 && **wanted)
            .map(|((id, _), _)| id.clone())
            .collect();
        let tables: Vec<_> = all_tables().into_iter().skip(usize::from(!is_table)).collect();
        let plan = house.plan(&permit(1, tables, cohort("population", Vec::new())), 1);
        let subjects = house.subjects("population", &chosen);
        let crosswalk = house.link(&plan, Some(&subjects), 5).unwrap();

        let in_a_table: BTreeSet<String> = given
            .iter()
            .skip(usize::from(!is_table))
            .flat_map(|(_, people)| people)
            .map(digits)
            .collect();
        let expected: BTreeSet<String> =
            chosen.iter().map(digits).filter(|id| in_a_table.contains(id)).collect();
        let found = people(&house, &crosswalk);
        prop_assert!(found.keys().eq(expected.iter()));
        assert_dense(&found, &crosswalk);
        if !is_table {
            prop_assert!(crosswalk.of(&source("population")).is_empty());
            prop_assert!(!crosswalk.linkage().contains_key(&source("population")));
        }
    }
}

/// Spearman's rank correlation of two orders of the same people.
fn correlation(a: &[i32], b: &[i32]) -> f64 {
    let ranks = |values: &[i32]| -> Vec<f64> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by_key(|at| values[*at]);
        let mut ranks = vec![0.0; values.len()];
        for (rank, at) in (0_u32..).zip(order) {
            ranks[at] = f64::from(rank);
        }
        ranks
    };
    let (a, b) = (ranks(a), ranks(b));
    let n = f64::from(u32::try_from(a.len()).unwrap());
    let squares: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

#[test]
fn numbers_say_nothing_of_another_permit_of_subject_keys_or_of_identity_numbers() {
    let count = 4_000;
    let ids = national_ids(count);
    let house = House::of(&[("population", ids.clone()), ("laboratory", ids.clone())]);
    let tables = || vec![table("population", &["age"]), table("laboratory", &["value"])];
    let numbers: Vec<Vec<i32>> = [(1, 1, 1), (2, 2, 2), (1, 3, 3)]
        .into_iter()
        .map(|(number, extract, seed)| {
            let plan = house.plan(&permit(number, tables(), Cohort::default()), extract);
            let crosswalk = house.link(&plan, None, seed).unwrap();
            let by_id = house.numbers(&crosswalk, "population");
            ids.iter().map(|id| by_id[&digits(id)]).collect()
        })
        .collect();
    let subjects: Vec<i32> = {
        let sorted = house.subjects("population", &ids);
        ids.iter()
            .map(|id| {
                let subject = house.subjects("population", std::slice::from_ref(id))[0];
                i32::try_from(sorted.binary_search(&subject).unwrap()).unwrap()
            })
            .collect()
    };
    let born: Vec<i32> = (0..i32::try_from(count).unwrap()).collect();
    // Of two unrelated orders of n, the correlation has deviation 1/√(n - 1):
    // beyond four of them once in 16,000.
    let bound = 4.0 / f64::from(u32::try_from(count).unwrap() - 1).sqrt();
    let orders = [&numbers[0], &numbers[1], &numbers[2], &subjects, &born];
    for (at, a) in orders.iter().enumerate() {
        for b in orders.iter().skip(at + 1) {
            let found = correlation(a, b);
            assert!(found.abs() < bound, "{at}: {found}");
        }
    }
    assert!((correlation(&numbers[0], &numbers[0]) - 1.0).abs() < 1e-9);
}

#[test]
fn a_cohort_member_the_vault_does_not_know_is_an_error() {
    let house = House::of(&[("population", national_ids(10))]);
    let people = vec![table("population", &["age"])];
    let plan = house.plan(&permit(1, people, cohort("population", Vec::new())), 1);
    for stranger in [0, 128, 255] {
        let mut subjects = house.subjects("population", &national_ids(10));
        subjects.push(SubjectKey([stranger; 16]));
        subjects.sort_unstable();
        let error = house.link(&plan, Some(&subjects), 1).unwrap_err();
        assert!(matches!(error, LinkError::Stranger(_)), "{error}");
        assert!(error.to_string().contains("`population`"));
    }
}

#[test]
fn a_cohort_and_its_people_come_together_or_not_at_all() {
    let house = House::of(&[("population", national_ids(3))]);
    let people = || vec![table("population", &["age"])];
    let with = house.plan(&permit(1, people(), cohort("population", Vec::new())), 1);
    let without = house.plan(&permit(1, people(), Cohort::default()), 2);
    assert!(matches!(house.link(&with, None, 1), Err(LinkError::Cohort)));
    assert!(matches!(house.link(&without, Some(&[]), 1), Err(LinkError::Cohort)));
    assert_eq!(house.link(&with, Some(&[]), 1).unwrap().persons(), 0);
}

#[test]
fn a_crosswalk_in_the_vault_leads_back_until_its_extract_is_destroyed() {
    let house = House::of(&sources(&[7; 40]));
    let active = permit(1, all_tables(), Cohort::default());
    let plan = house.plan(&active, 1);
    let crosswalk = house.link(&plan, None, 1).unwrap();
    crosswalk.keep(&house.vault, active.id(), &extract(1)).unwrap().publish().unwrap();
    let mut reader = house.vault.crosswalk(active.id(), &extract(1)).unwrap();
    let mut tables = 0;
    while let Some((name, count)) = reader.next_source().unwrap() {
        let mut people = Vec::new();
        while let Some(person) = reader.next_person().unwrap() {
            people.push(person);
        }
        assert_eq!(people.len() as u64, count);
        assert!(people == crosswalk.of(&name));
        tables += 1;
    }
    assert_eq!(tables, 3);
    house.vault.destroy_extract(active.id(), &extract(1)).unwrap();
    assert!(house.vault.crosswalk(active.id(), &extract(1)).is_err());
    assert!(matches!(house.link(&plan, None, 1), Err(LinkError::Key(_))));
    assert!(house.root().join("vault/keyring.json").exists());
}

#[test]
fn a_damaged_segment_stops_the_linkage_and_is_named() {
    let house = House::of(&sources(&[7; 40]));
    let plan = house.plan(&permit(1, all_tables(), Cohort::default()), 1);
    let path = house.root().join("vault/sources/laboratory/import-0000000001.segment");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[200] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = house.link(&plan, None, 1).unwrap_err();
    assert!(error.to_string().contains("`laboratory`"), "{error}");
}

#[test]
fn debug_of_a_crosswalk_shows_no_subject_key() {
    let house = House::of(&sources(&[7; 3]));
    let plan = house.plan(&permit(1, all_tables(), Cohort::default()), 1);
    let crosswalk = house.link(&plan, None, 1).unwrap();
    let people = crosswalk.of(&source("population")).to_vec();
    let shown = format!("{crosswalk:?} {:?}", PersonNumbers::from_sorted(people.clone()).unwrap());
    for (subject, _) in people {
        let bytes: Vec<String> = subject.0[..4].iter().map(ToString::to_string).collect();
        let hex: Vec<String> = subject.0[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        for secret in [bytes.join(", "), hex.concat()] {
            assert!(!shown.contains(&secret), "{shown}");
        }
    }
    assert!(shown.contains("PersonNumbers(3 people)"), "{shown}");
}

#[test]
fn numbers_that_are_not_sorted_are_not_taken() {
    let (a, b) = (SubjectKey([1; 16]), SubjectKey([2; 16]));
    assert!(PersonNumbers::from_sorted(vec![(a, 2), (b, 1)]).is_some());
    assert!(PersonNumbers::from_sorted(vec![(b, 1), (a, 2)]).is_none());
    assert!(PersonNumbers::from_sorted(vec![(a, 1), (a, 2)]).is_none());
}
