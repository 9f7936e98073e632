//! The rows of a linkage, read from CSV or Parquet.

use std::collections::HashMap;
use std::path::Path;

use linkage::probabilistic::{Intake, Records};

use super::spec::{Asked, Named};
use super::table::Table;
use crate::answer::Stop;

/// What was read.
pub(super) struct Read {
    pub(super) records: Records,
    /// Who each row truly is, where that was asked for.
    pub(super) people: Option<Vec<Option<u32>>>,
    /// Whether every id is a whole number.
    pub(super) ids_are_numbers: bool,
}

/// Reads one or two files.
pub(super) fn read(
    asked: &Asked,
    first: &Path,
    second: Option<&Path>,
    truth: Option<&str>,
) -> Result<Read, Stop> {
    let mut taking = Taking {
        asked,
        intake: Intake::new(asked.columns.len()),
        truth: truth.map(|_| Truth::default()),
        ids_are_numbers: true,
    };
    taking.file(first, false, truth)?;
    if let Some(second) = second {
        taking.intake.second_file();
        taking.file(second, true, truth)?;
    }
    let records = taking.intake.finish();
    for (path, rows) in
        [(Some(first), records.rows_of_first()), (second, records.rows() - records.rows_of_first())]
    {
        if let Some(path) = path.filter(|_| rows == 0) {
            return Err(Stop::refused(format!("`{}` has no rows", path.display())));
        }
    }
    no_id_twice(&records, first, second, asked)?;
    let ids_are_numbers = taking.ids_are_numbers;
    Ok(Read { records, people: taking.truth.map(|truth| truth.people), ids_are_numbers })
}

/// Ids tell rows apart; edges and clusters are told by them.
fn no_id_twice(
    records: &Records,
    first: &Path,
    second: Option<&Path>,
    asked: &Asked,
) -> Result<(), Stop> {
    let split = records.rows_of_first();
    let id = &*asked.id.name;
    let files =
        [(Some(first), id, 0, split), (second, asked.in_second(id), split, records.rows() - split)];
    for (path, column, from, count) in files {
        let Some(path) = path else { continue };
        let mut seen: HashMap<&str, usize> = HashMap::with_capacity(count);
        let (mut twice, mut example) = (0_u64, None);
        for (at, row) in (0_u32..).skip(from).take(count).enumerate() {
            if let Some(before) = seen.insert(records.id(row), at) {
                twice += 1;
                example.get_or_insert((before + 1, at + 1));
            }
        }
        if let Some((one, other)) = example {
            return Err(Stop::refused(format!(
                "`{}`: {twice} rows have an id in column `{column}` that another row has, the \
                 rows {one} and {other} for one: every row needs an id of its own",
                path.display()
            )));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Truth {
    people: Vec<Option<u32>>,
    known: HashMap<String, u32>,
}

impl Truth {
    fn push(&mut self, person: Option<&str>) {
        let person = person.map(str::trim).filter(|person| !person.is_empty());
        self.people.push(person.map(|person| {
            if let Some(known) = self.known.get(person) {
                return *known;
            }
            let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
            self.known.insert(person.to_owned(), next);
            next
        }));
    }
}

struct Taking<'a> {
    asked: &'a Asked,
    intake: Intake,
    truth: Option<Truth>,
    ids_are_numbers: bool,
}

impl Taking<'_> {
    fn file(&mut self, path: &Path, second: bool, truth: Option<&str>) -> Result<(), Stop> {
        let table = Table::open(path, self.asked.written)?;
        let places = self.places(&table, second, truth)?;
        self.ids_are_numbers &= places.first().is_some_and(|id| table.may_be_numbers(*id));
        let mut rows = table.rows(&places)?;
        while let Some(batch) = rows.next()? {
            batch.each(|row, values| self.row(path, row, values, second))?;
        }
        Ok(())
    }

    /// Where the columns stand: the id, what is compared, the truth.
    fn places(&self, table: &Table, second: bool, truth: Option<&str>) -> Result<Vec<usize>, Stop> {
        let place =
            |name: &str| table.place(if second { self.asked.in_second(name) } else { name });
        let placed = |column: &Named| place(&column.name).map_err(|why| column.at.wrong(&why));
        if !second {
            for name in self.asked.renamed() {
                let at = table.place(name);
                at.map_err(|why| Stop::usage(format!("`[second]` of the spec: {why}")))?;
            }
        }
        let compared = self.asked.columns.iter();
        let mut places: Vec<usize> = std::iter::once(&self.asked.id)
            .chain(compared)
            .map(placed)
            .collect::<Result<_, _>>()?;
        if let Some(truth) = truth {
            let at = place(truth);
            places.push(at.map_err(|why| Stop::usage(format!("`--truth`: {why}")))?);
        }
        Ok(places)
    }

    /// A row, its values in the order of [`Taking::places`].
    fn row(&mut self, path: &Path, row: u64, values: &[&str], second: bool) -> Result<(), Stop> {
        let missing = &self.asked.missing;
        let known = |value: &&str| !missing.iter().any(|missing| missing == value.trim());
        let mut values = values.iter().copied();
        let id = values.next().map(str::trim).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| {
            let column = &*self.asked.id.name;
            Stop::refused(format!(
                "`{}`, row {row}: nothing stands in column `{}`, which tells rows apart",
                path.display(),
                if second { self.asked.in_second(column) } else { column }
            ))
        })?;
        let id = whole(id);
        self.ids_are_numbers &= is_number(id);
        let columns = self.asked.columns.len();
        let mut told = values.map(|value| Some(value).filter(known).map(whole));
        self.intake.push(id, told.by_ref().take(columns));
        if let Some(truth) = &mut self.truth {
            truth.push(told.next().flatten());
        }
        Ok(())
    }
}

/// Whether a text is a whole number, written in the one way that numbers are.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain && (text == "0" || !matches!(digits.bytes().next(), None | Some(b'0')))
}

/// A whole number that was written as a fraction, as what it is: columns with missing
/// values are often kept so.
fn whole(value: &str) -> &str {
    match value.strip_suffix(".0") {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits
        }
        _ => value,
    }
}
