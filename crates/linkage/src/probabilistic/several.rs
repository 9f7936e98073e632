//! Several values in one: what is true now, and what was earlier.

use super::records::{Column, MISSING};

/// For each value of a column what it is put together of: sorted codes.
#[derive(Debug)]
pub(super) struct Several(Vec<Box<[u32]>>);

impl Several {
    /// Takes the values of `column` apart. `read` makes codes of single values ready to
    /// be compared; with what it gives comes a column of what is true now.
    pub(super) fn new<T>(
        column: &Column,
        separator: char,
        read: impl FnOnce(&Column) -> (Column, T),
    ) -> (Self, Column, T) {
        let each: Vec<Vec<Box<str>>> =
            column.values.iter().map(|text| parts(text, separator)).collect();
        let mut values: Vec<Box<str>> = each.iter().flatten().cloned().collect();
        values.sort_unstable();
        values.dedup();
        let code = |part: &str| {
            values.binary_search_by(|known| known.as_ref().cmp(part)).unwrap_or_default() as u32
        };
        let now = |all: &u32| {
            each.get(*all as usize)
                .and_then(|parts| parts.first())
                .map_or(MISSING, |part| code(part))
        };
        // Behind the rows stands every part of every value, so that it is read as they are.
        let mut codes: Vec<u32> = column.codes.iter().map(now).collect();
        codes.extend(each.iter().flatten().map(|part| code(part)));
        let (mut now, made) = read(&Column { codes, values });
        let mut read = now.codes.split_off(column.codes.len()).into_iter();
        let set = |parts: &Vec<Box<str>>| {
            let codes = read.by_ref().take(parts.len());
            let mut codes: Vec<u32> = codes.filter(|code| *code != MISSING).collect();
            codes.sort_unstable();
            codes.into_boxed_slice()
        };
        (Self(each.iter().map(set).collect()), now, made)
    }

    /// Whether two values of the column have one in common.
    pub(super) fn share(&self, a: u32, b: u32) -> bool {
        let (Some(a), Some(b)) = (self.0.get(a as usize), self.0.get(b as usize)) else {
            return false;
        };
        let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
        few.iter().any(|code| many.binary_search(code).is_ok())
    }
}

fn parts(text: &str, separator: char) -> Vec<Box<str>> {
    let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
    parts.map(Box::from).collect()
}

/// Of several values the one that is true now.
pub(super) fn now(text: &str, separator: char) -> Option<&str> {
    text.split(separator).map(str::trim).find(|part| !part.is_empty())
}
