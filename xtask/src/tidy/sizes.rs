//! Files that a person can hold in the head, and nothing that is no source.

use super::{Breach, Source, breach};

/// A source file longer than this has more than one reason to change.
const LONGEST: usize = 600;
/// The reason for a longer one, in a comment of its own: `tidy: long because …`.
const REASON: &str = "tidy: long because ";
/// What is read by people.
const SOURCES: &[&str] = &["rs", "sql", "html", "css", "js", "mjs", "R", "py", "sh", "cedar", "md"];
/// Nothing is larger, bytes: what is, is fetched or made.
const LARGEST: usize = 300 * 1024;
/// What may be no text.
const PICTURES: &[&str] = &["png", "woff2", "ico"];

pub(super) fn check(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let path = &source.path;
    let lines = source.text().lines().count();
    let says_why = source
        .text()
        .lines()
        .any(|line| line.split_once(REASON).is_some_and(|(_, reason)| reason.trim().len() > 10));
    if SOURCES.contains(&source.extension()) && lines > LONGEST && !says_why {
        breaches.push(breach(
            path,
            0,
            format!("{lines} lines: split it by what changes together, or say `{REASON}…`"),
        ));
    }
    if source.bytes.len() > LARGEST {
        breaches.push(breach(
            path,
            0,
            format!("{} KiB: fetch or make it at set-up", source.bytes.len() / 1024),
        ));
    }
    if source.text.is_none() && !PICTURES.contains(&source.extension()) {
        breaches.push(breach(path, 0, "no text: a binary file has no place here"));
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    #[test]
    fn a_long_file_wants_a_reason() {
        let long = "let x = 1;\n".repeat(LONGEST + 1);
        assert_eq!(check(&source("a.rs", &long)).len(), 1);
        assert_eq!(check(&source("a.rs", &long["let x = 1;\n".len()..])).len(), 0);
        assert_eq!(check(&source("a.rs", &format!("// {REASON}it is a table\n{long}"))).len(), 0);
        assert_eq!(check(&source("a.rs", &format!("// {REASON}\n{long}"))).len(), 1);
        assert_eq!(check(&source("a.lock", &long)).len(), 0);
    }

    #[test]
    fn a_large_or_binary_file_is_found() {
        assert_eq!(check(&source("a.csv", &"x".repeat(LARGEST + 1))).len(), 1);
        let binary = |path: &str| Source { path: path.into(), bytes: vec![0; 10], text: None };
        assert_eq!(check(&binary("a.db")).len(), 1);
        assert_eq!(check(&binary("docs/a.png")).len(), 0);
    }
}
