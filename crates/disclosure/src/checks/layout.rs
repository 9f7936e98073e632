//! How a table is written is no part of what it says.
//!
//! Quotes that need not be there, blanks beside a number, an empty line, the
//! sign for the end of a line, `31.1` and `31.10`: whoever reads the table sees
//! none of it, and a program that chooses between them writes a bit each time.
//! Programs that write tables choose once. Each way of writing that is unlike
//! the others of its column is counted; a hand makes a few, a message needs
//! more. Source: decision 0050.

use std::collections::BTreeMap;

use model::Text;

use crate::finding::{Finding, Weight};
use crate::rule::Rule;
use crate::table::{Cell, Table, Value};

/// Things written unlike the others that nobody asks about.
const ODD: usize = 8;

/// What the text of a table holds besides the table.
pub(crate) fn check(text: &str, table: &Table) -> Option<Finding> {
    let written = match table.delimiter {
        Some(delimiter) => {
            let records = fields(text, char::from(delimiter));
            quotes(&records) + line_ends(text)
        }
        None => gaps(text) + line_ends(text),
    };
    let odd =
        written + table.columns.iter().map(|c| padding(&c.cells) + forms(&c.cells)).sum::<usize>();
    if odd <= ODD {
        return None;
    }
    let why = Text::of(
        "Tabellen er skrevet på ulike måter fra rad til rad: anførselstegn, mellomrom, tomme linjer eller nuller. Forskjellene kan bære noe.",
        "Tabellen er skrevet på forskellige måder fra række til række: anførselstegn, mellemrum, tomme linjer eller nuller. Forskellene kan bære noget.",
        "The table is written in different ways from row to row: quotes, blanks, empty lines or zeros. The differences can carry something.",
    );
    Some(Finding::file(Rule::HiddenText, Weight::Review, why))
}

/// A field as it stands: without its quotes, and whether it had any.
struct Field<'a> {
    text: &'a str,
    quoted: bool,
}

/// The fields of each line that is not empty.
fn fields(text: &str, delimiter: char) -> Vec<Vec<Field<'_>>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (field, after) = field(rest, delimiter);
        record.push(field);
        match after.chars().next() {
            Some(c) if c == delimiter => rest = after.get(c.len_utf8()..).unwrap_or_default(),
            _ => {
                let lone =
                    record.len() == 1 && record.iter().all(|f| f.text.is_empty() && !f.quoted);
                let done = std::mem::take(&mut record);
                if !lone {
                    records.push(done);
                }
                rest = after.trim_start_matches(['\r', '\n']);
            }
        }
    }
    records
}

fn field(text: &str, delimiter: char) -> (Field<'_>, &str) {
    let end = |text: &str| text.find([delimiter, '\n', '\r']).unwrap_or(text.len());
    let Some(inside) = text.strip_prefix('"') else {
        let (field, after) = text.split_at_checked(end(text)).unwrap_or((text, ""));
        return (Field { text: field, quoted: false }, after);
    };
    let mut at = 0;
    loop {
        let Some(quote) = inside.get(at..).and_then(|rest| rest.find('"')) else {
            return (Field { text: inside, quoted: true }, "");
        };
        at += quote;
        let after = inside.get(at + 1..).unwrap_or_default();
        if after.starts_with('"') {
            at += 2;
            continue;
        }
        let text = inside.get(..at).unwrap_or_default();
        return (Field { text, quoted: true }, after.get(end(after)..).unwrap_or_default());
    }
}

