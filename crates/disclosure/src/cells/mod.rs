//! A table as a reader of it sees it: cells, and the sums that tie them.
//!
//! A cell that nobody wrote can be a cell all the same: what is left when the
//! ill are taken from all, or when the shown groups are taken from the total.

mod build;

pub(crate) use build::{Columns, build};

use crate::table::Table;

/// Cells and their sums.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    /// By the index that sums speak of.
    pub(crate) all: Vec<Cell>,
    pub(crate) sums: Vec<Sum>,
    /// Rows whose dimensions are those of an earlier row.
    pub(crate) repeated: Vec<usize>,
    /// Sums that are less than their parts: people counted more than once.
    pub(crate) overlapping: bool,
    /// The dimensions, for those who look for everyone in one category.
    pub(crate) axes: Vec<Axis>,
}

/// One number.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) origin: Origin,
    /// The number, scaled to be whole; `None` where it is withheld.
    pub(crate) value: Option<i128>,
    /// The most that a mark such as `<5` says it is.
    pub(crate) at_most: Option<i128>,
    /// How many dimensions it is summed over.
    pub(crate) level: u32,
}

/// Where a cell comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It stands in the table.
    Written { row: usize, column: usize },
    /// It is what is left of a sum. Nobody wrote it; named by a cell of the sum.
    Rest { row: usize, column: usize },
    /// It is known from elsewhere: how many people there are altogether.
    Known,
}

/// `total = Σ parts`, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) total: usize,
    pub(crate) parts: Vec<usize>,
}

/// One dimension: which value each row has in it.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) labels: Vec<String>,
    pub(crate) of_row: Vec<usize>,
    /// The value that stands for all the others.
    pub(crate) total: Option<usize>,
}

impl Cell {
    /// Whether a mark such as `<3` says that some are there, and fewer than a
    /// mark may say: `<5` says no more than that it is withheld.
    pub(crate) fn tells_few(&self, threshold: u64) -> bool {
        let most = i128::from(threshold) - 1;
        self.value.is_none() && self.at_most.is_some_and(|at_most| (1..most).contains(&at_most))
    }
}

impl Cells {
    pub(crate) fn get(&self, at: usize) -> Option<&Cell> {
        self.all.get(at)
    }

    pub(crate) fn value(&self, at: usize) -> Option<i128> {
        self.all.get(at).and_then(|cell| cell.value)
    }

    /// Whether a reader does not see the cell as things stand.
    pub(crate) fn unseen(&self) -> Vec<bool> {
        self.all
            .iter()
            .map(|cell| match cell.origin {
                Origin::Written { .. } => cell.value.is_none(),
                Origin::Rest { .. } => true,
                Origin::Known => false,
            })
            .collect()
    }

    /// The place of a cell in its table.
    pub(crate) fn place(&self, table: &Table, at: usize) -> crate::finding::Place {
        match self.all.get(at).map(|cell| cell.origin) {
            Some(Origin::Written { row, column } | Origin::Rest { row, column }) => {
                table.place(row, column)
            }
            Some(Origin::Known) | None => crate::finding::Place::File,
        }
    }

    fn add(&mut self, cell: Cell) -> usize {
        self.all.push(cell);
        self.all.len() - 1
    }

    /// Notes that `parts` are known from elsewhere to make up `value`.
    pub(crate) fn know(&mut self, value: i128, parts: Vec<usize>) {
        let total =
            self.add(Cell { origin: Origin::Known, value: Some(value), at_most: None, level: 9 });
        self.sums.push(Sum { total, parts });
    }

    /// Notes that `parts` make up `total`, and what is left if they do not.
    /// Numbers may differ by `slack` because they were rounded.
    fn tie(&mut self, total: usize, parts: Vec<usize>, slack: i128) {
        let Some(level) = self.all.get(total).map(|cell| cell.level) else { return };
        // What is left of a whole of unknown size is of unknown size as well.
        if parts.len() == 1 && self.value(total).is_none() {
            return;
        }
        let known: i128 = parts.iter().filter_map(|part| self.value(*part)).sum();
        let all_known = parts.iter().all(|part| self.value(*part).is_some());
        let Some(whole) = self.value(total) else {
            self.sums.push(Sum { total, parts });
            return;
        };
        let left = whole - known;
        if left < -slack {
            self.overlapping = true;
            return;
        }
        let mut parts = parts;
        // One part alone has a rest even if it is nobody: then all are in the part.
        // Withheld, it has one of unknown size.
        let alone = parts.len() == 1;
        if alone || all_known && left > slack {
            let named = if parts.len() == 1 { parts.first().copied() } else { None };
            let origin = match self.all.get(named.unwrap_or(total)).map(|cell| cell.origin) {
                Some(Origin::Written { row, column } | Origin::Rest { row, column }) => {
                    Origin::Rest { row, column }
                }
                _ => return,
            };
            let value = all_known.then_some(left);
            let rest = self.add(Cell { origin, value, at_most: None, level });
            parts.push(rest);
        }
        self.sums.push(Sum { total, parts });
    }
}
