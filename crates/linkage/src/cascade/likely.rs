//! The rest: people whose number is missing, wrong or temporary, weighed against
//! everybody by names, birth, sex and place.

use std::collections::HashMap;

use super::entities::Entities;
use super::people::{BESIDE, BORN, COUNTRY, GIVEN, POSTCODE, People, SEX, SURNAME};
use crate::probabilistic::{
    Comparison, DateOrder, Edge, Kind, Linker, Model, Narrowed, Part, Rule, Spec, Step, Term, Told,
    probability, weight,
};

/// A pair less likely than this is not thought of again.
pub(super) const LEAST: f64 = 0.01;
/// The same bound on pairs in a block as `helserom link evaluate` has.
const MOST_PAIRS_IN_A_BLOCK: u64 = 10_000_000;
/// A rule of more pairs than this is narrowed: two cores weigh so many in half a minute.
const MOST_PAIRS_OF_A_RULE: u64 = 600_000_000;
/// Pairs between two people that are weighed at most before they become one.
const MOST_CROSSING: usize = 256;
const THREADS: usize = 2;

/// What is compared, as far as anybody has it.
pub(super) fn spec(people: &People) -> Spec {
    let has = |column| people.has(column);
    let names = [has(GIVEN), has(SURNAME)];
    let mut comparisons = Vec::new();
    let mut compare = |name: &str, kind, columns: Vec<usize>, term_frequency| {
        comparisons.push(Comparison { name: name.to_owned(), kind, columns, term_frequency });
    };
    match names {
        [true, true] => {
            compare("name", Kind::PersonName(Kind::NAMES.to_vec()), vec![GIVEN, SURNAME], true);
        }
        [true, false] => compare("name", Kind::Name(Kind::NAMES.to_vec()), vec![GIVEN], true),
        [false, true] => compare("name", Kind::Name(Kind::NAMES.to_vec()), vec![SURNAME], true),
        [false, false] => {}
    }
    if has(BORN) {
        compare("birth-date", Kind::Date(DateOrder::Found), vec![BORN], false);
    }
    if has(SEX) {
        compare("sex", Kind::Exact, vec![SEX], false);
    }
    // A postcode says the municipality as well, and keeps its meaning when these are
    // joined or renumbered: two comparisons of one place would count it twice.
    let (place, name, kind) = if has(POSTCODE) {
        (POSTCODE, "postcode", Kind::Postcode)
    } else {
        (people.municipality, "municipality", Kind::Exact)
    };
    if people.has_several(place) {
        compare(name, Kind::Several(Box::new(kind), BESIDE), vec![place], true);
    } else if has(place) {
        compare(name, kind, vec![place], true);
    }
    if has(COUNTRY) {
        compare("country-of-birth", Kind::Exact, vec![COUNTRY], true);
    }
    let rules = rules(place, has);
    Spec {
        comparisons,
        rules,
        one_to_one: false,
        most_pairs_in_a_block: MOST_PAIRS_IN_A_BLOCK,
        most_pairs_of_a_rule: MOST_PAIRS_OF_A_RULE,
    }
}

