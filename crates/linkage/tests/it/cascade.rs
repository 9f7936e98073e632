//! Who is who where the number does not tell: by every stage, and with the doubt told.

use std::collections::{BTreeMap, BTreeSet};

use linkage::Crosswalk;
use linkage::found::{Found, LevelWeight};
use model::{Date, Entropy as _, NationalId, SeededEntropy};
use permit::{ActivePermit, Cohort, LinkageTerms, LinkageWay, Period, Terms};
use proptest::prelude::*;
use source::Contract;

use crate::support::{House, Who, contract, permit_with, source, table};

const GIVEN: [&str; 24] = [
    "Anne", "Berit", "Cecilie", "Dagny", "Elin", "Frida", "Gerd", "Hilde", "Ida", "Jorunn", "Kari",
    "Liv", "Arne", "Bjørn", "Carl", "Dag", "Erik", "Finn", "Geir", "Hans", "Ivar", "Jon", "Knut",
    "Lars",
];
const SURNAMES: [&str; 20] = [
    "Aas", "Berg", "Dahl", "Eide", "Foss", "Gran", "Hauge", "Iversen", "Johansen", "Knutsen",
    "Lund", "Moen", "Nilsen", "Olsen", "Pedersen", "Rønning", "Solberg", "Tangen", "Ulriksen",
    "Vik",
];

/// Draws that follow from a seed.
pub(crate) struct Draws(pub(crate) SeededEntropy);

impl Draws {
    pub(crate) fn below(&self, most: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % most as u64).unwrap()
    }

    fn one<'a>(&self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

pub(crate) fn born(day: usize) -> Date {
    let days = i64::try_from(day).unwrap();
    Date::constant(1940, 1, 1).saturating_add(model::SignedDuration::from_hours(24 * days))
}

pub(crate) fn number(born: Date, place: usize) -> NationalId {
    (0..1000).filter_map(|n| NationalId::synthetic(born, n)).nth(place).unwrap()
}

/// People of whom no two share a number, each with a number in a register.
pub(crate) fn people(count: usize, seed: u64) -> Vec<Who> {
    let draws = Draws(SeededEntropy::new(seed));
    let mut given: BTreeMap<Date, usize> = BTreeMap::new();
    (0..count)
        .map(|at| {
            let born = born(draws.below(20_000));
            let place = given.entry(born).or_default();
            *place += 1;
            Who {
                id: Some(number(born, *place)),
                local: format!("p-{at}"),
                ..somebody(&draws, born)
            }
        })
        .collect()
}

/// Somebody without a number.
pub(crate) fn somebody(draws: &Draws, born: Date) -> Who {
    let name = draws.below(GIVEN.len());
    Who {
        given: GIVEN[name].to_owned(),
        surname: draws.one(&SURNAMES).to_owned(),
        born: Some(born),
        sex: if name < 12 { "F" } else { "M" }.to_owned(),
        postcode: format!("{:04}", 1000 + draws.below(400)),
        ..Who::default()
    }
}

/// The same person without a number that holds, where the register has its own.
pub(crate) fn without_number(who: &Who, local: &str) -> Who {
    Who { id: None, local: local.to_owned(), ..who.clone() }
}

/// The same person under a number with one digit wrong.
pub(crate) fn with_slip(who: &Who, local: &str, at: usize) -> Who {
    let mut digits = who.id.as_ref().unwrap().reveal();
    digits[at] = b'0' + (digits[at] - b'0' + 1) % 10;
    let stated = String::from_utf8(digits.to_vec()).unwrap();
    Who { stated: Some(stated), ..without_number(who, local) }
}

pub(crate) fn likely(names: &[&str]) -> ActivePermit {
    likely_at(names, 0.95)
}

pub(crate) fn likely_at(names: &[&str], threshold: f64) -> ActivePermit {
    let day = Date::constant(2026, 1, 1);
    permit_with(
        1,
        Terms {
            sources: names.iter().map(|name| table(name, &["value"])).collect(),
            cohort: Cohort::default(),
            valid: Period { from: Some(day), until: Some(day) },
            linkage: LinkageTerms {
                how: LinkageWay::Likely,
                threshold,
                probability: true,
                ..LinkageTerms::default()
            },
            ..Terms::default()
        },
    )
}

pub(crate) fn linked(house: &House, names: &[&str]) -> Crosswalk {
    house.link(&house.plan(&likely(names), 1), None, 1).unwrap()
}

