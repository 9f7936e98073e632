//! The same question in whole numbers: counts of people have no halves, and an
//! attacker knows it. In two dimensions every corner is whole anyway; in three
//! and more it may not be, and then branch and bound looks for a whole one.

use super::{Fraction, NoAnswer, Program, Simplex};

/// What was found when asking how far a variable can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A whole solution with this value, which is at least what was asked for,
    /// or the best there is.
    At(i128),
    /// There is no end.
    Open,
}

/// An answer, with the values of all variables that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) reach: Reach,
    /// Empty when there is no end.
    pub(crate) solution: Vec<i128>,
}

impl Found {
    const OPEN: Self = Self { reach: Reach::Open, solution: Vec::new() };

    fn at(variable: usize, solution: Vec<i128>) -> Option<Self> {
        let reach = Reach::At(solution.get(variable).copied()?);
        Some(Self { reach, solution })
    }
}

/// How many programs are solved in search of one whole solution.
const MOST_NODES: usize = 400;

/// Looks for a solution in whole numbers where `sign·variable` is at least
/// `sign·wanted`, or as large as it gets. The answer is a value that a solution
/// really has: never more than the truth, and possibly less when the search is
/// given up. An attacker's interval is at least as wide as this says.
pub(crate) fn reach(
    program: &Program,
    simplex: &mut Simplex,
    variable: usize,
    sign: i128,
    wanted: i128,
) -> Result<Option<Found>, NoAnswer> {
    match simplex.maximise_sum(&[(variable, sign)]) {
        Err(NoAnswer::Unbounded) => return Ok(Some(Found::OPEN)),
        Err(other) => return Err(other),
        Ok(_) => {}
    }
    match whole(&simplex.values()?) {
        Ok(solution) => Ok(Found::at(variable, solution)),
        Err(_) => search(program, variable, sign, wanted),
    }
}

fn search(
    program: &Program,
    variable: usize,
    sign: i128,
    wanted: i128,
) -> Result<Option<Found>, NoAnswer> {
    let mut best: Option<Found> = None;
    let worth = |found: &Found| match found.reach {
        Reach::At(value) => sign * value,
        Reach::Open => i128::MAX,
    };
    let mut open = vec![program.clone()];
    for _ in 0..MOST_NODES {
        let Some(node) = open.pop() else { break };
        let mut simplex = match Simplex::start(&node) {
            Ok(simplex) => simplex,
            Err(NoAnswer::Infeasible) => continue,
            Err(other) => return Err(other),
        };
        let top = match simplex.maximise_sum(&[(variable, sign)]) {
            Ok(top) => top,
            Err(NoAnswer::Unbounded) => return Ok(Some(Found::OPEN)),
            Err(other) => return Err(other),
        };
        if best.as_ref().is_some_and(|best| top.floor() <= worth(best)) {
            continue;
        }
        match whole(&simplex.values()?) {
            Ok(solution) => {
                best = Found::at(variable, solution).or(best);
                if best.as_ref().is_some_and(|best| worth(best) >= sign * wanted) {
                    break;
                }
            }
            Err((at, value)) => {
                for (low, high) in [(Some(value.ceil()), None), (None, Some(value.floor()))] {
                    let mut child = node.clone();
                    if let Some(bound) = child.bounds.get_mut(at) {
                        bound.0 = low.map_or(bound.0, |low| low.max(bound.0));
                        bound.1 = match (bound.1, high) {
                            (Some(a), Some(b)) => Some(a.min(b)),
                            (a, b) => a.or(b),
                        };
                    }
                    open.push(child);
                }
            }
        }
    }
    Ok(best)
}

/// The values as whole numbers, or the first that is none.
fn whole(values: &[Fraction]) -> Result<Vec<i128>, (usize, Fraction)> {
    values.iter().enumerate().map(|(at, value)| value.whole().ok_or((at, *value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_is_not_taken_for_a_whole() {
        // x + y = 3, y + z = 3, x + z + w = 3: without whole numbers x reaches
        // 3; with w held at 1 the sum is odd.
        let program = Program {
            bounds: vec![(0, None), (0, None), (0, None), (0, Some(1))],
            rows: vec![
                (vec![(0, 1), (1, 1)], 3),
                (vec![(1, 1), (2, 1)], 3),
                (vec![(0, 1), (2, 1), (3, 1)], 3),
            ],
        };
        let mut simplex = Simplex::start(&program).unwrap();
        // The relaxation allows 1.5 with w = 0; whole solutions need w = 1, x = 1.
        let found = reach(&program, &mut simplex, 0, 1, 5).unwrap().unwrap();
        assert_eq!((found.reach, found.solution), (Reach::At(1), vec![1, 2, 1, 1]));
    }

    #[test]
    fn no_whole_solution_is_no_reach() {
        let program = Program {
            bounds: vec![(0, None); 3],
            rows: vec![
                (vec![(0, 1), (1, 1)], 1),
                (vec![(1, 1), (2, 1)], 1),
                (vec![(0, 1), (2, 1)], 1),
            ],
        };
        let mut simplex = Simplex::start(&program).unwrap();
        assert_eq!(reach(&program, &mut simplex, 0, 1, 1).unwrap(), None);
    }
}