/// Which pairs are compared. In a country as many people share a birth date as a town has
/// people: where a rule would find too many pairs, what agrees on nothing more is left.
fn rules(place: usize, has: impl Fn(usize) -> bool) -> Vec<Rule> {
    let term = |column, part| Term { column, other: column, part };
    let born = || term(BORN, Part::Whole);
    let born_in = || term(BORN, Part::Year);
    let (given, surname) = (|| term(GIVEN, Part::Sound), || term(SURNAME, Part::Sound));
    let there = || term(place, Part::Whole);
    let beginning = |column, letters| term(column, Part::Prefix(letters));
    let swapped = || {
        let term = |column, other| Term { column, other, part: Part::Whole };
        [term(GIVEN, SURNAME), term(SURNAME, GIVEN)]
    };
    let rule = |name: &str, terms: Vec<Term>, narrower: Vec<Rule>| {
        let known = terms.iter().all(|term| has(term.column));
        known.then(|| Rule { name: name.to_owned(), terms, narrower })
    };
    let only = |name: &str, terms: Vec<Term>| rule(name, terms, Vec::new());
    let all = |rules: Vec<Option<Rule>>| rules.into_iter().flatten().collect();
    all(vec![
        rule(
            "birth-date",
            vec![born()],
            all(vec![
                only("birth-date-and-given-name", vec![born(), given()]),
                only("birth-date-and-surname", vec![born(), surname()]),
                only("birth-date-and-place", vec![born(), there()]),
            ]),
        ),
        rule(
            "surname-and-given-name",
            vec![surname(), beginning(GIVEN, 3)],
            all(vec![only(
                "surname-given-name-and-birth-year",
                vec![surname(), beginning(GIVEN, 3), born_in()],
            )]),
        ),
        rule(
            "given-name-and-place",
            vec![given(), there()],
            all(vec![only("given-name-place-and-birth-year", vec![given(), there(), born_in()])]),
        ),
        rule(
            "surname-and-place",
            vec![surname(), there()],
            all(vec![only("surname-place-and-birth-year", vec![surname(), there(), born_in()])]),
        ),
        rule(
            "place-and-birth-year",
            vec![there(), born_in(), term(SEX, Part::Whole)],
            all(vec![
                only(
                    "place-birth-year-and-given-name",
                    vec![there(), born_in(), beginning(GIVEN, 1)],
                ),
                only(
                    "place-birth-year-and-surname",
                    vec![there(), born_in(), beginning(SURNAME, 1)],
                ),
            ]),
        ),
        rule(
            "names-swapped",
            swapped().into(),
            all(vec![only(
                "names-swapped-and-birth-year",
                swapped().into_iter().chain([born_in()]).collect(),
            )]),
        ),
    ])
}

/// The names of all rules that there may be.
pub(super) fn rule_names() -> Vec<String> {
    let rules = rules(POSTCODE, |_| true);
    let of = |rule: Rule| [rule.name].into_iter().chain(rule.narrower.into_iter().map(|r| r.name));
    rules.into_iter().flat_map(of).collect()
}

/// What weighing found.
#[derive(Default)]
pub(super) struct Likely {
    /// Every two people that may be one, the likeliest first, and how likely.
    pub(super) pairs: Vec<Pair>,
    /// How many pairs were compared.
    pub(super) compared: u64,
    pub(super) narrowed: Vec<Narrowed>,
    /// How many of the pairs each rule found first.
    pub(super) by_rule: Vec<(String, u64)>,
    /// What weighed them.
    pub(super) model: Option<Told>,
}

/// Two people who may be one: subjects that stand for them, of which the first has no
/// number for life.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) loose: u32,
    pub(super) other: u32,
    /// Bits for one person, the prior among them.
    pub(super) weight: f64,
    pub(super) probability: f64,
}

/// The people made ready, and the model that they taught.
pub(super) struct Weighing<'a> {
    linker: Linker<'a>,
    model: Model,
    /// For each of the linker's places the subject, and the other way round.
    subject_at: Vec<u32>,
    place_of: Vec<u32>,
}

impl<'a> Weighing<'a> {
    /// Trains. `None` when there is nothing to compare, or nobody to compare it of.
    /// `answered`: pairs of subjects of which clerks said whether they are one person.
    pub(super) fn new(
        people: &People,
        entities: &Entities,
        spec: &'a Spec,
        answered: &[(u32, u32, bool)],
    ) -> Option<Self> {
        let nobody = people.numbers.iter().all(|number| number.for_life() == Some(people.home));
        if spec.comparisons.is_empty() || spec.rules.is_empty() || nobody {
            return None;
        }
        let person = |row: u32| {
            let subject = people.subject_of.get(row as usize).copied();
            entities.root(subject.unwrap_or(row))
        };
        let linker = Linker::new(&people.records, spec).knowing(person);
        let rows = u32::try_from(people.records.rows()).unwrap_or(u32::MAX);
        let subject = |place| people.subject_of.get(linker.row(place) as usize).copied();
        let subject_at: Vec<u32> = (0..rows).map(|at| subject(at).unwrap_or_default()).collect();
        let mut place_of = vec![0; subject_at.len()];
        for (place, subject) in (0..).zip(&subject_at) {
            if let Some(of) = place_of.get_mut(*subject as usize) {
                *of = place;
            }
        }
        let place = |subject: u32| place_of.get(subject as usize).copied();
        let answered: Vec<_> = answered
            .iter()
            .filter_map(|(a, b, same)| Some((place(*a)?, place(*b)?, *same)))
            .collect();
        let model = linker.train_answered(&answered);
        Some(Self { linker, model, subject_at, place_of })
    }

