//! The rows to be linked: columns as numbers into their sorted distinct values.

use std::collections::HashMap;

/// No value: no evidence for or against anything.
pub(super) const MISSING: u32 = u32::MAX;

/// One or two files' rows, the first file's first. Its `Debug` shows no value.
pub struct Records {
    pub(super) columns: Vec<Column>,
    pub(super) ids: Texts,
    /// Rows of the first file; all of them when there is one file.
    pub(super) first: usize,
    pub(super) two: bool,
    /// Whether the first file's rows are compared with each other as well.
    pub(super) within_first: bool,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records")
            .field("rows", &self.rows())
            .field("columns", &self.columns.len())
            .finish_non_exhaustive()
    }
}

impl Records {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// How many of them are the first file's.
    pub fn rows_of_first(&self) -> usize {
        self.first
    }

    /// Whether these are two files, to be linked with each other.
    pub fn are_two_files(&self) -> bool {
        self.two
    }

    /// The id of a row.
    pub fn id(&self, row: u32) -> &str {
        self.ids.get(row as usize)
    }

    /// What stands in a column of a row.
    pub fn value(&self, column: usize, row: u32) -> Option<&str> {
        let column = self.columns.get(column)?;
        column.values.get(*column.codes.get(row as usize)? as usize).map(AsRef::as_ref)
    }

    /// Every text in a column, each once.
    pub(crate) fn texts(&self, column: usize) -> impl Iterator<Item = &str> {
        self.columns.get(column).into_iter().flat_map(|column| &column.values).map(AsRef::as_ref)
    }

    /// Adds a column that says of each row what `map` makes of another. Gives its number.
    pub(crate) fn derive(&mut self, column: usize, map: impl Fn(&str) -> String) -> Option<usize> {
        let derived = self.columns.get(column)?.mapped(|text| Some(map(text)));
        self.columns.push(derived);
        Some(self.columns.len() - 1)
    }

    /// The row with this id in the first file, and in the second.
    pub fn find(&self, id: &str) -> [Option<u32>; 2] {
        let within = |rows: std::ops::Range<usize>| {
            rows.into_iter().find(|row| self.ids.get(*row) == id).map(|row| row as u32)
        };
        [within(0..self.first), within(self.first..self.rows())]
    }
}

/// Reads rows in. Its `Debug` shows no value.
pub struct Intake {
    columns: Vec<Reading>,
    ids: Texts,
    first: Option<usize>,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake")
            .field("rows", &self.ids.len())
            .field("columns", &self.columns.len())
            .finish_non_exhaustive()
    }
}

impl Intake {
    /// For rows of so many columns.
    pub fn new(columns: usize) -> Self {
        Self {
            columns: (0..columns).map(|_| Reading::default()).collect(),
            ids: Texts::default(),
            first: None,
        }
    }

    /// A row. A value of nothing but spaces is missing.
    pub fn push<'a>(&mut self, id: &str, values: impl IntoIterator<Item = Option<&'a str>>) {
        self.ids.push(id);
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.push(value.map(str::trim).filter(|value| !value.is_empty()));
        }
    }

    /// The rows from here on are the second file's.
    pub fn second_file(&mut self) {
        self.first = Some(self.ids.len());
    }

    /// The rows, ready.
    pub fn finish(self) -> Records {
        Records {
            columns: self.columns.into_iter().map(Reading::finish).collect(),
            first: self.first.unwrap_or(self.ids.len()),
            two: self.first.is_some(),
            within_first: false,
            ids: self.ids,
        }
    }

    /// How many rows there are so far.
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// The rows, ready: of one file, in which `settled` are known not to be each
    /// other. They are compared with the rest alone, and the rest with everybody.
    /// With it comes for each row of the answer which row it was here.
    pub fn finish_settled(self, settled: &[bool]) -> (Records, Vec<u32>) {
        let is_settled = |row: &u32| settled.get(*row as usize).copied().unwrap_or(false);
        let rows = 0..self.ids.len() as u32;
        let mut order: Vec<u32> = rows.clone().filter(|row| !is_settled(row)).collect();
        let first = order.len();
        order.extend(rows.filter(is_settled));
        let mut ids = Texts::default();
        for row in &order {
            ids.push(self.ids.get(*row as usize));
        }
        let turned = |column: Reading| {
            let Column { codes, values } = column.finish();
            Column { codes: order.iter().map(|row| codes[*row as usize]).collect(), values }
        };
        let columns = self.columns.into_iter().map(turned).collect();
        (Records { columns, ids, first, two: true, within_first: true }, order)
    }
}

