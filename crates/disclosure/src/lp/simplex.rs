//! A bounded simplex method on an integer tableau.
//!
//! Invariant: with common denominator `d > 0` every row reads
//! `d·x_basic + Σ t_j·x_j = rhs`, each nonbasic variable is at 0 (a variable at
//! its upper bound is replaced by its distance from it), and `0 ≤ rhs ≤ d·upper`.
//! Bland's rule after a while without progress: it ends.

#![expect(
    clippy::indexing_slicing,
    reason = "a dense tableau: every index comes from the loops over its own dimensions"
)]

use super::{Fraction, NoAnswer, Program};

/// Steps after which a program counts as too hard.
const MOST_STEPS: usize = 20_000;
/// Steps without progress after which Bland's rule takes over.
const PATIENCE: usize = 50;

/// A feasible basis of a program, ready for one objective after another.
#[derive(Debug, Clone)]
pub(crate) struct Simplex {
    /// Tableau rows; the last column is the right-hand side.
    rows: Vec<Vec<i128>>,
    basis: Vec<usize>,
    denominator: i128,
    /// Width of each variable's range; `None` is no end.
    range: Vec<Option<i128>>,
    low: Vec<i128>,
    flipped: Vec<bool>,
    steps: usize,
}

/// The same equation with every sign turned.
fn negate(row: &mut [i128]) {
    for t in row {
        *t = -*t;
    }
}

impl Simplex {
    /// Finds values that satisfy the program.
    pub(crate) fn start(program: &Program) -> Result<Self, NoAnswer> {
        let variables = program.bounds.len();
        let artificials = program.rows.len();
        let width = variables + artificials + 1;
        let mut range = Vec::with_capacity(width);
        let mut low = Vec::with_capacity(width);
        for (smallest, largest) in &program.bounds {
            let wide =
                largest.map(|l| l.checked_sub(*smallest).ok_or(NoAnswer::Beyond)).transpose()?;
            if wide.is_some_and(|wide| wide < 0) {
                return Err(NoAnswer::Infeasible);
            }
            range.push(wide);
            low.push(*smallest);
        }
        range.resize(variables + artificials, None);
        low.resize(variables + artificials, 0);
        let mut rows = Vec::with_capacity(artificials);
        for (at, (terms, rhs)) in program.rows.iter().enumerate() {
            let mut row = vec![0_i128; width];
            let mut right = *rhs;
            for (variable, coefficient) in terms {
                row[*variable] += coefficient;
                right = coefficient
                    .checked_mul(low[*variable])
                    .and_then(|shift| right.checked_sub(shift))
                    .ok_or(NoAnswer::Beyond)?;
            }
            row[width - 1] = right;
            if right < 0 {
                negate(&mut row);
            }
            row[variables + at] = 1;
            rows.push(row);
        }
        let mut simplex = Self {
            rows,
            basis: (variables..variables + artificials).collect(),
            denominator: 1,
            range,
            low,
            flipped: vec![false; variables + artificials],
            steps: 0,
        };
        simplex.drive_out(variables, artificials)?;
        Ok(simplex)
    }

    /// Phase one: makes every artificial variable zero and takes it away.
    fn drive_out(&mut self, variables: usize, artificials: usize) -> Result<(), NoAnswer> {
        let costs: Vec<(usize, i128)> =
            (variables..variables + artificials).map(|v| (v, -1)).collect();
        if self.maximise_sum(&costs)?.numerator < 0 {
            return Err(NoAnswer::Infeasible);
        }
        let mut row = 0;
        while row < self.rows.len() {
            if self.basis[row] < variables {
                row += 1;
                continue;
            }
            if let Some(column) = (0..variables).find(|column| self.rows[row][*column] != 0) {
                self.pivot(row, column)?;
                row += 1;
            } else {
                // The row follows from the others.
                self.rows.swap_remove(row);
                self.basis.swap_remove(row);
            }
        }
        let width = variables + artificials + 1;
        for row in &mut self.rows {
            let right = row[width - 1];
            row.truncate(variables);
            row.push(right);
        }
        self.range.truncate(variables);
        self.low.truncate(variables);
        self.flipped.truncate(variables);
        Ok(())
    }

