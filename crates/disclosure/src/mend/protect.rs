//! Chooses which cells to withhold besides the unsafe ones.
//!
//! The least loss is wanted, but finding it is NP-hard; this is the usual way
//! round it. For each unsafe cell a linear program finds the cheapest change of
//! the table that moves the cell as far as it must be able to move: the cells
//! that change are withheld (Kelly, Golden and Assad 1992; Castro 2012,
//! "Recent advances in optimization techniques for statistical tabular data
//! protection", section 3). Cells already withheld cost nothing, margins cost
//! more than inner cells. Then every choice that turns out to be unnecessary is
//! taken back. What is right about the result does not rest on any of this: the
//! audit has the last word.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{self, Interval, Need, Numbers};
use crate::cells::{Cells, Origin};
use crate::lp::{NoAnswer, Program, Simplex};

/// Rounds of choosing and auditing after which it is given up.
const MOST_ROUNDS: usize = 40;

/// How much is spent on taking back what is not needed: proofs renewed, times
/// the cells withheld that each is about.
const MOST_PRUNING: usize = 250_000;

/// What is to be protected.
pub(crate) struct Task<'a> {
    pub(crate) cells: &'a Cells,
    /// What must remain possible for each unsafe cell.
    pub(crate) needs: &'a BTreeMap<usize, Need>,
    pub(crate) numbers: Numbers,
    /// Whether a withheld cell that is not itself unsafe must look as if it
    /// might be: then nothing tells the two apart.
    pub(crate) threshold: Option<i128>,
}

/// Which cells are withheld so that the audit passes; `None` if none will do.
/// What is withheld to begin with stays so.
pub(crate) fn protect(
    task: &Task<'_>,
    mut withheld: Vec<bool>,
) -> Result<Option<Vec<bool>>, NoAnswer> {
    let given = withheld.clone();
    for at in task.needs.keys() {
        hide(&mut withheld, *at);
    }
    for round in 0..MOST_ROUNDS {
        let needs = all_needs(task, &withheld);
        let exposed = audit::exposed(task.cells, &withheld, &needs, task.numbers)?;
        if exposed.is_empty() {
            prune(task, &given, &mut withheld)?;
            return Ok(Some(withheld));
        }
        let before = withheld.clone();
        for (cell, interval) in exposed {
            let Some(need) = needs.get(&cell).copied() else { continue };
            // What was withheld for the one before may do for this one too.
            let alone = BTreeMap::from([(cell, need)]);
            if withheld != before
                && audit::exposed(task.cells, &withheld, &alone, task.numbers)?.is_empty()
            {
                continue;
            }
            let so_far = withheld.clone();
            // The cheapest way first; if it did not do, everything in reach.
            if round < MOST_ROUNDS / 2 {
                extend(task, &mut withheld, cell, need, interval)?;
            }
            if withheld == so_far {
                broaden(task.cells, &mut withheld, cell);
            }
        }
        if withheld == before {
            return Ok(None);
        }
    }
    Ok(None)
}

fn hide(withheld: &mut [bool], at: usize) {
    if let Some(slot) = withheld.get_mut(at) {
        *slot = true;
    }
}

/// The needs of the unsafe cells, and of those withheld for their sake.
pub(crate) fn all_needs(task: &Task<'_>, withheld: &[bool]) -> BTreeMap<usize, Need> {
    let mut needs = task.needs.clone();
    let Some(threshold) = task.threshold else { return needs };
    for (at, cell) in task.cells.all.iter().enumerate() {
        if cell.origin != Origin::Known && withheld.get(at).copied().unwrap_or(false) {
            needs.entry(at).or_insert(Need::Unknown { threshold, at_most: None });
        }
    }
    needs
}

/// How far the cell must be able to go down and up from where it is.
fn distances(value: i128, need: Need, interval: Interval) -> Vec<(i128, i128)> {
    let down = |to: i128| (value - to).max(0);
    let up = |to: i128| (to - value).max(0);
    match need {
        Need::Count { value: v, threshold } => {
            vec![(down(0), up(threshold)), (down(v - 1), up(v - 1 + threshold))]
        }
        Need::Unknown { threshold, .. } => {
            let low = interval.low.unwrap_or(0);
            vec![(0, up((low + threshold).max(threshold)))]
        }
        Need::Apart { least, most } => vec![(down(least), up(most))],
    }
}

