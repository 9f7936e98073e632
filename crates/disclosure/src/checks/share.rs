//! A percentage gives its count away.
//!
//! 0.8 % of 500 is four people, and 99.2 % leaves four. A share shown with so
//! many digits that only small counts fit is a small count written otherwise;
//! with so few that a large one fits as well, it is not.
//! Source: *Guidelines*, frequency tables: percentages and the counts behind.

use std::ops::RangeInclusive;

use model::Text;

use super::{Look, counted};
use crate::finding::{Finding, Remedy, Weight};
use crate::number::Number;
use crate::role::{Role, Shape, names};
use crate::rule::Rule;

/// Shares from which a small count, or a small remainder, can be worked out.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    if matches!(look.understood.shape, Shape::Survival | Shape::Model) {
        return Vec::new();
    }
    let totals = totals(look);
    let mut places = Vec::new();
    for column in look.understood.with(|role| role == Role::Share) {
        let share = Share::of(look, column, &totals);
        let of_total = share.is_of_total();
        for row in 0..look.table().rows() {
            let Some(number) = look.table().number(row, column) else { continue };
            let small = if of_total {
                share.wholes(row).iter().any(|whole| share.gives_small(number, *whole, false))
            } else {
                share.bases(row).iter().any(|base| share.gives_small(number, *base, true))
            };
            if small {
                places.push(look.table().place(row, column));
            }
        }
    }
    if places.is_empty() {
        return Vec::new();
    }
    let (n, k) = (places.len(), look.rules.threshold());
    let why = Text::of(
        &format!(
            "{} et antall under {k} ut, når en kjenner hvor mange det er prosent av.",
            counted(n, "En andel gir", "andeler gir")
        ),
        &format!(
            "{} et antal under {k}, når man ved, hvor mange det er procent af.",
            counted(n, "En andel giver", "andele giver")
        ),
        &format!(
            "{} a count below {k} once one knows of how many it is a share.",
            counted(n, "One share gives", "shares give")
        ),
    );
    vec![Finding::new(Rule::ShareOfFew, Weight::Refuse, places, why).mended_by(Remedy::Withhold)]
}

/// A count that a share gives, and the count that it is a share of.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) count: i128,
    pub(crate) of: i128,
}

/// For each column of shares of a count in the same row: the counts they give,
/// where that count is certain.
pub(crate) fn implied(look: &Look<'_>) -> Vec<(usize, Vec<Option<Part>>)> {
    let totals = totals(look);
    let mut all = Vec::new();
    for column in look.understood.with(|role| role == Role::Share) {
        let share = Share::of(look, column, &totals);
        if share.is_of_total() {
            continue;
        }
        let counts = (0..look.table().rows())
            .map(|row| {
                let number = look.table().number(row, column)?;
                let base = share.bases(row).first().copied()?;
                let counts = share.counts(number, base);
                let middle = counts.start().midpoint(*counts.end());
                (!counts.is_empty()).then_some(Part { count: middle, of: base })
            })
            .collect();
        all.push((column, counts));
    }
    all
}

struct Share<'a, 'b> {
    look: &'a Look<'b>,
    column: usize,
    hundred: bool,
    totals: &'a [Vec<i128>],
}

/// What each row's counts may be parts of: the totals of its sums, its own count
/// if it is a total, everything in the column, everybody.
fn totals(look: &Look<'_>) -> Vec<Vec<i128>> {
    let cells = &look.cells;
    let rows = look.table().rows();
    let everything: Vec<i128> = (0..look.counts.len())
        .filter_map(|at| (at * rows..(at + 1) * rows).map(|cell| cells.value(cell)).sum())
        .chain(look.context.people.map(i128::from))
        .collect();
    let mut totals = vec![everything; rows];
    let mut add = |cell: usize, value: Option<i128>| {
        let row = if rows == 0 { None } else { totals.get_mut(cell % rows) };
        if let (Some(row), Some(value), true) = (row, value, cell < rows * look.counts.len()) {
            row.push(value);
        }
    };
    for sum in &cells.sums {
        for part in &sum.parts {
            add(*part, cells.value(sum.total));
        }
    }
    for (at, cell) in cells.all.iter().enumerate() {
        add(at, cell.value.filter(|_| cell.level > 0));
    }
    totals
}