    /// The largest value of `Σ cost·x`, and the basis where it is reached.
    pub(crate) fn maximise_sum(&mut self, costs: &[(usize, i128)]) -> Result<Fraction, NoAnswer> {
        let mut objective = self.objective(costs)?;
        let mut idle = 0;
        loop {
            self.steps += 1;
            if self.steps > MOST_STEPS {
                return Err(NoAnswer::Beyond);
            }
            let entering = if idle < PATIENCE {
                (0..self.range.len()).filter(|c| objective[*c] < 0).min_by_key(|c| objective[*c])
            } else {
                (0..self.range.len()).find(|c| objective[*c] < 0)
            };
            let Some(column) = entering else { break };
            let before = (objective[self.range.len()], self.denominator);
            match self.blocking(column)? {
                Blocking::Nothing => return Err(NoAnswer::Unbounded),
                Blocking::Itself => self.flip_nonbasic(column, &mut objective)?,
                Blocking::Row { row, above } => {
                    if above {
                        self.flip_basic(row)?;
                    }
                    let previous = self.denominator;
                    self.pivot(row, column)?;
                    self.eliminate(&mut objective, row, column, previous)?;
                }
            }
            let after = (objective[self.range.len()], self.denominator);
            let same = before.0.checked_mul(after.1) == after.0.checked_mul(before.1);
            idle = if same { idle + 1 } else { 0 };
        }
        self.worth(costs)
    }

    /// The value of every variable where the simplex stands.
    pub(crate) fn values(&self) -> Result<Vec<Fraction>, NoAnswer> {
        let right = self.range.len();
        let mut distances = vec![0; right];
        for (row, variable) in self.basis.iter().enumerate() {
            distances[*variable] = self.rows[row][right];
        }
        (0..right).map(|variable| self.placed(variable, distances[variable])).collect()
    }

    /// The value of a variable where the simplex stands.
    pub(crate) fn value(&self, variable: usize) -> Result<Fraction, NoAnswer> {
        let right = self.range.len();
        let distance = match self.basis.iter().position(|b| *b == variable) {
            Some(row) => self.rows[row][right],
            None => 0,
        };
        self.placed(variable, distance)
    }

    /// The value of a variable at a distance from the bound it is measured from.
    fn placed(&self, variable: usize, distance: i128) -> Result<Fraction, NoAnswer> {
        let distance = if self.flipped[variable] {
            let range = self.range[variable].ok_or(NoAnswer::Beyond)?;
            self.denominator.checked_mul(range).and_then(|r| r.checked_sub(distance))
        } else {
            Some(distance)
        };
        let numerator = distance
            .and_then(|d| self.low[variable].checked_mul(self.denominator)?.checked_add(d))
            .ok_or(NoAnswer::Beyond)?;
        Ok(Fraction { numerator, denominator: self.denominator })
    }

    fn worth(&self, costs: &[(usize, i128)]) -> Result<Fraction, NoAnswer> {
        let mut sum = 0_i128;
        for (variable, cost) in costs {
            let value = self.value(*variable)?;
            sum = value
                .numerator
                .checked_mul(*cost)
                .and_then(|part| sum.checked_add(part))
                .ok_or(NoAnswer::Beyond)?;
        }
        Ok(Fraction { numerator: sum, denominator: self.denominator })
    }

    /// The reduced costs, times the denominator, for a maximum: negative ones
    /// can be improved on. The last entry grows with the objective.
    fn objective(&self, costs: &[(usize, i128)]) -> Result<Vec<i128>, NoAnswer> {
        let right = self.range.len();
        let mut objective = vec![0_i128; right + 1];
        for (variable, cost) in costs {
            let signed = if self.flipped[*variable] { -cost } else { *cost };
            if let Some(row) = self.basis.iter().position(|b| b == variable) {
                for (slot, t) in objective.iter_mut().zip(&self.rows[row]) {
                    *slot = t
                        .checked_mul(signed)
                        .and_then(|part| slot.checked_add(part))
                        .ok_or(NoAnswer::Beyond)?;
                }
                let own = signed.checked_mul(self.denominator).ok_or(NoAnswer::Beyond)?;
                objective[*variable] -= own;
            } else {
                let own = signed.checked_mul(self.denominator).ok_or(NoAnswer::Beyond)?;
                objective[*variable] -= own;
            }
        }
        Ok(objective)
    }

