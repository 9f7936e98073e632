//! From a table with roles to cells and sums.

use std::collections::{BTreeMap, BTreeSet};

use super::{Axis, Cell, Cells, Origin};
use crate::kind::Kind;
use crate::role::{Role, Understood, names};
use crate::rules::limits;
use crate::table::{Bound, Value};

/// Which columns hold the numbers, and how they are made whole.
#[derive(Debug, Clone)]
pub(crate) struct Columns<'a> {
    pub(crate) numbers: &'a [usize],
    /// Numbers are taken times `10^decimals`.
    pub(crate) decimals: u8,
    /// How many people there are altogether, where the numbers count people.
    pub(crate) people: Option<u64>,
}

/// Builds the cells of `columns`.
pub(crate) fn build(understood: &Understood<'_>, kind: &Kind, columns: &Columns<'_>) -> Cells {
    let mut cells = Cells { axes: axes(understood), ..Cells::default() };
    let rows = understood.table.rows();
    let rounded = i128::from(columns.decimals > 0);
    let keys = keys(&cells.axes, rows);
    let mut seen = BTreeMap::new();
    for (row, key) in keys.iter().enumerate() {
        if seen.insert(key.clone(), row).is_some() {
            cells.repeated.push(row);
        }
    }
    for (at, column) in columns.numbers.iter().enumerate() {
        debug_assert_eq!(cells.all.len(), at * rows);
        for row in 0..rows {
            cells.all.push(written(understood, columns, row, *column));
        }
    }
    find_totals(&mut cells, &keys, columns.numbers.len());
    for row in 0..rows {
        let level = level(&cells.axes, row);
        for at in 0..columns.numbers.len() {
            if let Some(cell) = cells.all.get_mut(at * rows + row) {
                cell.level = level;
            }
        }
    }
    if cells.repeated.is_empty() {
        tie_axes(&mut cells, understood, &keys, kind, columns.numbers.len(), rounded);
        let subtotals =
            matches!(kind, Kind::FrequencyTable { hierarchies, .. } if !hierarchies.is_empty());
        if !subtotals && cells.all.len() <= limits::AUDITED_CELLS {
            tie_corners(&mut cells, &keys, columns.numbers.len(), rounded);
        }
    }
    let whole = tie_columns(&mut cells, understood, columns.numbers, rows);
    if let Some(people) = columns.people {
        tie_everyone(&mut cells, columns.numbers.len(), whole, rows, i128::from(people));
    }
    cells
}

fn written(understood: &Understood<'_>, columns: &Columns<'_>, row: usize, column: usize) -> Cell {
    let value = understood.table.cell(row, column).map(|cell| cell.value);
    let (value, at_most) = match value {
        Some(Value::Number(number)) => (number.scaled(columns.decimals).or(number.whole()), None),
        Some(Value::Withheld(Bound::AtMost(most))) => (None, Some(i128::from(most))),
        _ => (None, None),
    };
    Cell { origin: Origin::Written { row, column }, value, at_most, level: 0 }
}

fn axes(understood: &Understood<'_>) -> Vec<Axis> {
    let named = understood.with(|role| matches!(role, Role::Dimension | Role::Term));
    named
        .into_iter()
        .filter_map(|column| {
            let cells = &understood.table.columns.get(column)?.cells;
            let mut labels: Vec<String> = Vec::new();
            let mut index: BTreeMap<&str, usize> = BTreeMap::new();
            let of_row = cells
                .iter()
                .map(|cell| {
                    *index.entry(cell.trimmed()).or_insert_with(|| {
                        labels.push(cell.trimmed().to_owned());
                        labels.len() - 1
                    })
                })
                .collect();
            let total = labels.iter().position(|label| names::is_total(label));
            Some(Axis { labels, of_row, total })
        })
        .collect()
}

fn keys(axes: &[Axis], rows: usize) -> Vec<Vec<usize>> {
    (0..rows)
        .map(|row| axes.iter().map(|axis| axis.of_row.get(row).copied().unwrap_or(0)).collect())
        .collect()
}

