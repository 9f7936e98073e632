//! Tables that left before, laid beside this one.
//!
//! A cell withheld in a table by sex and illness is what is left of a table by
//! sex alone. Whoever has both reads them as one table with margins, and so do
//! the audit and the mend: a count that left before is a known sum of the cells
//! of this table that are parts of it. Source: *Handbook* 4.2.2, linked tables.
//!
//! Two tables may be of other people. Where the numbers that both show say so,
//! nothing is tied; where nothing says anything, they are taken to be the same:
//! to err there is to withhold too much.

use std::collections::{BTreeMap, BTreeSet};

use crate::cells::Cells;
use crate::role::{Role, Understood, names};

/// The groups that a number is of, by dimension; one that is summed over is not
/// among them.
type Groups = BTreeMap<String, String>;

/// Cells by the labels they share and by what they count.
type ByLabels<'a> = BTreeMap<(Vec<&'a String>, &'a str), Vec<&'a Count>>;

/// One number of a table, as others can find it.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    /// Which cell of its own table.
    at: usize,
    groups: Groups,
    /// What is counted; empty for everybody in the groups.
    counted: String,
    value: Option<i128>,
}

/// The numbers of a table that count people.
pub(crate) fn counts(understood: &Understood<'_>, numbers: &[usize], cells: &Cells) -> Vec<Count> {
    let columns = understood.with(|role| matches!(role, Role::Dimension | Role::Term));
    let rows = understood.table.rows();
    let named = |column: usize| understood.table.name(column);
    let whole = numbers.iter().position(|column| names::is_whole(named(*column)));
    let mut all = Vec::new();
    for (at, column) in numbers.iter().enumerate() {
        let everybody = numbers.len() == 1 || whole == Some(at);
        let counted = if everybody { String::new() } else { names::plain(named(*column)) };
        for row in 0..rows {
            let groups = cells
                .axes
                .iter()
                .zip(&columns)
                .filter_map(|(axis, column)| {
                    let label = axis.of_row.get(row).copied()?;
                    (axis.total != Some(label)).then_some(())?;
                    let label = axis.labels.get(label)?.to_lowercase();
                    Some((names::plain(named(*column)), label))
                })
                .collect();
            let at = at * rows + row;
            all.push(Count { at, groups, counted: counted.clone(), value: cells.value(at) });
        }
    }
    all
}

/// Adds the numbers of another table to the cells of this one, as sums that a
/// reader knows.
pub(crate) fn tie(cells: &mut Cells, mine: &[Count], theirs: &[Count]) {
    let Some(lines) = lines(mine, theirs) else { return };
    for (value, parts) in lines {
        cells.know(value, parts);
    }
}

/// Which of my cells each of their numbers is the sum of; `None` where they
/// count other people.
fn lines(mine: &[Count], theirs: &[Count]) -> Option<Vec<(i128, Vec<usize>)>> {
    // The cells that are no sums of others.
    let fullest: BTreeSet<&String> = mine.iter().flat_map(|count| count.groups.keys()).collect();
    let inner: Vec<&Count> =
        mine.iter().filter(|count| count.groups.len() == fullest.len()).collect();
    let everybody = inner.iter().any(|count| count.counted.is_empty());
    let exact: BTreeMap<(&Groups, &str), &Count> =
        mine.iter().map(|count| ((&count.groups, count.counted.as_str()), count)).collect();
    let mut by_names: BTreeMap<Vec<&String>, ByLabels<'_>> = BTreeMap::new();
    let (mut same, mut other) = (0_usize, 0_usize);
    let mut lines = Vec::new();
    for their in theirs {
        let Some(value) = their.value else { continue };
        if let Some(my) = exact.get(&(&their.groups, their.counted.as_str())) {
            if let Some(mine) = my.value {
                same += usize::from(mine == value);
                other += usize::from(mine != value);
            }
            continue;
        }
        if !their.groups.keys().all(|name| fullest.contains(name)) {
            continue;
        }
        let wanted: Vec<&String> = their.groups.keys().collect();
        let lines_by = by_names.entry(wanted.clone()).or_insert_with(|| {
            let mut by_labels = ByLabels::new();
            for count in &inner {
                let labels: Vec<&String> =
                    wanted.iter().filter_map(|name| count.groups.get(*name)).collect();
                by_labels.entry((Vec::clone(&labels), &count.counted)).or_default().push(count);
                // Columns beside each other without their whole are its parts.
                if !everybody {
                    by_labels.entry((labels, "")).or_default().push(count);
                }
            }
            by_labels
        });
        let labels: Vec<&String> = their.groups.values().collect();
        let Some(parts) = lines_by.get(&(labels, their.counted.as_str())) else { continue };
        let known: i128 = parts.iter().filter_map(|part| part.value).sum();
        if parts.iter().all(|part| part.value.is_some()) {
            same += usize::from(known == value);
            other += usize::from(known != value);
            if known != value {
                continue;
            }
        } else if known > value {
            other += 1;
            continue;
        }
        lines.push((value, parts.iter().map(|part| part.at).collect()));
    }
    (other <= same).then_some(lines)
}