    /// What stops `column` from growing first.
    fn blocking(&self, column: usize) -> Result<Blocking, NoAnswer> {
        let right = self.range.len();
        let mut best = Blocking::Nothing;
        // The step allowed so far, as a fraction.
        let mut step: Option<(i128, i128)> = None;
        if let Some(range) = self.range[column] {
            best = Blocking::Itself;
            step = Some((range, 1));
        }
        for (at, row) in self.rows.iter().enumerate() {
            let t = row[column];
            let (above, distance) = match t {
                0 => continue,
                t if t > 0 => (false, row[right]),
                _ => {
                    let Some(range) = self.range[self.basis[at]] else { continue };
                    let top = range.checked_mul(self.denominator).ok_or(NoAnswer::Beyond)?;
                    (true, top - row[right])
                }
            };
            let (numerator, denominator) = (distance, t.abs());
            let nearer = match step {
                None => true,
                Some((n, d)) => {
                    let this = numerator.checked_mul(d).ok_or(NoAnswer::Beyond)?;
                    let other = n.checked_mul(denominator).ok_or(NoAnswer::Beyond)?;
                    // Ties go to the variable that comes first (Bland 1977).
                    this < other
                        || this == other
                            && matches!(best, Blocking::Row { row, .. } if self.basis[at] < self.basis[row])
                }
            };
            if nearer {
                best = Blocking::Row { row: at, above };
                step = Some((numerator, denominator));
            }
        }
        Ok(best)
    }

    /// Puts a nonbasic variable at its other bound.
    fn flip_nonbasic(&mut self, column: usize, objective: &mut [i128]) -> Result<(), NoAnswer> {
        let right = self.range.len();
        let range = self.range[column].ok_or(NoAnswer::Beyond)?;
        for row in self.rows.iter_mut().map(Vec::as_mut_slice).chain([objective]) {
            let moved = row[column].checked_mul(range).ok_or(NoAnswer::Beyond)?;
            row[right] = row[right].checked_sub(moved).ok_or(NoAnswer::Beyond)?;
            row[column] = -row[column];
        }
        self.flipped[column] = !self.flipped[column];
        Ok(())
    }

    /// Measures a basic variable from its upper bound.
    fn flip_basic(&mut self, row: usize) -> Result<(), NoAnswer> {
        let right = self.range.len();
        let variable = self.basis[row];
        let range = self.range[variable].ok_or(NoAnswer::Beyond)?;
        let top = range.checked_mul(self.denominator).ok_or(NoAnswer::Beyond)?;
        let line = &mut self.rows[row];
        negate(line);
        line[right] = line[right].checked_add(top).ok_or(NoAnswer::Beyond)?;
        line[variable] = self.denominator;
        self.flipped[variable] = !self.flipped[variable];
        Ok(())
    }

    /// Exchanges the basic variable of `row` for `column`.
    fn pivot(&mut self, row: usize, column: usize) -> Result<(), NoAnswer> {
        if self.rows[row][column] < 0 {
            negate(&mut self.rows[row]);
        }
        let previous = self.denominator;
        let pivot_row = PivotRow::new(&self.rows[row], column);
        for (at, line) in self.rows.iter_mut().enumerate() {
            if at != row {
                pivot_row.eliminate(line, previous)?;
            }
        }
        self.denominator = pivot_row.pivot;
        self.basis[row] = column;
        Ok(())
    }

    /// The same step for the objective, with the denominator before the pivot.
    fn eliminate(
        &self,
        line: &mut [i128],
        row: usize,
        column: usize,
        previous: i128,
    ) -> Result<(), NoAnswer> {
        PivotRow::new(&self.rows[row], column).eliminate(line, previous)
    }
}

/// The row of a pivot: its entries that are not zero.
struct PivotRow {
    entries: Vec<(usize, i128)>,
    column: usize,
    pivot: i128,
}

impl PivotRow {
    fn new(row: &[i128], column: usize) -> Self {
        let entries = row.iter().copied().enumerate().filter(|(_, t)| *t != 0).collect();
        Self { entries, column, pivot: row[column] }
    }