pub(crate) fn found(crosswalk: &Crosswalk) -> &Found {
    crosswalk.found().unwrap()
}

/// A contract under which a source holds each person once.
pub(crate) fn once(name: &str) -> Contract {
    let mut once = contract(name);
    once.key = vec!["id".to_owned()];
    assert!(once.holds_a_person_once());
    once
}

pub(crate) const BOTH: [&str; 2] = ["population", "laboratory"];

#[test]
fn people_without_a_number_are_found_by_what_else_is_known() {
    let all = people(2_000, 1);
    let known: Vec<Who> = all.iter().take(1_500).cloned().collect();
    let lacking: Vec<Who> = all
        .iter()
        .skip(1_500)
        .zip(0..)
        .map(|(who, n)| without_number(who, &format!("l-{n}")))
        .collect();
    let laboratory = known.iter().chain(&lacking).cloned().collect();
    let house = House::with(&[("population", all.clone()), ("laboratory", laboratory)]);
    let crosswalk = linked(&house, &BOTH);
    let mut right = 0;
    for (who, unnumbered) in all.iter().skip(1_500).zip(&lacking) {
        let one = house.number(&crosswalk, "population", who).unwrap();
        let other = house.number(&crosswalk, "laboratory", unnumbered).unwrap();
        right += usize::from(one == other);
    }
    assert!(right > 490, "{right} of 500");
    for who in &known {
        let one = house.number(&crosswalk, "population", who);
        assert_eq!(
            one,
            house.number(&crosswalk, "laboratory", who),
            "equal numbers are one person"
        );
    }
    let all = found(&crosswalk).all;
    assert_eq!((all.people, all.exact), (Some(4_000), Some(3_000)));
    assert_eq!(all.likely, Some(2 * u64::try_from(right).unwrap()), "and nobody else");
    assert!(all.false_links.unwrap() < 10.0, "{all:?}");
}

#[test]
fn a_number_with_one_slip_is_found_where_name_and_birth_agree_and_not_else() {
    let all = people(600, 3);
    let slips: Vec<Who> = all
        .iter()
        .zip(0..)
        .take(60)
        .map(|(who, n)| with_slip(who, &format!("l-{n}"), n % 11))
        .collect();
    // The same slips under other people's names.
    let strangers: Vec<Who> = slips
        .iter()
        .zip(all.iter().rev())
        .map(|(slip, other)| Who {
            given: other.given.clone(),
            surname: other.surname.clone(),
            born: other.born,
            local: format!("x{}", slip.local),
            ..slip.clone()
        })
        .collect();
    let laboratory: Vec<Who> = slips.iter().chain(&strangers).cloned().collect();
    let house = House::with(&[("population", all.clone()), ("laboratory", laboratory)]);
    let crosswalk = linked(&house, &BOTH);
    for (who, slip) in all.iter().zip(&slips) {
        let one = house.number(&crosswalk, "population", who);
        assert_eq!(one, house.number(&crosswalk, "laboratory", slip), "{}", slip.local);
    }
    for (who, stranger) in all.iter().zip(&strangers) {
        let one = house.number(&crosswalk, "population", who);
        assert_ne!(one, house.number(&crosswalk, "laboratory", stranger));
    }
    let near = found(&crosswalk).sources[&source("laboratory")].near;
    assert_eq!(near, Some(60));
}

#[test]
fn a_temporary_number_and_its_successor_may_be_one_person_and_two_for_life_never_are() {
    let all = people(400, 4);
    let mut population = all.clone();
    let temporary = |who: &Who, n: usize| {
        let born = who.born.unwrap();
        (0..1000).filter_map(|i| NationalId::synthetic_temporary(born, i)).nth(n)
    };
    // Before they had a number for life, the laboratory knew them by another.
    let before: Vec<Who> =
        all.iter().take(50).map(|who| Who { id: temporary(who, 3), ..who.clone() }).collect();
    // And somebody with all but the number in common is somebody else.
    let double = Who { id: Some(number(all[60].born.unwrap(), 200)), ..all[60].clone() };
    population.push(double.clone());
    let laboratory: Vec<Who> = before.iter().chain([&all[60]]).cloned().collect();
    let house = House::with(&[("population", population), ("laboratory", laboratory)]);
    let crosswalk = linked(&house, &BOTH);
    let joined = all.iter().zip(&before).filter(|(who, before)| {
        house.number(&crosswalk, "population", who)
            == house.number(&crosswalk, "laboratory", before)
    });
    assert!(joined.count() >= 48);
    let of_double = house.number(&crosswalk, "population", &double);
    assert_ne!(of_double, house.number(&crosswalk, "population", &all[60]));
    assert_ne!(of_double, house.number(&crosswalk, "laboratory", &all[60]));
}

