//! Separated values: commas, semicolons, tabs, bars, or just spaces.

use crate::read::Unreadable;
use crate::rules::limits;
use crate::table::{Cell, Column, Table};

/// Fields by line.
type Lines = Vec<Vec<String>>;

/// Reads a text as one table. `surely` says that the file's name calls it one,
/// so that a single column and ragged lines count as a table too.
pub(crate) fn read(text: &str, surely: bool) -> Result<Table, Unreadable> {
    let mut best: Option<(usize, Lines, u8)> = None;
    for delimiter in *b",;\t|" {
        let lines = split(text, delimiter)?;
        let width = usual_width(&lines);
        let fits = lines.iter().filter(|line| line.len() == width).count();
        // Nine lines of ten alike, or four of five in something called a table.
        let enough =
            if surely { fits * 5 >= lines.len() * 4 } else { fits * 10 >= lines.len() * 9 };
        if width >= 2 && lines.len() >= 2 && enough && best.as_ref().is_none_or(|b| width > b.0) {
            best = Some((width, lines, delimiter));
        }
    }
    if let Some((width, lines, delimiter)) = best {
        return table(lines, width, Some(delimiter));
    }
    let lines = spaced(text.lines())?;
    let width = usual_width(&lines);
    let numbers = lines.iter().filter(|line| numeric(line)).count();
    if numbers * 5 >= lines.len().saturating_sub(1) * 4 && numbers >= 2 && (surely || width >= 1) {
        return table(lines, width, None);
    }
    if surely {
        let lines = split(text, b',')?;
        let width = usual_width(&lines);
        if width > 0 {
            return table(lines, width, Some(b','));
        }
    }
    Err(Unreadable::Malformed)
}

/// The tables that stand in a text between other words: runs of three lines or
/// more with the same number of fields, of which one at least is a number.
pub(crate) fn blocks(text: &str) -> Vec<Table> {
    let Ok(lines) = spaced(text.lines()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut run: Lines = Vec::new();
    let mut head: Option<Vec<String>> = None;
    let mut close = |run: &mut Lines, head: Option<Vec<String>>| {
        let mut lines = std::mem::take(run);
        if lines.len() < 3 || found.len() >= limits::TABLES {
            return;
        }
        let width = lines.first().map_or(0, Vec::len);
        if let Some(head) = head.filter(|head| head.len() == width || head.len() + 1 == width) {
            lines.insert(0, head);
        }
        if let Ok(table) = table(lines, width, None) {
            found.push(table);
        }
    };
    for line in lines {
        let fits = numeric(&line) && run.last().is_none_or(|last| last.len() == line.len());
        if fits {
            run.push(line);
        } else {
            close(&mut run, head.take());
            if numeric(&line) {
                run.push(line);
            } else {
                head = Some(line);
            }
        }
    }
    close(&mut run, head);
    found
}

fn split(text: &str, delimiter: u8) -> Result<Lines, Unreadable> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut lines = Lines::new();
    let mut cells = 0_usize;
    for record in reader.records() {
        let Ok(record) = record else { return Err(Unreadable::Malformed) };
        cells += record.len();
        if record.len() > limits::COLUMNS || cells > limits::CELLS || lines.len() > limits::ROWS {
            return Err(Unreadable::TooLarge);
        }
        lines.push(record.iter().map(str::to_owned).collect());
    }
    Ok(lines)
}

/// Fields between runs of spaces, quotes heeded: what R and pandas print.
fn spaced<'a>(text: impl Iterator<Item = &'a str>) -> Result<Lines, Unreadable> {
    let mut lines = Lines::new();
    let mut cells = 0_usize;
    for line in text {
        let mut fields: Vec<String> = Vec::new();
        let mut rest = line.trim();
        while !rest.is_empty() {
            let (field, after) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
            };
            fields.push(field.to_owned());
            rest = after.trim_start();
        }
        cells += fields.len();
        if fields.len() > limits::COLUMNS || cells > limits::CELLS || lines.len() > limits::ROWS {
            return Err(Unreadable::TooLarge);
        }
        if !fields.is_empty() {
            lines.push(fields);
        }
    }
    Ok(lines)
}

/// Whether half the fields of a line at least are numbers.
fn numeric(line: &[String]) -> bool {
    let numbers = line.iter().filter(|field| Cell::read(field, false).number().is_some()).count();
    numbers > 0 && numbers * 2 >= line.len()
}