    /// `line := (line·pivot - line[column]·row) / previous`: the division leaves
    /// no remainder (Edmonds 1967; every entry is a minor of the program).
    fn eliminate(&self, line: &mut [i128], previous: i128) -> Result<(), NoAnswer> {
        let factor = line[self.column];
        if self.pivot != previous {
            for t in line.iter_mut().filter(|t| **t != 0) {
                *t = t.checked_mul(self.pivot).ok_or(NoAnswer::Beyond)?;
            }
            for (at, entry) in &self.entries {
                let taken = entry.checked_mul(factor).ok_or(NoAnswer::Beyond)?;
                line[*at] = line[*at].checked_sub(taken).ok_or(NoAnswer::Beyond)?;
            }
            if previous != 1 {
                line.iter_mut().filter(|t| **t != 0).for_each(|t| *t /= previous);
            }
            return Ok(());
        }
        if factor == 0 {
            return Ok(());
        }
        // Most pivots of tables are 1 and change few entries.
        for (at, entry) in &self.entries {
            let taken = entry.checked_mul(factor).ok_or(NoAnswer::Beyond)?;
            let taken = if previous == 1 { taken } else { taken / previous };
            line[*at] = line[*at].checked_sub(taken).ok_or(NoAnswer::Beyond)?;
        }
        Ok(())
    }
}

enum Blocking {
    Nothing,
    /// The variable reaches its own other bound first.
    Itself,
    /// The basic variable of a row reaches 0, or with `above` its upper bound.
    Row {
        row: usize,
        above: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(bounds: &[(i128, Option<i128>)], rows: &[(&[(usize, i128)], i128)]) -> Program {
        Program {
            bounds: bounds.to_vec(),
            rows: rows.iter().map(|(terms, rhs)| (terms.to_vec(), *rhs)).collect(),
        }
    }

    fn range_of(program: &Program, variable: usize) -> (Fraction, Result<Fraction, NoAnswer>) {
        let mut simplex = Simplex::start(program).unwrap();
        let low = simplex.maximise_sum(&[(variable, -1)]).unwrap();
        let low = Fraction { numerator: -low.numerator, ..low };
        (low, simplex.maximise_sum(&[(variable, 1)]))
    }

    /// Handbook, section 4.2.2, example 3 (Geurts 1992): 3 ≤ X11 ≤ 6.
    #[test]
    fn the_handbooks_feasibility_interval() {
        let program = program(
            &[(0, None); 4],
            &[
                (&[(0, 1), (1, 1)], 7),
                (&[(2, 1), (3, 1)], 3),
                (&[(0, 1), (2, 1)], 6),
                (&[(1, 1), (3, 1)], 4),
            ],
        );
        let (low, high) = range_of(&program, 0);
        assert_eq!((low.whole(), high.unwrap().whole()), (Some(3), Some(6)));
    }

    #[test]
    fn bounds_are_kept_from_both_sides() {
        let program = program(
            &[(2, Some(4)), (1, Some(3)), (0, Some(9))],
            &[(&[(0, 1), (1, 1), (2, 1)], 10)],
        );
        let (low, high) = range_of(&program, 2);
        assert_eq!((low.whole(), high.unwrap().whole()), (Some(3), Some(7)));
        let (low, high) = range_of(&program, 0);
        assert_eq!((low.whole(), high.unwrap().whole()), (Some(2), Some(4)));
    }

    #[test]
    fn what_cannot_be_and_what_has_no_end() {
        let none = program(&[(0, None), (0, None)], &[(&[(0, 1), (1, 1)], -1)]);
        assert_eq!(Simplex::start(&none).err(), Some(NoAnswer::Infeasible));
        let open = program(&[(0, None), (0, None)], &[(&[(0, 1), (1, -1)], 0)]);
        assert_eq!(range_of(&open, 0).1, Err(NoAnswer::Unbounded));
    }

    #[test]
    fn halves_stay_halves() {
        // x + y = 1, y + z = 1, x + z = 1: every one is a half.
        let odd = program(
            &[(0, None); 3],
            &[(&[(0, 1), (1, 1)], 1), (&[(1, 1), (2, 1)], 1), (&[(0, 1), (2, 1)], 1)],
        );
        let (low, high) = range_of(&odd, 0);
        let half = low.numerator * 2 == low.denominator;
        assert!(half, "{low:?}");
        assert_eq!(high.unwrap().whole(), None);
    }
}