    /// On which levels two subjects agree, as one number.
    pub(super) fn levels(&self) -> impl FnMut(u32, u32) -> u64 {
        let mut levels = self.linker.levels();
        move |a, b| {
            let place = |subject: u32| self.place_of.get(subject as usize).copied().unwrap_or(0);
            let (a, b) = (place(a), place(b));
            levels(a.min(b), a.max(b))
        }
    }

    /// What each comparison of two subjects weighs.
    pub(super) fn explain(&self, a: u32, b: u32) -> Vec<Step> {
        let place = |subject: u32| self.place_of.get(subject as usize).copied().unwrap_or(0);
        let (a, b) = (place(a), place(b));
        self.linker.explain_at(&self.model, a.min(b), a.max(b))
    }

    /// Weighs any two subjects.
    pub(super) fn weigher(&self) -> impl FnMut(u32, u32) -> f64 {
        let mut weigh = self.linker.weigher(&self.model);
        move |a, b| {
            let place = |subject: u32| self.place_of.get(subject as usize).copied().unwrap_or(0);
            let (a, b) = (place(a), place(b));
            weigh(a.min(b), a.max(b))
        }
    }

    /// Weighs every pair that the rules find, and brings them together person by
    /// person.
    pub(super) fn pairs(&self, entities: &Entities) -> Likely {
        let weighed = self.linker.weigh(&self.model, weight(LEAST), THREADS);
        let subject = |place: u32| self.subject_at.get(place as usize).copied().unwrap_or(0);
        // The heaviest pair of subjects speaks for their people.
        let mut best: HashMap<(u32, u32), (Edge, f64)> = HashMap::new();
        for edge in weighed.edges {
            let (a, b) = (entities.root(subject(edge.a)), entities.root(subject(edge.b)));
            if a != b && entities.may_be_one(a, b) {
                let weight = f64::from(edge.weight);
                best.entry((a.min(b), a.max(b))).or_insert((edge, weight));
            }
        }
        let pairs = exclusive(best, entities, subject);
        Likely {
            pairs,
            compared: weighed.pairs,
            narrowed: self.linker.narrowed().to_vec(),
            by_rule: weighed.by_rule,
            model: Some(self.linker.told(&self.model)),
        }
    }
}