#[test]
fn a_temporary_number_that_states_another_birth_is_somebody_elses() {
    let all = people(300, 5);
    let temporary = (0..1000).find_map(|i| NationalId::synthetic_temporary(born(7), i));
    let wrong = Who { id: temporary, ..all[0].clone() };
    let house = House::with(&[("population", all.clone()), ("laboratory", vec![wrong.clone()])]);
    let crosswalk = linked(&house, &BOTH);
    assert_ne!(
        house.number(&crosswalk, "population", &all[0]),
        house.number(&crosswalk, "laboratory", &wrong)
    );
}

#[test]
fn a_registers_own_number_joins_what_it_wrote_with_and_without_a_national_one() {
    let all = people(50, 6);
    let unnumbered: Vec<Who> = all
        .iter()
        .map(|who| Who {
            given: String::new(),
            surname: String::new(),
            born: None,
            ..without_number(who, &who.local)
        })
        .collect();
    // The register calls these two by one number, and both have a number for life: it
    // is mistaken, and then it says nothing.
    let mut wrong = people(6, 60);
    for (at, who) in wrong.iter_mut().enumerate() {
        who.local = format!("same-{}", at / 2);
    }
    let laboratory = all.iter().chain(&unnumbered).chain(&wrong).cloned().collect();
    let house = House::with(&[("laboratory", laboratory)]);
    let crosswalk = linked(&house, &["laboratory"]);
    for (who, unnumbered) in all.iter().zip(&unnumbered) {
        let one = house.number(&crosswalk, "laboratory", who);
        assert_eq!(one, house.number(&crosswalk, "laboratory", unnumbered));
    }
    assert_ne!(
        house.number(&crosswalk, "laboratory", &wrong[0]),
        house.number(&crosswalk, "laboratory", &wrong[1])
    );
    assert_eq!(found(&crosswalk).all.own_number, Some(100));
    assert!(crosswalk.has_several(&source("laboratory")));
}

#[test]
fn a_source_that_holds_a_person_once_holds_nobody_twice() {
    let all = people(400, 7);
    // Somebody is there with a number, and again without one, in all else the same.
    let again: Vec<Who> = all
        .iter()
        .take(40)
        .zip(0..)
        .map(|(who, n)| without_number(who, &format!("a-{n}")))
        .collect();
    let population: Vec<Who> = all.iter().chain(&again).cloned().collect();
    let laboratory = all.clone();
    let several = |contract: fn(&str) -> Contract| {
        let sources = [("population", population.clone()), ("laboratory", laboratory.clone())];
        let house = House::with_contracts(&sources, contract);
        let crosswalk = linked(&house, &BOTH);
        again
            .iter()
            .zip(&all)
            .filter(|(again, who)| {
                house.number(&crosswalk, "population", again)
                    == house.number(&crosswalk, "population", who)
            })
            .count()
    };
    assert!(several(contract) > 35, "where a person may stand twice they are found");
    assert_eq!(several(once), 0);
}

#[test]
fn of_twins_nobody_is_chosen_by_luck() {
    let mut all = people(500, 8);
    // Two who share all but the number.
    let twin = Who { id: Some(number(all[0].born.unwrap(), 100)), ..all[0].clone() };
    all.push(twin.clone());
    let lacking = without_number(&twin, "l-1");
    let laboratory: Vec<Who> =
        all.iter().take(400).skip(1).cloned().chain([lacking.clone()]).collect();
    let house = House::with(&[("population", all.clone()), ("laboratory", laboratory)]);
    let crosswalk = linked(&house, &BOTH);
    let number = house.number(&crosswalk, "laboratory", &lacking);
    assert_ne!(number, house.number(&crosswalk, "population", &twin));
    assert_ne!(number, house.number(&crosswalk, "population", &all[0]));
    // The doubt is told: about one link is missed.
    let missed = found(&crosswalk).all.missed_links.unwrap();
    assert!((0.5..1.5).contains(&missed), "{missed}");
}

