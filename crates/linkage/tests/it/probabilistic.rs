//! Probabilistic linkage of people who do not exist.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "some hundred rows are counted"
)]

use std::collections::{BTreeMap, BTreeSet};

use linkage::probabilistic::{
    Comparison, DateOrder, Edge, Intake, Kind, Linker, Part, Records, Rule, Spec, Term, Truth,
    weight,
};
use proptest::prelude::*;

/// Chance that is the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn once_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

type Row = [String; 4];

/// Given name, surname, date of birth and place of made-up people, each with two or
/// three rows of which some are misspelt, and who each row is.
fn people(count: usize, seed: u64) -> (Vec<Row>, Vec<Option<u32>>) {
    const SYLLABLES: [&str; 16] = [
        "ka", "ri", "to", "ne", "bjø", "lu", "han", "se", "mar", "te", "gro", "vi", "al", "dis",
        "per", "sol",
    ];
    let mut chance = Chance(seed);
    let mut rows = Vec::new();
    let mut truth = Vec::new();
    for person in 0..count as u32 {
        let mut word = |syllables: usize| -> String {
            (0..syllables).map(|_| SYLLABLES[chance.below(SYLLABLES.len())]).collect()
        };
        let (given, surname, place) = (word(2), word(3), word(1));
        let date = format!(
            "{}-{:02}-{:02}",
            1930 + chance.below(70),
            1 + chance.below(12),
            1 + chance.below(28)
        );
        for _ in 0..2 + chance.below(2) {
            let mut row = [given.clone(), surname.clone(), date.clone(), place.clone()];
            for value in &mut row {
                if chance.once_in(12) {
                    value.clear();
                } else if chance.once_in(8) {
                    let at = chance.below(value.chars().count());
                    *value = value
                        .chars()
                        .enumerate()
                        .map(|(place, letter)| match letter {
                            _ if place != at => letter,
                            '-' => '-',
                            '0'..='9' => '1',
                            _ => 'e',
                        })
                        .collect();
                }
            }
            rows.push(row);
            truth.push(Some(person));
        }
    }
    (rows, truth)
}

fn records(rows: &[Row], ids: impl IntoIterator<Item = usize>) -> Records {
    let mut intake = Intake::new(4);
    for (row, id) in rows.iter().zip(ids) {
        intake.push(&format!("row-{id}"), row.iter().map(|value| Some(value.as_str())));
    }
    intake.finish()
}

fn whole(column: usize) -> Term {
    Term { column, other: column, part: Part::Whole }
}

fn rule(terms: Vec<Term>) -> Rule {
    Rule { name: format!("{terms:?}"), terms, narrower: Vec::new() }
}

fn spec() -> Spec {
    let comparison = |column: usize, kind| Comparison {
        name: column.to_string(),
        kind,
        columns: vec![column],
        term_frequency: true,
    };
    Spec {
        comparisons: vec![
            comparison(0, Kind::Name(Kind::NAMES.to_vec())),
            comparison(1, Kind::Name(Kind::NAMES.to_vec())),
            comparison(2, Kind::Date(DateOrder::Found)),
            comparison(3, Kind::Exact),
        ],
        rules: vec![
            rule(vec![whole(1)]),
            rule(vec![whole(2)]),
            rule(vec![whole(0), Term { column: 2, other: 2, part: Part::Year }]),
        ],
        one_to_one: false,
        most_pairs_in_a_block: 1_000_000,
        most_pairs_of_a_rule: u64::MAX,
    }
}

/// Edges with their weights to the last bit, and clusters, by the rows' own names.
type Found = (BTreeSet<(String, String, u32)>, BTreeSet<Vec<String>>);

/// What is found.
fn found(records: &Records, spec: &Spec) -> Found {
    let linker = Linker::new(records, spec);
    let model = linker.train();
    let weighed = linker.weigh(&model, weight(0.01), 1);
    let id = |row: u32| records.id(row).to_owned();
    let edges = weighed.edges.iter().map(|edge| {
        let (one, other) = linker.rows(*edge);
        let (one, other) = (id(one).min(id(other)), id(one).max(id(other)));
        (one, other, edge.weight.to_bits())
    });
    let mut clusters: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (row, cluster) in (0..).zip(linker.clusters(&model, &weighed.edges, 0.0)) {
        clusters.entry(cluster).or_default().push(id(row));
    }
    let clusters = clusters.into_values().map(|mut rows| {
        rows.sort();
        rows
    });
    (edges.collect(), clusters.collect())
}

