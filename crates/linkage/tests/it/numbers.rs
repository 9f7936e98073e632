//! Numbers of people: who has one with whom, and who keeps theirs from one extract of a
//! permit to the next.

use linkage::{Crosswalk, Earlier, ExtractPlan};
use model::{Date, NationalId, SeededEntropy};
use permit::{LinkageTerms, Period, Terms};
use proptest::prelude::*;

use crate::cascade::{BOTH, likely, linked, people, with_slip, without_number};
use crate::support::{House, Who, contract, extract, permit_with, source, table};

#[test]
fn without_the_option_a_crosswalk_is_what_it_was() {
    let all = people(300, 2);
    let lacking: Vec<Who> =
        all.iter().zip(0..).map(|(who, n)| without_number(who, &format!("l-{n}"))).collect();
    let house = House::with(&[("population", all.clone()), ("laboratory", lacking.clone())]);
    let plan = |terms: LinkageTerms| {
        let day = Date::constant(2026, 1, 1);
        let sources = BOTH.iter().map(|name| table(name, &["value"])).collect();
        let valid = Period { from: Some(day), until: Some(day) };
        house.plan(&permit_with(1, Terms { sources, valid, linkage: terms, ..Terms::default() }), 1)
    };
    let exact = plan(LinkageTerms::default());
    assert_eq!(exact.linkage, None);
    let crosswalk = house.link(&exact, None, 1).unwrap();
    assert_eq!(crosswalk.persons(), 600, "who has no number is nobody else");
    assert!(crosswalk.found().is_none() && crosswalk.doubts(&source("population")).is_none());
    // Whoever had a number in an extract before keeps it, whatever else is imported.
    let before = earlier(&[&crosswalk], &BOTH);
    let mut house = house;
    let newcomer = people(1, 77).remove(0);
    let more: Vec<Who> = all.iter().rev().cloned().chain([newcomer.clone()]).collect();
    house.deliver("population", &more, contract("population"), 2);
    let exact = house.plan(&permit_with(1, exact_terms()), 2);
    let again =
        linkage::link_after(&exact, &house.vault, None, &before, &SeededEntropy::new(9)).unwrap();
    for who in &all {
        let now = house.number(&again, "population", who);
        assert_eq!(now, house.number(&crosswalk, "population", who));
    }
    assert_eq!(house.number(&again, "population", &newcomer), Some(601));
    let changed = again.changed().unwrap();
    assert_eq!((changed.kept, changed.new, changed.merged, changed.split), (600, 1, 0, 0));
}

/// Both tables, by equal numbers alone.
fn exact_terms() -> Terms {
    let day = Date::constant(2026, 1, 1);
    let sources = BOTH.iter().map(|name| table(name, &["value"])).collect();
    Terms { sources, valid: Period { from: Some(day), until: Some(day) }, ..Terms::default() }
}

#[test]
fn what_a_hospital_numbers_for_itself_is_nobody_elsewhere() {
    // H-numbers hold within who gave them, FH-numbers in all of the health service.
    let [h, fh] = ["14515730185", "99305734507"].map(|id| NationalId::parse(id).unwrap());
    let of = |id: &NationalId| Who { id: Some(id.clone()), ..Who::default() };
    for permit in [permit_with(1, exact_terms()), likely(&BOTH)] {
        let house = House::with(&[
            ("population", vec![of(&h), of(&fh)]),
            ("laboratory", vec![of(&h), of(&fh)]),
        ]);
        let plan = house.plan(&permit, 1);
        let crosswalk = house.link(&plan, None, 1).unwrap();
        let numbers = |who: &Who| BOTH.map(|name| house.number(&crosswalk, name, who).unwrap());
        let [here, there] = numbers(&of(&h));
        assert_ne!(here, there, "two hospitals' own numbers made one person of two");
        let [here, there] = numbers(&of(&fh));
        assert_eq!(here, there);
    }
}

fn earlier(crosswalks: &[&Crosswalk], names: &[&str]) -> Earlier {
    let highest = crosswalks.iter().map(|crosswalk| crosswalk.highest()).max().unwrap_or(0);
    let mut earlier = Earlier::up_to(highest.into());
    for (nth, crosswalk) in crosswalks.iter().enumerate() {
        let mut noting = earlier.begin(&extract(u32::try_from(nth).unwrap()));
        for name in names {
            for (subject, number) in crosswalk.of(&source(name)) {
                noting.put(&source(name), *subject, *number);
            }
        }
    }
    earlier.done()
}

fn link_after(house: &House, plan: &ExtractPlan, before: &Earlier, seed: u64) -> Crosswalk {
    linkage::link_after(plan, &house.vault, None, before, &SeededEntropy::new(seed)).unwrap()
}

