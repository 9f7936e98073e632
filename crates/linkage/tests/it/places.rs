//! Places are evidence through time: people move, and municipalities are joined and
//! renumbered.

use model::SeededEntropy;

use crate::cascade::{Draws, likely_at, people, without_number};
use crate::support::{House, Who};

/// How many of those without a number were found to be whom they are, rather than not.
fn found(house: &House, all: &[Who], lacking: &[Who]) -> usize {
    let names: Vec<&str> = house.records.iter().map(|record| record.source.as_str()).collect();
    let crosswalk = house.link(&house.plan(&likely_at(&names, 0.5), 1), None, 1).unwrap();
    let is_found = |(who, unnumbered): &(&Who, &Who)| {
        let one = house.number(&crosswalk, "population", who);
        one.is_some() && one == house.number(&crosswalk, "laboratory", unnumbered)
    };
    all.iter().zip(lacking).filter(is_found).count()
}

/// Of each one a record of another register, which knows neither number nor birth.
fn nameless(all: &[Who]) -> Vec<Who> {
    let record =
        |(who, n): (&Who, usize)| Who { born: None, ..without_number(who, &format!("l-{n}")) };
    all.iter().zip(0..).map(record).collect()
}

#[test]
fn who_moved_is_found_by_where_they_lived_at_some_time() {
    let all = people(1_500, 21);
    let draws = Draws(SeededEntropy::new(22));
    let elsewhere =
        |who: &Who| Who { postcode: format!("{:04}", 1000 + draws.below(400)), ..who.clone() };
    // Rows of one person, of which the last is from when the laboratory saw them.
    let moved: Vec<Who> = all.iter().map(elsewhere).collect();
    let rows = |first: &[Who], later: &[Who]| {
        let mut rows: Vec<Who> = first.to_vec();
        rows.extend(later.iter().cloned());
        rows
    };
    let lacking = nameless(&all[..500]);
    let of = |population: Vec<Who>| {
        let house = House::with(&[("population", population), ("laboratory", lacking.clone())]);
        found(&house, &all[..500], &lacking)
    };
    let (stayed, through_time, at_first) =
        (of(all.clone()), of(rows(&moved, &all)), of(moved.clone()));
    assert!(stayed > 400, "{stayed} of 500");
    assert!(through_time > 400, "{through_time} of 500, where {stayed} stayed");
    assert!(at_first < 100, "{at_first} of 500 by names alone");
}

#[test]
fn municipalities_that_were_joined_and_renumbered_are_the_same() {
    let draws = Draws(SeededEntropy::new(23));
    let mut all = people(2_000, 24);
    let mut before = all.clone();
    for (who, was) in all.iter_mut().zip(&mut before) {
        who.postcode.clear();
        was.postcode.clear();
        // Sixty municipalities, of which every three became two under other numbers.
        let place = draws.below(60);
        was.municipality = format!("{:04}", 301 + place);
        who.municipality = format!("{}", 4601 + place / 3 * 2 + place % 3 % 2);
    }
    let lacking = nameless(&before[..500]);
    let of = |known: &[Who], population: &[Who]| {
        let laboratory = known.iter().chain(&lacking).cloned().collect();
        let house = House::with(&[("population", population.to_vec()), ("laboratory", laboratory)]);
        found(&house, &all[..500], &lacking)
    };
    let renumbered = of(&before[500..], &all);
    // One place for everybody is what a register writes that knows none: it takes in
    // no other, and tells nothing.
    let nowhere: Vec<Who> =
        all.iter().map(|who| Who { municipality: "9999".to_owned(), ..who.clone() }).collect();
    let house = House::with(&[
        ("population", all.clone()),
        ("laboratory", before[500..].iter().chain(&lacking).cloned().collect()),
        ("study", nowhere),
    ]);
    let beside = found(&house, &all[..500], &lacking);
    assert!(beside > 350, "{beside} of 500 beside a register that knows no places");
    // The same people where nobody is in both registers, so that nothing tells.
    let untold = of(&[], &all);
    assert!(renumbered > 350, "{renumbered} of 500");
    assert!(untold < 100, "{untold} of 500 by names alone");
}
