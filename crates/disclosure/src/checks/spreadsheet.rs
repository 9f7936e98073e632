//! A cell is no command.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` (a tab or a
//! line break before it notwithstanding), also one that begins so only after it
//! split the line at another delimiter than the file's. Numbers with a sign are
//! numbers. Source: OWASP, "CSV injection"; CWE-1236.

use model::Text;

use crate::finding::{Finding, Weight};
use crate::number::Number;
use crate::rule::Rule;
use crate::scrap::Scrap;

/// Cells that a spreadsheet would run.
pub(crate) fn scan(scraps: &[Scrap<'_>]) -> Vec<Finding> {
    let places: Vec<_> =
        scraps.iter().filter(|scrap| runs(scrap.text)).map(|scrap| scrap.place()).collect();
    if places.is_empty() {
        return Vec::new();
    }
    let why = Text::of(
        "Et regneark vil kjøre denne cellen som en formel. La den begynne med noe annet.",
        "Et regneark vil køre denne celle som en formel. Lad den begynde med noget andet.",
        "A spreadsheet would run this cell as a formula. Let it begin with something else.",
    );
    vec![Finding::new(Rule::Formula, Weight::Refuse, places, why)]
}

fn runs(text: &str) -> bool {
    text.split([',', ';', '\t', '|', '\n', '\r']).any(|piece| {
        let piece = piece.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
        // Full-width forms are read as the plain ones by some.
        let begins = piece.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
        let number = Number::parse(piece, false).or_else(|| Number::parse(piece, true)).is_some();
        let mark = piece.chars().all(|c| c == '-');
        begins && !number && !mark
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_seen_and_numbers_are_not() {
        for text in [
            "=1+1",
            "=HYPERLINK(\"http://example.org\")",
            "+1-800",
            "@SUM(A1)",
            "-2+3+cmd|' /C calc'!A0",
            "\t=1",
            " =1",
            "harmless;=1+1",
            "a\n=1",
            "\"=1\"",
            "＝1+1",
        ] {
            assert!(runs(text), "`{text}`");
        }
        for text in ["-1.5", "+2", "-", "--", "a-b", "18-39", "a=b", "-1,5", "-1e-5"] {
            assert!(!runs(text), "`{text}`");
        }
    }
}
