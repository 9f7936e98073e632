//! The file as the checker sees it: a table cell by cell, a text line by line,
//! a picture as a picture.

use disclosure::finding::{Finding, Place};

use super::index::Index;
use crate::words::Words;

/// So many rows or lines are shown at once; the rest is on further pages.
pub(crate) const AT_ONCE: usize = 100;
/// More columns than this are not shown.
const MOST_COLUMNS: usize = 60;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheet {
    /// A table: its header, and the rows of this page.
    Table(Vec<SheetCell>, Rows<Vec<SheetCell>>),
    /// A text: the lines of this page.
    Text(Rows<SheetCell>),
    /// A picture, at this address.
    Picture(String),
    /// It is still inside, and the reader is none of those who check it.
    Inside,
    /// Nothing that can be shown: how many bytes.
    Bytes(usize),
}

/// The rows of a page of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    /// What they hold.
    pub rows: Vec<T>,
    /// The number of the first, from 1.
    pub first: usize,
    /// How many the file has.
    pub total: usize,
}

impl<T> Rows<T> {
    /// The page of so many rows, from 1. The others are counted.
    fn page<R>(rows: impl Iterator<Item = R>, page: usize, shows: impl Fn(&R) -> T) -> Self {
        let before = page.saturating_sub(1).saturating_mul(AT_ONCE);
        let mut shown = Vec::new();
        let mut total = 0;
        for row in rows {
            if total >= before && shown.len() < AT_ONCE {
                shown.push(shows(&row));
            }
            total += 1;
        }
        Self { rows: shown, first: before.saturating_add(1), total }
    }

    /// How many are not shown.
    pub fn hidden(&self) -> usize {
        self.total.saturating_sub(self.rows.len())
    }

    /// The row of that number.
    fn numbered(&mut self, number: u32) -> Option<&mut T> {
        let number = usize::try_from(number).ok()?;
        self.rows.get_mut(number.checked_sub(self.first)?)
    }
}

/// A cell or a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SheetCell {
    /// What stands there.
    pub text: String,
    /// The number of the finding on it, from 1; 0 when there is none.
    pub finding: usize,
    /// Whether the mend changes it.
    pub changed: bool,
}

impl SheetCell {
    fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }
}

/// What parts the columns of a table, by the ending of its name. `None`: no table.
pub(super) fn delimiter(name: &str) -> Option<u8> {
    match ending(name).as_str() {
        "csv" => Some(b','),
        "tsv" => Some(b'\t'),
        _ => None,
    }
}

/// Reads a table, the header as a row like the others.
pub(super) fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}

/// The media type of a picture, by the ending of its name. `None`: no picture.
pub(crate) fn picture_type(name: &str) -> Option<&'static str> {
    match ending(name).as_str() {
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        _ => None,
    }
}

impl Sheet {
    /// A page of the file `name`, with `findings` on it. A picture is shown from
    /// `address`; a table is read through unless its `index` is known.
    pub fn of(
        address: &str,
        name: &str,
        bytes: &[u8],
        findings: &[Finding],
        page: usize,
        index: Option<&Index>,
    ) -> Self {
        let Ok(text) = str::from_utf8(bytes) else {
            return match ending(name).as_str() {
                "png" => Self::Picture(address.to_owned()),
                _ => Self::Bytes(bytes.len()),
            };
        };
        if let Some(delimiter) = delimiter(name) {
            let made = if index.is_none() { Index::of(text, delimiter) } else { None };
            return match index.or(made.as_ref()) {
                Some(index) => table(text, delimiter, findings, page, index),
                None => lines(text, findings, page),
            };
        }
        match ending(name).as_str() {
            "svg" => Self::Picture(address.to_owned()),
            _ => lines(text, findings, page),
        }
    }

    /// How many pages it has.
    pub fn pages(&self) -> usize {
        match self {
            Self::Table(_, rows) => rows.total.div_ceil(AT_ONCE),
            Self::Text(lines) => lines.total.div_ceil(AT_ONCE),
            Self::Picture(_) | Self::Bytes(_) | Self::Inside => 1,
        }
    }

    /// The same sheet, with every cell marked that reads otherwise in `before`.
    #[must_use]
    pub fn marking_changes_from(mut self, before: &Self) -> Self {
        match (&mut self, before) {
            (Self::Table(_, new), Self::Table(_, old)) => {
                for (row, old) in new.rows.iter_mut().zip(&old.rows) {
                    for (cell, old) in row.iter_mut().zip(old) {
                        cell.changed = cell.text != old.text;
                    }
                }
            }
            (Self::Text(new), Self::Text(old)) => {
                for (line, old) in new.rows.iter_mut().zip(&old.rows) {
                    line.changed = line.text != old.text;
                }
            }
            _ => {}
        }
        self
    }
}