#[test]
fn a_new_delivery_and_a_new_source_renumber_nobody() {
    let all = people(400, 9);
    let lacking: Vec<Who> =
        all.iter().take(80).zip(0..).map(|(w, n)| without_number(w, &format!("l-{n}"))).collect();
    let mut house =
        House::with(&[("population", all[..300].to_vec()), ("laboratory", lacking[..70].to_vec())]);
    let first = linked(&house, &BOTH);
    // A hundred more people, ten more records, and somebody without a number has one.
    house.deliver("population", &all, contract("population"), 2);
    let mut later = lacking.clone();
    later[0].id.clone_from(&all[0].id);
    house.deliver("laboratory", &later, contract("laboratory"), 2);
    house.deliver("diagnoses", &all[..200], contract("diagnoses"), 1);
    let plan = house.plan(&likely(&["population", "laboratory", "diagnoses"]), 2);
    let second = link_after(&house, &plan, &earlier(&[&first], &BOTH), 2);
    for who in &all[..300] {
        let before = house.number(&first, "population", who).unwrap();
        assert_eq!(house.number(&second, "population", who), Some(before));
    }
    let before = house.number(&first, "laboratory", &lacking[0]);
    assert_eq!(house.number(&second, "laboratory", &later[0]), before, "now with a number");
    for who in &all[300..] {
        assert!(house.number(&second, "population", who).unwrap() > first.highest().cast_signed());
    }
    let changed = second.changed().unwrap();
    assert_eq!(changed.kept, u64::from(first.persons()));
    assert_eq!((changed.merged, changed.split), (0, 0));
    assert_eq!(u64::from(second.persons()), changed.kept + changed.new);
    assert!(second.moved().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    /// A new source renumbers nobody but those who turn out to be one, or several.
    #[test]
    fn with_a_new_source_whoever_has_another_number_is_named(
        seed in 0_u64..1_000,
        (known, slips) in (0_usize..200, 0_usize..40),
    ) {
        let all = people(200, seed);
        let lacking: Vec<Who> =
            all.iter().take(50).zip(0..).map(|(w, n)| without_number(w, &format!("l-{n}"))).collect();
        let given = [("population", all.clone()), ("laboratory", lacking)];
        let mut house = House::with(&given);
        let first = linked(&house, &BOTH);
        let mut more = all[..known].to_vec();
        more.extend(all.iter().rev().take(slips).zip(0..).map(|(w, n)| with_slip(w, &format!("d-{n}"), 4)));
        more.extend(people(20, seed + 5_000));
        house.deliver("diagnoses", &more, contract("diagnoses"), 1);
        let plan = house.plan(&likely(&["population", "laboratory", "diagnoses"]), 2);
        let second = link_after(&house, &plan, &earlier(&[&first], &BOTH), seed);
        for (name, people) in &given {
            for who in people {
                let before = house.number(&first, name, who).unwrap();
                let now = house.number(&second, name, who).unwrap();
                prop_assert!(now == before || second.moved().contains(&(before, now)));
            }
        }
        let changed = second.changed().unwrap();
        prop_assert_eq!(changed.merged + changed.split == 0, second.moved().is_empty());
    }
}

#[test]
fn two_who_turn_out_to_be_one_are_told_and_so_is_one_who_turns_out_to_be_two() {
    let all = people(300, 10);
    let anonymous = |who: &Who, local: &str| Who {
        given: String::new(),
        surname: String::new(),
        born: None,
        ..without_number(who, local)
    };
    // Nothing tells whose the first record is; then the register finds out.
    let mut house = House::with(&[
        ("population", all.clone()),
        ("laboratory", vec![anonymous(&all[0], "l-1")]),
    ]);
    let first = linked(&house, &BOTH);
    let lone = house.number(&first, "laboratory", &anonymous(&all[0], "l-1")).unwrap();
    let one = house.number(&first, "population", &all[0]).unwrap();
    assert_ne!(lone, one);
    let known = Who { id: all[0].id.clone(), local: "l-1".to_owned(), ..all[0].clone() };
    house.deliver("laboratory", std::slice::from_ref(&known), contract("laboratory"), 2);
    let plan = house.plan(&likely(&BOTH), 2);
    let second = link_after(&house, &plan, &earlier(&[&first], &BOTH), 2);
    let now = house.number(&second, "laboratory", &known).unwrap();
    assert_eq!(house.number(&second, "population", &all[0]), Some(now));
    let changed = second.changed().unwrap();
    assert_eq!((changed.merged, changed.split), (1, 0));
    let gone = if now == one { lone } else { one };
    assert_eq!(second.moved(), [(gone, now)]);
    // And it turns out that it was somebody else's.
    let other = Who { id: all[1].id.clone(), local: "l-1".to_owned(), ..all[1].clone() };
    house.deliver("laboratory", &[anonymous(&all[0], "l-1"), other], contract("laboratory"), 3);
    let plan = house.plan(&likely(&BOTH), 3);
    let third = link_after(&house, &plan, &earlier(&[&first, &second], &BOTH), 3);
    let changed = third.changed().unwrap();
    assert!(changed.kept >= 299 && changed.split == 1, "{changed:?}");
    assert!(third.moved().iter().any(|(was, _)| *was == now), "{:?}", third.moved());
    assert!(third.highest() >= second.highest());
}
