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

pub(super) fn write(repository: &Repository, findings: &[Finding], left_out: &[String]) -> Done {
    let mut text = String::from(HEAD);
    text.push_str("\n| machine | |\n| --- | --- |\n");
    for (name, value) in machine::describe() {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    for finding in findings {
        let _ = write!(text, "\n{}", section(finding));
    }
    if !left_out.is_empty() {
        let _ = writeln!(text, "\nNot measured in this run: {}.", left_out.join(", "));
    }
    fs::write(repository.root().join(PAGE), text).map_err(about(PAGE))?;
    println!("written: {PAGE}");
    Ok(())
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
}
