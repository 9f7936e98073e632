//! Whether a file's header is the one the contract promises.

use super::fault::{FileFault, HeaderFault};
use super::record::{Dialect, without_line_end};
use crate::contract::{Contract, Encoding};
use crate::nearest::nearest;
use crate::value::text::decode;

const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Checks the header line of separated values.
pub(crate) fn check_line(
    line: &[u8],
    contract: &Contract,
    encoding: Encoding,
    dialect: Dialect,
) -> Result<(), FileFault> {
    let line = match line.strip_prefix(&MARK) {
        Some(_) if encoding == Encoding::Latin1 => return Err(FileFault::Utf8Mark),
        Some(rest) => rest,
        None => line,
    };
    let line = without_line_end(line);
    if line.contains(&0) {
        return Err(FileFault::Utf16);
    }
    if line.contains(&b'\r') {
        return Err(FileFault::CarriageReturns);
    }
    if line.trim_ascii().is_empty() {
        return Err(FileFault::Empty);
    }
    if encoding == Encoding::Utf8
        && let Err(error) = std::str::from_utf8(line)
    {
        return Err(HeaderFault::Encoding(error.valid_up_to() + 1).into());
    }
    let found = names(line, encoding, dialect)?;
    let expected: Vec<&str> =
        contract.columns.iter().map(super::super::contract::Column::header).collect();
    if found == expected {
        return Ok(());
    }
    if let Some(fits) = other_delimiter(line, encoding, dialect, &expected) {
        let said = char::from(dialect.delimiter);
        return Err(HeaderFault::Delimiter { said, found: fits }.into());
    }
    Err(compare(&found, &expected).map_or(FileFault::Empty, FileFault::Header))
}

fn names(line: &[u8], encoding: Encoding, dialect: Dialect) -> Result<Vec<String>, HeaderFault> {
    let mut fields = Vec::new();
    dialect.split(line, &mut fields).map_err(|_| HeaderFault::Quote)?;
    fields
        .iter()
        .map(|field| match decode(field.bytes(), encoding) {
            Ok(text) => Ok(text.trim().to_owned()),
            // The place in the line was looked for before: this is never reached.
            Err(_) => Err(HeaderFault::Encoding(1)),
        })
        .collect()
}

/// The delimiter under which the header would have every column, or at least
/// two of them where it has none now.
fn other_delimiter(
    line: &[u8],
    encoding: Encoding,
    dialect: Dialect,
    expected: &[&str],
) -> Option<char> {
    let hits = |delimiter: u8| {
        names(line, encoding, Dialect { delimiter, ..dialect })
            .map(|names| names.iter().filter(|name| expected.contains(&name.as_str())).count())
            .unwrap_or_default()
    };
    let now = hits(dialect.delimiter);
    [b',', b';', b'\t', b'|']
        .into_iter()
        .filter(|delimiter| *delimiter != dialect.delimiter)
        .map(|delimiter| (hits(delimiter), delimiter))
        .filter(|(hits, _)| *hits > now && *hits >= expected.len().min(2))
        .max()
        .map(|(_, delimiter)| char::from(delimiter))
}

/// How the names found differ from those expected; `None` when they do not.
///
/// INVARIANT: a name that the contract does not have is shown only when the line
/// is a header beyond doubt. Where there is none, the first line is somebody's
/// record, and what looks like an unexpected column is that person's name.
pub(crate) fn compare(found: &[String], expected: &[&str]) -> Option<HeaderFault> {
    let known = expected
        .iter()
        .filter(|name| found.iter().any(|found| found.to_lowercase() == name.to_lowercase()))
        .count();
    if known == 0 {
        let columns = expected.iter().map(|name| (*name).to_owned()).collect();
        return Some(HeaderFault::Absent { columns });
    }
    let missing: Vec<&str> = expected
        .iter()
        .copied()
        .filter(|name| !found.iter().any(|candidate| candidate == name))
        .collect();
    if 2 * known < expected.len() {
        return Some(HeaderFault::Mostly {
            missing: missing.into_iter().map(str::to_owned).collect(),
            known,
        });
    }
    for (at, name) in found.iter().enumerate() {
        if found.iter().take(at).any(|before| before == name) {
            return Some(HeaderFault::Twice(shortened(name)));
        }
    }
    let unexpected: Vec<(String, Option<String>)> = found
        .iter()
        .filter(|name| !expected.contains(&name.as_str()))
        .map(|name| (shortened(name), nearest(name, missing.iter().copied()).map(str::to_owned)))
        .collect();
    if !missing.is_empty() || !unexpected.is_empty() {
        return Some(HeaderFault::Columns {
            missing: missing.into_iter().map(str::to_owned).collect(),
            unexpected,
        });
    }
    let at = found.iter().zip(expected).position(|(found, said)| found != said)?;
    Some(HeaderFault::Order {
        at: at + 1,
        found: found.get(at).map(|name| shortened(name)).unwrap_or_default(),
        said: expected.get(at).copied().unwrap_or_default().to_owned(),
    })
}

