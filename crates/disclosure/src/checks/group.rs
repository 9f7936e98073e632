//! Not everyone in a group alike.
//!
//! If all the married work full time, whoever knows that somebody is married
//! knows their hours, though no cell is small: zeros and a full cell tell as
//! much as a one. Only a person can say whether it matters: that no man is
//! pregnant is no secret. So this is for review, and a mend is offered.
//! Source: *Handbook* 5.2, group attribute disclosure; *Guidelines*, group
//! disclosure (there from 90 % in one cell; here all, the certain case).

use std::collections::BTreeMap;

use model::Text;

use super::Look;
use crate::audit::Need;
use crate::cells::Sum;
use crate::finding::{Finding, Remedy, Weight};
use crate::rule::Rule;

/// Lines of the table whose people are all in one cell.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    let full = full_cells(look);
    if full.is_empty() {
        return Vec::new();
    }
    let places = full.keys().map(|at| look.cells.place(look.table(), *at)).collect();
    let why = Text::of(
        "Alle i gruppen har samme verdi. Den som vet at noen hører til gruppen, vet da verdien også.",
        "Alle i gruppen har samme værdi. Den, der ved, at nogen hører til gruppen, kender så også værdien.",
        "Everyone in the group has the same value. Whoever knows that somebody is in the group then knows the value too.",
    );
    let finding = Finding::new(Rule::GroupDisclosure, Weight::Review, places, why);
    vec![finding.mended_by(Remedy::Withhold)]
}

/// Full cells, and what must remain possible: that as many people as the
/// threshold are elsewhere in the line.
pub(crate) fn full_cells(look: &Look<'_>) -> BTreeMap<usize, Need> {
    let mut full = BTreeMap::new();
    let threshold = i128::from(look.rules.threshold());
    for sum in lines(look) {
        let values: Option<Vec<i128>> =
            sum.parts.iter().map(|part| look.cells.value(*part)).collect();
        let Some(values) = values else { continue };
        if values.len() < 2 {
            continue;
        }
        let mut filled = sum.parts.iter().zip(&values).filter(|(_, value)| **value != 0);
        if let (Some((cell, value)), None) = (filled.next(), filled.next())
            && *value >= threshold
        {
            full.insert(*cell, Need::Apart { least: (value - threshold).max(0), most: *value });
        }
    }
    full
}

/// The sums of the table, and the lines that nobody summed: a row of a cross
/// table, the values of one dimension with the others held fast.
fn lines(look: &Look<'_>) -> Vec<Sum> {
    let mut lines = look.cells.sums.clone();
    let rows = look.table().rows();
    if look.cells.repeated.is_empty() && look.cells.axes.len() >= 2 {
        for axis in 0..look.cells.axes.len() {
            let mut by_others: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
            for row in 0..rows {
                let total =
                    look.cells.axes.get(axis).is_some_and(|a| {
                        a.total.is_some() && a.of_row.get(row).copied() == a.total
                    });
                if total {
                    continue;
                }
                let others = look.cells.axes.iter().enumerate().filter(|(at, _)| *at != axis);
                let key = others.map(|(_, a)| a.of_row.get(row).copied().unwrap_or(0)).collect();
                by_others.entry(key).or_default().push(row);
            }
            for at in 0..look.counts.len() {
                for parts in by_others.values() {
                    let parts = parts.iter().map(|row| at * rows + row).collect();
                    lines.push(Sum { total: usize::MAX, parts });
                }
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::of;

    /// *Handbook* 5.2, marital status by hours worked: all the married work
    /// full time.
    #[test]
    fn the_handbooks_example() {
        let csv = "status,full,part,total\nmarried,6,0,6\ndivorced,5,5,10\nsingle,7,8,15\n";
        assert_eq!(of(check, csv), ["group-disclosure Review row 1, column `full`"]);
    }

    #[test]
    fn a_line_that_nobody_summed_counts_too() {
        let csv =
            "status,hours,n\nmarried,full,60\nmarried,part,0\nsingle,full,30\nsingle,part,20\n";
        // All the married work full time, and all who work part time are single.
        assert_eq!(
            of(check, csv),
            [
                "group-disclosure Review row 1, column `n`",
                "group-disclosure Review row 4, column `n`"
            ]
        );
    }

    #[test]
    fn everyone_with_the_event_or_nobody() {
        let found = of(check, "sex,n,events\nm,50,50\nf,60,0\nx,40,20\n");
        assert_eq!(
            found,
            [
                "group-disclosure Review row 1, column `events`",
                "group-disclosure Review row 2, column `events`"
            ]
        );
    }

    #[test]
    fn an_ordinary_table_has_none() {
        assert_eq!(of(check, "sex,ill,n\nm,y,10\nm,n,20\nf,y,30\nf,n,9\n"), [""; 0]);
    }
}
