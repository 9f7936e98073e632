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
pub(super) fn write(repository: &Repository, finding: &Finding) -> Done {
    let path = repository.root().join(PAGE);
    let before = fs::read_to_string(&path).unwrap_or_default();
    let mut text = String::from(HEAD);
    text.push_str("\n| machine | |\n| --- | --- |\n");
    for (name, value) in machine::describe() {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    for section in merged(&before, &finding.what, section(finding)) {
        let _ = write!(text, "\n{section}");
    }
    fs::write(&path, text).map_err(about(PAGE))?;
    println!("written: {PAGE}");
    Ok(())
}

/// The sections of the page as it was, with a new one in the place of that of the same
/// heading, else at the end.
fn merged(before: &str, what: &str, new: String) -> Vec<String> {
    let mut new = Some(new);
    let of = |old: &str| format!("## {}\n", old.trim_end());
    let old = before.split("\n## ").skip(1);
    let mut sections: Vec<String> = old
        .map(|old| {
            let again = old.lines().next() == Some(what);
            again.then(|| new.take()).flatten().unwrap_or_else(|| of(old))
        })
        .collect();
    sections.extend(new);
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
        let told = merged(before, "One", "## One\n\nnew\n".to_owned()).concat();
        assert_eq!(told, "## One\n\nnew\n## Two\n\nold\n");
        let told = merged(before, "Three", "## Three\n".to_owned()).concat();
        assert_eq!(told, "## One\n\nold\n## Two\n\nold\n## Three\n");
    }
}
