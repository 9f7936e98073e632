//! No few hold most of a total.
//!
//! If the `n` largest contributors hold more than the share `k` of a total, the
//! total is nearly theirs: `x1 + … + xn > k·X` is unsafe. The rule presumes
//! contributions that are not negative; where some are, the counts must do.
//! Without the largest contributions of a cell nobody can tell: for a sum that
//! is for a person to ask for, for the mean of a bounded measurement it is a
//! note. Where no part of a total is dominated, the total is not.
//! Source: *Handbook* 4.2.1, table of sensitivity rules, (n,k)-dominance.

use std::collections::BTreeSet;

use model::Text;

use super::Look;
use super::contributions::{contributions, shown};
use crate::cells::Axis;
use crate::finding::{Finding, Remedy, Weight};
use crate::role::{Role, Shape};
use crate::rule::Rule;

/// Totals that few dominate.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    let told = contributions(look);
    let (n, k) = (look.rules.dominance_n, look.rules.dominance_k);
    let values = look.understood.with(|role| matches!(role, Role::Sum | Role::Mean));
    let wanted = usize::try_from(n).unwrap_or(usize::MAX);
    // p-percent looks at two.
    let enough = told.iter().filter(|cell| cell.enough(wanted.max(2))).map(|cell| cell.row);
    let findings = untold(look, &values, &enough.collect());
    let mut places = Vec::new();
    for cell in &told {
        let held: f64 = cell.largest.iter().take(wanted).sum();
        let negative = cell.largest.iter().any(|x| *x < 0.0);
        if !negative && cell.total > 0.0 && held > k * cell.total {
            places.extend(shown(look, cell.row, &values));
        }
    }
    if places.is_empty() {
        return findings;
    }
    let why = Text::of(
        &format!("De {n} som bidrar mest, utgjør det meste av tallet. Tallet er nesten deres."),
        &format!("De {n}, der bidrager mest, udgør det meste af tallet. Tallet er næsten deres."),
        &format!("The {n} who contribute most make up most of the number. It is nearly theirs."),
    );
    let few = Finding::new(Rule::Dominance, Weight::Refuse, places, why);
    findings.into_iter().chain([few.mended_by(Remedy::Withhold)]).collect()
}

/// Rows that show a total and for which nobody told enough.
fn untold(look: &Look<'_>, values: &[usize], told: &BTreeSet<usize>) -> Vec<Finding> {
    if look.understood.shape != Shape::Magnitude || values.is_empty() {
        return Vec::new();
    }
    let total = |row: &usize| {
        let sums =
            |axis: &Axis| axis.total.is_some() && axis.of_row.get(*row).copied() == axis.total;
        look.cells.axes.iter().any(sums)
    };
    let missing: Vec<usize> = (0..look.table().rows())
        .filter(|row| !told.contains(row) && !total(row))
        .filter(|row| !shown(look, *row, values).is_empty())
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let sums = values.iter().any(|column| look.understood.role(*column) == Role::Sum);
    let weight = if sums { Weight::Review } else { Weight::Note };
    let places = if told.is_empty() {
        values.iter().map(|column| look.table().column_place(*column)).collect()
    } else {
        missing.into_iter().flat_map(|row| shown(look, row, values)).collect()
    };
    let why = Text::of(
        "Det er ikke oppgitt hvor mye de største bidrar med, så dominans er ikke kontrollert.",
        "Det er ikke oplyst, hvor meget de største bidrager med, så dominans er ikke kontrolleret.",
        "The largest contributions were not given, so dominance was not checked.",
    );
    vec![Finding::new(Rule::Dominance, weight, places, why)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{of, says};
    use crate::context::Context;
    use crate::kind::{Contributions, Kind};

    fn declared(largest: &[f64]) -> Kind {
        Kind::MagnitudeTable {
            dimensions: vec!["region".into()],
            value: "cost".into(),
            count: "n".into(),
            contributions: [("X", largest), ("Y", &[60_000.0, 50_000.0])]
                .map(|(cell, largest)| Contributions {
                    cell: vec![cell.into()],
                    largest: largest.to_vec(),
                    total: None,
                })
                .to_vec(),
        }
    }

    /// *Handbook* 4.2.1, example 2: 52 000 + 50 000 of 110 000 is more than
    /// 90.9 %, and more than 85 %.
    #[test]
    fn the_handbooks_example() {
        let csv = "region,n,cost\nX,12,110000\nY,40,900000\n";
        let found = says(check, csv, &declared(&[50_000.0, 52_000.0]), &Context::default());
        assert_eq!(found, ["dominance Refuse row 1, column `cost`"]);
        let found = says(check, csv, &declared(&[30_000.0, 20_000.0]), &Context::default());
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn contributions_in_the_table_are_used_too() {
        let found = of(check, "region,n,sum,largest_1,largest_2\nX,12,100,60,30\nY,40,900,40,30\n");
        assert_eq!(found, ["dominance Refuse row 1, column `sum`"]);
    }

    #[test]
    fn without_contributions_sums_wait_and_means_are_noted() {
        assert_eq!(of(check, "region,n,sum\nX,12,100\n"), ["dominance Review column `sum`"]);
        assert_eq!(of(check, "region,n,mean_age\nX,12,51\n"), ["dominance Note column `mean_age`"]);
    }
}
