//! Decisions have a number of their own, the same parts, and exist when they
//! are named.

use std::collections::BTreeMap;

use super::{Breach, Source, breach};

const FOLDER: &str = "docs/decisions";
const PARTS: &[&str] = &["\n**Status:** ", "\n**Decision.** "];

/// The four digits that a decision's file name begins with.
fn number(source: &Source) -> Option<&str> {
    let name = source.path.file_name()?.to_str()?;
    let number = name.get(..4)?;
    (number.bytes().all(|b| b.is_ascii_digit()) && name.get(4..5) == Some("-")).then_some(number)
}

pub(super) fn check(sources: &[Source]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut known: BTreeMap<&str, &Source> = BTreeMap::new();
    let decisions = sources
        .iter()
        .filter(|source| source.path.starts_with(FOLDER) && source.extension() == "md");
    for source in decisions.filter(|source| !source.path.ends_with("README.md")) {
        let path = &source.path;
        let Some(number) = number(source) else {
            breaches.push(breach(
                path,
                0,
                "a decision's file is called `NNNN-what-was-decided.md`",
            ));
            continue;
        };
        if let Some(other) = known.insert(number, source) {
            breaches.push(breach(path, 0, format!("{number} is also {}", other.path.display())));
        }
        if !source.text().starts_with(&format!("# {number} ")) {
            breaches.push(breach(path, 1, format!("begins with `# {number} What was decided`")));
        }
        for part in PARTS.iter().filter(|part| !source.text().contains(**part)) {
            breaches.push(breach(path, 0, format!("has no part `{}`", part.trim())));
        }
    }
    for source in
        sources.iter().filter(|source| matches!(source.extension(), "rs" | "md" | "toml" | "sql"))
    {
        for (line, text) in source.lines() {
            for named in named(text).filter(|named| !known.contains_key(named)) {
                breaches.push(breach(
                    &source.path,
                    line,
                    format!("decision {named} is not in {FOLDER}"),
                ));
            }
        }
    }
    breaches
}

/// Every `decision NNNN` in a line.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("decision ").filter_map(move |(at, word)| {
        let number = line.get(at + word.len()..at + word.len() + 4)?;
        let ends = !line.get(at + word.len() + 4..)?.starts_with(|c: char| c.is_ascii_digit());
        (ends && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    const TEXT: &str =
        "# 0001 A thing\n\n**Status:** decided.\n\n**Question.** x\n\n**Decision.** y\n";

    fn found(files: &[(&str, &str)]) -> usize {
        let sources: Vec<_> = files.iter().map(|(path, text)| source(path, text)).collect();
        check(&sources).len()
    }

    #[test]
    fn a_decision_has_a_number_a_title_and_its_parts() {
        assert_eq!(found(&[("docs/decisions/0001-a.md", TEXT)]), 0);
        assert_eq!(found(&[("docs/decisions/a.md", TEXT)]), 1);
        assert_eq!(found(&[("docs/decisions/0002-a.md", TEXT)]), 1);
        assert_eq!(
            found(&[("docs/decisions/0001-a.md", &TEXT.replace("**Decision.**", "Decision:"))]),
            1
        );
        assert_eq!(
            found(&[("docs/decisions/0001-a.md", TEXT), ("docs/decisions/0001-b.md", TEXT)]),
            1
        );
    }

    #[test]
    fn a_decision_that_is_named_but_not_there_is_found() {
        let named = concat!("// see decision ", "0042 for why");
        assert_eq!(found(&[("a.rs", named), ("docs/decisions/0001-a.md", TEXT)]), 1);
        assert_eq!(
            found(&[("a.rs", &named.replace("0042", "0001")), ("docs/decisions/0001-a.md", TEXT)]),
            0
        );
    }
}