/// The probability of each pair. People with numbers for life of one country are different
/// people, so that of several to whom one without could belong at most one is right: their
/// probabilities share what there is. Twins who share nearly all leave both in doubt.
fn exclusive(
    best: HashMap<(u32, u32), (Edge, f64)>,
    entities: &Entities,
    subject: impl Fn(u32) -> u32,
) -> Vec<Pair> {
    // For somebody without a number of a country, and for that country.
    let mut odds: HashMap<(u32, u8), f64> = HashMap::new();
    let loose_of = |a: u32, b: u32| {
        [(a, entities.issued_by(b)), (b, entities.issued_by(a))].into_iter().flat_map(
            |(loose, issued_by)| {
                (0..u8::BITS)
                    .map(|country| 1_u8 << country)
                    .filter(move |country| issued_by & country != 0)
                    .map(move |country| (loose, country))
            },
        )
    };
    // Added up in an order that does not depend on the table's.
    let mut found: Vec<((u32, u32), Edge, f64)> =
        best.into_iter().map(|(key, (edge, weight))| (key, edge, weight)).collect();
    found.sort_unstable_by(|x, y| {
        y.2.total_cmp(&x.2).then_with(|| (x.1.a, x.1.b).cmp(&(y.1.a, y.1.b)))
    });
    for ((a, b), _, weight) in &found {
        for loose in loose_of(*a, *b) {
            *odds.entry(loose).or_default() += weight.exp2();
        }
    }
    let mut pairs: Vec<(Pair, Edge)> = found
        .into_iter()
        .map(|((a, b), edge, weight)| {
            let shared = loose_of(a, b).filter_map(|loose| odds.get(&loose));
            let probability = shared
                .map(|all| weight.exp2() / (1.0 + all))
                .min_by(f64::total_cmp)
                .unwrap_or_else(|| probability(weight));
            let (one, other) = (subject(edge.a), subject(edge.b));
            let swap = entities.issued_by(entities.root(one)) != 0;
            let (loose, other) = if swap { (other, one) } else { (one, other) };
            (Pair { loose, other, weight, probability }, edge)
        })
        .collect();
    pairs.sort_by(|(x, of_x), (y, of_y)| {
        y.probability
            .total_cmp(&x.probability)
            .then_with(|| y.weight.total_cmp(&x.weight))
            .then_with(|| (of_x.a, of_x.b).cmp(&(of_y.a, of_y.b)))
    });
    pairs.into_iter().map(|(pair, _)| pair).collect()
}

/// What merging the pairs in turn came to.
#[derive(Default)]
pub(super) struct Merges {
    /// For each pair whether it made two people one, had the threshold allowed it.
    pub(super) merged: Vec<bool>,
}

/// Makes people one along the likeliest pairs first, down to `threshold`. What would
/// have followed below it is worked out on a copy, for the chart of thresholds.
/// `on_merge` hears of each that is made, before it is.
pub(super) fn merge(
    pairs: &[Pair],
    entities: &mut Entities,
    threshold: f64,
    mut weigh: impl FnMut(u32, u32) -> f64,
    prior: f64,
    mut on_merge: impl FnMut(&Entities, &Pair),
) -> Merges {
    let mut merged = vec![false; pairs.len()];
    let mut further: Option<Entities> = None;
    for (pair, merged) in pairs.iter().zip(&mut merged) {
        let counts = pair.probability >= threshold;
        if !counts && further.is_none() {
            further = Some(entities.clone());
        }
        let now = further.as_mut().unwrap_or(&mut *entities);
        let (a, b) = (now.root(pair.loose), now.root(pair.other));
        if a == b || !now.may_be_one(a, b) || !hold_together(now, (a, b), pair, &mut weigh, prior) {
            continue;
        }
        *merged = true;
        if counts {
            on_merge(now, pair);
        }
        now.merge(a, b);
    }
    Merges { merged }
}

/// Whether the evidence between two people as a whole allows that they are one: the
/// bounds are those of decision 0083. Two single subjects have been weighed already.
fn hold_together(
    entities: &Entities,
    (a, b): (u32, u32),
    pair: &Pair,
    weigh: &mut impl FnMut(u32, u32) -> f64,
    prior: f64,
) -> bool {
    const FOR: f64 = 20.0;
    const AGAINST: f64 = 10.0;
    const DOUBT: f64 = 1.0 / 3.0;
    const OWN: f64 = 0.1;
    if entities.size(a) + entities.size(b) <= 2 {
        return true;
    }
    let (mut sum, mut count) = (0.0, 0.0);
    let other = entities.members(b);
    let crossing = entities.members(a).flat_map(|a| other.clone().map(move |b| (a, b)));
    for (a, b) in crossing.take(MOST_CROSSING) {
        sum += weigh(a, b).clamp(-AGAINST, FOR);
        count += 1.0;
    }
    let left = OWN.mul_add(-pair.weight.clamp(0.0, FOR), DOUBT * prior.min(0.0));
    sum / count >= left
}

impl Weighing<'_> {
    /// Bits before any evidence.
    pub(super) fn prior(&self) -> f64 {
        let prior = self.model.prior();
        weight(prior)
    }
}
