//! People who share a name, a street and a town with somebody else, and people who
//! moved: families are not taken for people, nor people for strangers.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "some thousand rows are counted"
)]

use linkage::probabilistic::{
    Comparison, DateOrder, Figures, Intake, Kind, Linker, Part, Records, Rule, Spec, Term, Truth,
};
use model::{Entropy as _, SeededEntropy};

const COLUMNS: [&str; 6] = ["given", "surname", "born", "street", "postcode", "sex"];

/// Chance that is the same every time.
struct Chance(SeededEntropy);

impl Chance {
    fn below(&self, most: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) >> 32).unwrap() % most
    }

    fn percent(&self, share: usize) -> bool {
        self.below(100) < share
    }

    fn word(&self, syllables: usize) -> String {
        const SYLLABLES: [&str; 16] = [
            "ka", "ri", "to", "ne", "bjø", "lu", "han", "se", "mar", "te", "gro", "vi", "al",
            "dis", "per", "sol",
        ];
        (0..syllables).map(|_| SYLLABLES[self.below(SYLLABLES.len())]).collect()
    }

    fn home(&self) -> [String; 2] {
        [
            format!("{} {}", self.word(2), 1 + self.below(90)),
            format!("{:04}", 1000 + self.below(400)),
        ]
    }
}

type Row = [String; 6];

/// Two registers that hold nearly everybody of `homes` homes once, and who each row
/// is. A quarter have moved in between; some rows are misspelt.
fn registers(homes: usize, seed: u64) -> [(Vec<Row>, Vec<Option<u32>>); 2] {
    let chance = Chance(SeededEntropy::new(seed));
    let given: [Vec<String>; 2] = [0, 1].map(|_| (0..150).map(|_| chance.word(2)).collect());
    let surnames: Vec<String> = (0..400).map(|_| chance.word(3)).collect();
    let mut registers = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    let mut person = 0;
    for _ in 0..homes {
        let surname = surnames[chance.below(surnames.len())].clone();
        let home = chance.home();
        for _ in 0..=chance.below(5) {
            person += 1;
            let sex = chance.below(2);
            let born = format!(
                "{}-{:02}-{:02}",
                1930 + chance.below(85),
                1 + chance.below(12),
                1 + chance.below(28)
            );
            let name = given[sex][chance.below(given[sex].len())].clone();
            let moved = chance.percent(25).then(|| chance.home());
            for (at, (rows, people)) in registers.iter_mut().enumerate() {
                if chance.percent(8) {
                    continue;
                }
                let [street, postcode] = moved.clone().filter(|_| at == 1).unwrap_or(home.clone());
                let sex = ["F", "M"][sex].to_owned();
                let mut row = [name.clone(), surname.clone(), born.clone(), street, postcode, sex];
                if chance.percent(5) {
                    let letter = 1 + chance.below(2);
                    row[chance.below(2)].insert(letter, 'x');
                }
                if chance.percent(2) {
                    row[2].replace_range(8.., "01");
                }
                if chance.percent(3) {
                    row[3 + chance.below(2)].clear();
                }
                rows.push(row);
                people.push(Some(person));
            }
        }
    }
    registers
}

fn put(intake: &mut Intake, rows: &[Row]) {
    for row in rows {
        intake.push(&row.concat(), row.iter().map(|value| Some(value.as_str())));
    }
}

/// Rules that bring families together, as rules do that shall not miss anybody.
fn spec() -> Spec {
    let names = || Kind::Name(Kind::NAMES.to_vec());
    let kinds =
        [names(), names(), Kind::Date(DateOrder::Found), Kind::Words, Kind::Postcode, Kind::Exact];
    let comparisons = COLUMNS.iter().zip(kinds).enumerate().map(|(column, (name, kind))| {
        let (name, columns) = ((*name).to_owned(), vec![column]);
        Comparison { name, kind, columns, term_frequency: true }
    });
    let whole = |column: usize| Term { column, other: column, part: Part::Whole };
    let year = Term { column: 2, other: 2, part: Part::Year };
    let rule =
        |name: &str, terms: Vec<Term>| Rule { name: name.to_owned(), terms, narrower: Vec::new() };
    Spec {
        comparisons: comparisons.collect(),
        rules: vec![
            rule("surname", vec![whole(1)]),
            rule("postcode", vec![whole(4)]),
            rule("year of birth, sex", vec![year, whole(5)]),
        ],
        one_to_one: false,
        most_pairs_in_a_block: 10_000_000,
        most_pairs_of_a_rule: u64::MAX,
    }
}

/// How good the pairs are at p ≥ 0.5.
fn linked(records: &Records, people: &[Option<u32>], second: Option<usize>) -> Figures {
    let spec = spec();
    let linker = Linker::new(records, &spec);
    let model = linker.train();
    let weighed = linker.weigh(&model, 0.0, 1);
    let pairs = weighed.edges.iter().map(|edge| linker.rows(*edge));
    Truth::new(people, second).of_pairs(pairs)
}

#[test]
fn families_of_two_registers_are_not_taken_for_people() {
    for seed in 1..4 {
        let [(first, mut people), (second, others)] = registers(1500, seed);
        let mut intake = Intake::new(COLUMNS.len());
        put(&mut intake, &first);
        intake.second_file();
        put(&mut intake, &second);
        people.extend(others);
        let figures = linked(&intake.finish(), &people, Some(first.len()));
        assert!(figures.precision > 0.97 && figures.recall > 0.95, "seed {seed}: {figures:?}");
    }
}

#[test]
fn nor_are_those_of_one() {
    for seed in 1..4 {
        let [(first, mut people), (second, others)] = registers(1500, seed);
        let mut intake = Intake::new(COLUMNS.len());
        put(&mut intake, &first);
        put(&mut intake, &second);
        people.extend(others);
        let figures = linked(&intake.finish(), &people, None);
        assert!(figures.precision > 0.95 && figures.recall > 0.95, "seed {seed}: {figures:?}");
    }
}

#[test]
fn what_agrees_because_another_does_is_told_so() {
    let [(first, _), (second, _)] = registers(800, 5);
    let mut intake = Intake::new(COLUMNS.len());
    put(&mut intake, &first);
    intake.second_file();
    put(&mut intake, &second);
    let (records, spec) = (intake.finish(), spec());
    let linker = Linker::new(&records, &spec);
    let model = linker.train();
    let told = linker.told(&model);
    let street = &told.comparisons[3];
    assert!(street.given.contains(&"surname".to_owned()), "{:?}", street.given);
    // Of two rows that agree on all, what each adds is less than it says alone, and
    // never speaks against.
    let weighed = linker.weigh(&model, 0.0, 1);
    let step = weighed
        .edges
        .iter()
        .map(|edge| linker.rows(*edge))
        .map(|(one, other)| linker.explain(&model, one, other))
        .find(|steps| steps.iter().skip(1).all(|step| step.label == "equal"))
        .and_then(|steps| steps.into_iter().find(|step| step.name == "street"))
        .unwrap();
    assert!(step.given.contains(&"surname".to_owned()), "{step:?}");
    assert!(step.weight >= 0.0 && step.weight < street.levels[0].weight - 3.0, "{step:?}");
}
