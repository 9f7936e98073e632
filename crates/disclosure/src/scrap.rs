//! Pieces of text with where they stand, for the rules that look at any text.

use crate::finding::{self, Place};
use crate::table::Table;

/// A piece of text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scrap<'a> {
    pub(crate) text: &'a str,
    at: At<'a>,
}

#[derive(Debug, Clone, Copy)]
enum At<'a> {
    Cell(&'a Table, usize, usize),
    Column(&'a Table, usize),
    Line(usize),
    File,
}

impl<'a> Scrap<'a> {
    pub(crate) fn place(self) -> Place {
        match self.at {
            At::Cell(table, row, column) => table.place(row, column),
            At::Column(table, column) => table.column_place(column),
            At::Line(line) => Place::Line { line: finding::one_based(line) },
            At::File => Place::File,
        }
    }

    /// Whether the piece is a table's cell, and how it reads there.
    pub(crate) fn cell(self) -> Option<&'a crate::table::Cell> {
        match self.at {
            At::Cell(table, row, column) => table.cell(row, column),
            _ => None,
        }
    }

    /// A piece that stands nowhere in particular.
    pub(crate) const fn anywhere(text: &'a str) -> Self {
        Self { text, at: At::File }
    }
}

/// The header and the cells of a table.
pub(crate) fn of_table(table: &Table) -> Vec<Scrap<'_>> {
    let names = table.columns.iter().enumerate().filter(|_| table.header);
    let mut scraps: Vec<Scrap<'_>> =
        names.map(|(at, c)| Scrap { text: &c.name, at: At::Column(table, at) }).collect();
    for (at, column) in table.columns.iter().enumerate() {
        for (row, cell) in column.cells.iter().enumerate() {
            scraps.push(Scrap { text: &cell.text, at: At::Cell(table, row, at) });
        }
    }
    scraps
}

/// The lines of a text.
pub(crate) fn of_text(text: &str) -> Vec<Scrap<'_>> {
    text.lines().enumerate().map(|(at, text)| Scrap { text, at: At::Line(at) }).collect()
}
