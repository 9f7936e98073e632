//! Pairs in doubt: which are put up for clerks, and what their answers come to.

use std::collections::{BTreeMap, BTreeSet};

use linkage::review::{Decided, KeptPair, MOST_OPEN, Outcome, Review};
use linkage::{Crosswalk, Earlier, ExtractPlan};
use model::{PairId, SeededEntropy, SignedDuration};
use source::{Pseudonymiser as _, SubjectKey};

use crate::cascade::{BOTH, Draws, found, likely, once, people, without_number};
use crate::support::{House, Who, contract, source};

/// The same person, about whom the other register is wrong in several things.
fn in_doubt(who: &Who, n: usize, draws: &Draws) -> Who {
    let mut other = without_number(who, &format!("l-{n}"));
    if n.is_multiple_of(2) {
        other.born = other.born.map(|born| born.saturating_add(SignedDuration::from_hours(24)));
    }
    if n.is_multiple_of(3) {
        other.given.truncate(other.given.len() - 1);
    }
    other.postcode = format!("{:04}", 1000 + draws.below(400));
    other
}

/// A population, and a laboratory that knows three hundred of it badly.
struct Doubt {
    house: House,
    all: Vec<Who>,
    badly: Vec<Who>,
}

impl Doubt {
    fn new(seed: u64) -> Self {
        let draws = Draws(SeededEntropy::new(seed + 1));
        let all = people(3_000, seed);
        let badly: Vec<Who> =
            all.iter().take(400).enumerate().map(|(n, who)| in_doubt(who, n, &draws)).collect();
        let known = all.iter().skip(400).take(1_000).cloned();
        let laboratory = badly.iter().cloned().chain(known).collect();
        let house = House::with_contracts(
            &[("population", all.clone()), ("laboratory", laboratory)],
            |name| if name == "population" { once(name) } else { contract(name) },
        );
        Self { house, all, badly }
    }

    fn plan(&self) -> ExtractPlan {
        self.house.plan(&likely(&BOTH), 1)
    }

    fn linked(&self, review: &Review) -> Crosswalk {
        linked(&self.house, &self.plan(), review)
    }

    /// Forty of the pairs that are put up, each of somebody of the population and one of
    /// those whom the laboratory knows badly.
    fn forty(&self, crosswalk: &Crosswalk) -> Vec<KeptPair> {
        let pairs = crosswalk.asked().iter().filter(|pair| self.truth(pair).is_some());
        let forty: Vec<_> = pairs.take(40).cloned().collect();
        assert_eq!(forty.len(), 40);
        forty
    }

    /// Whether a pair is of one person, and by which place in the lists.
    fn truth(&self, pair: &KeptPair) -> Option<(usize, usize)> {
        let side = |name: &str| pair.sides.iter().find(|side| side.source == source(name));
        let (one, other) = (side("population")?.subject()?, side("laboratory")?.subject()?);
        let at = |name: &str, of: &[Who], wanted: SubjectKey| {
            let pseudonyms = self.house.vault.pseudonymiser(&source(name)).unwrap();
            of.iter().position(|who| match &who.id {
                Some(id) => pseudonyms.subject(id) == wanted,
                None => pseudonyms.local(&who.local) == wanted,
            })
        };
        Some((at("population", &self.all, one)?, at("laboratory", &self.badly, other)?))
    }

    fn are_one(&self, crosswalk: &Crosswalk, (one, other): (usize, usize)) -> bool {
        let one = self.house.number(crosswalk, "population", &self.all[one]);
        one.is_some() && one == self.house.number(crosswalk, "laboratory", &self.badly[other])
    }
}

fn linked(house: &House, plan: &ExtractPlan, review: &Review) -> Crosswalk {
    let (earlier, entropy) = (Earlier::default(), SeededEntropy::new(1));
    linkage::link_reviewed(plan, &house.vault, None, (&earlier, review), &entropy).unwrap()
}

fn asking() -> Review {
    Review { most: MOST_OPEN, ..Review::default() }
}

fn said(pairs: &[KeptPair], outcome: impl Fn(&KeptPair) -> Option<Outcome>) -> Review {
    let id = |n: usize| format!("pair-{n:010}").parse::<PairId>().unwrap();
    let decided = pairs.iter().enumerate().map(|(n, kept)| Decided {
        id: id(n),
        kept: kept.clone(),
        outcome: outcome(kept),
    });
    Review { decided: decided.collect(), most: MOST_OPEN }
}