/// Whether the column counts to a hundred rather than to one.
fn in_hundreds(look: &Look<'_>, column: usize) -> bool {
    let name = look.table().name(column);
    let plain = names::plain(name);
    let spoken = name.contains('%')
        || ["pct", "percent", "prosent", "procent"].iter().any(|word| plain.contains(word));
    let cells = look.table().columns.get(column);
    spoken || cells.is_some_and(|c| c.numbers().any(|n| n.percent() || n.value() > 1.0))
}

impl<'a, 'b> Share<'a, 'b> {
    fn of(look: &'a Look<'b>, column: usize, totals: &'a [Vec<i128>]) -> Self {
        Self { look, column, hundred: in_hundreds(look, column), totals }
    }

    fn wholes(&self, row: usize) -> &[i128] {
        self.totals.get(row).map_or(&[], Vec::as_slice)
    }

    fn range(&self, number: Number) -> (f64, f64) {
        let scale = if self.hundred { 100.0 } else { 1.0 };
        let half = number.half_unit() * 1.000_001;
        (((number.value() - half) / scale).max(0.0), ((number.value() + half) / scale).min(1.0))
    }

    /// The whole numbers that are this share of `whole`.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "counts of people"
    )]
    fn counts(&self, number: Number, whole: i128) -> RangeInclusive<i128> {
        let (low, high) = self.range(number);
        let whole = whole as f64;
        let low = (low * whole - 1e-9).ceil() as i128;
        let high = (high * whole + 1e-9).floor() as i128;
        low..=high
    }

    fn gives_small(&self, number: Number, whole: i128, complement: bool) -> bool {
        if whole < 1 {
            return false;
        }
        let counts = self.counts(number, whole);
        if counts.is_empty() || counts.end() - counts.start() > 100 {
            return false;
        }
        let rules = self.look.rules;
        counts.clone().all(|count| rules.small(count))
            || complement && counts.into_iter().all(|count| rules.small(whole - count))
    }

    /// How many people the row speaks of.
    fn bases(&self, row: usize) -> Vec<i128> {
        let table = self.look.table();
        let named: Vec<usize> = self
            .look
            .counts
            .iter()
            .copied()
            .filter(|column| names::is_whole(table.name(*column)))
            .collect();
        let columns = if named.is_empty() { &self.look.counts } else { &named };
        columns.iter().filter_map(|c| table.number(row, *c).and_then(Number::whole)).collect()
    }

    /// Whether the column says what part of all each row's count is.
    fn is_of_total(&self) -> bool {
        let table = self.look.table();
        let (mut tried, mut fitting) = (0, 0);
        for row in 0..table.rows() {
            let Some(number) = table.number(row, self.column) else { continue };
            let counts: Vec<i128> = self
                .look
                .counts
                .iter()
                .filter_map(|column| table.number(row, *column).and_then(Number::whole))
                .collect();
            if counts.is_empty() {
                continue;
            }
            tried += 1;
            let fits = self.wholes(row).iter().any(|whole| {
                let given = self.counts(number, *whole);
                counts.iter().any(|count| given.contains(count))
            });
            fitting += usize::from(fits);
        }
        tried > 0 && fitting * 10 >= tried * 9
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::of;

    #[test]
    fn a_share_of_a_known_whole_is_a_count() {
        let found = of(check, "sex,n,pct_ill\nm,500,0.8\nf,500,99.2\nx,500,40.0\n");
        assert_eq!(
            found,
            [
                "share-of-few Refuse row 1, column `pct_ill`",
                "share-of-few Refuse row 2, column `pct_ill`"
            ]
        );
    }

    #[test]
    fn few_digits_leave_it_open() {
        assert_eq!(of(check, "sex,n,share\nm,5000,0.0\nf,700,0.01\n"), [""; 0]);
    }

    #[test]
    fn a_share_of_all_gives_the_withheld_count_beside_it() {
        let found = of(check, "region,n,pct\na,:,0.3\nb,397,39.7\nc,600,60.0\ntotal,1000,100\n");
        assert_eq!(found, ["share-of-few Refuse row 1, column `pct`"]);
    }

    #[test]
    fn a_share_of_all_beside_large_counts_is_safe() {
        assert_eq!(of(check, "region,n,pct\na,200,20\nb,300,30\nc,500,50\n"), [""; 0]);
    }
}
