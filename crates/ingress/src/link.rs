//! A table about people whose identity numbers become person numbers of one
//! permit before anything else sees it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// The column that takes the place of the identity numbers.
pub const PERSON: &str = "person";

/// What became of a table's identity numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Linked {
    /// How many rows there were.
    pub rows: u64,
    /// How many are about people of the permit: these are kept.
    pub kept: u64,
    /// About how many of its people.
    pub people: u64,
    /// How many rows have no right identity number.
    pub unreadable: u64,
    /// How many of the kept rows are like no other, but for the person.
    pub unique: u64,
}

/// Why a table cannot be linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is no table.
    #[error("it is no table in text: save it as CSV in UTF-8, with a header")]
    NoTable,
    /// It has no such column.
    #[error("it has no column `{wanted}`: it has {has}")]
    NoColumn {
        /// Which was asked for.
        wanted: String,
        /// What it has.
        has: String,
    },
    /// It has a column of that name already.
    #[error("it has a column `{PERSON}` already: give that another name")]
    PersonThere,
    /// A row cannot be read.
    #[error(
        "row {0} cannot be read: it has another number of fields than the header, or is not UTF-8"
    )]
    Row(u64),
    /// It is about fewer people of the permit than it may be: about how many is not
    /// said, or one could ask of each whether they are among them.
    #[error("it is about fewer than {least} people of the permit's data")]
    TooFew {
        /// About how many it must be.
        least: u64,
    },
}

/// The table with the identity numbers in `column` replaced by what `person`
/// says of each, sorted by that: no place in the file says who somebody is. Rows
/// of people whom it does not know are left out. It must be about `least` people
/// whom it knows.
pub fn link(
    table: &[u8],
    column: &str,
    least: u64,
    person: impl Fn(&str) -> Known,
) -> Result<(Vec<u8>, Linked), LinkError> {
    let table = table.strip_prefix("\u{feff}".as_bytes()).unwrap_or(table);
    let delimiter = delimiter(table).ok_or(LinkError::NoTable)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(table);
    let header = reader.headers().map_err(|_| LinkError::NoTable)?.clone();
    let Some(at) = header.iter().position(|name| name == column) else {
        let has = header.iter().take(40).map(|name| format!("`{name}`")).collect::<Vec<_>>();
        return Err(LinkError::NoColumn { wanted: column.to_owned(), has: has.join(", ") });
    };
    if header.iter().enumerate().any(|(place, name)| place != at && name == PERSON) {
        return Err(LinkError::PersonThere);
    }
    let mut linked = Linked { rows: 0, kept: 0, people: 0, unreadable: 0, unique: 0 };
    let mut rows: Vec<(i32, csv::StringRecord)> = Vec::new();
    for record in reader.records() {
        linked.rows += 1;
        let record = record.map_err(|_| LinkError::Row(linked.rows))?;
        match person(record.get(at).unwrap_or_default()) {
            Known::Is(number) => rows.push((number, without(&record, at))),
            Known::NotOfPermit => {}
            Known::Unreadable => linked.unreadable += 1,
        }
    }
    // Rows of one person in the order of what they say, not of the file.
    rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.as_slice().cmp(b.1.as_slice())));
    linked.kept = rows.len() as u64;
    linked.people = rows.chunk_by(|a, b| a.0 == b.0).count() as u64;
    if linked.people < least {
        return Err(LinkError::TooFew { least });
    }
    // Whose rows say what nobody else's do: also when they say it twice.
    let mut alike: HashMap<Vec<&str>, (i32, bool, u64)> = HashMap::new();
    for (number, rest) in &rows {
        let (first, shared, count) =
            alike.entry(rest.iter().collect()).or_insert((*number, false, 0));
        *shared |= first != number;
        *count += 1;
    }
    linked.unique = alike.values().filter(|(_, shared, _)| !shared).map(|(.., count)| count).sum();
    Ok((written(&header, at, &rows), linked))
}

/// Who an identity number belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// This person of the permit.
    Is(i32),
    /// Nobody in the permit's data.
    NotOfPermit,
    /// It is no identity number.
    Unreadable,
}

fn without(record: &csv::StringRecord, at: usize) -> csv::StringRecord {
    record.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, field)| field).collect()
}

fn written(header: &csv::StringRecord, at: usize, rows: &[(i32, csv::StringRecord)]) -> Vec<u8> {
    // Writing to memory does not fail.
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = without(header, at);
    let _ = writer.write_record(std::iter::once(PERSON).chain(&names));
    for (number, rest) in rows {
        let number = number.to_string();
        let _ = writer.write_record(std::iter::once(number.as_str()).chain(rest));
    }
    writer.into_inner().unwrap_or_default()
}

/// What parts the columns of the header.
fn delimiter(table: &[u8]) -> Option<u8> {
    let header = table.split(|byte| *byte == b'\n').next().filter(|line| !line.is_empty())?;
    if header.contains(&0) {
        return None;
    }
    let header = std::str::from_utf8(header).ok()?;
    let count = |delimiter: u8| header.matches(char::from(delimiter)).count();
    let best = [b',', b';', b'\t', b'|'].into_iter().max_by_key(|delimiter| count(*delimiter))?;
    // A table of one column has none.
    Some(if count(best) == 0 { b',' } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> Known {
        match id {
            "a" => Known::Is(7),
            "b" => Known::Is(2),
            "c" => Known::NotOfPermit,
            _ => Known::Unreadable,
        }
    }

    #[test]
    fn identity_numbers_become_person_numbers_in_their_order() {
        let table = "score;id;note\n3;a;x\n4;c;y\n1;b;\"q;r\"\n9;?;z\n2;a;w\n";
        let (out, linked) = link(table.as_bytes(), "id", 1, person).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out, "person,score,note\n2,1,q;r\n7,2,w\n7,3,x\n");
        assert_eq!(linked, Linked { rows: 5, kept: 3, people: 2, unreadable: 1, unique: 3 });
    }

    #[test]
    fn rows_that_are_alike_are_not_unique() {
        let table = "id,sex\na,f\nb,f\n";
        let (_, linked) = link(table.as_bytes(), "id", 1, person).unwrap();
        assert_eq!((linked.kept, linked.unique), (2, 0));
        // The same said twice of one person is still said of nobody else.
        let table = "id,sex\na,f\na,f\nb,m\n";
        let (_, linked) = link(table.as_bytes(), "id", 1, person).unwrap();
        assert_eq!((linked.kept, linked.unique), (3, 3));
    }

    #[test]
    fn what_cannot_be_linked_says_why() {
        let refused = |table: &[u8]| link(table, "id", 1, person).unwrap_err();
        assert_eq!(refused(b""), LinkError::NoTable);
        assert_eq!(refused(b"PAR1\0\0\n"), LinkError::NoTable);
        assert_eq!(
            refused(b"nr,x\n1,2\n"),
            LinkError::NoColumn { wanted: "id".to_owned(), has: "`nr`, `x`".to_owned() }
        );
        assert_eq!(refused(b"id,person\na,1\n"), LinkError::PersonThere);
        assert_eq!(refused(b"id,x\na,1\nb\n"), LinkError::Row(2));
        assert_eq!(refused(b"id,x\nc,1\n"), LinkError::TooFew { least: 1 });
        let few = link(b"id,x\na,1\na,2\nb,3\nc,4\n", "id", 3, person).unwrap_err();
        assert_eq!(few, LinkError::TooFew { least: 3 });
        // A file that a spreadsheet wrote begins with a mark.
        assert!(link("\u{feff}id,x\na,1\n".as_bytes(), "id", 1, person).is_ok());
    }
}