/// Who a pair is of, whichever stands first.
fn who(pair: &KeptPair) -> BTreeSet<(String, u128)> {
    let side = |side: &linkage::review::Side| {
        (side.source.to_string(), u128::from_be_bytes(side.subject().unwrap().0))
    };
    pair.sides.iter().map(side).collect()
}

fn answers(doubt: &Doubt, pairs: &[KeptPair]) -> Review {
    said(pairs, |pair| {
        let same = doubt.truth(pair).is_some_and(|(one, other)| one == other);
        Some(if same { Outcome::Same } else { Outcome::Different })
    })
}

#[test]
fn pairs_near_the_threshold_are_put_up_and_the_same_every_time() {
    let doubt = Doubt::new(21);
    let first = doubt.linked(&asking());
    assert_eq!(first.asked().len(), MOST_OPEN, "bounded");
    assert_eq!(found(&first).reviewed.unwrap().put_up, Some(50));
    // A sixteenth and sixteen times the odds of 0.95.
    let near = |pair: &KeptPair| (0.5428..0.99673).contains(&pair.probability);
    assert!(first.asked().iter().all(near));
    // Not of one kind alone: what one teaches another of its kind does not.
    let levels = |pair: &KeptPair| pair.steps.iter().map(|s| s.level.clone()).collect::<Vec<_>>();
    let kinds: BTreeSet<_> = first.asked().iter().map(levels).collect();
    assert!(kinds.len() >= 8, "{}", kinds.len());
    assert!(first.asked() == doubt.linked(&asking()).asked());
    let fewer = doubt.linked(&Review { most: 7, ..Review::default() });
    assert!(fewer.asked() == &first.asked()[..7]);
    assert!(doubt.linked(&Review::default()).asked().is_empty());

    // Those who wait, and those of whom nobody can tell, are not put up again.
    let waits = said(first.asked(), |_| None);
    let whom = |pairs: &[KeptPair]| pairs.iter().map(who).collect::<BTreeSet<_>>();
    let next = doubt.linked(&waits);
    assert!(whom(next.asked()).is_disjoint(&whom(first.asked())));
    let undecided = doubt.linked(&said(first.asked(), |_| Some(Outcome::Undecided)));
    assert!(undecided.asked() == next.asked());
    assert_eq!(found(&undecided).all, found(&first).all, "what nobody can tell changes nothing");
}

#[test]
fn what_clerks_decided_is_so_and_in_doubt_no_more() {
    let doubt = Doubt::new(22);
    let first = doubt.linked(&asking());
    let pairs = doubt.forty(&first);
    let (one, two) = pairs.split_at(20);
    let mut review = said(&pairs, |_| None);
    for (n, decided) in review.decided.iter_mut().enumerate() {
        decided.outcome = Some(if n < 20 { Outcome::Same } else { Outcome::Different });
    }
    let after = doubt.linked(&review);
    for pair in one {
        assert!(doubt.are_one(&after, doubt.truth(pair).unwrap()), "joined by their word");
    }
    for pair in two {
        assert!(!doubt.are_one(&after, doubt.truth(pair).unwrap()), "parted by their word");
    }
    let told = found(&after).reviewed.unwrap();
    assert_eq!((told.same, told.different, told.set_aside), (Some(20), Some(20), Some(0)));
    // Who was decided on is their person for certain, in the column of probabilities too.
    let certain = |pair: &KeptPair| {
        let side = pair.sides.iter().find(|side| side.source == source("laboratory")).unwrap();
        let of = after.of(&side.source);
        let at = of.iter().position(|(known, _)| Some(*known) == side.subject()).unwrap();
        after.doubts(&side.source).unwrap()[at] >= 1.0
    };
    assert!(one.iter().all(certain));
    let missed = |crosswalk: &Crosswalk| found(crosswalk).all.missed_links.unwrap();
    let expected: f64 = pairs.iter().map(|pair| pair.probability).sum();
    assert!(
        missed(&after) < missed(&first) - 0.5 * expected,
        "{} {}",
        missed(&after),
        missed(&first)
    );
}

