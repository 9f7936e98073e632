//! How the people of an extract were found, and how far that is to be doubted: as its
//! manifest tells it. Nothing here rests on fewer people than may be published.

use std::collections::BTreeMap;

use model::SourceId;
use serde::{Deserialize, Serialize};

use crate::review::Reviewed;

/// How the people of an extract were found.
///
/// People are counted by source: somebody in two registers counts twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Found {
    /// Two people became one from this probability on.
    pub threshold: f64,
    /// No count below this is told.
    pub smallest_count: u64,
    /// How many pairs were weighed.
    pub compared: u64,
    /// Of everybody.
    pub all: Cell,
    /// Of each source.
    pub sources: BTreeMap<SourceId, Cell>,
    /// By sex, where it is known: `f` and `m`.
    pub sexes: Vec<Group>,
    /// By age on the day of the newest delivery.
    pub ages: Vec<Group>,
    /// By country of birth, as the registers write it.
    pub countries: Vec<Group>,
    /// How many pairs of people have which weight.
    pub weights: Vec<WeightColumn>,
    /// What other thresholds would have come to.
    pub thresholds: Vec<AtThreshold>,
    /// How many pairs each blocking rule found that none before it did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleCount>,
    /// What each kind of agreement weighs: the prior, then each comparison's levels from
    /// the strongest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<LevelWeight>,
    /// Pairs that were too many to be compared as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub narrowed: Vec<NarrowedBlock>,
    /// What people decided of pairs that were in doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<Reviewed>,
}

/// People of one kind, and how they were found. What is not told rests on too few
/// people, or would give away what does.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cell {
    /// How many there are.
    pub people: Option<u64>,
    /// By a national identity number that holds, equal in two records.
    pub exact: Option<u64>,
    /// By the register's own number.
    pub own_number: Option<u64>,
    /// By a number with one slip, with name and birth date.
    pub near: Option<u64>,
    /// By names, birth, sex and place together.
    pub likely: Option<u64>,
    /// In no other record.
    pub alone: Option<u64>,
    /// Links that are wrong, as the model expects.
    pub false_links: Option<f64>,
    /// Links that were not made and should have been, as the model expects.
    pub missed_links: Option<f64>,
}

/// People who have something in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Group {
    /// What; `None`: it is not known of them.
    pub value: Option<String>,
    /// How they were found.
    #[serde(flatten)]
    pub cell: Cell,
}

/// Pairs of people by weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WeightColumn {
    /// From so many bits on, up to the next column; the last has no end.
    pub from: i32,
    /// How many pairs.
    pub pairs: Option<u64>,
}

/// The names of all blocking rules that there may be.
pub fn rules() -> Vec<String> {
    crate::cascade::rule_names()
}

/// What a blocking rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RuleCount {
    /// The rule.
    pub rule: String,
    /// How many pairs.
    pub pairs: Option<u64>,
}

/// What it weighs that two records agree so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LevelWeight {
    /// The comparison; [`LevelWeight::PRIOR`]: what is known before any.
    pub comparison: String,
    /// On which of its levels they agree; empty of the prior.
    pub level: String,
    /// Bits for one person, or against it, where nothing else is known: rounded to one
    /// decimal, and without what a rare value adds.
    pub bits: f64,
}

impl LevelWeight {
    /// What stands for the prior.
    pub const PRIOR: &str = "prior";
}

/// What a threshold comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AtThreshold {
    /// The threshold.
    pub threshold: f64,
    /// How many links are made.
    pub links: Option<u64>,
    /// How many of them are wrong, as the model expects.
    pub false_links: f64,
    /// How many are missed, as the model expects.
    pub missed_links: f64,
}

/// A blocking rule's key that too many records share, or a rule of too many pairs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NarrowedBlock {
    /// The rule.
    pub rule: String,
    /// How many records have one key; of a whole rule, any key.
    pub rows: u64,
    /// How many pairs they make.
    pub pairs: u64,
    /// Whether they are compared where they agree on something else too; else not.
    pub narrowed: bool,
    /// Whether it is the whole rule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

/// Counts before anything is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Counted {
    /// In the order of [`Cell`]'s: exact, own number, near, likely, alone.
    pub(crate) stages: [u64; STAGES],
    pub(crate) false_links: f64,
    pub(crate) missed_links: f64,
}

pub(crate) const STAGES: usize = 5;
const NEAR: usize = 2;
const LIKELY: usize = 3;

impl Counted {
    fn people(&self) -> u64 {
        self.stages.iter().sum()
    }
}

/// A line of a table while it is decided what is told of it.
#[derive(Clone, Copy)]
struct Line {
    counted: Counted,
    /// People, then the stages.
    told: [bool; STAGES + 1],
}

impl Line {
    fn new(counted: Counted, least: u64) -> Self {
        let mut line = Self { counted, told: [true; STAGES + 1] };
        let few = |count: u64| (1..least).contains(&count);
        if few(counted.people()) {
            line.told = [false; STAGES + 1];
        }
        for (told, count) in line.told.iter_mut().skip(1).zip(counted.stages) {
            *told &= !few(count);
        }
        line
    }

    fn count(&self, column: usize) -> u64 {
        let stage = column.checked_sub(1).and_then(|stage| self.counted.stages.get(stage));
        stage.copied().unwrap_or_else(|| self.counted.people())
    }

    fn is_told(&self, column: usize) -> bool {
        self.told.get(column) == Some(&true)
    }

