//! A number says how many people it rests on.
//!
//! A mean without its count may be the value of one person. Research data
//! centres ask for the unweighted count beside every number; so does this.
//! Source: *Handbook* 6.6, output of the underlying numbers of cases.

use model::Text;

use super::Look;
use crate::finding::{Finding, Remedy, Weight};
use crate::role::{Role, Shape};
use crate::rule::Rule;

/// Measures without a count, and measures on too few.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    if !matches!(look.understood.shape, Shape::Frequency | Shape::Magnitude) {
        return Vec::new();
    }
    let measures = look.understood.with(|role| {
        matches!(role, Role::Share | Role::Sum | Role::Mean | Role::Spread | Role::Quantile(_))
    });
    if measures.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if look.counts.is_empty() {
        let places = measures.iter().map(|column| look.table().column_place(*column)).collect();
        let why = Text::of(
            "Det står ikke hvor mange personer tallene hviler på. Legg til en kolonne med antallet.",
            "Det fremgår ikke, hvor mange personer tallene hviler på. Tilføj en kolonne med antallet.",
            "Nothing says how many people the numbers rest on. Add a column with the count.",
        );
        findings.push(Finding::new(Rule::Uncounted, Weight::Review, places, why));
        return findings;
    }
    // A measure on few is that of few, whether or not the count was withheld.
    let mut places = Vec::new();
    for row in 0..look.table().rows() {
        let few = |column: &usize| {
            look.table().cell(row, *column).is_some_and(|cell| match cell.number() {
                Some(number) => number.whole().is_some_and(|n| look.rules.small(n)),
                None => true,
            })
        };
        if look.counts.iter().all(few) {
            for column in &measures {
                if look.table().number(row, *column).is_some() {
                    places.push(look.table().place(row, *column));
                }
            }
        }
    }
    if !places.is_empty() {
        let k = look.rules.threshold();
        let why = Text::of(
            &format!(
                "Tallene her hviler på færre enn {k} personer, eller på et antall som er skjult: skjul dem også."
            ),
            &format!(
                "Tallene her hviler på færre end {k} personer, eller på et antal, der er skjult: skjul dem også."
            ),
            &format!(
                "The numbers here rest on fewer than {k} people, or on a count that is withheld: withhold them too."
            ),
        );
        let finding = Finding::new(Rule::Uncounted, Weight::Refuse, places, why);
        findings.push(finding.mended_by(Remedy::Withhold));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::of;

    #[test]
    fn a_mean_without_its_count_waits_for_one() {
        assert_eq!(
            of(check, "sex,mean_hdl\nm,1.2\nf,1.4\n"),
            ["uncounted Review column `mean_hdl`"]
        );
        assert_eq!(of(check, "sex,n,mean_hdl\nm,10,1.2\nf,20,1.4\n"), [""; 0]);
    }

    #[test]
    fn a_mean_of_few_is_theirs() {
        let found = of(check, "sex,n,mean_hdl\nm,3,1.2\nf,:,1.4\nx,:,:\ny,50,1.3\n");
        assert_eq!(
            found,
            [
                "uncounted Refuse row 1, column `mean_hdl`",
                "uncounted Refuse row 2, column `mean_hdl`"
            ]
        );
    }
}