#[test]
fn people_are_found_without_answers() {
    let (rows, people) = people(400, 1);
    let records = records(&rows, 0..);
    let spec = spec();
    let linker = Linker::new(&records, &spec);
    let model = linker.train();
    let weighed = linker.weigh(&model, weight(0.01), 1);
    let truth = Truth::new(&people, None);
    let enough = weighed.edges.iter().filter(|edge| edge.weight >= 0.0);
    let pairs = truth.of_pairs(enough.map(|edge| linker.rows(*edge)));
    let clusters = truth.of_clusters(&linker.clusters(&model, &weighed.edges, 0.0));
    assert!(pairs.precision > 0.98 && pairs.recall > 0.9, "{pairs:?}");
    assert!(clusters.precision > 0.98 && clusters.f1 > pairs.f1 - 0.01, "{clusters:?}");
    // The prior is what the truth is, give or take what no rule finds.
    let expected = model.prior() * linker.all_pairs();
    assert!((expected / pairs.all as f64 - 1.0).abs() < 0.15, "{expected} of {}", pairs.all);
}

#[test]
fn m_is_what_the_errors_made_it() {
    let (rows, people) = people(1500, 2);
    let records = records(&rows, 0..);
    let spec = spec();
    let linker = Linker::new(&records, &spec);
    let told = linker.told(&linker.train());
    for (column, comparison) in told.comparisons.iter().enumerate() {
        let (mut equal, mut known) = (0.0, 0.0);
        for (a, one) in rows.iter().enumerate() {
            for b in a + 1..rows.len().min(a + 3) {
                let (x, y) = (&one[column], &rows[b][column]);
                if people[a] == people[b] && !x.is_empty() && !y.is_empty() {
                    known += 1.0;
                    equal += f64::from(u8::from(x == y));
                }
            }
        }
        let m = comparison.levels[0].m;
        assert!((m - equal / known).abs() < 0.03, "{}: {m} {}", comparison.name, equal / known);
    }
}

#[test]
fn strangers_of_one_place_are_not_learnt_as_one_person() {
    let (mut rows, people) = people(1500, 9);
    // Of forty surnames that lie in one region each, people have the one of theirs;
    // the region says of two rows of a surname what the surname says already.
    for (row, person) in rows.iter_mut().zip(&people) {
        let surname = person.unwrap() % 40;
        row[1] = format!("surname{surname}");
        row[3] = format!("region{}", surname / 4);
    }
    let records = records(&rows, 0..);
    let mut spec = spec();
    spec.rules = vec![rule(vec![whole(1)]), rule(vec![whole(2)])];
    let linker = Linker::new(&records, &spec);
    let model = linker.train();
    let same = |a: usize, b: usize| people[a] == people[b];
    let matches = (0..rows.len())
        .flat_map(|a| (a + 1..rows.len().min(a + 3)).map(move |b| (a, b)))
        .filter(|(a, b)| same(*a, *b))
        .count() as f64;
    let found = model.sessions()[0].matches;
    assert!((found / matches - 1.0).abs() < 0.2, "{found} of {matches}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_rows_changes_nothing(seed in 0_u64..1000, by in 1_usize..100) {
        let (rows, _) = people(60, seed);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|at| (at * 7919 + by * 31) % 1009);
        let shuffled: Vec<Row> = order.iter().map(|at| rows[*at].clone()).collect();
        prop_assert_eq!(
            found(&records(&rows, 0..), &spec()),
            found(&records(&shuffled, order), &spec())
        );
    }

    #[test]
    fn other_ids_change_nothing_but_the_ids(seed in 0_u64..1000) {
        let (mut rows, _) = people(60, seed);
        // Rows that say the same are told apart by nothing else.
        let mut seen = BTreeSet::new();
        rows.retain(|row| seen.insert(row.clone()));
        let count = rows.len();
        let other = |id: usize| count - 1 - id;
        let (edges, clusters) = found(&records(&rows, 0..), &spec());
        let (others, other_clusters) = found(&records(&rows, (0..count).map(other)), &spec());
        let renamed = |id: &String| {
            format!("row-{}", other(id.trim_start_matches("row-").parse().unwrap()))
        };
        let others: BTreeSet<_> = others
            .iter()
            .map(|(a, b, weight)| {
                let (a, b) = (renamed(a), renamed(b));
                (a.clone().min(b.clone()), a.max(b), *weight)
            })
            .collect();
        let other_clusters: BTreeSet<_> = other_clusters
            .iter()
            .map(|rows| {
                let mut rows: Vec<_> = rows.iter().map(renamed).collect();
                rows.sort();
                rows
            })
            .collect();
        prop_assert_eq!(edges, others);
        prop_assert_eq!(clusters, other_clusters);
    }

    #[test]
    fn every_pair_of_a_rule_is_compared_once_and_no_other(
        rows in prop::collection::vec(prop::collection::vec("[ab]{0,2}", 2), 2..14),
        first in 1_usize..14,
        two in any::<bool>(),
    ) {
        let mut intake = Intake::new(2);
        for (at, row) in rows.iter().enumerate() {
            if two && at == first.min(rows.len() - 1) {
                intake.second_file();
            }
            intake.push(&at.to_string(), row.iter().map(|value| Some(value.as_str())));
        }
        let records = intake.finish();
        let swapped =
            |column, other| Term { column, other, part: Part::Whole };
        let mut spec = spec();
        spec.comparisons.truncate(2);
        spec.rules = vec![
            rule(vec![whole(0), whole(1)]),
            rule(vec![swapped(0, 1), swapped(1, 0)]),
            rule(vec![swapped(0, 1)]),
            rule(vec![Term { column: 1, other: 1, part: Part::Prefix(1) }]),
        ];
        let linker = Linker::new(&records, &spec);
        let weighed = linker.weigh(&linker.train(), f64::NEG_INFINITY, 1);
        let mut pairs: Vec<_> = weighed.edges.iter().map(|edge| {
            let (one, other) = linker.rows(*edge);
            (one.min(other), one.max(other))
        }).collect();
        pairs.sort_unstable();
        prop_assert_eq!(weighed.pairs, pairs.len() as u64);
        let agree = |x: &str, y: &str| !x.is_empty() && x == y;
        let mut expected = Vec::new();
        for (a, one) in rows.iter().enumerate() {
            for (b, other) in rows.iter().enumerate().skip(a + 1) {
                let across = !two || (a < records.rows_of_first()) != (b < records.rows_of_first());
                let swapped = agree(&one[0], &other[1]) || agree(&one[1], &other[0]);
                let prefix = agree(one[1].get(..1).unwrap_or(""), other[1].get(..1).unwrap_or(""));
                let both = agree(&one[0], &other[0]) && agree(&one[1], &other[1]);
                if across && (swapped || prefix || both) {
                    expected.push((a as u32, b as u32));
                }
            }
        }
        prop_assert_eq!(pairs, expected);
    }
}