/// A column: for each row the place of its value among the sorted distinct ones.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) codes: Vec<u32>,
    pub(super) values: Vec<Box<str>>,
}

impl Column {
    /// The same rows with another value for each value, or none.
    pub(super) fn mapped(&self, map: impl Fn(&str) -> Option<String>) -> Self {
        let mut reading = Reading::default();
        let codes: Vec<u32> = self
            .values
            .iter()
            .map(|value| map(value).map_or(MISSING, |value| reading.code(&value)))
            .collect();
        reading.codes = self
            .codes
            .iter()
            .map(|code| codes.get(*code as usize).copied().unwrap_or(MISSING))
            .collect();
        reading.finish()
    }

    /// Two columns over the same values.
    pub(super) fn joined(one: &Self, other: &Self) -> (Self, Self) {
        let mut reading = Reading::default();
        for column in [one, other] {
            let codes: Vec<u32> = column.values.iter().map(|value| reading.code(value)).collect();
            let rows = column.codes.iter();
            reading
                .codes
                .extend(rows.map(|code| codes.get(*code as usize).copied().unwrap_or(MISSING)));
        }
        let mut both = reading.finish();
        let second = both.codes.split_off(one.codes.len());
        let second = Self { codes: second, values: both.values.clone() };
        (both, second)
    }
}

#[derive(Default)]
struct Reading {
    codes: Vec<u32>,
    seen: HashMap<Box<str>, u32>,
}

impl Reading {
    fn push(&mut self, value: Option<&str>) {
        let code = value.map_or(MISSING, |value| self.code(value));
        self.codes.push(code);
    }

    fn code(&mut self, value: &str) -> u32 {
        if let Some(code) = self.seen.get(value) {
            return *code;
        }
        let code = self.seen.len() as u32;
        self.seen.insert(value.into(), code);
        code
    }

    /// Sorts the values, so that codes do not tell in which order rows came.
    fn finish(self) -> Column {
        let mut values: Vec<(Box<str>, u32)> = self.seen.into_iter().collect();
        values.sort_unstable();
        let mut place = vec![0; values.len()];
        for (new, (_, old)) in values.iter().enumerate() {
            place[*old as usize] = new as u32;
        }
        let codes = self
            .codes
            .into_iter()
            .map(|code| place.get(code as usize).copied().unwrap_or(MISSING))
            .collect();
        Column { codes, values: values.into_iter().map(|(value, _)| value).collect() }
    }
}

/// Many short texts in one.
#[derive(Default)]
pub(super) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, at: usize) -> &str {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[from..self.ends[at]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_do_not_tell_in_which_order_rows_came() {
        let read = |rows: [&str; 3]| {
            let mut intake = Intake::new(1);
            for row in rows {
                intake.push(row, [Some(row)]);
            }
            intake.finish().columns.remove(0)
        };
        assert_eq!(read(["b", " a ", ""]).codes, [1, 0, MISSING]);
        assert_eq!(read(["", "a", "b"]).codes, [MISSING, 0, 1]);
    }

    #[test]
    fn joined_columns_have_one_code_for_one_value() {
        let column = |rows: &[&str]| {
            let mut reading = Reading::default();
            for row in rows {
                reading.push(Some(row));
            }
            reading.finish()
        };
        let (one, other) = Column::joined(&column(&["lee", "kim"]), &column(&["kim", "lee"]));
        assert_eq!((one.codes, other.codes), (vec![1, 0], vec![0, 1]));
    }
}