#[test]
fn two_numbers_for_life_are_two_people_whatever_clerks_say() {
    let mut doubt = Doubt::new(23);
    let first = doubt.linked(&asking());
    let pairs = doubt.forty(&first);
    let review = answers(&doubt, &pairs);
    // Half of those who were decided on have got another number for life since.
    let mut free = people(4_000, 99).into_iter().filter_map(|who| who.id);
    let mut laboratory = doubt.badly.clone();
    let truth: Vec<_> = pairs.iter().map(|pair| doubt.truth(pair).unwrap()).collect();
    for (_, at) in truth.iter().step_by(2) {
        let taken = |id: &_| doubt.all.iter().any(|other| other.id.as_ref() == Some(id));
        laboratory[*at].id = free.find(|id| !taken(id));
    }
    doubt.badly.clone_from(&laboratory);
    laboratory.extend(doubt.all.iter().skip(400).take(1_000).cloned());
    doubt.house.deliver("laboratory", &laboratory, contract("laboratory"), 2);
    let after = doubt.linked(&review);
    let same = truth.iter().filter(|(one, other)| one == other).count();
    assert!(same > 30, "{same}");
    for (n, (one, other)) in truth.into_iter().enumerate() {
        let is_so = one == other && n % 2 == 1;
        assert_eq!(doubt.are_one(&after, (one, other)), is_so, "{n}: {one} and {other}");
    }
    // They are known again by the register's own number, and the decision is set aside.
    let told = found(&after).reviewed.unwrap();
    assert!(told.set_aside.is_some_and(|n| n > 10), "{told:?}");
}

#[test]
fn a_decision_stands_through_a_refresh_and_falls_with_what_it_rested_on() {
    let mut doubt = Doubt::new(24);
    let first = doubt.linked(&asking());
    let pairs = doubt.forty(&first);
    let review = answers(&doubt, &pairs);
    // The laboratory mends the postcodes of ten of them.
    let mut laboratory = doubt.badly.clone();
    let mended: Vec<usize> =
        pairs.iter().take(10).map(|pair| doubt.truth(pair).unwrap().1).collect();
    for at in &mended {
        laboratory[*at].postcode = "1399".to_owned();
    }
    doubt.badly.clone_from(&laboratory);
    laboratory.extend(doubt.all.iter().skip(400).take(900).cloned());
    doubt.house.deliver("laboratory", &laboratory, contract("laboratory"), 2);
    let after = doubt.linked(&review);
    let stale: BTreeSet<_> = after.stale().iter().map(ToString::to_string).collect();
    let first_ten = review.decided.iter().take(10).map(|decided| decided.id.to_string());
    assert_eq!(stale, first_ten.collect());
    for pair in pairs.iter().skip(10) {
        let at = doubt.truth(pair).unwrap();
        assert_eq!(doubt.are_one(&after, at), at.0 == at.1, "what stands counts");
    }
    // What does not stand is asked again, before anything else.
    let whom: BTreeSet<_> = pairs.iter().take(10).map(who).collect();
    let again: Vec<bool> = after.asked().iter().map(|pair| whom.contains(&who(pair))).collect();
    let count = again.iter().filter(|again| **again).count();
    assert!(count > 0 && again[..count].iter().all(|again| *again), "{again:?}");
    let kept = doubt.linked(&said(&pairs, |_| None));
    let whom_kept: BTreeSet<_> = kept.asked().iter().map(who).collect();
    assert!(!whom_kept.is_disjoint(&whom), "one that waits on what is not so is put up anew");
}

#[test]
fn answers_teach_what_the_evidence_weighs() {
    let doubt = Doubt::new(25);
    let first = doubt.linked(&asking());
    // Of the other pairs that are in doubt nobody said anything.
    let others = |outcome| -> BTreeMap<_, f64> {
        let review = said(first.asked(), |_| outcome);
        let asked = doubt.linked(&review).asked().to_vec();
        asked.iter().map(|pair| (who(pair), pair.probability)).collect()
    };
    let [none, one, two] = [None, Some(Outcome::Same), Some(Outcome::Different)].map(others);
    let mean = |of: &BTreeMap<_, f64>| {
        let common: Vec<f64> = of
            .iter()
            .filter(|(who, _)| [&none, &one, &two].iter().all(|all| all.contains_key(*who)))
            .map(|(_, probability)| *probability)
            .collect();
        assert!(common.len() > 10, "{}", common.len());
        common.iter().sum::<f64>() / f64::from(u32::try_from(common.len()).unwrap())
    };
    let (none, one, two) = (mean(&none), mean(&one), mean(&two));
    println!("{two} {none} {one}");
    assert!(two + 0.01 < none && none + 0.003 < one, "{two} {none} {one}");
}