/// Fields in quotes that need none, beside others of their column without.
fn quotes(records: &[Vec<Field<'_>>]) -> usize {
    let mut columns: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for record in records.iter().skip(1) {
        for (at, field) in record.iter().enumerate() {
            let needed = field.text.contains(['"', ',', ';', '\t', '|', '\n', '\r']);
            if needed || matches!(Cell::read(field.text, false).value, Value::Withheld(_)) {
                continue;
            }
            let (with, without) = columns.entry(at).or_default();
            *(if field.quoted { with } else { without }) += 1;
        }
    }
    columns.into_values().map(|(with, without)| with.min(without)).sum()
}

/// Empty lines, and lines that end unlike most.
fn line_ends(text: &str) -> usize {
    let pairs = text.matches("\r\n").count();
    let (returns, feeds) = (text.matches('\r').count() - pairs, text.matches('\n').count() - pairs);
    let mut ends = [pairs, returns, feeds];
    ends.sort_unstable();
    let empty = text.trim().lines().filter(|line| line.trim().is_empty()).count();
    let [fewest, fewer, _] = ends;
    fewest + fewer + empty
}

/// Blanks at either end of a cell, where its column is not filled up to one width.
fn padding(cells: &[Cell]) -> usize {
    let width = |cell: &Cell| cell.text.chars().count();
    let filled = cells.windows(2).all(|pair| match pair {
        [a, b] => width(a) == width(b),
        _ => true,
    });
    if filled {
        return 0;
    }
    let blanks = |cell: &Cell| {
        let (start, end) = (cell.text.trim_start().len(), cell.text.trim_end().len());
        (cell.text.len() - start, cell.text.len() - end)
    };
    unlike(cells.iter().filter(|cell| !cell.trimmed().is_empty()).map(blanks))
}

/// Numbers written unlike those beside them.
fn forms(cells: &[Cell]) -> usize {
    let numbers: Vec<(&str, f64)> =
        cells.iter().filter_map(|cell| Some((cell.trimmed(), cell.number()?.value()))).collect();
    let signs = numbers.iter().filter(|(_, value)| *value > 0.0);
    let signs = unlike(signs.map(|(text, _)| text.starts_with('+')));
    // Codes of one width begin with zeros.
    let width = unlike(numbers.iter().map(|(text, _)| text.len()));
    let zeros = numbers.iter().filter(|(text, _)| zero_before(text)).count();
    let powers = numbers.iter().filter(|(text, value)| {
        // Programs go over to powers of ten at both ends.
        text.contains(['e', 'E']) && (1e-3..1e5).contains(&value.abs())
    });
    let powers = powers.count();
    let fractions: Vec<&str> = numbers
        .iter()
        .filter(|(text, _)| !text.contains(['e', 'E']))
        .map(|(text, _)| decimals(text))
        .collect();
    let even = unlike(fractions.iter().map(|f| f.len())) == 0;
    // A program without a format writes 31, or 31.0, and 31.25.
    let ends = fractions.iter().filter(|f| f.len() > 1 && f.ends_with('0')).count();
    let wholes = fractions.iter().filter(|f| f.is_empty()).count();
    let points = fractions.iter().filter(|f| **f == "0").count();
    let after = if even { 0 } else { ends + wholes.min(points) };
    signs + powers + after + if width == 0 { 0 } else { zeros }
}

/// What stands behind the decimal sign.
fn decimals(text: &str) -> &str {
    text.split_once(['.', ',']).map_or("", |(_, after)| after)
}

fn zero_before(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    matches!(digits.as_bytes(), [b'0', b'0'..=b'9', ..])
}

/// How many are unlike the one that there is most of.
fn unlike<T: Ord>(all: impl Iterator<Item = T>) -> usize {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    let mut many = 0;
    for one in all {
        *counts.entry(one).or_default() += 1;
        many += 1;
    }
    many - counts.into_values().max().unwrap_or(0)
}

/// Lines of a printed table whose fields stand under nothing: neither begin nor
/// end where the others do.
fn gaps(text: &str) -> usize {
    let lines: Vec<Vec<(usize, usize)>> =
        text.lines().map(spans).filter(|spans| !spans.is_empty()).collect();
    let widest = lines.iter().map(Vec::len).max().unwrap_or(0);
    (0..widest)
        .map(|field| {
            let here = || lines.iter().filter_map(move |line| line.get(field).copied());
            let before = lines.iter().filter_map(|line| {
                let end = field.checked_sub(1).and_then(|at| line.get(at)).map_or(0, |span| span.1);
                Some(line.get(field)?.0 - end)
            });
            let starts = unlike(here().map(|span| span.0));
            starts.min(unlike(here().map(|span| span.1))).min(unlike(before))
        })
        .sum()
}

/// Where the fields of a printed line begin and end.
fn spans(line: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut open: Option<usize> = None;
    let mut quoted = false;
    let mut at = 0;
    for c in line.chars() {
        quoted ^= c == '"';
        match (c.is_whitespace() && !quoted, open) {
            (true, Some(start)) => {
                spans.push((start, at));
                open = None;
            }
            (false, None) => open = Some(at),
            _ => {}
        }
        at += 1;
    }
    spans.extend(open.map(|start| (start, at)));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::separated;

    fn found(text: &str) -> bool {
        check(text, &separated::read(text, true).unwrap()).is_some()
    }

    fn rows(row: impl Fn(u32) -> String) -> String {
        let rows: Vec<String> = (0..40).map(row).collect();
        format!("group,n,x\n{}\n", rows.join("\n"))
    }

    #[test]
    fn what_programs_write_is_even() {
        assert!(!found(&rows(|i| format!("\"g {i}\",{},{}", i + 5, 0.25 * f64::from(i)))), "R");
        assert!(!found(&rows(|i| format!("g{i},{}.0,{:?}", i + 5, 0.25 * f64::from(i)))), "pandas");
        assert!(
            !found(&rows(|i| format!("g{i},{},{:.3}", i + 5, 0.25 * f64::from(i)))),
            "a format"
        );
        assert!(!found(&rows(|i| format!("g{i},{:>4},{:<8}", i + 5, i))), "columns of one width");
        assert!(!found(&rows(|i| format!(
            "{},{},{}",
            if i.is_multiple_of(4) { "\"a, b\"" } else { "a" },
            i,
            i
        ))));
        assert!(!found(&rows(|i| format!(
            "g{i},{},{}",
            i,
            ["1e-16", "0.05", "NA"][i as usize % 3]
        ))));
        assert!(!found(&rows(|i| format!("{i:02},{i},{i}"))), "codes");
    }

    #[test]
    fn a_quote_within_a_field_ends_nothing() {
        let records = fields("a,\"b \"\"c\"\", d\"\r\n\"x\",y\n", ',');
        let texts: Vec<Vec<(&str, bool)>> =
            records.iter().map(|r| r.iter().map(|f| (f.text, f.quoted)).collect()).collect();
        assert_eq!(
            texts,
            [vec![("a", false), ("b \"\"c\"\", d", true)], vec![("x", true), ("y", false)]]
        );
    }
}