fn extend(
    task: &Task<'_>,
    withheld: &mut Vec<bool>,
    cell: usize,
    need: Need,
    interval: Interval,
) -> Result<(), NoAnswer> {
    let Some(value) = task.cells.value(cell) else { return Ok(()) };
    for (down, up) in distances(value, need, interval) {
        let mut extended = withheld.clone();
        let mut reached = true;
        for distance in [up, -down] {
            if distance != 0 {
                reached &= cheapest(task, &mut extended, cell, need, distance)?;
            }
        }
        if reached {
            *withheld = extended;
            return Ok(());
        }
    }
    Ok(())
}

/// Withholds the cells of the cheapest change that moves `cell` by `distance`.
fn cheapest(
    task: &Task<'_>,
    withheld: &mut [bool],
    cell: usize,
    need: Need,
    distance: i128,
) -> Result<bool, NoAnswer> {
    // Near the cell first: a small program, and seldom a worse way.
    let near = neighbourhood(task.cells, withheld, cell);
    if let Some(near) = near
        && cheapest_within(task, withheld, cell, need, distance, |at| near.contains(&at))?
    {
        return Ok(true);
    }
    cheapest_within(task, withheld, cell, need, distance, |_| true)
}

/// The cells whose values in each dimension are the cell's own, the total, or
/// one of the few that would cost least. `None` where that is everything.
fn neighbourhood(cells: &Cells, withheld: &[bool], cell: usize) -> Option<BTreeSet<usize>> {
    const OTHERS: usize = 4;
    let rows = cells.axes.first()?.of_row.len();
    if cells.all.len() <= 100 || rows == 0 {
        return None;
    }
    let row = cell % rows;
    let layers = 0..cells.all.len().div_ceil(rows);
    let mut chosen: Vec<BTreeSet<usize>> = Vec::new();
    for (at, axis) in cells.axes.iter().enumerate() {
        let own = axis.of_row.get(row).copied()?;
        let mut costs: Vec<(i128, usize)> = Vec::new();
        for other in 0..rows {
            let label = axis.of_row.get(other).copied()?;
            let same_line = cells
                .axes
                .iter()
                .enumerate()
                .all(|(i, axis)| i == at || axis.of_row.get(other) == axis.of_row.get(row));
            let counterpart = cell / rows * rows + other;
            if same_line && label != own && movable(cells, withheld, counterpart, false) {
                costs.push((cost(cells, withheld, counterpart), label));
            }
        }
        costs.sort_unstable();
        let mut labels: BTreeSet<usize> = costs.iter().take(OTHERS).map(|(_, l)| *l).collect();
        labels.insert(own);
        labels.extend(axis.total);
        chosen.push(labels);
    }
    let near_rows: Vec<usize> = (0..rows)
        .filter(|row| {
            cells.axes.iter().zip(&chosen).all(|(axis, labels)| {
                axis.of_row.get(*row).is_some_and(|label| labels.contains(label))
            })
        })
        .collect();
    let in_grid = layers.flat_map(|layer| near_rows.iter().map(move |row| layer * rows + row));
    // Remainders lie past the grid and cost nothing.
    let rests = (0..cells.all.len())
        .filter(|at| cells.get(*at).is_some_and(|c| matches!(c.origin, Origin::Rest { .. })));
    Some(in_grid.chain(rests).collect())
}

