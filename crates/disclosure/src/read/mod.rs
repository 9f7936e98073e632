//! From bytes to something that can be checked. Whatever the bytes are, reading
//! ends, takes memory in proportion to [`limits::BYTES`], and does not panic.

pub(crate) mod css;
pub(crate) mod json;
pub(crate) mod path;
pub(crate) mod separated;
mod strict;
pub(crate) mod svg;

use crate::rules::limits;
use crate::table::Table;
use svg::Picture;

/// A file as the check understands it.
#[derive(Debug)]
pub(crate) enum Content {
    /// Separated values, and the text they were read from.
    Table(Table, String),
    /// What was found in a JSON file.
    Json(json::Document, String),
    /// An SVG picture.
    Picture(Box<Picture>),
    /// Text, and the tables that stand in it.
    Text(String, Vec<Table>),
    /// Nothing the check can read.
    Unknown,
    /// More than the check reads, or than a person could judge.
    TooLarge,
}

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    TooLarge,
    Malformed,
}

/// Reads a file. What it is is told by its bytes; the name only helps to tell
/// separated values from other text.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Content {
    if bytes.len() > limits::BYTES {
        return Content::TooLarge;
    }
    let Some(text) = decode(bytes) else { return Content::Unknown };
    let start = text.trim_start();
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    if start.starts_with('<') {
        return match svg::read(&text) {
            Ok(picture) => Content::Picture(Box::new(picture)),
            Err(Unreadable::TooLarge) => Content::TooLarge,
            // Markup that is no picture is text with something active in it.
            Err(Unreadable::Malformed) => Content::Text(text, Vec::new()),
        };
    }
    if start.starts_with(['{', '[']) || extension == "json" {
        match json::read(start) {
            Ok(document) => return Content::Json(document, text),
            Err(Unreadable::TooLarge) => return Content::TooLarge,
            Err(Unreadable::Malformed) => {}
        }
    }
    let tabular = matches!(extension.as_str(), "csv" | "tsv" | "tab");
    match separated::read(&text, tabular) {
        Ok(table) => Content::Table(table, text),
        Err(Unreadable::TooLarge) => Content::TooLarge,
        Err(Unreadable::Malformed) => {
            let tables = separated::blocks(&text);
            Content::Text(text, tables)
        }
    }
}

/// The tables that stand in a file, whatever kind of file it is.
pub(crate) fn tables(name: &str, bytes: &[u8]) -> Vec<Table> {
    match read(name, bytes) {
        Content::Table(table, _) => vec![table],
        Content::Json(document, _) => document.tables.into_iter().map(|(_, table)| table).collect(),
        Content::Text(_, tables) => tables,
        Content::Picture(_) | Content::Unknown | Content::TooLarge => Vec::new(),
    }
}

/// UTF-8 with or without its mark, else ISO 8859-1. `None` for what is no text.
fn decode(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) || bytes.starts_with(b"%PDF") {
        return None;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    // Compressed and other binary files have controls all over.
    let controls = bytes
        .iter()
        .filter(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r'))
        .count();
    (controls == 0).then(|| bytes.iter().map(|b| char::from(*b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_bytes() {
        let kind = |name: &str, bytes: &[u8]| match read(name, bytes) {
            Content::Table(..) => "table",
            Content::Json(..) => "json",
            Content::Picture(..) => "picture",
            Content::Text(..) => "text",
            Content::Unknown => "unknown",
            Content::TooLarge => "too large",
        };
        assert_eq!(kind("a.csv", b"group,n\na,10\nb,20\n"), "table");
        assert_eq!(kind("a.svg", b"group,n\na,10\nb,20\n"), "table");
        assert_eq!(kind("a.csv", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "picture");
        assert_eq!(kind("a.txt", b"{\"n\": 10}"), "json");
        assert_eq!(kind("a.txt", b"All went well.\n"), "text");
        assert_eq!(kind("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00"), "unknown");
        assert_eq!(kind("a.csv", b"PK\x03\x04\x14\x00"), "unknown");
        assert_eq!(kind("a.csv", b"\xff\xfea\x00,\x00"), "unknown");
        assert_eq!(kind("a.csv", &vec![b'1'; limits::BYTES + 1]), "too large");
        assert_eq!(kind("a.csv", "k\u{f8}nn;n\nm;7\n".as_bytes()), "table");
        assert_eq!(kind("a.csv", b"k\xf8nn;n\nm;7\n"), "table");
    }
}
