//! What no rule speaks of has not been checked.
//!
//! A file passes by itself only when every column has a use that a rule knows
//! (decision 0050). The rest is not refused: a person looks.

use model::Text;

use super::Look;
use crate::finding::{Finding, Weight};
use crate::role::{Role, Shape};
use crate::rule::Rule;

/// Columns without a use, tables of no kind, lines of another length.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let loose = look.understood.with(|role| role == Role::Unexplained);
    if !loose.is_empty() {
        let places = loose.iter().map(|column| look.table().column_place(*column)).collect();
        let why = Text::of(
            "Ingen regel sier hva denne kolonnen er, så den er ikke kontrollert.",
            "Ingen regel siger, hvad denne kolonne er, så den er ikke kontrolleret.",
            "No rule says what this column is, so it was not checked.",
        );
        findings.push(Finding::new(Rule::Unexplained, Weight::Review, places, why));
    } else if look.understood.shape == Shape::Rows {
        let why = Text::of(
            "Tabellen er verken antall, mål, overlevelseskurve eller modell, så ingen regel passer.",
            "Tabellen er hverken antal, mål, overlevelseskurve eller model, så ingen regel passer.",
            "The table is neither counts, measures, a survival curve nor a model, so no rule fits.",
        );
        findings.push(Finding::file(Rule::Unexplained, Weight::Review, why));
    }
    if !look.table().ragged.is_empty() {
        let places = look.table().ragged.iter().map(|row| crate::finding::row(*row)).collect();
        let why = Text::of(
            "Raden har et annet antall felter enn de andre.",
            "Rækken har et andet antal felter end de andre.",
            "The row has another number of fields than the rest.",
        );
        findings.push(Finding::new(Rule::Irregular, Weight::Review, places, why));
    }
    if look.cells.overlapping {
        let why = Text::of(
            "En sum er mindre enn delene: noen er talt flere ganger, så summene beskytter ikke.",
            "En sum er mindre end delene: nogle er talt flere gange, så summerne beskytter ikke.",
            "A sum is less than its parts: some are counted more than once, so sums were not checked.",
        );
        findings.push(Finding::file(Rule::Irregular, Weight::Note, why));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::of;

    #[test]
    fn a_column_without_a_use_waits_for_a_person() {
        assert_eq!(
            of(check, "sex,n,zeta\nm,10,0.5\nf,20,0.7\n"),
            ["unexplained Review column `zeta`"]
        );
        assert_eq!(of(check, "sex,n\nm,10\nf,20\n"), [""; 0]);
    }

    #[test]
    fn a_line_of_another_length_waits_for_a_person() {
        let csv = "sex,n\nm,10\nf,20\nx,30,40\ny,50\nz,60\nw,70\n";
        assert!(of(check, csv).contains(&"irregular Review row 3".to_owned()));
    }
}
