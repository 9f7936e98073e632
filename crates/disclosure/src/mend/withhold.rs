//! Which cells of a table are withheld: those that are unsafe, those that hide
//! them, and every measure that rests on a withheld count.

use std::collections::{BTreeMap, BTreeSet};

use super::NoMend;
use super::protect::{Task, protect};
use crate::audit::{self, Need, Numbers};
use crate::cells::{Cells, Columns, Origin, build};
use crate::checks::contributions::contributions;
use crate::checks::{Look, extreme, group, share};
use crate::role::{Role, Shape};
use crate::rules::limits;
use crate::table::{Cell, Column, Table};

/// Row and column of cells to withhold.
pub(crate) type Pattern = Vec<(usize, usize)>;

/// Finds the cells to withhold.
pub(crate) fn pattern(look: &Look<'_>) -> Result<Pattern, NoMend> {
    if look.cells.all.len() > limits::AUDITED_CELLS || !look.cells.repeated.is_empty() {
        return Err(NoMend::NoWay);
    }
    let mut withheld = look.cells.unseen();
    let shares = shares(look)?;
    let unsafe_rows: BTreeSet<usize> = protections(look).into_keys().collect();
    // Counts and sums share a pattern: what one layer withholds the other must
    // be able to bear, until neither wants more.
    for _ in 0..20 {
        hide_rows(look, &mut withheld, &unsafe_rows);
        withheld = counts(look, withheld)?;
        let more = sums(look, &mut withheld)?;
        if !more {
            return Ok(spread(look, &withheld, shares));
        }
    }
    Err(NoMend::NoWay)
}

/// Quantiles with few people beyond them.
pub(crate) fn tails(look: &Look<'_>) -> Pattern {
    extreme::tails(look)
}

fn hide_rows(look: &Look<'_>, withheld: &mut [bool], rows: &BTreeSet<usize>) {
    let length = look.table().rows();
    for row in rows {
        for at in 0..look.counts.len() {
            if let Some(slot) = withheld.get_mut(at * length + row) {
                *slot = true;
            }
        }
    }
}

fn counts(look: &Look<'_>, withheld: Vec<bool>) -> Result<Vec<bool>, NoMend> {
    // That all are alike may be no secret (only a person can tell): where it
    // cannot be hidden, the small counts still can.
    let full = group::full_cells(look);
    if !full.is_empty()
        && let Ok(found) = counts_with(look, withheld.clone(), full)
    {
        return Ok(found);
    }
    counts_with(look, withheld, BTreeMap::new())
}

fn counts_with(
    look: &Look<'_>,
    withheld: Vec<bool>,
    mut needs: BTreeMap<usize, Need>,
) -> Result<Vec<bool>, NoMend> {
    let threshold = i128::from(look.rules.threshold());
    for (at, cell) in look.cells.all.iter().enumerate() {
        if let Some(value) = cell.value.filter(|value| look.rules.small(*value))
            && cell.origin != Origin::Known
        {
            needs.insert(at, Need::Count { value, threshold });
        }
    }
    let numbers = Numbers { whole: true, signed: false };
    let task = Task { cells: &look.cells, needs: &needs, numbers, threshold: Some(threshold) };
    protect(&task, withheld).ok().flatten().ok_or(NoMend::NoWay)
}

/// The rows unsafe by dominance or p-percent, with the distance that must stay
/// between the total and what can be said of it (*Handbook* 4.2.2, table of
/// upper protection levels; the lower one is set alike, as is usual).
fn protections(look: &Look<'_>) -> BTreeMap<usize, f64> {
    let mut rows = BTreeMap::new();
    let n = usize::try_from(look.rules.dominance_n).unwrap_or(usize::MAX);
    for cell in contributions(look) {
        let held: f64 = cell.largest.iter().take(n).sum();
        let first = cell.largest.first().copied().unwrap_or(0.0);
        let second = cell.largest.get(1).copied().unwrap_or(0.0);
        let dominance = held / look.rules.dominance_k - cell.total;
        let percent = look.rules.p_percent * first - (cell.total - first - second);
        let level = dominance.max(percent);
        if level > 0.0 {
            rows.insert(cell.row, level);
        }
    }
    rows
}

