//! The file as the checker sees it: a table cell by cell, a text line by line,
//! a picture as a picture.

use disclosure::finding::{Finding, Place};

use crate::words::Words;

/// More rows than this are not shown. Findings below are named in the list.
const MOST_ROWS: usize = 400;
/// More columns than this are not shown.
const MOST_COLUMNS: usize = 60;
/// Longer texts than this are cut.
const MOST_LINES: usize = 2_000;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheet {
    /// A table: its header, its rows, and how many rows are not shown.
    Table(Vec<SheetCell>, Vec<Vec<SheetCell>>, usize),
    /// A text: its lines, and how many are not shown.
    Text(Vec<SheetCell>, usize),
    /// A picture, at this address.
    Picture(String),
    /// It is still inside, and the reader is none of those who check it.
    Inside,
    /// Nothing that can be shown: how many bytes.
    Bytes(usize),
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

fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}

impl Sheet {
    /// The file `name` of output `id`, with `findings` on it.
    pub fn of(id: &str, name: &str, bytes: &[u8], findings: &[Finding]) -> Self {
        let Ok(text) = str::from_utf8(bytes) else {
            return match ending(name).as_str() {
                "png" => Self::Picture(format!("/outputs/{id}/file")),
                _ => Self::Bytes(bytes.len()),
            };
        };
        match ending(name).as_str() {
            "svg" => Self::Picture(format!("/outputs/{id}/file")),
            "csv" => table(text, b',', findings),
            "tsv" => table(text, b'\t', findings),
            _ => lines(text, findings),
        }
    }

    /// The same sheet, with every cell marked that reads otherwise in `before`.
    #[must_use]
    pub fn marking_changes_from(mut self, before: &Self) -> Self {
        match (&mut self, before) {
            (Self::Table(_, rows, _), Self::Table(_, old, _)) => {
                for (row, old) in rows.iter_mut().zip(old) {
                    for (cell, old) in row.iter_mut().zip(old) {
                        cell.changed = cell.text != old.text;
                    }
                }
            }
            (Self::Text(lines, _), Self::Text(old, _)) => {
                for (line, old) in lines.iter_mut().zip(old) {
                    line.changed = line.text != old.text;
                }
            }
            _ => {}
        }
        self
    }
}

fn table(text: &str, delimiter: u8, findings: &[Finding]) -> Sheet {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut head = Vec::new();
    let mut rows: Vec<Vec<SheetCell>> = Vec::new();
    let mut hidden = 0;
    for (i, record) in reader.records().enumerate() {
        let Ok(record) = record else { return lines(text, findings) };
        if i > MOST_ROWS {
            hidden += 1;
            continue;
        }
        let cells = record.iter().take(MOST_COLUMNS).map(SheetCell::plain).collect();
        if i == 0 { head = cells } else { rows.push(cells) }
    }
    for (i, finding) in findings.iter().enumerate() {
        for place in &finding.places {
            mark(&mut head, &mut rows, place, i + 1);
        }
    }
    Sheet::Table(head, rows, hidden)
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

fn mark(head: &mut [SheetCell], rows: &mut [Vec<SheetCell>], place: &Place, number: usize) {
    match place {
        Place::Cell { row, column, .. } => {
            let cell = rows.get_mut(index(*row)).and_then(|row| row.get_mut(index(*column)));
            note(cell, number);
        }
        Place::Column { column, .. } => note(head.get_mut(index(*column)), number),
        Place::Row { row } => {
            for cell in rows.get_mut(index(*row)).into_iter().flatten() {
                note(Some(cell), number);
            }
        }
        Place::File | Place::Line { .. } | Place::Element { .. } => {}
    }
}

fn lines(text: &str, findings: &[Finding]) -> Sheet {
    let total = text.lines().count();
    let mut lines: Vec<_> = text.lines().take(MOST_LINES).map(SheetCell::plain).collect();
    for (i, finding) in findings.iter().enumerate() {
        for place in &finding.places {
            if let Place::Line { line } = place {
                note(lines.get_mut(index(*line)), i + 1);
            }
        }
    }
    Sheet::Text(lines, total.saturating_sub(MOST_LINES))
}

/// The places of a finding in words.
pub fn whereabouts(words: &Words, finding: &Finding) -> String {
    const SHOWN: usize = 6;
    let mut places: Vec<String> = finding
        .places
        .iter()
        .take(SHOWN)
        .map(|place| match place {
            Place::File => words.say("place-file").into_owned(),
            Place::Column { name, .. } => words.say_with("place-column", name),
            Place::Row { row } => words.say_with("place-row", row),
            Place::Cell { row, name, .. } => words.say_both("place-cell", row, name),
            Place::Line { line } => words.say_with("place-line", line),
            Place::Element { name, .. } => words.say_with("place-element", name),
        })
        .collect();
    if let Some(within) = &finding.within {
        places.insert(0, within.clone());
    }
    let hidden = u64::try_from(finding.places.len().saturating_sub(SHOWN)).unwrap_or(u64::MAX);
    let hidden = hidden.saturating_add(finding.more);
    let mut all = places.join("; ");
    if hidden > 0 {
        all.push_str("; ");
        all.push_str(&words.say_count("places-more", hidden));
    }
    all
}