fn level(axes: &[Axis], row: usize) -> u32 {
    let totals = axes.iter().filter(|a| a.total.is_some() && a.of_row.get(row).copied() == a.total);
    u32::try_from(totals.count()).unwrap_or(u32::MAX)
}

/// The rows that differ in one dimension only, for each combination of the others.
fn lines(axis: usize, keys: &[Vec<usize>]) -> BTreeMap<Vec<usize>, Vec<(usize, usize)>> {
    let mut lines: BTreeMap<Vec<usize>, Vec<(usize, usize)>> = BTreeMap::new();
    for (row, key) in keys.iter().enumerate() {
        let mut others = key.clone();
        if axis < others.len() {
            let label = others.remove(axis);
            lines.entry(others).or_default().push((label, row));
        }
    }
    lines
}

/// A total need not be called one: a value that is the sum of all the others
/// wherever it stands is a total to anyone who can add.
fn find_totals(cells: &mut Cells, keys: &[Vec<usize>], numbers: usize) {
    if numbers == 0 || !cells.repeated.is_empty() {
        return;
    }
    for axis in 0..cells.axes.len() {
        let Some((None, count)) = cells.axes.get(axis).map(|a| (a.total, a.labels.len())) else {
            continue;
        };
        if !(3..=60).contains(&count) {
            continue;
        }
        let lines = lines(axis, keys);
        let candidate = (0..count).find(|label| {
            let mut agreeing = 0;
            for line in lines.values() {
                let Some((_, total)) = line.iter().find(|(l, _)| l == label) else { continue };
                let parts = line.iter().filter(|(l, _)| l != label);
                let sum: Option<i128> = parts.map(|(_, row)| cells.value(*row)).sum();
                match (cells.value(*total), sum) {
                    (Some(total), Some(sum)) if total == sum && total > 0 => agreeing += 1,
                    (Some(0), Some(0)) | (None, _) | (_, None) => {}
                    _ => return false,
                }
            }
            agreeing >= 2 || agreeing == 1 && count >= 4
        });
        if let (Some(found), Some(axis)) = (candidate, cells.axes.get_mut(axis)) {
            axis.total = Some(found);
        }
    }
}

fn tie_axes(
    cells: &mut Cells,
    understood: &Understood<'_>,
    keys: &[Vec<usize>],
    kind: &Kind,
    numbers: usize,
    rounded: i128,
) {
    let rows = keys.len();
    let columns = understood.with(|role| matches!(role, Role::Dimension | Role::Term));
    for (axis, column) in columns.iter().enumerate() {
        let Some(shape) = cells.axes.get(axis).cloned() else { continue };
        let lines = lines(axis, keys);
        let mut families: Vec<(usize, Option<Vec<usize>>)> = Vec::new();
        if let Some(total) = shape.total {
            families.push((total, None));
        }
        families.extend(hierarchy(kind, understood.table.name(*column), &shape));
        let subtotals: Vec<usize> = families.iter().map(|(parent, _)| *parent).collect();
        for (parent, children) in families {
            for line in lines.values() {
                let Some((_, total)) = line.iter().find(|(label, _)| *label == parent) else {
                    continue;
                };
                let part = |label: usize| match &children {
                    Some(children) => children.contains(&label),
                    // A subtotal is no part of the total beside its own parts.
                    None => label != parent && !subtotals.contains(&label),
                };
                let parts: Vec<usize> =
                    line.iter().filter(|(label, _)| part(*label)).map(|(_, row)| *row).collect();
                if parts.is_empty() {
                    continue;
                }
                let slack = rounded * i128::try_from(parts.len() + 1).unwrap_or(i128::MAX);
                for at in 0..numbers {
                    let offset = at * rows;
                    cells.tie(
                        offset + total,
                        parts.iter().map(|row| offset + row).collect(),
                        slack,
                    );
                }
            }
        }
    }
}