/// Which people a crosswalk makes, whatever their numbers are.
fn persons(
    house: &House,
    crosswalk: &Crosswalk,
    given: &[(&str, Vec<Who>)],
) -> BTreeSet<BTreeSet<String>> {
    let mut of: BTreeMap<i32, BTreeSet<String>> = BTreeMap::new();
    for (name, people) in given {
        for who in people {
            let number = house.number(crosswalk, name, who).unwrap();
            of.entry(number).or_default().insert(format!("{name}/{}", who.local));
        }
    }
    of.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn the_order_of_people_and_of_sources_changes_nothing_but_numbers(seed in 0_u64..1_000) {
        let all = people(250, seed);
        let lacking: Vec<Who> =
            all.iter().take(60).zip(0..).map(|(w, n)| without_number(w, &format!("l-{n}"))).collect();
        let slips: Vec<Who> =
            all.iter().skip(60).take(20).zip(0..).map(|(w, n)| with_slip(w, &format!("h-{n}"), 4)).collect();
        let given =
            [("population", all), ("laboratory", lacking), ("diagnoses", slips)];
        let mut turned = given.clone();
        turned.reverse();
        for (_, people) in &mut turned {
            people.reverse();
        }
        let names = ["population", "laboratory", "diagnoses"];
        let (one, other) = (House::with(&given), House::with(&turned));
        let first = linked(&one, &names);
        let mut back = names;
        back.reverse();
        let second = linked(&other, &back);
        prop_assert!(persons(&one, &first, &given) == persons(&other, &second, &given));
        prop_assert_eq!(first.found(), second.found());
        prop_assert_eq!(first.linkage(), second.linkage());
    }
}

#[test]
fn where_all_names_are_empty_nobody_is_found_by_luck() {
    let mut all = people(800, 11);
    for who in &mut all {
        who.given.clear();
        who.surname.clear();
    }
    let lacking: Vec<Who> =
        all.iter().take(200).zip(0..).map(|(w, n)| without_number(w, &format!("l-{n}"))).collect();
    let house = House::with(&[("population", all.clone()), ("laboratory", lacking.clone())]);
    let crosswalk = linked(&house, &BOTH);
    let (mut wrong, mut right) = (0, 0);
    let of: BTreeMap<i32, usize> = all
        .iter()
        .enumerate()
        .map(|(at, who)| (house.number(&crosswalk, "population", who).unwrap(), at))
        .collect();
    for (at, unnumbered) in lacking.iter().enumerate() {
        match of.get(&house.number(&crosswalk, "laboratory", unnumbered).unwrap()) {
            Some(other) if *other == at => right += 1,
            Some(_) => wrong += 1,
            None => {}
        }
    }
    // Birth date and postcode together still tell, and the doubt stays below the bound.
    assert!(wrong <= 5, "{wrong} wrong, {right} right");
}

#[test]
fn a_column_that_is_the_same_for_everybody_tells_nothing_and_breaks_nothing() {
    let mut all = people(600, 12);
    for who in &mut all {
        who.sex = "F".to_owned();
        who.postcode = "0001".to_owned();
    }
    let lacking: Vec<Who> =
        all.iter().take(100).zip(0..).map(|(w, n)| without_number(w, &format!("l-{n}"))).collect();
    let house = House::with(&[("population", all.clone()), ("laboratory", lacking.clone())]);
    let crosswalk = linked(&house, &BOTH);
    let right = all.iter().zip(&lacking).filter(|(who, unnumbered)| {
        house.number(&crosswalk, "population", who)
            == house.number(&crosswalk, "laboratory", unnumbered)
    });
    assert!(right.count() > 90);
}

#[test]
fn a_key_that_everybody_shares_is_bounded_and_told() {
    // Five thousand born on one day in one place: twelve million pairs under a rule.
    let day = Date::constant(1900, 1, 1);
    let draws = Draws(SeededEntropy::new(13));
    let ids = (0..5_000).map(|n| number(born(n), 5));
    let all: Vec<Who> = ids
        .zip(0..)
        .map(|(id, n)| Who {
            id: Some(id),
            local: format!("p-{n}"),
            given: draws.one(&GIVEN).to_owned(),
            surname: draws.one(&SURNAMES).to_owned(),
            born: Some(day),
            sex: "F".to_owned(),
            postcode: "0001".to_owned(),
            ..Who::default()
        })
        .collect();
    let lacking: Vec<Who> =
        all.iter().zip(0..).map(|(who, n)| without_number(who, &format!("l-{n}"))).collect();
    let house = House::with(&[("population", all), ("laboratory", lacking)]);
    let crosswalk = linked(&house, &BOTH);
    let found = found(&crosswalk);
    assert!(!found.narrowed.is_empty());
    assert!(found.narrowed.iter().any(|block| block.rule == "birth-date" && block.rows == 10_000));
    assert!(found.compared < 60_000_000, "{}", found.compared);
    assert!(found.all.likely.unwrap_or(0) < 20, "{:?}", found.all);
}

