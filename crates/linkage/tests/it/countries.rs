//! People with numbers of two countries. Everybody was born in 1858: no Danish number was
//! ever given to them, and their Norwegian ones are Tenor's.

use std::collections::BTreeSet;

use model::national_id::{Check, Country};
use model::{Date, NationalId, SeededEntropy};

use crate::cascade::{BOTH, Draws, found, linked, once, somebody, without_number};
use crate::support::{House, Who};

/// The number that Denmark gave somebody born in 1858, when it gave none.
fn danish(born: Date, serial: usize) -> NationalId {
    let text = format!("{:02}{:02}58-{:04}", born.day(), born.month(), 5000 + serial);
    NationalId::read(Country::Denmark, &text, Date::constant(2026, 1, 1)).unwrap()
}

/// People who have a number in each of two countries.
fn of_two_countries(count: usize, seed: u64) -> Vec<(Who, Who)> {
    let draws = Draws(SeededEntropy::new(seed));
    (0..count)
        .map(|at| {
            let day = i64::try_from(draws.below(365)).unwrap();
            let born = Date::constant(1858, 1, 1)
                .saturating_add(model::SignedDuration::from_hours(24 * day));
            // 500 to 749 are of the 1800s.
            let norwegian = (0..250)
                .map(|n| 500 + u16::try_from((n + at * 7) % 250).unwrap())
                .find_map(|serial| NationalId::synthetic(born, serial));
            let local = format!("n-{at}");
            let who = Who { id: norwegian, local, ..somebody(&draws, born) };
            let there = Who { id: Some(danish(born, at)), local: format!("d-{at}"), ..who.clone() };
            (who, there)
        })
        .collect()
}

/// Of 700 people half are in a Norwegian register and all in a Danish one. A second Danish
/// one has some of them, and knows the number of whom `numbered` says so.
fn across_the_border(numbered: impl Fn(usize) -> bool) {
    let all = of_two_countries(700, 3);
    let here: Vec<Who> = all.iter().step_by(2).map(|(here, _)| here.clone()).collect();
    let there: Vec<Who> = all.iter().map(|(_, there)| there.clone()).collect();
    let lacking = |at, who| without_number(who, &format!("t-{at}"));
    let too: Vec<Who> = (0..)
        .zip(&there)
        .filter(|(at, _)| at % 5 != 0)
        .map(|(at, who)| if numbered(at) { who.clone() } else { lacking(at, who) })
        .collect();
    let names = ["population", "laboratory", "hospital"];
    let sources = [(names[0], here.clone()), (names[1], there.clone()), (names[2], too.clone())];
    let house = House::with_contracts(&sources, once);
    let crosswalk = linked(&house, &names);
    let number = |name, who: &Who| house.number(&crosswalk, name, who).unwrap();
    let in_both = here.iter().zip(there.iter().step_by(2));
    let right = in_both.filter(|(h, t)| number(names[0], h) == number(names[1], t)).count();
    assert!(right * 100 > here.len() * 97, "{right} of {}", here.len());
    let second = too.iter().zip(there.iter().enumerate().filter(|(at, _)| at % 5 != 0));
    let right = second.filter(|(h, (_, t))| number(names[2], h) == number(names[1], t)).count();
    assert!(right * 100 > too.len() * 97, "{right} of {}", too.len());
    // Of one country two numbers are two people, whatever else is alike.
    for (name, who) in &sources {
        let distinct: BTreeSet<i32> = who.iter().map(|who| number(name, who)).collect();
        assert_eq!(distinct.len(), who.len(), "{name}");
    }
}

#[test]
fn who_has_a_number_in_two_countries_is_found_by_the_rest_and_two_of_one_never_are_one() {
    across_the_border(|_| true);
}

#[test]
fn what_people_in_several_registers_say_of_themselves_is_not_taken_for_what_families_share() {
    // Some are twice among those without a number, and many twice among those with one.
    across_the_border(|at| (60..670).contains(&at));
}

#[test]
fn a_danish_number_with_a_slip_that_is_a_number_too_is_undone_where_names_and_birth_are_equal() {
    let all = of_two_countries(300, 5);
    let there: Vec<Who> = all.into_iter().map(|(_, there)| there).collect();
    let checked = |who: &Who| {
        let read = who.id.as_ref().unwrap().evidence().unwrap();
        read.check() == Check::Holds
    };
    let holding: Vec<&Who> = there.iter().filter(|who| checked(who)).collect();
    assert!(holding.len() > 15, "{}", holding.len());
    // One digit of the serial number is another: a number still, and nobody's.
    let slipped = |who: &Who, n: usize| {
        let written = who.id.as_ref().unwrap().written();
        let (before, last) = written.split_at(written.len() - 1);
        let last = (last.parse::<u8>().unwrap() + 2) % 10;
        let text = format!("{before}{last}");
        let id = NationalId::read(Country::Denmark, &text, Date::constant(2026, 1, 1)).unwrap();
        Who { id: Some(id), local: format!("s-{n}"), ..who.clone() }
    };
    let spoilt: Vec<Who> = holding.iter().zip(0..).map(|(who, n)| slipped(who, n)).collect();
    // A twin by the same kind of number and another name stays somebody else.
    let twin =
        Who { given: "Petrine".to_owned(), local: "twin".to_owned(), ..slipped(holding[0], 999) };
    let house = House::with(&[
        ("population", there.clone()),
        ("laboratory", spoilt.iter().skip(1).cloned().chain([twin.clone()]).collect()),
    ]);
    let crosswalk = linked(&house, &BOTH);
    let number = |name, who: &Who| house.number(&crosswalk, name, who).unwrap();
    for (whole, spoilt) in holding.iter().zip(&spoilt).skip(1) {
        assert_eq!(number("population", whole), number("laboratory", spoilt));
    }
    assert_ne!(number("population", holding[0]), number("laboratory", &twin));
    assert_eq!(found(&crosswalk).all.near, Some(2 * (spoilt.len() as u64 - 1)));
}
