//! Plays the attacker: what can a reader work out of the cells withheld?
//!
//! For each withheld cell the smallest and the largest value that fit all that
//! is shown (Fischetti and Salazar-González 2001, the attacker subproblems;
//! *Handbook* 4.2.2, "feasibility interval"). The reader is taken to know that
//! nothing is negative, that people come in whole numbers, and every sum.
//!
//! The interval is never overstated: each end is a table that really fits.

use std::collections::{BTreeMap, BTreeSet};

use crate::cells::Cells;
use crate::lp::{Found, NoAnswer, Program, Reach, Simplex, reach};

/// What must remain possible for a withheld cell to be safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// A count of people, too small to be shown: it may be smaller by one, it
    /// may be large enough to be shown, and the range is as wide as that.
    Count { value: i128, threshold: i128 },
    /// A withheld count of unknown value: it is surely large enough to be
    /// shown, or it may be and may as well be a threshold's width away.
    /// `at_most` is what a mark such as `<5` gives away by itself.
    Unknown { threshold: i128, at_most: Option<i128> },
    /// It may be as little as the first and as much as the second.
    Apart { least: i128, most: i128 },
}

/// What a reader can say of a withheld cell. `None` has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) low: Option<i128>,
    pub(crate) high: Option<i128>,
}

impl Interval {
    /// Whether what must remain possible does.
    pub(crate) fn meets(self, need: Need) -> bool {
        let low = self.low.unwrap_or(i128::MIN / 2);
        let high = self.high.unwrap_or(i128::MAX / 2);
        match need {
            Need::Count { value, threshold } => {
                low < value.max(1) && high >= threshold && high - low >= threshold
            }
            Need::Unknown { threshold, at_most: Some(most) } => {
                low <= 1 && high >= most.min(threshold - 1)
            }
            // Nobody there is nobody's secret.
            Need::Unknown { threshold, at_most: None } => {
                low >= threshold || high <= 0 || high >= threshold && high - low >= threshold
            }
            Need::Apart { least, most } => low <= least && high >= most,
        }
    }
}

/// How far the attacker looks: as far as the need asks and no further.
impl Need {
    fn targets(self) -> (i128, i128) {
        match self {
            Self::Count { threshold, .. } | Self::Unknown { threshold, .. } => (0, threshold * 2),
            Self::Apart { least, most } => (least, most),
        }
    }
}

/// What an audit knows besides the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Counts of people: whole. Sums of a quantity need not be.
    pub(crate) whole: bool,
    /// Whether a quantity may be negative.
    pub(crate) signed: bool,
}

/// What was found of one cell.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) interval: Interval,
    /// The cells whose numbers differ from the true ones in the two tables that
    /// prove the interval. As long as these stay withheld, the interval stands.
    /// `None` where the proof is no pair of tables.
    pub(crate) rests_on: Option<BTreeSet<usize>>,
}

/// The intervals of the cells in `asked`, given which cells are withheld.
/// An error says that the numbers do not add up or are too many.
pub(crate) fn intervals(
    cells: &Cells,
    withheld: &[bool],
    asked: &BTreeMap<usize, Need>,
    numbers: Numbers,
) -> Result<BTreeMap<usize, Finding>, NoAnswer> {
    let mut out = BTreeMap::new();
    for group in components(cells, withheld) {
        let wanted: Vec<(usize, Need)> =
            group.iter().filter_map(|at| Some((*at, *asked.get(at)?))).collect();
        if wanted.is_empty() {
            continue;
        }
        let (program, index) = program(cells, withheld, &group, numbers)?;
        // Infeasible: the numbers shown do not add up, and nothing is certain.
        let mut simplex = Simplex::start(&program)?;
        for (cell, need) in wanted {
            let Some(variable) = index.get(&cell).copied() else { continue };
            let (least, most) = need.targets();
            let mut rests_on = Some(BTreeSet::new());
            let mut end = |sign, target| -> Result<Option<i128>, NoAnswer> {
                let found = if numbers.whole {
                    reach(&program, &mut simplex, variable, sign, target)?
                } else {
                    fraction(&mut simplex, variable, sign)?
                };
                // No whole table at all: as if the cell could be worked out.
                let Some(found) = found else { return Ok(cells.value(cell).or(Some(0))) };
                note(cells, &group, &found, &mut rests_on);
                Ok(match found.reach {
                    Reach::At(value) => Some(value),
                    Reach::Open => None,
                })
            };
            let high = end(1, most)?;
            let low = end(-1, least)?;
            out.insert(cell, Finding { interval: Interval { low, high }, rests_on });
        }
    }
    Ok(out)
}