fn cheapest_within(
    task: &Task<'_>,
    withheld: &mut [bool],
    cell: usize,
    need: Need,
    distance: i128,
    near: impl Fn(usize) -> bool,
) -> Result<bool, NoAnswer> {
    let cells = task.cells;
    // To hide that everyone is in one cell, empty cells must be in doubt.
    let empty_too = matches!(need, Need::Apart { .. }) && task.numbers.whole;
    let movable: Vec<usize> = (0..cells.all.len())
        .filter(|at| *at != cell && near(*at) && movable(cells, withheld, *at, empty_too))
        .collect();
    let index: BTreeMap<usize, usize> =
        movable.iter().enumerate().map(|(variable, at)| (*at, variable)).collect();
    let many = movable.len();
    let mut program = Program::default();
    // Up, then down: a count can fall to nothing and no further.
    program.bounds.extend(movable.iter().map(|_| (0, None)));
    program.bounds.extend(movable.iter().map(|at| {
        let room = if task.numbers.signed { None } else { cells.value(*at) };
        (0, room.map(|room| room.max(0)))
    }));
    for sum in &cells.sums {
        let mut terms = Vec::new();
        let mut moved = 0_i128;
        for (at, sign) in sum.parts.iter().map(|p| (*p, 1_i128)).chain([(sum.total, -1)]) {
            if at == cell {
                moved += sign * distance;
            } else if let Some(variable) = index.get(&at) {
                terms.push((*variable, sign));
                terms.push((*variable + many, -sign));
            }
        }
        if terms.is_empty() && moved != 0 {
            return Ok(false);
        }
        if !terms.is_empty() {
            program.rows.push((terms, -moved));
        }
    }
    let mut simplex = match Simplex::start(&program) {
        Err(NoAnswer::Infeasible) => return Ok(false),
        other => other?,
    };
    let costs: Vec<(usize, i128)> = movable
        .iter()
        .enumerate()
        .map(|(variable, at)| (variable, -cost(cells, withheld, *at)))
        .flat_map(|(variable, cost)| [(variable, cost), (variable + many, cost)])
        .filter(|(_, cost)| *cost != 0)
        .collect();
    simplex.maximise_sum(&costs)?;
    let values = simplex.values()?;
    let moves = |variable: usize| values.get(variable).is_some_and(|value| value.numerator != 0);
    for (variable, at) in movable.iter().enumerate() {
        if moves(variable) || moves(variable + many) {
            hide(withheld, *at);
        }
    }
    Ok(true)
}

/// Whether the cell can be withheld, or is.
fn movable(cells: &Cells, withheld: &[bool], at: usize, empty_too: bool) -> bool {
    let Some(cell) = cells.get(at) else { return false };
    match cell.origin {
        Origin::Known => false,
        Origin::Rest { .. } => true,
        // A reader may know where nobody can be: an empty cell hides little.
        Origin::Written { .. } => {
            withheld.get(at).copied().unwrap_or(false)
                || cell.value.is_some_and(|value| value != 0 || empty_too)
        }
    }
}

/// What is lost with a cell: margins are worth more than what they sum, large
/// numbers a little more than small ones.
fn cost(cells: &Cells, withheld: &[bool], at: usize) -> i128 {
    if withheld.get(at).copied().unwrap_or(true) {
        return 0;
    }
    let Some(cell) = cells.get(at) else { return 0 };
    let size = cell.value.map_or(0, |v| i128::from(v.unsigned_abs().checked_ilog2().unwrap_or(0)));
    // Empty cells last: they hide only what cannot be hidden otherwise.
    let empty = if cell.value == Some(0) { 50 } else { 0 };
    (16 + size + empty) << (3 * cell.level.min(4))
}

/// Withholds every part of every sum that the cell is in.
fn broaden(cells: &Cells, withheld: &mut [bool], cell: usize) {
    for sum in &cells.sums {
        if sum.total == cell || sum.parts.contains(&cell) {
            for part in &sum.parts {
                if cells.get(*part).is_some_and(|c| c.origin != Origin::Known) {
                    hide(withheld, *part);
                }
            }
        }
    }
}

/// Takes back what is not needed, the dearest first.
fn prune(task: &Task<'_>, given: &[bool], withheld: &mut Vec<bool>) -> Result<(), NoAnswer> {
    let mut extra: Vec<(i128, usize)> = task
        .cells
        .all
        .iter()
        .enumerate()
        .filter(|(at, cell)| {
            matches!(cell.origin, Origin::Written { .. })
                && cell.value.is_some()
                && withheld.get(*at).copied().unwrap_or(false)
                && !given.get(*at).copied().unwrap_or(false)
                && !task.needs.contains_key(at)
        })
        .map(|(at, _)| {
            let shown = vec![false; task.cells.all.len()];
            (cost(task.cells, &shown, at), at)
        })
        .collect();
    extra.sort_by(|a, b| b.cmp(a));
    let mut proofs =
        audit::intervals(task.cells, withheld, &all_needs(task, withheld), task.numbers)?;
    let mut effort = 0_usize;
    for (_, at) in extra {
        let mut tried = withheld.clone();
        if let Some(slot) = tried.get_mut(at) {
            *slot = false;
        }
        // Only what was proven by moving this cell has to be proven anew.
        let needs: BTreeMap<usize, Need> = all_needs(task, &tried)
            .into_iter()
            .filter(|(cell, _)| {
                let proof = proofs.get(cell).and_then(|proof| proof.rests_on.as_ref());
                proof.is_none_or(|moved| moved.contains(&at))
            })
            .collect();
        effort += needs.len() * withheld.iter().filter(|hidden| **hidden).count();
        if effort > MOST_PRUNING {
            break;
        }
        if let Some(renewed) = still_safe(task, &tried, &needs)? {
            *withheld = tried;
            proofs.extend(renewed);
        }
    }
    Ok(())
}