    fn withhold(&mut self, column: usize) {
        if let Some(told) = self.told.get_mut(column) {
            *told = false;
        }
    }

    /// A line's people are the sum of its stages: one of the six that is withheld alone
    /// is no secret, and a second goes with it. Whether anything changed.
    fn protect(&mut self) -> bool {
        if (0..=STAGES).filter(|column| !self.is_told(*column)).count() != 1 {
            return false;
        }
        let smallest = (1..=STAGES)
            .filter(|column| self.is_told(*column))
            .min_by_key(|column| (self.count(*column) == 0, self.count(*column)));
        if let Some(column) = smallest {
            self.withhold(column);
        }
        smallest.is_some()
    }

    fn cell(&self) -> Cell {
        let told = |column: usize| self.is_told(column).then(|| self.count(column));
        let by_model = told(NEAR + 1).is_some() && told(LIKELY + 1).is_some();
        Cell {
            people: told(0),
            exact: told(1),
            own_number: told(2),
            near: told(NEAR + 1),
            likely: told(LIKELY + 1),
            alone: told(5),
            false_links: by_model.then(|| tenths(self.counted.false_links)),
            missed_links: told(0).map(|_| tenths(self.counted.missed_links)),
        }
    }
}

/// Rounded to one decimal: it is an expectation.
pub(crate) fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// What may be told of everybody, and of the groups of one division after another into
/// which they fall.
pub(crate) fn told<const DIVISIONS: usize>(
    all: Counted,
    divisions: [&[Counted]; DIVISIONS],
    least: u64,
) -> (Cell, [Vec<Cell>; DIVISIONS]) {
    let mut whole = Line::new(all, least);
    while whole.protect() {}
    let cells = divisions.map(|groups| {
        let mut lines: Vec<Line> = groups.iter().map(|group| Line::new(*group, least)).collect();
        // What is withheld of everybody is not told by adding up.
        for column in 0..=STAGES {
            if !whole.is_told(column) {
                for line in &mut lines {
                    line.withhold(column);
                }
            }
        }
        let mut changed = true;
        while changed {
            changed = false;
            for line in &mut lines {
                changed |= line.protect();
            }
            for column in 0..=STAGES {
                let withheld = lines.iter().filter(|line| !line.is_told(column)).count();
                if !whole.is_told(column) || withheld != 1 {
                    continue;
                }
                let smallest = lines
                    .iter_mut()
                    .filter(|line| line.is_told(column))
                    .min_by_key(|line| (line.count(column) == 0, line.count(column)));
                if let Some(line) = smallest {
                    line.withhold(column);
                    changed = true;
                }
            }
        }
        lines.iter().map(Line::cell).collect()
    });
    (whole.cell(), cells)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(stages: [u64; STAGES]) -> Counted {
        Counted { stages, false_links: 0.25, missed_links: 1.0 }
    }

    fn sum(groups: &[Counted]) -> Counted {
        let mut all = Counted::default();
        for group in groups {
            for (sum, count) in all.stages.iter_mut().zip(group.stages) {
                *sum += count;
            }
        }
        all
    }

    #[test]
    fn a_group_of_few_is_not_told_and_not_told_by_the_others() {
        let groups =
            [counted([40, 0, 0, 30, 10]), counted([20, 0, 0, 10, 9]), counted([2, 0, 0, 0, 1])];
        let (all, [cells]) = told(sum(&groups), [&groups], 5);
        assert_eq!((all.people, all.exact), (Some(122), Some(62)));
        assert_eq!(cells[2], Cell::default());
        assert_eq!((cells[1].people, cells[1].exact), (None, None), "{cells:?}");
        assert_eq!(cells[0].people, Some(80));
    }

    #[test]
    fn expected_errors_go_with_the_counts_that_they_are_of() {
        let groups = [counted([40, 0, 0, 30, 10]), counted([40, 0, 0, 3, 40])];
        let (_, [cells]) = told(sum(&groups), [&groups], 5);
        assert_eq!(cells[1].likely, None);
        assert_eq!(cells[1].false_links, None);
        assert!(cells[1].missed_links.is_some());
    }

    proptest! {
        #[test]
        fn no_count_of_few_is_told_or_found_by_subtraction(
            groups in proptest::collection::vec(
                [0_u64..12, 0_u64..12, 0_u64..12, 0_u64..12, 0_u64..200], 1..6),
        ) {
            let least = 5;
            let groups: Vec<Counted> = groups.into_iter().map(counted).collect();
            let whole = sum(&groups);
            let (all, [cells]) = told(whole, [&groups], least);
            let columns = |cell: &Cell| {
                [cell.people, cell.exact, cell.own_number, cell.near, cell.likely, cell.alone]
            };
            for cell in cells.iter().chain([&all]) {
                let told = columns(cell);
                prop_assert!(told.iter().flatten().all(|count| *count == 0 || *count >= least));
                // A line holds none or at least two secrets: it is its own sum.
                let secrets = told.iter().filter(|count| count.is_none()).count();
                prop_assert!(secrets != 1, "{cell:?}");
            }
            for column in 0..6 {
                let secrets = cells.iter().filter(|cell| columns(cell)[column].is_none()).count();
                let total = columns(&all)[column];
                prop_assert!(total.is_none() || secrets != 1 || cells.len() == 1, "{cells:?}");
                prop_assert!(total.is_some() || secrets == cells.len(), "{cells:?}");
            }
        }
    }
}
