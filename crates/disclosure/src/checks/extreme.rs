//! The largest and the smallest belong to somebody.
//!
//! A maximum is one person's value. So is, nearly, a quantile with fewer than
//! the threshold beyond it: the 1st percentile of 200 has two below.
//! Source: *Guidelines*, maxima, minima and percentiles.

use model::Text;

use super::Look;
use crate::finding::{Finding, Remedy, Weight};
use crate::role::Role;
use crate::rule::Rule;

/// Extremes, and quantiles with few beyond them.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let extremes =
        look.understood.with(|role| matches!(role, Role::Extreme | Role::Contribution(_)));
    if !extremes.is_empty() {
        let places = extremes.iter().map(|column| look.table().column_place(*column)).collect();
        let why = Text::of(
            "Den største og den minste verdien er som regel én persons. Bruk heller persentiler.",
            "Den største og den mindste værdi er som regel én persons. Brug hellere percentiler.",
            "The largest and the smallest value are as a rule one person's. Use percentiles instead.",
        );
        let finding = Finding::new(Rule::Extreme, Weight::Refuse, places, why);
        findings.push(finding.mended_by(Remedy::DropColumn));
    }
    let places: Vec<_> =
        tails(look).into_iter().map(|(row, column)| look.table().place(row, column)).collect();
    if !places.is_empty() {
        let k = look.rules.threshold();
        let why = Text::of(
            &format!("Færre enn {k} personer har en verdi utenfor denne persentilen."),
            &format!("Færre end {k} personer har en værdi uden for denne percentil."),
            &format!("Fewer than {k} people have a value beyond this percentile."),
        );
        let finding = Finding::new(Rule::Extreme, Weight::Refuse, places, why);
        findings.push(finding.mended_by(Remedy::DropColumn));
    }
    findings
}

/// Row and column of quantiles with few people beyond them.
pub(crate) fn tails(look: &Look<'_>) -> Vec<(usize, usize)> {
    let mut tails = Vec::new();
    for (column, role) in look.understood.roles.iter().enumerate() {
        let Role::Quantile(share) = *role else { continue };
        for row in 0..look.table().rows() {
            if look.table().number(row, column).is_some() && few_beyond(look, row, share) {
                tails.push((row, column));
            }
        }
    }
    tails
}

#[expect(clippy::cast_precision_loss, reason = "counts of people")]
fn few_beyond(look: &Look<'_>, row: usize, share: f64) -> bool {
    let tail = share.min(1.0 - share);
    let count = look
        .counts
        .iter()
        .filter_map(|column| {
            look.table().number(row, *column).and_then(crate::number::Number::whole)
        })
        .max();
    count.is_some_and(|n| tail * (n as f64) < look.rules.threshold() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::of;

    #[test]
    fn extremes_are_one_persons() {
        let found = of(check, "sex,n,mean_age,max_age\nm,100,50.5,99\nf,100,51.5,98\n");
        assert_eq!(found, ["extreme Refuse column `max_age`"]);
    }

    #[test]
    fn a_percentile_needs_people_beyond_it() {
        let found = of(check, "sex,n,p5,median\nm,100,20.1,50.1\nf,99,21.3,51.2\n");
        assert_eq!(found, ["extreme Refuse row 2, column `p5`"]);
    }
}