/// A name as it may be shown: not too long, and without digits where there are
/// many, as no column is called after a number.
fn shortened(name: &str) -> String {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let mask = digits > 4;
    let mut text: String = name
        .chars()
        .take(40)
        .map(|c| if mask && c.is_ascii_digit() { '•' } else { c })
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().count() > 40 {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = r#"
            version = 1
            source = "a"
            title = "A"
            holder = "h"
            update = "once"
            smallest-count = 5
            file = { format = "csv" }
            column = [
              { name = "id", type = "text", identifies = "national-id" },
              { name = "date", type = "date", header = "Dato for prøve" },
              { name = "value", type = "decimal" },
            ]
            "#;

    fn checked(line: &str, delimiter: u8) -> Result<(), String> {
        let contract = Contract::parse(CONTRACT).unwrap();
        let dialect = Dialect { delimiter, fields: 3 };
        check_line(line.as_bytes(), &contract, Encoding::Utf8, dialect).map_err(|e| e.to_string())
    }

    #[track_caller]
    fn refused(line: &str, why: &str) {
        let told = checked(line, b',').unwrap_err();
        assert!(told.contains(why), "{told}");
    }

    #[test]
    fn the_promised_header_is_taken_with_or_without_a_byte_order_mark() {
        checked("id,Dato for prøve,value\r\n", b',').unwrap();
        checked("\u{feff}id,\"Dato for prøve\", value\n", b',').unwrap();
        checked("id;Dato for prøve;value", b';').unwrap();
    }

    #[test]
    fn what_differs_is_told() {
        refused("id;Dato for prøve;value\n", "looks separated by `;`, the contract says `,`");
        refused("id\tDato for prøve\tvalue\n", "looks separated by a tab");
        refused("id,Dato for prøve\n", "missing `value`");
        refused("id,Dato for prøve,value,sex\n", "unexpected `sex`");
        refused("id,dato for prove,value\n", "`dato for prove` (meant as `Dato for prøve`?)");
        refused("id,value,Dato for prøve\n", "column 2 is `value`, should be `Dato for prøve`");
        refused("id,id,value\n", "column `id` twice");
        refused("id,Dato for prøve,01810112345\n", "unexpected `•••••••••••`");
        refused("ID,DATO FOR PRØVE,value\n", "`ID` (meant as `id`?)");
        refused("id,\0,value\n", "UTF-16");
        refused("id,Dato for prøve,value\r1,2,3\n", "carriage return");
        refused("\n", "is empty");
        refused("id,\"Dato for prøve,value\n", "a quote in its header");
    }

    #[test]
    fn a_first_line_that_is_no_header_is_not_shown() {
        refused(
            "01810112345,Kari Nordmann,5\n",
            "the first line has none of the contract's columns: add the header \
             `id`, `Dato for prøve`, `value`",
        );
        // One word in common with the header is not half of it.
        for line in ["value,Kari Nordmann,5\n", "Kari,Kari,id\n", "Kari,Kari,Kari\n"] {
            let told = checked(line, b',').unwrap_err();
            assert!(!told.contains("Kari"), "{told}");
        }
        refused("value,Kari Nordmann,5\n", "missing `id`, `Dato for prøve`");
    }

    #[test]
    fn the_byte_that_is_no_text_is_told() {
        let fault = HeaderFault::Encoding(4);
        assert_eq!(
            fault.to_string(),
            "has a first line that is no text in the contract's encoding (its byte 4): save the \
             file in that encoding, or have `encoding` in the contract changed"
        );
        let dialect = Dialect { delimiter: b',', fields: 3 };
        let contract = Contract::parse(CONTRACT).unwrap();
        let told = check_line(b"id,\xe5,value\n", &contract, Encoding::Utf8, dialect).unwrap_err();
        assert_eq!(told.to_string(), fault.to_string());
    }
}
