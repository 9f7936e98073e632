//! Where the pages of a table begin: one is shown without reading those before it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::Hash;

use super::sheet::{self, AT_ONCE};

/// Where the pages of one table begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The first row of each page: where it begins in the file, bytes.
    starts: Vec<usize>,
    /// How many rows there are, without the header.
    rows: usize,
}

impl Index {
    /// Reads a table through. `None`: it cannot be read to its end as one.
    pub fn of(text: &str, delimiter: u8) -> Option<Self> {
        let mut reader = sheet::reader(text, delimiter);
        let mut record = csv::ByteRecord::new();
        let mut index = Self { starts: Vec::new(), rows: 0 };
        if !reader.read_byte_record(&mut record).ok()? {
            return Some(index);
        }
        while reader.read_byte_record(&mut record).ok()? {
            if index.rows.is_multiple_of(AT_ONCE) {
                let start = record.position().map_or(0, csv::Position::byte);
                index.starts.push(usize::try_from(start).ok()?);
            }
            index.rows += 1;
        }
        Some(index)
    }

    /// How many rows the table has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What a page, from 1, begins with, and all behind it. Nothing behind the last.
    pub fn from_page<'a>(&self, text: &'a str, page: usize) -> &'a str {
        let start = page.checked_sub(1).and_then(|before| self.starts.get(before));
        start.and_then(|start| text.get(*start..)).unwrap_or_default()
    }
}

/// The indexes of tables that were looked at, by what is in them and what parts their
/// columns: what was sealed does not change.
#[derive(Debug, Default)]
pub(crate) struct Indexes(Mutex<HashMap<Place, Option<Arc<Index>>>>);

/// What is in a table, and what parts its columns.
type Place = (Hash, u8);

impl Indexes {
    const MOST: usize = 256;

    /// The index of a file that is kept as `hash`, whose text is `bytes`.
    pub(crate) fn of(&self, name: &str, hash: Hash, bytes: &[u8]) -> Option<Arc<Index>> {
        let delimiter = sheet::delimiter(name)?;
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().get(&(hash, delimiter)) {
            return known.clone();
        }
        let text = str::from_utf8(bytes).ok()?;
        let index = Index::of(text, delimiter).map(Arc::new);
        let mut kept = kept();
        if kept.len() >= Self::MOST {
            kept.clear();
        }
        kept.insert((hash, delimiter), index.clone());
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_at_its_first_row_whatever_is_quoted_before() {
        let rows = (1..=450).map(|row| format!("{row},\"over\ntwo lines, æ\"\r\n\n"));
        let text = format!("a,b\n{}", rows.collect::<String>());
        let index = Index::of(&text, b',').unwrap();
        assert_eq!((index.rows(), index.starts.len()), (450, 5));
        assert!(index.from_page(&text, 1).starts_with("1,"));
        // Empty lines before it are passed over when it is read.
        assert!(index.from_page(&text, 5).trim_start().starts_with("401,"));
        assert_eq!((index.from_page(&text, 6), index.from_page(&text, 0)), ("", ""));
        let empty = Index::of("", b',').unwrap();
        assert_eq!((empty.rows(), empty.from_page("", 1)), (0, ""));
    }

    #[test]
    fn what_is_kept_is_told_by_content_and_by_what_parts_columns() {
        let indexes = Indexes::default();
        let hash = Hash([1; 32]);
        let table = "a;b\n1\t2\n";
        let commas = indexes.of("x.csv", hash, table.as_bytes()).unwrap();
        assert!(Arc::ptr_eq(&commas, &indexes.of("y.CSV", hash, table.as_bytes()).unwrap()));
        assert!(!Arc::ptr_eq(&commas, &indexes.of("x.tsv", hash, table.as_bytes()).unwrap()));
        assert!(indexes.of("x.svg", hash, table.as_bytes()).is_none());
        assert!(indexes.of("z.csv", Hash([2; 32]), &[0xff]).is_none());
    }
}
