//! No cell on few people.
//!
//! A count of one or two names somebody to those who know that they are there;
//! a count below the threshold is near enough to it for comfort. The same holds
//! for a number nobody wrote but anybody can work out: a part taken from its
//! whole, or a mark such as `<2`, which says one. Zero is nobody (but see
//! [`super::group`]).
//! Source: *Handbook* 4.2.1, minimum frequency rule, and 5.2, identification.

use model::Text;

use super::{Look, counted};
use crate::cells::Origin;
use crate::finding::{Finding, Remedy, Weight};
use crate::rule::Rule;

/// Cells and remainders below the threshold.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    let mut written = Vec::new();
    let mut rests = Vec::new();
    for (at, cell) in look.cells.all.iter().enumerate() {
        let few = cell.value.is_some_and(|value| look.rules.small(value));
        if !few && !cell.tells_few(look.rules.threshold()) {
            continue;
        }
        match cell.origin {
            Origin::Written { .. } => written.push(look.cells.place(look.table(), at)),
            Origin::Rest { .. } => rests.push(look.cells.place(look.table(), at)),
            Origin::Known => {}
        }
    }
    let k = look.rules.threshold();
    let mut findings = Vec::new();
    if !written.is_empty() {
        let n = written.len();
        let why = Text::of(
            &format!(
                "{} på færre enn {k} personer. Den som kjenner noen av dem, kan kjenne dem igjen.",
                counted(n, "Ett tall hviler", "tall hviler")
            ),
            &format!(
                "{} på færre end {k} personer. Den, der kender nogen af dem, kan genkende dem.",
                counted(n, "Ét tal hviler", "tal hviler")
            ),
            &format!(
                "{} on fewer than {k} people. Whoever knows one of them may recognise them.",
                counted(n, "One number rests", "numbers rest")
            ),
        );
        let finding = Finding::new(Rule::SmallCount, Weight::Refuse, written, why);
        findings.push(finding.mended_by(Remedy::Withhold));
    }
    if !rests.is_empty() {
        let n = rests.len();
        let why = Text::of(
            &format!(
                "Trekkes delene fra helheten, blir det {} færre enn {k} personer igjen.",
                counted(n, "ett sted", "steder")
            ),
            &format!(
                "Trækkes delene fra helheden, bliver der {} færre end {k} personer tilbage.",
                counted(n, "ét sted", "steder")
            ),
            &format!(
                "Taking the parts from the whole leaves fewer than {k} people in {}.",
                counted(n, "one place", "places")
            ),
        );
        let finding = Finding::new(Rule::SmallRest, Weight::Refuse, rests, why);
        findings.push(finding.mended_by(Remedy::Withhold));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{of, says};
    use crate::context::Context;
    use crate::kind::Kind;

    #[test]
    fn cells_below_the_threshold_are_found_and_zero_is_nobody() {
        let found = of(check, "sex,ill,n\nm,yes,4\nm,no,50\nf,yes,5\nf,no,0\n");
        assert_eq!(found, ["small-count Refuse row 1, column `n`"]);
    }

    #[test]
    fn the_rest_of_a_whole_is_a_cell() {
        let found = of(check, "sex,n,events\nm,50,47\nf,60,20\n");
        assert_eq!(found, ["small-rest Refuse row 1, column `events`"]);
        let found = of(check, "region,n\na,50\nb,60\ntotal,113\n");
        assert_eq!(found, ["small-rest Refuse row 3, column `n`"]);
    }

    #[test]
    fn those_left_out_of_the_table_are_a_cell_when_everybody_is_known() {
        let context = Context { people: Some(113), ..Context::default() };
        assert_eq!(says(check, "region,n\na,50\nb,63\n", &Kind::Unknown, &context), [""; 0]);
    }

    #[test]
    fn every_cell_of_a_cross_table_is_a_cell() {
        let found = of(check, "age,no,yes,total\n18-39,50,3,53\n40+,40,30,70\n");
        assert_eq!(found, ["small-count Refuse row 1, column `yes`"]);
    }
}
