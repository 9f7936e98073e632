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
) -> Result<Option<Reach>, NoAnswer> {
    match simplex.maximise_sum(&[(variable, sign)]) {
        Err(NoAnswer::Unbounded) => return Ok(Some(Reach::Open)),
        Err(other) => return Err(other),
        Ok(_) => {}
    }
    if fractional(simplex, program.bounds.len())?.is_none() {
        return Ok(simplex.value(variable)?.whole().map(Reach::At));
    }
    search(program, variable, sign, wanted)
}

fn search(
    program: &Program,
    variable: usize,
    sign: i128,
    wanted: i128,
) -> Result<Option<Reach>, NoAnswer> {
    let mut best: Option<i128> = None;
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
            Err(NoAnswer::Unbounded) => return Ok(Some(Reach::Open)),
            Err(other) => return Err(other),
        };
        if best.is_some_and(|best| top.floor() <= sign * best) {
            continue;
        }
        match fractional(&simplex, node.bounds.len())? {
            None => {
                let value = simplex.value(variable)?.whole();
                best = value.or(best);
                if value.is_some_and(|value| sign * value >= sign * wanted) {
                    break;
                }
            }
            Some((at, value)) => {
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
    Ok(best.map(Reach::At))
}

/// A variable that is not whole where the simplex stands.
fn fractional(simplex: &Simplex, variables: usize) -> Result<Option<(usize, Fraction)>, NoAnswer> {
    for variable in 0..variables {
        let value = simplex.value(variable)?;
        if value.whole().is_none() {
            return Ok(Some((variable, value)));
        }
    }
    Ok(None)
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
        assert_eq!(reach(&program, &mut simplex, 0, 1, 5).unwrap(), Some(Reach::At(1)));
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
