//! Statements: what programs in a room ask of its tables in SQL.
//!
//! The server that answers them runs in the room (it must: its memory, processors
//! and disk are the room's) and is heard from outside through a socket of its own,
//! a JSON line each way. It is ours, and yet what it says is read as hostile: it
//! parses what code in the room sends it.

use std::io::{self, BufRead, Read as _};

use model::StatementId;
use serde::{Deserialize, Serialize};

/// The longest line that is read, bytes. A statement is at most a quarter of it
/// (`lake`), and twice as long where every letter is escaped.
pub const LONGEST_LINE: u64 = 1 << 20;

/// So many tables of one statement are kept.
pub const MOST_TABLES: usize = 64;

/// Takes down what is asked, for one run.
pub trait Statements: Send + Sync {
    /// A statement is about to be run. It is not run when this fails: the reason
    /// goes to whoever sent it.
    fn begin(&self, sql: String) -> Result<StatementId, String>;

    /// What came of it.
    fn ended(&self, statement: StatementId, end: StatementEnd);
}

/// What came of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StatementEnd {
    /// Whether it was answered to its end: not when it was wrong, was broken off,
    /// or needed more memory than there is.
    pub answered: bool,
    /// How long it took, milliseconds.
    pub wall_ms: u64,
    /// How many rows were sent.
    pub rows: u64,
    /// How many rows were read of which table.
    pub read: Vec<TableRead>,
}

impl StatementEnd {
    /// The end of a statement that nobody saw.
    pub const UNSEEN: Self = Self { answered: false, wall_ms: 0, rows: 0, read: Vec::new() };

    /// The same without what no honest server says.
    #[must_use]
    pub fn cleaned(mut self) -> Self {
        self.read.truncate(MOST_TABLES);
        self.read.retain(|read| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            (1..=64).contains(&read.table.len()) && read.table.chars().all(plain)
        });
        self
    }
}

/// What was read of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TableRead {
    /// Its name.
    pub table: String,
    /// How many rows.
    pub rows: u64,
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "kebab-case")]
pub enum Said {
    /// It was sent a statement.
    Begin {
        /// Its number.
        number: u64,
        /// Every word of it, and what was bound to it.
        sql: String,
    },
    /// That statement has ended.
    Ended {
        /// Its number.
        number: u64,
        /// What came of it.
        end: StatementEnd,
    },
}

/// What it is answered to [`Said::Begin`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Heard {
    /// The number of the statement.
    pub number: u64,
    /// Why it is not to be run; nothing when it is.
    pub refused: Option<String>,
}

/// The next line that is said; nothing at the end.
pub fn next_line<T: serde::de::DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    next_line_of(LONGEST_LINE, from)
}

/// The same where a line may have so many bytes.
pub fn next_line_of<T: serde::de::DeserializeOwned>(
    longest: u64,
    from: &mut impl BufRead,
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    let read = from.by_ref().take(longest).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end"));
    }
    serde_json::from_slice(&line).map(Some).map_err(io::Error::from)
}

/// A line to say.
pub fn line<T: Serialize>(said: &T) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let said = Said::Begin { number: 7, sql: "SELECT 1\n-- \u{1f980}".to_owned() };
        let mut lines = io::Cursor::new([line(&said).unwrap(), line(&said).unwrap()].concat());
        for _ in 0..2 {
            assert_eq!(next_line::<Said>(&mut lines).unwrap(), Some(said.clone()));
        }
        assert_eq!(next_line::<Said>(&mut lines).unwrap(), None);
    }

    #[test]
    fn a_line_that_does_not_end_is_read_no_further_than_one_may_be_long() {
        let mut endless = io::BufReader::new(io::repeat(b'x'));
        assert!(next_line::<Said>(&mut endless).is_err());
        for wrong in
            ["{}\n", "\n", "{\"said\":\"begin\",\"number\":-1,\"sql\":\"\"}\n", "{\"said\""]
        {
            assert!(next_line::<Said>(&mut io::Cursor::new(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_that_no_table_has_are_not_kept() {
        let read = |table: &str| TableRead { table: table.to_owned(), rows: 1 };
        let mut end = StatementEnd { read: vec![read("laboratory")], ..StatementEnd::UNSEEN };
        end.read.extend(["", "a b", "Ola Nordmann", "x\n", &"x".repeat(65)].map(read));
        assert_eq!(end.cleaned().read, [read("laboratory")]);
        let many = vec![read("t"); MOST_TABLES + 9];
        let end = StatementEnd { read: many, ..StatementEnd::UNSEEN };
        assert_eq!(end.cleaned().read.len(), MOST_TABLES);
    }
}