#[test]
fn the_order_changes_nothing_where_random_pairs_are_drawn_either() {
    let (rows, _) = people(450, 10);
    let backwards: Vec<Row> = rows.iter().rev().cloned().collect();
    assert_eq!(
        found(&records(&rows, 0..), &spec()),
        found(&records(&backwards, (0..rows.len()).rev()), &spec())
    );
}

#[test]
fn two_threads_find_what_one_finds() {
    let (rows, _) = people(300, 3);
    let records = records(&rows, 0..);
    let spec = spec();
    let linker = Linker::new(&records, &spec);
    let model = linker.train();
    let [one, two] = [1, 2].map(|threads| linker.weigh(&model, -20.0, threads));
    assert_eq!((one.pairs, &one.by_rule), (two.pairs, &two.by_rule));
    assert_eq!(one.edges, two.edges);
}

#[test]
fn a_block_of_too_many_pairs_is_narrowed_and_told() {
    let (mut rows, _) = people(700, 4);
    for row in &mut rows {
        row[2] = "1900-01-01".to_owned();
    }
    let records = records(&rows, 0..);
    let mut spec = spec();
    spec.most_pairs_in_a_block = 2_000;
    spec.rules = vec![rule(vec![whole(2)])];
    let linker = Linker::new(&records, &spec);
    let weighed = linker.weigh(&linker.train(), 0.0, 1);
    let told = &linker.narrowed()[0];
    let count = rows.len() as u64;
    assert_eq!((told.rows, told.pairs, told.narrowed), (count, count * (count - 1) / 2, true));
    // The rule alone compares nothing; with each of three more columns at most so many.
    assert!(weighed.pairs > 0 && weighed.pairs <= 3 * 2_000, "{}", weighed.pairs);
    assert_eq!(weighed.by_rule[0].1, 0);
}