/// The end of the interval of a quantity, rounded inwards.
fn fraction(simplex: &mut Simplex, variable: usize, sign: i128) -> Result<Option<Found>, NoAnswer> {
    match simplex.maximise_sum(&[(variable, sign)]) {
        Ok(_) => {}
        Err(NoAnswer::Unbounded) => {
            return Ok(Some(Found { reach: Reach::Open, solution: Vec::new() }));
        }
        Err(other) => return Err(other),
    }
    let value = simplex.value(variable)?;
    let value = if sign > 0 { value.floor() } else { value.ceil() };
    Ok(Some(Found { reach: Reach::At(value), solution: Vec::new() }))
}

/// Adds the cells that a proof moves.
fn note(cells: &Cells, group: &[usize], found: &Found, rests_on: &mut Option<BTreeSet<usize>>) {
    if found.solution.len() != group.len() {
        *rests_on = None;
        return;
    }
    for (at, value) in group.iter().zip(&found.solution) {
        match (cells.value(*at), rests_on.as_mut()) {
            (Some(true_value), Some(moved)) if true_value != *value => {
                moved.insert(*at);
            }
            (Some(_), _) => {}
            (None, _) => {
                *rests_on = None;
                return;
            }
        }
    }
}

/// The cells of `asked` whose interval does not meet their need.
pub(crate) fn exposed(
    cells: &Cells,
    withheld: &[bool],
    asked: &BTreeMap<usize, Need>,
    numbers: Numbers,
) -> Result<Vec<(usize, Interval)>, NoAnswer> {
    let found = intervals(cells, withheld, asked, numbers)?;
    Ok(found
        .into_iter()
        .map(|(cell, finding)| (cell, finding.interval))
        .filter(|(cell, interval)| asked.get(cell).is_some_and(|need| !interval.meets(*need)))
        .collect())
}

