//! A table as it was read: every cell keeps the text that stood there.

use crate::number::Number;

/// A table with names on its columns. Columns are equally long.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    /// Whether the first line held the names.
    pub(crate) header: bool,
    /// What separated the fields; `None` for tables that were no separated text.
    pub(crate) delimiter: Option<u8>,
    /// How many rows had another number of fields than the rest.
    pub(crate) ragged: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    /// As it stood, spaces and all.
    pub(crate) text: Box<str>,
    pub(crate) value: Value,
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    Number(Number),
    /// Nothing is shown: an empty field or one of the marks that statistics
    /// offices use.
    Withheld(Bound),
    Text,
}

/// What a mark gives away of the number it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Nothing,
    /// `<5`, `≤4`, `under 5`: the largest number that it may be.
    AtMost(u32),
}

/// The mark the mend writes: the one Statistics Norway uses for numbers that
/// may not be shown. It begins no formula and R and pandas read it as text.
pub(crate) const MARK: &str = ":";

impl Cell {
    /// Reads one field; `comma` says that `0,5` is a half.
    pub(crate) fn read(text: &str, comma: bool) -> Self {
        let trimmed = text.trim();
        let value = match withheld(trimmed) {
            Some(bound) => Value::Withheld(bound),
            None => Number::parse(trimmed, comma).map_or(Value::Text, Value::Number),
        };
        Self { text: text.into(), value }
    }

    pub(crate) fn trimmed(&self) -> &str {
        self.text.trim()
    }

    pub(crate) const fn number(&self) -> Option<Number> {
        match self.value {
            Value::Number(number) => Some(number),
            Value::Withheld(_) | Value::Text => None,
        }
    }
}

fn withheld(text: &str) -> Option<Bound> {
    if text.len() > 16 {
        return None;
    }
    let lower = text.to_lowercase();
    let marks = [
        "",
        "na",
        "n/a",
        "nan",
        "null",
        "none",
        ".",
        "..",
        "...",
        ":",
        ":c",
        "c",
        "*",
        "-",
        "–",
        "—",
        "x",
        "s",
        "skjult",
        "suppressed",
        "withheld",
        "anonymisert",
    ];
    if marks.contains(&lower.as_str()) {
        return Some(Bound::Nothing);
    }
    let number = |rest: &str| rest.trim().trim_start_matches('n').trim().parse::<u32>().ok();
    if let Some(rest) = lower.strip_prefix("n<").or_else(|| lower.strip_prefix('<')) {
        return match rest.strip_prefix('=') {
            Some(rest) => number(rest),
            None => number(rest).map(|limit| limit.saturating_sub(1)),
        }
        .map(Bound::AtMost);
    }
    if let Some(rest) = lower.strip_prefix('≤') {
        return number(rest).map(Bound::AtMost);
    }
    let rest = lower.strip_prefix("under ").or_else(|| lower.strip_prefix("færre enn "))?;
    number(rest).map(|limit| Bound::AtMost(limit.saturating_sub(1)))
}

impl Column {
    pub(crate) fn numbers(&self) -> impl Iterator<Item = Number> + '_ {
        self.cells.iter().filter_map(Cell::number)
    }

    /// How many cells hold a number, and how many anything at all.
    pub(crate) fn filled(&self) -> (usize, usize) {
        self.cells.iter().fold((0, 0), |(numbers, any), cell| match cell.value {
            Value::Number(_) => (numbers + 1, any + 1),
            Value::Text => (numbers, any + 1),
            Value::Withheld(_) => (numbers, any),
        })
    }

    /// Whether every cell that holds something holds a number, and one does.
    pub(crate) fn numeric(&self) -> bool {
        let (numbers, any) = self.filled();
        numbers == any && numbers > 0
    }

    /// Whether every number is whole and none is below zero.
    pub(crate) fn counts(&self) -> bool {
        self.numeric() && self.numbers().all(|n| n.whole().is_some_and(|n| n >= 0))
    }

    /// How many different texts there are.
    pub(crate) fn distinct(&self) -> usize {
        let mut texts: Vec<&str> = self.cells.iter().map(Cell::trimmed).collect();
        texts.sort_unstable();
        texts.dedup();
        texts.len()
    }
}

impl Table {
    pub(crate) fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
    }

    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<&Cell> {
        self.columns.get(column)?.cells.get(row)
    }

    pub(crate) fn number(&self, row: usize, column: usize) -> Option<Number> {
        self.cell(row, column)?.number()
    }

    pub(crate) fn name(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", |column| &column.name)
    }

    /// The place of a cell.
    pub(crate) fn place(&self, row: usize, column: usize) -> crate::finding::Place {
        crate::finding::cell(row, column, self.name(column))
    }

    /// The place of a column.
    pub(crate) fn column_place(&self, column: usize) -> crate::finding::Place {
        crate::finding::column(column, self.name(column))
    }

    /// The column of that name, as the header has it or but for case and spaces.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|column| column.name == name);
        exact.or_else(|| {
            let wanted = name.trim().to_lowercase();
            self.columns.iter().position(|column| column.name.trim().to_lowercase() == wanted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marks_of_statistics_offices_say_that_a_number_is_withheld() {
        for mark in ["", " ", "NA", ":", "..", "*", "-"] {
            assert_eq!(Cell::read(mark, false).value, Value::Withheld(Bound::Nothing), "`{mark}`");
        }
        for (mark, most) in [("<5", 4), ("< 5", 4), ("n<10", 9), ("<=4", 4), ("≤4", 4)] {
            assert_eq!(
                Cell::read(mark, false).value,
                Value::Withheld(Bound::AtMost(most)),
                "`{mark}`"
            );
        }
        assert_eq!(Cell::read("<5 years", false).value, Value::Text);
        assert_eq!(Cell::read("1-4", false).value, Value::Text);
    }
}