/// A total over several dimensions whose totals over one are not written is the
/// sum of all the cells that are no totals.
fn tie_corners(cells: &mut Cells, keys: &[Vec<usize>], numbers: usize, rounded: i128) {
    let rows = keys.len();
    let totals: Vec<Option<usize>> = cells.axes.iter().map(|axis| axis.total).collect();
    let tied: BTreeSet<usize> = cells.sums.iter().map(|sum| sum.total).collect();
    let is_total =
        |label: &usize, total: &Option<usize>| total.is_some_and(|total| total == *label);
    for (row, key) in keys.iter().enumerate() {
        let over = key.iter().zip(&totals).filter(|(label, total)| is_total(label, total)).count();
        if over < 2 || tied.contains(&row) {
            continue;
        }
        let part = |other: &Vec<usize>| {
            key.iter().zip(other).zip(&totals).all(|((label, other), total)| {
                if is_total(label, total) { !is_total(other, total) } else { label == other }
            })
        };
        let parts: Vec<usize> = (0..rows).filter(|at| keys.get(*at).is_some_and(part)).collect();
        if parts.is_empty() {
            continue;
        }
        let slack = rounded * i128::try_from(parts.len() + 1).unwrap_or(i128::MAX);
        for at in 0..numbers {
            let offset = at * rows;
            cells.tie(offset + row, parts.iter().map(|part| offset + part).collect(), slack);
        }
    }
}

/// Declared sums within a dimension, by index of their labels.
fn hierarchy(kind: &Kind, name: &str, axis: &Axis) -> Vec<(usize, Option<Vec<usize>>)> {
    let Kind::FrequencyTable { hierarchies, .. } = kind else { return Vec::new() };
    let find = |label: &String| axis.labels.iter().position(|l| l == label);
    let Some(families) = hierarchies.get(name) else { return Vec::new() };
    families
        .iter()
        .filter_map(|(parent, children)| {
            let children: Vec<usize> = children.iter().filter_map(find).collect();
            Some((find(parent)?, Some(children).filter(|c| !c.is_empty())?))
                .map(|(p, c)| (p, Some(c)))
        })
        .collect()
}

/// Several counts in one row: if one is the whole of the others, what is left
/// of it can be worked out. Returns which one is the whole.
fn tie_columns(
    cells: &mut Cells,
    understood: &Understood<'_>,
    numbers: &[usize],
    rows: usize,
) -> Option<usize> {
    if numbers.len() < 2 {
        return None;
    }
    let at_least = |cells: &Cells, whole: usize, part: usize| {
        (0..rows).all(|row| {
            match (cells.value(whole * rows + row), cells.value(part * rows + row)) {
                (Some(whole), Some(part)) => whole >= part,
                _ => true,
            }
        })
    };
    let named = |at: usize| {
        names::is_whole(numbers.get(at).map_or("", |column| understood.table.name(*column)))
    };
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by_key(|at| !named(*at));
    let whole = order.into_iter().find(|whole| {
        (0..numbers.len()).all(|part| part == *whole || at_least(cells, *whole, part))
    })?;
    let others: Vec<usize> = (0..numbers.len()).filter(|at| *at != whole).collect();
    // A partition: the others make up the whole in every row.
    let partition = others.len() >= 2
        && (0..rows).all(|row| {
            let sum: Option<i128> = others.iter().map(|at| cells.value(at * rows + row)).sum();
            match (cells.value(whole * rows + row), sum) {
                (Some(whole), Some(sum)) => whole == sum,
                _ => true,
            }
        })
        // A table that hides everything proves nothing.
        && (0..rows).any(|row| others.iter().all(|at| cells.value(at * rows + row).is_some()));
    // Two counts side by side are no whole and part unless they say so.
    if !partition && !named(whole) {
        return None;
    }
    for row in 0..rows {
        let total = whole * rows + row;
        if partition {
            cells.tie(total, others.iter().map(|at| at * rows + row).collect(), 0);
        } else {
            for at in &others {
                cells.tie(total, vec![at * rows + row], 0);
            }
        }
        if let Some(cell) = cells.all.get_mut(total) {
            cell.level += 1;
        }
    }
    Some(whole)
}