fn table(text: &str, delimiter: u8, findings: &[Finding], page: usize, index: &Index) -> Sheet {
    let rows_of = |text: &str, most: usize| -> Vec<Vec<SheetCell>> {
        let cells = |record: csv::StringRecord| -> Vec<SheetCell> {
            record.iter().take(MOST_COLUMNS).map(SheetCell::plain).collect()
        };
        reader(text, delimiter).into_records().map_while(Result::ok).take(most).map(cells).collect()
    };
    let mut head = rows_of(text, 1).pop().unwrap_or_default();
    let mut rows = Rows {
        rows: rows_of(index.from_page(text, page), AT_ONCE),
        first: page.saturating_sub(1).saturating_mul(AT_ONCE).saturating_add(1),
        total: index.rows(),
    };
    for (i, finding) in findings.iter().enumerate() {
        for place in &finding.places {
            mark(&mut head, &mut rows, place, i + 1);
        }
    }
    Sheet::Table(head, rows)
}

/// The first finding on a cell is the weightiest: findings come so sorted.
fn note(cell: Option<&mut SheetCell>, number: usize) {
    if let Some(cell) = cell.filter(|cell| cell.finding == 0) {
        cell.finding = number;
    }
}

fn index(counted_from_one: u32) -> usize {
    usize::try_from(counted_from_one).unwrap_or(usize::MAX).wrapping_sub(1)
}

fn mark(head: &mut [SheetCell], rows: &mut Rows<Vec<SheetCell>>, place: &Place, number: usize) {
    match place {
        Place::Cell { row, column, .. } => {
            note(rows.numbered(*row).and_then(|row| row.get_mut(index(*column))), number);
        }
        Place::Column { column, .. } => note(head.get_mut(index(*column)), number),
        Place::Row { row } => {
            for cell in rows.numbered(*row).into_iter().flatten() {
                note(Some(cell), number);
            }
        }
        Place::File | Place::Line { .. } | Place::Element { .. } => {}
    }
}

fn lines(text: &str, findings: &[Finding], page: usize) -> Sheet {
    let mut lines = Rows::page(text.lines(), page, |line| SheetCell::plain(line));
    for (i, finding) in findings.iter().enumerate() {
        for place in &finding.places {
            if let Place::Line { line } = place {
                note(lines.numbered(*line), i + 1);
            }
        }
    }
    Sheet::Text(lines)
}

/// A place of a finding in words, and where it is on the pages of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// In words.
    pub words: String,
    /// The way to it; empty where there is none.
    pub href: String,
}

/// The way to a row of the file from its page `page`.
fn way_to(row: u32, page: usize) -> String {
    let there = usize::try_from(row).unwrap_or(1).saturating_sub(1) / AT_ONCE + 1;
    if there == page { format!("#row-{row}") } else { format!("?page={there}#row-{row}") }
}

/// The places of a finding, as seen from page `page` of the file.
pub fn whereabouts(words: &Words, finding: &Finding, page: usize) -> Vec<Whereabouts> {
    const SHOWN: usize = 6;
    let plain = |words: String| Whereabouts { words, href: String::new() };
    let mut places: Vec<Whereabouts> = finding.within.iter().cloned().map(plain).collect();
    places.extend(finding.places.iter().take(SHOWN).map(|place| {
        let said = match place {
            Place::File => words.say("place-file").into_owned(),
            Place::Column { name, .. } => words.say_with("place-column", name),
            Place::Row { row } => words.say_with("place-row", row),
            Place::Cell { row, name, .. } => words.say_both("place-cell", row, name),
            Place::Line { line } => words.say_with("place-line", line),
            Place::Element { name, .. } => words.say_with("place-element", name),
        };
        let href = match place {
            Place::Row { row } | Place::Cell { row, .. } | Place::Line { line: row }
                if *row > 0 =>
            {
                way_to(*row, page)
            }
            _ => String::new(),
        };
        Whereabouts { words: said, href }
    }));
    let hidden = u64::try_from(finding.places.len().saturating_sub(SHOWN)).unwrap_or(u64::MAX);
    let hidden = hidden.saturating_add(finding.more);
    if hidden > 0 {
        places.push(plain(words.say_count("places-more", hidden)));
    }
    places
}