/// New proofs for these needs, if all can be met. The first that cannot ends it.
fn still_safe(
    task: &Task<'_>,
    withheld: &[bool],
    needs: &BTreeMap<usize, Need>,
) -> Result<Option<BTreeMap<usize, audit::Finding>>, NoAnswer> {
    let mut proofs = BTreeMap::new();
    for chunk in needs.iter().collect::<Vec<_>>().chunks(8) {
        let some: BTreeMap<usize, Need> = chunk.iter().map(|(at, need)| (**at, **need)).collect();
        let found = audit::intervals(task.cells, withheld, &some, task.numbers)?;
        if found.iter().any(|(at, f)| some.get(at).is_some_and(|need| !f.interval.meets(*need))) {
            return Ok(None);
        }
        proofs.extend(found);
    }
    Ok(Some(proofs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::{Columns, build};
    use crate::kind::Kind;
    use crate::read::separated;
    use crate::role::{Role, understand};

    const COUNTS: Numbers = Numbers { whole: true, signed: false };

    /// The rows withheld when every count below 5 is unsafe.
    fn withheld_of(csv: &str) -> Vec<usize> {
        let table = separated::read(csv, true).unwrap();
        let understood = understand(&table, &Kind::Unknown);
        let numbers = understood.with(|role| role == Role::Count);
        let columns = Columns { numbers: &numbers, decimals: 0, people: None };
        let cells = build(&understood, &Kind::Unknown, &columns);
        let needs: BTreeMap<usize, Need> = (0..cells.all.len())
            .filter_map(|at| Some((at, cells.value(at)?)))
            .filter(|(_, value)| (1..5).contains(value))
            .map(|(at, value)| (at, Need::Count { value, threshold: 5 }))
            .collect();
        let task = Task { cells: &cells, needs: &needs, numbers: COUNTS, threshold: Some(5) };
        let withheld = protect(&task, cells.unseen()).unwrap().expect("a way");
        (0..withheld.len()).filter(|at| withheld[*at]).collect()
    }

    #[test]
    fn a_lone_cell_needs_no_company_without_sums() {
        assert_eq!(withheld_of("region,n\na,50\nb,3\nc,40\n"), [1]);
    }

    #[test]
    fn one_other_cell_of_the_sum_goes_and_the_total_stays() {
        assert_eq!(withheld_of("region,n\na,500\nb,3\nc,40\ntotal,543\n"), [1, 2]);
    }

    #[test]
    fn in_two_dimensions_a_rectangle_goes() {
        let csv = "sex,ill,n\nm,no,50\nm,yes,3\nm,total,53\nf,no,60\nf,yes,70\nf,total,130\n\
                   total,no,110\ntotal,yes,73\ntotal,total,183\n";
        assert_eq!(withheld_of(csv), [0, 1, 3, 4]);
    }

    #[test]
    fn small_cells_do_not_hide_each_other_alone() {
        // 3 + 1: a reader of the total knows that both are at most 4.
        let withheld = withheld_of("region,n\na,500\nb,3\nc,1\nd,40\ntotal,544\n");
        assert_eq!(withheld, [1, 2, 3]);
    }

    #[test]
    fn an_empty_cell_hides_nothing() {
        assert_eq!(withheld_of("region,n\na,500\nb,3\nc,0\nd,40\ntotal,543\n"), [1, 3]);
    }
}