/// Everybody may be known to be so many: then the table's own numbers have a
/// total even if none is written.
fn tie_everyone(
    cells: &mut Cells,
    numbers: usize,
    whole: Option<usize>,
    rows: usize,
    people: i128,
) {
    if cells.axes.iter().any(|axis| axis.total.is_some()) || rows < 2 {
        return;
    }
    let parts: Vec<usize> = match (whole, numbers) {
        (Some(whole), _) => (whole * rows..(whole + 1) * rows).collect(),
        (None, 1) => (0..rows).collect(),
        (None, _) => (0..numbers * rows).collect(),
    };
    let known: i128 = parts.iter().filter_map(|part| cells.value(*part)).sum();
    let withheld = parts.iter().any(|part| cells.value(*part).is_none());
    // With numbers withheld a sum below is as good as equal.
    if known == people || withheld && known < people && known * 10 > people * 9 {
        let total =
            cells.add(Cell { origin: Origin::Known, value: Some(people), at_most: None, level: 9 });
        cells.tie(total, parts, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::separated;
    use crate::role::understand;

    fn cells(csv: &str, people: Option<u64>) -> Cells {
        let table = separated::read(csv, true).unwrap();
        let understood = understand(&table, &Kind::Unknown);
        let numbers = understood.with(|role| role == Role::Count);
        build(&understood, &Kind::Unknown, &Columns { numbers: &numbers, decimals: 0, people })
    }

    #[test]
    fn margins_are_tied_in_every_dimension() {
        let cells = cells(
            "sex,ill,n\nm,no,5\nm,yes,7\nm,total,12\nf,no,8\nf,yes,9\nf,total,17\ntotal,no,13\ntotal,yes,16\ntotal,total,29\n",
            None,
        );
        assert_eq!(cells.sums.len(), 6);
        assert!(cells.all.iter().all(|cell| matches!(cell.origin, Origin::Written { .. })));
        assert_eq!(cells.all.iter().map(|c| c.level).max(), Some(2));
    }

    #[test]
    fn a_total_of_all_is_the_sum_of_all_where_no_other_total_is_written() {
        let cells = cells("sex,ill,n\nm,no,5\nm,yes,7\nf,no,8\nf,yes,9\ntotal,total,29\n", None);
        assert_eq!(cells.sums, [super::super::Sum { total: 4, parts: vec![0, 1, 2, 3] }]);
    }

    #[test]
    fn what_is_left_of_a_whole_is_a_cell() {
        let cells = cells("sex,n,events\nm,50,48\nf,60,20\n", None);
        let rests: Vec<_> =
            cells.all.iter().filter(|c| matches!(c.origin, Origin::Rest { .. })).collect();
        assert_eq!(rests.iter().map(|c| c.value).collect::<Vec<_>>(), [Some(2), Some(40)]);
    }

    #[test]
    fn two_counts_side_by_side_are_no_whole_and_part() {
        assert_eq!(cells("age,healthy,ill\n18-39,50,48\n40+,60,20\n", None).sums, []);
    }

    #[test]
    fn a_missing_group_is_a_cell() {
        let cells = cells("region,n\na,50\nb,60\ntotal,113\n", None);
        assert_eq!(cells.all.last().unwrap().value, Some(3));
    }

    #[test]
    fn a_total_by_another_name_is_a_total() {
        let cells = cells("region,n\nnorth,50\nmid,61\nsouth,70\nNorway,181\n", None);
        assert_eq!(cells.sums, [super::super::Sum { total: 3, parts: vec![0, 1, 2] }]);
    }

    #[test]
    fn everybody_is_a_total_that_need_not_be_written() {
        assert_eq!(cells("sex,n\nm,50\nf,61\n", Some(111)).sums.len(), 1);
        assert_eq!(cells("sex,n\nm,50\nf,61\n", Some(500)).sums.len(), 0);
    }

    #[test]
    fn people_counted_twice_are_not_taken_for_a_sum() {
        let cells = cells("diagnosis,n\nA,50\nB,61\ntotal,90\n", None);
        assert!(cells.overlapping && cells.sums.is_empty());
    }
}