/// The number of fields that most lines have.
fn usual_width(lines: &Lines) -> usize {
    let mut widths: Vec<usize> = lines.iter().map(Vec::len).collect();
    widths.sort_unstable();
    let mut best = (0, 0);
    for run in widths.chunk_by(|a, b| a == b) {
        if run.len() >= best.0 {
            best = (run.len(), run.first().copied().unwrap_or(0));
        }
    }
    best.1
}

pub(crate) fn table(
    mut lines: Lines,
    width: usize,
    delimiter: Option<u8>,
) -> Result<Table, Unreadable> {
    let comma = delimiter != Some(b',');
    let header = lines.first().is_some_and(|first| {
        let numbers: Vec<i128> = first
            .iter()
            .filter_map(|field| Cell::read(field, comma).number())
            .map(|number| number.whole().unwrap_or(0))
            .collect();
        // Years name columns; a row of data has other numbers as well.
        let years = numbers.iter().all(|number| (1870..=2100).contains(number));
        numbers.is_empty() || years && numbers.len() >= 2 && numbers.len() < first.len()
    });
    let mut names = if header && !lines.is_empty() { lines.remove(0) } else { Vec::new() };
    // `write.table` and `print` leave the name of the row names out.
    if header && names.len() + 1 == width {
        names.insert(0, String::new());
    }
    let widest = lines.iter().map(Vec::len).max().unwrap_or(0).max(names.len());
    if widest > limits::COLUMNS || widest.saturating_mul(lines.len()) > limits::CELLS {
        return Err(Unreadable::TooLarge);
    }
    let ragged = (0..lines.len())
        .filter(|row| lines.get(*row).is_some_and(|line| line.len() != width))
        .collect();
    let columns = (0..widest)
        .map(|at| {
            let name = match names.get(at) {
                Some(name) => name.clone(),
                None => format!("column {}", at + 1),
            };
            let cells = lines
                .iter()
                .map(|line| Cell::read(line.get(at).map_or("", String::as_str), comma))
                .collect();
            Column { name, cells }
        })
        .collect();
    Ok(Table { columns, header, delimiter, ragged })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let table = read(text, true).unwrap();
        table.columns.into_iter().map(|column| column.name).collect()
    }

    #[test]
    fn the_delimiter_is_found() {
        for text in [
            "a,b\n1,2\n3,4\n",
            "a;b\n1,5;2\n3;4\n",
            "a\tb\n1\t2\n3\t4\n",
            "a|b\n1|2\n",
            "a b\n1 2\n3 4\n",
        ] {
            assert_eq!(names(text), ["a", "b"], "{text:?}");
        }
        let table = read("a;b\nx;1,5\ny;2,5\n", true).unwrap();
        assert_eq!(table.number(0, 1).unwrap().value().to_string(), "1.5");
    }

    #[test]
    fn a_table_without_header_is_a_table() {
        let table = read("1,2\n3,4\n5,6\n", true).unwrap();
        assert!(!table.header);
        assert_eq!(table.rows(), 3);
        assert_eq!(table.name(1), "column 2");
        let table = read("47\n51\n38\n", false).unwrap();
        assert_eq!((table.rows(), table.columns.len()), (3, 1));
    }

    #[test]
    fn years_name_columns() {
        let table = read("age,2019,2020,2021\n18-39,10,20,30\n40+,11,21,31\n", true).unwrap();
        assert_eq!((table.rows(), table.name(1)), (2, "2019"));
    }

    #[test]
    fn lines_of_another_length_are_remembered() {
        let table = read("a,b\n1,2\n3,4,5\n6,7\n8,9\n10,11\n", true).unwrap();
        assert_eq!(table.ragged, [1]);
        assert_eq!(table.cell(1, 2).unwrap().trimmed(), "5");
    }

    #[test]
    fn tables_within_a_text_are_found() {
        let text = "Call:\ncoxph(x)\n\n     coef  se\nage  0.1   0.02\nsex  0.3   0.04\nhdl  0.2 0.1\n\nDone.\n";
        let tables = blocks(text);
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0].rows(), 3);
        assert_eq!(tables[0].name(1), "coef");
    }

    #[test]
    fn prose_is_no_table() {
        assert!(
            read(
                "The model, which we fitted, is good.\nIt has, as they say, legs.\nNo more\n",
                false
            )
            .is_err()
        );
    }
}
