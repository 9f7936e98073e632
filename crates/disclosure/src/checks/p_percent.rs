//! Nobody works out another's contribution too closely.
//!
//! The second largest contributor takes the own contribution from the total and
//! has `X - x2`, an estimate of the largest, `x1`, from above. It is too close
//! when it overshoots by less than the share `p`: `X - x1 - x2 < p·x1`.
//! Source: *Handbook* 4.2.1, table of sensitivity rules, p%-rule; its proof in
//! example 5 of 4.2.2.

use model::Text;

use super::Look;
use super::contributions::{contributions, shown};
use crate::finding::{Finding, Remedy, Weight};
use crate::role::Role;
use crate::rule::Rule;

/// Totals from which the largest contribution can be estimated too closely.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    let values = look.understood.with(|role| matches!(role, Role::Sum | Role::Mean));
    let mut places = Vec::new();
    for cell in contributions(look) {
        let largest = cell.largest.first().copied().unwrap_or(0.0);
        let second = cell.largest.get(1).copied().unwrap_or(0.0);
        // One contribution told of several people: the second is unknown, and
        // taken to be as large as it can be.
        let second = if cell.largest.len() == 1 && cell.people.is_none_or(|n| n > 1) {
            second.max((cell.total - largest).min(largest))
        } else {
            second
        };
        let rest = cell.total - largest - second;
        if largest > 0.0 && rest < look.rules.p_percent * largest {
            places.extend(shown(look, cell.row, &values));
        }
    }
    if places.is_empty() {
        return Vec::new();
    }
    let why = Text::of(
        "Den nest største kan trekke fra sitt eget og regne seg for nær fram til den største.",
        "Den næststørste kan trække sit eget fra og regne sig for tæt på den største.",
        "The second largest can subtract the own contribution and come too close to the largest.",
    );
    vec![Finding::new(Rule::PPercent, Weight::Refuse, places, why).mended_by(Remedy::Withhold)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::of;

    /// *Handbook* 4.2.1, examples 1 and 2: an estimate 2 % above is too close,
    /// one 15.4 % above is not, at p = 10 %.
    #[test]
    fn the_handbooks_examples() {
        let found = of(
            check,
            "region,n,sum,largest_1,largest_2\nX,12,100000,50000,49000\nY,40,110000,52000,50000\n",
        );
        assert_eq!(found, ["p-percent Refuse row 1, column `sum`"]);
    }
}