#[test]
fn a_rule_of_too_many_pairs_gives_way_to_narrower_ones_and_that_is_told() {
    let (rows, _) = people(400, 4);
    let records = records(&rows, 0..);
    let mut spec = spec();
    let year = || Term { column: 2, other: 2, part: Part::Year };
    let narrow = rule(vec![year(), whole(0)]);
    spec.rules = vec![Rule { narrower: vec![narrow.clone()], ..rule(vec![year()]) }];
    let compared = |spec: &Spec| {
        let linker = Linker::new(&records, spec);
        let weighed = linker.weigh(&linker.train(), -90.0, 1);
        let names: Vec<_> = weighed.by_rule.iter().map(|(name, _)| name.clone()).collect();
        (weighed.pairs, names, linker.narrowed().to_vec())
    };
    let (all, names, told) = compared(&spec);
    assert_eq!((names, told.len()), (vec![spec.rules[0].name.clone()], 0));
    spec.most_pairs_of_a_rule = all;
    assert_eq!(compared(&spec).0, all, "so many it may have");
    spec.most_pairs_of_a_rule = all - 1;
    let (fewer, names, told) = compared(&spec);
    assert_eq!(names, [narrow.name]);
    assert!(fewer > 0 && fewer < all, "{fewer} of {all}");
    assert_eq!((told.len(), told[0].pairs, told[0].whole), (1, all, true));
    // Those whose date says a year.
    assert!(told[0].rows > 800 && told[0].rows <= rows.len() as u64, "{}", told[0].rows);
    // One that names none stays as it is.
    spec.rules[0].narrower.clear();
    assert_eq!(compared(&spec).0, all);
}

#[test]
fn a_column_that_says_nothing_weighs_nothing() {
    let (mut rows, people) = people(300, 5);
    for row in &mut rows {
        row[3] = "norway".to_owned();
    }
    let records = records(&rows, 0..);
    let spec = spec();
    let linker = Linker::new(&records, &spec);
    let model = linker.train();
    let place = &linker.told(&model).comparisons[3];
    assert!(place.levels.iter().all(|level| level.weight.abs() < 1e-9), "{place:?}");
    let weighed = linker.weigh(&model, 0.0, 1);
    let found =
        Truth::new(&people, None).of_pairs(weighed.edges.iter().map(|edge| linker.rows(*edge)));
    assert!(found.f1 > 0.9, "{found:?}");
}

#[test]
fn rows_without_names_are_linked_by_what_is_left_or_not_at_all() {
    let (mut rows, _) = people(200, 6);
    for row in &mut rows {
        row[0].clear();
        row[1].clear();
    }
    let left = records(&rows, 0..);
    let (edges, _) = found(&left, &spec());
    assert!(edges.iter().all(|(_, _, bits)| f32::from_bits(*bits).is_finite()));
    for row in &mut rows {
        row.iter_mut().for_each(String::clear);
    }
    let empty = records(&rows, 0..);
    let (edges, clusters) = found(&empty, &spec());
    assert_eq!((edges.len(), clusters.len()), (0, rows.len()));
}

#[test]
fn one_to_one_leaves_each_row_one_partner() {
    let (rows, _) = people(100, 7);
    let mut intake = Intake::new(4);
    for (at, row) in rows.iter().enumerate() {
        if at == rows.len() / 2 {
            intake.second_file();
        }
        intake.push(&at.to_string(), row.iter().map(|value| Some(value.as_str())));
    }
    // The second file holds the first one's people twice over.
    for row in &rows[..rows.len() / 2] {
        for copy in 0..2 {
            intake.push(&format!("{}-{copy}", row.join("")), row.iter().map(|v| Some(v.as_str())));
        }
    }
    let records = intake.finish();
    let spec = spec();
    let linker = Linker::new(&records, &spec);
    let model = linker.train();
    let all = linker.weigh(&model, 0.0, 1).edges;
    let kept = linker.one_to_one(&all);
    let ends = |edges: &[Edge]| {
        let mut count: BTreeMap<u32, u32> = BTreeMap::new();
        for (one, other) in edges.iter().map(|edge| linker.rows(*edge)) {
            *count.entry(one).or_default() += 1;
            *count.entry(other).or_default() += 1;
        }
        count.into_values().max()
    };
    assert!(ends(&all) > Some(1));
    assert_eq!(ends(&kept), Some(1));
    let clusters = linker.couples(&kept, 0.0);
    let joined = clusters.iter().enumerate().filter(|(row, of)| *row as u32 != **of).count();
    assert_eq!(joined, kept.len());
}

#[test]
fn a_weight_is_the_sum_of_its_steps() {
    let (rows, _) = people(100, 8);
    let records = records(&rows, 0..);
    let spec = spec();
    let linker = Linker::new(&records, &spec);
    let model = linker.train();
    for edge in linker.weigh(&model, -20.0, 1).edges.iter().take(200) {
        let (one, other) = linker.rows(*edge);
        let steps = linker.explain(&model, one, other);
        let sum: f64 = steps.iter().map(|step| step.weight + step.frequency).sum();
        assert!((sum - f64::from(edge.weight)).abs() < 1e-4, "{steps:?} {edge:?}");
        assert_eq!(steps.len(), 5);
    }
}