#[test]
fn the_doubt_falls_with_the_threshold_and_the_probability_goes_with_the_person() {
    let all = people(900, 14);
    let draws = Draws(SeededEntropy::new(15));
    // A register that knows less of people, and some of it wrong.
    let lacking: Vec<Who> = all
        .iter()
        .take(400)
        .zip(0..)
        .map(|(who, n)| {
            let mut who = without_number(who, &format!("l-{n}"));
            if draws.below(3) == 0 {
                who.postcode = format!("{:04}", 1000 + draws.below(400));
            }
            if draws.below(4) == 0 {
                who.surname = draws.one(&SURNAMES).to_owned();
            }
            if draws.below(6) == 0 {
                who.born = None;
            }
            who
        })
        .collect();
    let house = House::with(&[("population", all), ("laboratory", lacking)]);
    let crosswalk = linked(&house, &BOTH);
    let found = found(&crosswalk);
    // Every pair was found first by one rule; none is of so few that it is withheld.
    let by_rule: Option<u64> = found.rules.iter().map(|rule| rule.pairs).sum();
    assert_eq!(by_rule, Some(found.compared), "{:?}", found.rules);
    let bits = |comparison: &str| -> Vec<f64> {
        let of = found.levels.iter().filter(|level| level.comparison == comparison);
        of.map(|level| level.bits).collect()
    };
    assert_eq!(found.levels[0].comparison, LevelWeight::PRIOR);
    let [prior] = bits(LevelWeight::PRIOR)[..] else { panic!("{:?}", found.levels) };
    let born = bits("birth-date");
    let (equal, different) = (born.first().unwrap(), born.last().unwrap());
    assert!(prior < -5.0 && *equal > 5.0 && *different < -1.0, "{:?}", found.levels);
    let at: Vec<_> = found.thresholds.iter().collect();
    assert!(at.is_sorted_by(|a, b| a.threshold < b.threshold));
    assert!(at.is_sorted_by(|a, b| a.false_links >= b.false_links), "{at:?}");
    assert!(at.is_sorted_by(|a, b| a.missed_links <= b.missed_links), "{at:?}");
    let held = at.iter().find(|at| (at.threshold - 0.95).abs() < 1e-9).unwrap();
    let missed = found.all.missed_links.unwrap();
    assert!((held.missed_links - missed).abs() < 0.11, "{held:?} {missed}");
    let doubts = crosswalk.doubts(&source("laboratory")).unwrap();
    assert_eq!(doubts.len(), crosswalk.of(&source("laboratory")).len());
    assert!(doubts.iter().all(|doubt| (0.95..=1.0).contains(doubt)));
    assert!(doubts.iter().any(|doubt| *doubt < 1.0));
    assert!(crosswalk.doubts(&source("population")).unwrap().iter().all(|doubt| *doubt >= 1.0));
    let lower = house.link(&house.plan(&likely_at(&BOTH, 0.5), 1), None, 1).unwrap();
    assert!(lower.persons() <= crosswalk.persons());
}

#[test]
fn nothing_of_anybody_is_in_what_is_told_or_printed() {
    let all = people(200, 16);
    let lacking: Vec<Who> =
        all.iter().zip(0..).map(|(w, n)| with_slip(w, &format!("local-{n}"), 3)).collect();
    let house = House::with(&[("population", all.clone()), ("laboratory", lacking.clone())]);
    let crosswalk = linked(&house, &BOTH);
    let shown = format!("{crosswalk:?} {}", serde_json::to_string(&crosswalk.found()).unwrap());
    for who in all.iter().chain(&lacking) {
        for secret in [&who.given, &who.local, who.stated.as_ref().unwrap_or(&who.local)] {
            assert!(!shown.contains(secret.as_str()), "`{secret}` in {shown}");
        }
    }
}