/// Protects the sums; tells whether more rows are withheld than before.
fn sums(look: &Look<'_>, withheld: &mut [bool]) -> Result<bool, NoMend> {
    let rows = look.table().rows();
    let levels = protections(look);
    let mut more = false;
    for column in look.understood.with(|role| role == Role::Sum) {
        let Some(numbers) = look.table().columns.get(column) else { continue };
        let decimals = numbers.numbers().map(|n| n.decimals().min(6)).max().unwrap_or(0);
        let columns = Columns { numbers: &[column], decimals, people: None };
        let cells = build(&look.understood, look.kind, &columns);
        let signed = cells.all.iter().any(|cell| cell.value.is_some_and(|value| value < 0));
        let hidden_row = |withheld: &[bool], row: usize| {
            (0..look.counts.len()).any(|at| withheld.get(at * rows + row).copied().unwrap_or(false))
        };
        let pattern: Vec<bool> = cells
            .all
            .iter()
            .enumerate()
            .map(|(at, cell)| match cell.origin {
                Origin::Written { .. } => hidden_row(withheld, at) || cell.value.is_none(),
                Origin::Rest { .. } => true,
                Origin::Known => false,
            })
            .collect();
        let needs = sum_needs(look, &cells, &pattern, &levels, decimals);
        let numbers = Numbers { whole: false, signed };
        let task = Task { cells: &cells, needs: &needs, numbers, threshold: None };
        let found = protect(&task, pattern).ok().flatten().ok_or(NoMend::NoWay)?;
        let found = against_single_contributors(look, &task, found)?;
        for row in 0..rows {
            if found.get(row).copied().unwrap_or(false) && !hidden_row(withheld, row) {
                hide_rows(look, withheld, &BTreeSet::from([row]));
                more = true;
            }
        }
    }
    Ok(more)
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates; too large is never safe")]
fn sum_needs(
    look: &Look<'_>,
    cells: &Cells,
    pattern: &[bool],
    levels: &BTreeMap<usize, f64>,
    decimals: u8,
) -> BTreeMap<usize, Need> {
    let rows = look.table().rows();
    let unit = 10_f64.powi(i32::from(decimals));
    let mut needs = BTreeMap::new();
    for row in 0..rows {
        let Some(value) = cells.value(row).filter(|_| pattern.get(row).copied().unwrap_or(false))
        else {
            continue;
        };
        let small = (0..look.counts.len()).any(|at| {
            look.cells.value(at * rows + row).is_some_and(|count| look.rules.small(count))
        });
        #[expect(clippy::cast_precision_loss, reason = "a level of protection, not a sum")]
        let by_share = look.rules.p_percent * value.abs() as f64;
        let level = match (levels.get(&row), small) {
            (Some(level), _) => (level * unit).ceil() as i128,
            // A small count: its sum may not be known exactly, nor within p.
            (None, true) => (by_share.ceil() as i128).max(1),
            (None, false) => continue,
        };
        needs.insert(row, Need::Apart { least: value - level, most: value + level });
    }
    needs
}

/// Whoever is alone in a withheld cell knows its sum, and with it the sum of
/// another lone one beside it (*Handbook* 4.2.2, the singleton problem): each
/// unsafe sum must stand when any lone contributor's is known.
fn against_single_contributors(
    look: &Look<'_>,
    task: &Task<'_>,
    mut withheld: Vec<bool>,
) -> Result<Vec<bool>, NoMend> {
    let rows = look.table().rows();
    let alone = (0..rows).filter(|row| {
        (0..look.counts.len()).any(|at| look.cells.value(at * rows + row) == Some(1))
    });
    for single in alone {
        if !withheld.get(single).copied().unwrap_or(false) {
            continue;
        }
        let mut known = task.cells.clone();
        if let Some(cell) = known.all.get_mut(single) {
            cell.origin = Origin::Known;
        }
        let mut needs: BTreeMap<usize, Need> = task.needs.clone();
        needs.remove(&single);
        // Not exactly: what the lone one knows besides is their own affair.
        for (at, need) in &mut needs {
            if let Some(value) = known.value(*at) {
                *need = Need::Apart { least: value - 1, most: value + 1 };
            }
        }
        let mut without = withheld.clone();
        if let Some(slot) = without.get_mut(single) {
            *slot = false;
        }
        let exposed = audit::exposed(&known, &without, &needs, task.numbers);
        if exposed.map_err(|_| NoMend::NoWay)?.is_empty() {
            continue;
        }
        let task = Task { cells: &known, needs: &needs, numbers: task.numbers, threshold: None };
        let more = protect(&task, without).ok().flatten().ok_or(NoMend::NoWay)?;
        for (slot, also) in withheld.iter_mut().zip(more) {
            *slot |= also;
        }
    }
    Ok(withheld)
}

/// Shares that give a small count away, and shares that hide them: as if the
/// counts they give stood in the table.
fn shares(look: &Look<'_>) -> Result<Pattern, NoMend> {
    let mut pattern = Pattern::new();
    for (column, counts) in share::implied(look) {
        let mut cells: Vec<Column> = look
            .understood
            .with(|role| role == Role::Dimension)
            .into_iter()
            .filter_map(|dimension| look.table().columns.get(dimension).cloned())
            .collect();
        let bases: Vec<String> =
            counts.iter().map(|c| c.map_or(String::new(), |c| c.of.to_string())).collect();
        let parts: Vec<String> =
            counts.iter().map(|c| c.map_or(String::new(), |c| c.count.to_string())).collect();
        for (name, texts) in [("n", bases), ("part", parts)] {
            let cells_of = texts.iter().map(|text| Cell::read(text, false)).collect();
            cells.push(Column { name: name.to_owned(), cells: cells_of });
        }
        let table = Table { columns: cells, header: true, delimiter: None, ragged: Vec::new() };
        let kind = crate::kind::Kind::FrequencyTable {
            dimensions: Vec::new(),
            counts: vec!["n".to_owned(), "part".to_owned()],
            hierarchies: BTreeMap::new(),
        };
        let implied = Look::at(&table, &kind, look.rules, look.context);
        if implied.understood.shape != Shape::Frequency {
            continue;
        }
        let withheld = self::counts(&implied, implied.cells.unseen())?;
        let rows = look.table().rows();
        for row in 0..rows {
            let hidden = (0..implied.counts.len())
                .any(|at| withheld.get(at * rows + row).copied().unwrap_or(false));
            if hidden && look.table().number(row, column).is_some() {
                pattern.push((row, column));
            }
        }
    }
    Ok(pattern)
}

/// The withheld counts, and all measures of rows with a withheld count.
fn spread(look: &Look<'_>, withheld: &[bool], mut pattern: Pattern) -> Pattern {
    let rows = look.table().rows();
    let measures = look.understood.with(|role| {
        matches!(role, Role::Share | Role::Sum | Role::Mean | Role::Spread | Role::Quantile(_))
    });
    for row in 0..rows {
        let mut any = false;
        for (at, column) in look.counts.iter().enumerate() {
            let hidden = withheld.get(at * rows + row).copied().unwrap_or(false);
            let written = look.table().number(row, *column).is_some();
            any |= hidden;
            if hidden && written {
                pattern.push((row, *column));
            }
        }
        if any {
            pattern.extend(
                measures
                    .iter()
                    .filter(|c| look.table().number(row, **c).is_some())
                    .map(|c| (row, *c)),
            );
        }
    }
    pattern.sort_unstable();
    pattern.dedup();
    pattern
}