/// Withheld cells that depend on each other through sums.
fn components(cells: &Cells, withheld: &[bool]) -> Vec<Vec<usize>> {
    let unseen = |at: &usize| withheld.get(*at).copied().unwrap_or(false);
    let mut leader: Vec<usize> = (0..cells.all.len()).collect();
    for sum in &cells.sums {
        let mut members = sum.parts.iter().chain([&sum.total]).filter(|at| unseen(at));
        if let Some(first) = members.next() {
            let first = find(&mut leader, *first);
            for other in members {
                let other = find(&mut leader, *other);
                if let Some(slot) = leader.get_mut(other) {
                    *slot = first;
                }
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in (0..cells.all.len()).filter(unseen) {
        groups.entry(find(&mut leader, at)).or_default().push(at);
    }
    groups.into_values().collect()
}

fn find(leader: &mut [usize], mut at: usize) -> usize {
    while let Some(next) = leader.get(at).copied().filter(|next| *next != at) {
        let above = leader.get(next).copied().unwrap_or(next);
        if let Some(slot) = leader.get_mut(at) {
            *slot = above;
        }
        at = above;
    }
    at
}

/// The sums as the reader sees them: withheld cells unknown, the rest numbers.
fn program(
    cells: &Cells,
    withheld: &[bool],
    group: &[usize],
    numbers: Numbers,
) -> Result<(Program, BTreeMap<usize, usize>), NoAnswer> {
    let index: BTreeMap<usize, usize> =
        group.iter().enumerate().map(|(variable, cell)| (*cell, variable)).collect();
    let least = if numbers.signed { -(1_i128 << 80) } else { 0 };
    let bounds =
        group.iter().map(|at| (least, cells.get(*at).and_then(|cell| cell.at_most))).collect();
    let mut rows = Vec::new();
    for sum in &cells.sums {
        let members = || sum.parts.iter().map(|part| (*part, 1_i128)).chain([(sum.total, -1_i128)]);
        let hidden = |at: usize| withheld.get(at).copied().unwrap_or(false);
        let terms: Vec<(usize, i128)> = members()
            .filter(|(at, _)| hidden(*at))
            .filter_map(|(at, sign)| Some((*index.get(&at)?, sign)))
            .collect();
        if terms.is_empty() {
            continue;
        }
        // With every number known the right-hand side is taken from the hidden
        // ones, so that a rounding difference in the table is no contradiction.
        let side = |of_hidden: bool| -> Option<i128> {
            members()
                .filter(|(at, _)| hidden(*at) == of_hidden)
                .map(|(at, sign)| cells.value(at).and_then(|value| value.checked_mul(sign)))
                .sum()
        };
        let rhs = side(true).or_else(|| side(false).map(|shown| -shown));
        rows.push((terms, rhs.ok_or(NoAnswer::Beyond)?));
    }
    Ok((Program { bounds, rows }, index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::{Columns, build};
    use crate::kind::Kind;
    use crate::read::separated;
    use crate::role::{Role, understand};

    const COUNTS: Numbers = Numbers { whole: true, signed: false };

    fn interval(csv: &str, cell: usize) -> Option<Interval> {
        let table = separated::read(csv, true).unwrap();
        let understood = understand(&table, &Kind::Unknown);
        let numbers = understood.with(|role| role == Role::Count);
        let columns = Columns { numbers: &numbers, decimals: 0, people: None };
        let cells = build(&understood, &Kind::Unknown, &columns);
        let need = Need::Unknown { threshold: 5, at_most: None };
        intervals(&cells, &cells.unseen(), &BTreeMap::from([(cell, need)]), COUNTS)
            .unwrap()
            .get(&cell)
            .map(|finding| finding.interval)
    }

    #[test]
    fn one_withheld_cell_in_a_sum_is_worked_out() {
        let found = interval("region,n\na,50\nb,:\nc,40\ntotal,93\n", 1);
        assert_eq!(found, Some(Interval { low: Some(3), high: Some(3) }));
    }

    #[test]
    fn two_withheld_cells_hide_each_other() {
        let found = interval("region,n\na,50\nb,:\nc,:\ntotal,93\n", 1);
        assert_eq!(found, Some(Interval { low: Some(0), high: Some(43) }));
    }

    /// *Handbook* 4.2.2, example 3.
    #[test]
    fn the_handbooks_example() {
        let csv = "r,c,n\n1,a,:\n1,b,:\n1,total,7\n2,a,:\n2,b,:\n2,total,3\n3,a,3\n3,b,3\n3,total,6\n\
                   total,a,9\ntotal,b,7\ntotal,total,16\n";
        assert_eq!(interval(csv, 0), Some(Interval { low: Some(3), high: Some(6) }));
    }

    #[test]
    fn a_mark_that_says_less_than_five_is_a_bound() {
        let found = interval("region,n\na,50\nb,<5\nc,<5\ntotal,58\n", 1);
        assert_eq!(found, Some(Interval { low: Some(4), high: Some(4) }));
    }

    #[test]
    fn needs() {
        let interval = |low, high| Interval { low: Some(low), high: Some(high) };
        let one = Need::Count { value: 1, threshold: 5 };
        assert!(interval(0, 5).meets(one));
        assert!(!interval(1, 9).meets(one), "someone is surely there");
        assert!(!interval(0, 4).meets(one), "it is surely small");
        assert!(!interval(3, 7).meets(Need::Count { value: 4, threshold: 5 }), "too narrow");
        let unknown = Need::Unknown { threshold: 5, at_most: None };
        assert!(interval(7, 7).meets(unknown));
        assert!(!interval(3, 3).meets(unknown));
        assert!(interval(0, 0).meets(unknown));
        assert!(!interval(0, 4).meets(unknown));
    }
}
