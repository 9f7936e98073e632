//! The mended table, as separated values again.

use crate::finding::{Place, shown};
use crate::table::{Bound, Cell, MARK, Table, Value};

/// Puts the mark in place of these cells (row, column).
pub(crate) fn blank<'a>(table: &mut Table, cells: impl Iterator<Item = &'a (usize, usize)>) {
    for (row, column) in cells {
        if let Some(cell) = table.columns.get_mut(*column).and_then(|c| c.cells.get_mut(*row)) {
            *cell = Cell { text: MARK.into(), value: Value::Withheld(Bound::Nothing) };
        }
    }
}

/// Puts the mark in place of those that tell how few there are: `<3`.
pub(crate) fn untell(table: &mut Table, threshold: u64) {
    for cell in table.columns.iter_mut().flat_map(|column| &mut column.cells) {
        if let Value::Withheld(Bound::AtMost(most)) = cell.value
            && most > 0
            && u64::from(most) + 1 < threshold
        {
            *cell = Cell { text: MARK.into(), value: Value::Withheld(Bound::Nothing) };
        }
    }
}

/// Leaves columns out; returns their names.
pub(crate) fn drop_columns(table: &mut Table, columns: &[usize]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    table.columns.retain(|column| {
        let dropped = columns.contains(&at);
        at += 1;
        if dropped {
            names.push(shown(&column.name));
        }
        !dropped
    });
    names
}

/// The cells that bear the mark.
pub(crate) fn withheld(table: &Table) -> Vec<Place> {
    let mut places = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        for (row, cell) in column.cells.iter().enumerate() {
            if &*cell.text == MARK {
                places.push(table.place(row, at));
            }
        }
    }
    places.sort();
    places
}

/// The table as text, with the delimiter it had.
pub(crate) fn csv(table: &Table) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(table.delimiter.unwrap_or(b','))
        .flexible(true)
        .from_writer(Vec::new());
    let lone = |field: &str| field.is_empty() && table.columns.len() == 1;
    let mut write = |record: Vec<&str>| {
        // A record of one empty field would be an empty line, which is no record.
        let record: Vec<&str> = record.iter().map(|f| if lone(f) { MARK } else { *f }).collect();
        // Writing to memory does not fail.
        writer.write_record(&record).is_ok()
    };
    if table.header {
        write(table.columns.iter().map(|column| column.name.as_str()).collect());
    }
    for row in 0..table.rows() {
        write(
            table.columns.iter().map(|c| c.cells.get(row).map_or("", |cell| &*cell.text)).collect(),
        );
    }
    writer.into_inner().unwrap_or_default()
}
