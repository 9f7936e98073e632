//! `docs/benchmarks.md`.

use std::fmt::Write;
use std::fs;

use crate::bench::{Finding, machine};
use crate::repository::Repository;
use crate::run::{Done, about};

const PAGE: &str = "docs/benchmarks.md";

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench`; do not edit by hand. Each measurement is \
repeated, ours and theirs in turn, and the median counts. Ratios are what to \
compare: seconds are those of the machine below.
";

/// One measurement as a part of the page.
pub(super) fn section(finding: &Finding) -> String {
    let mut text = format!("## {}\n\n| | |\n| --- | --- |\n", finding.what);
    for (name, value) in &finding.figures {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    let verdict = if finding.reached { "reached" } else { "**not reached**" };
    let _ = writeln!(text, "| asked for | {}: {verdict} |", finding.asked);
    text
}

/// Writes the page. What was not measured now stays as it was measured before.
pub(super) fn write(repository: &Repository, findings: &[Finding]) -> Done {
    let path = repository.root().join(PAGE);
    let before = fs::read_to_string(&path).unwrap_or_default();
    let mut text = String::from(HEAD);
    text.push_str("\n| machine | |\n| --- | --- |\n");
    for (name, value) in machine::describe() {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    let new = findings.iter().map(|finding| (finding.what.as_str(), section(finding))).collect();
    for section in merged(&before, new) {
        let _ = write!(text, "\n{section}");
    }
    fs::write(&path, text).map_err(about(PAGE))?;
    println!("written: {PAGE}");
    Ok(())
}

/// The sections of the page as it was, with the new ones in the places of those of
/// the same heading, else at the end.
fn merged(before: &str, mut new: Vec<(&str, String)>) -> Vec<String> {
    let mut sections = Vec::new();
    for old in before.split("\n## ").skip(1) {
        let heading = old.lines().next().unwrap_or_default();
        let again = new.iter().position(|(what, _)| *what == heading);
        sections.push(match again {
            Some(at) => new.remove(at).1,
            None => format!("## {}\n", old.trim_end()),
        });
    }
    sections.extend(new.into_iter().map(|(_, section)| section));
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_reached_is_said() {
        let figures = vec![("events a second".to_owned(), "200 000".to_owned())];
        let finding =
            Finding { what: "Ledger".into(), figures, asked: "300 000".into(), reached: false };
        let text = section(&finding);
        assert!(text.contains("| events a second | 200 000 |"), "{text}");
        assert!(text.contains("**not reached**"), "{text}");
    }

    #[test]
    fn what_is_not_measured_again_stays() {
        let before = "# Benchmarks\n\n## One\n\nold\n\n## Two\n\nold\n";
        let new = vec![("Two", "## Two\n\nnew\n".to_owned()), ("Three", "## Three\n".to_owned())];
        let told = merged(before, new).concat();
        assert_eq!(told, "## One\n\nold\n## Two\n\nnew\n## Three\n");
    }
}
