//! Who contributed what to a cell of a magnitude table, as far as it is told.

use std::collections::BTreeMap;

use crate::checks::Look;
use crate::finding::Place;
use crate::kind::Kind;
use crate::number::Number;
use crate::role::{Role, names};

/// The largest contributions to one row's total.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contributed {
    pub(crate) row: usize,
    /// The largest first; as many as were told.
    pub(crate) largest: Vec<f64>,
    pub(crate) total: f64,
    /// How many people contributed, where the table says so.
    pub(crate) people: Option<i128>,
}

/// The contributions that were declared, or that stand in the table itself.
pub(crate) fn contributions(look: &Look<'_>) -> Vec<Contributed> {
    let mut found = in_columns(look);
    if let Kind::MagnitudeTable { dimensions, contributions, .. } = look.kind {
        let columns: Vec<usize> =
            dimensions.iter().filter_map(|name| look.table().find(name)).collect();
        let label = |row: usize, column: usize| {
            look.table().cell(row, column).map_or("", |cell| cell.trimmed()).to_owned()
        };
        let rows: BTreeMap<Vec<String>, usize> = (0..look.table().rows())
            .map(|row| (columns.iter().map(|column| label(row, *column)).collect(), row))
            .collect();
        for told in contributions {
            let key: Vec<String> = told.cell.iter().map(|label| label.trim().to_owned()).collect();
            if let Some(row) = rows.get(&key) {
                found.extend(contributed(look, *row, told.largest.clone(), told.total));
            }
        }
    }
    found
}

/// The places of a row's values that are not withheld.
pub(crate) fn shown(look: &Look<'_>, row: usize, values: &[usize]) -> Vec<Place> {
    let written = values.iter().filter(|column| look.table().number(row, **column).is_some());
    written.map(|column| look.table().place(row, *column)).collect()
}

fn in_columns(look: &Look<'_>) -> Vec<Contributed> {
    let ranked = look.understood.with(|role| matches!(role, Role::Contribution(_)));
    if ranked.is_empty() {
        return Vec::new();
    }
    (0..look.table().rows())
        .filter_map(|row| {
            let largest: Vec<f64> = ranked
                .iter()
                .filter_map(|column| look.table().number(row, *column).map(Number::value))
                .collect();
            if largest.is_empty() { None } else { contributed(look, row, largest, None) }
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of people")]
fn contributed(
    look: &Look<'_>,
    row: usize,
    mut largest: Vec<f64>,
    total: Option<f64>,
) -> Option<Contributed> {
    largest.sort_by(|a, b| b.total_cmp(a));
    let number = |column: Option<usize>| column.and_then(|c| look.table().number(row, c));
    let count = look
        .counts
        .iter()
        .find(|column| names::is_whole(look.table().name(**column)))
        .or(look.counts.first())
        .copied();
    let people = number(count).and_then(Number::whole);
    let sum = number(look.understood.first(Role::Sum)).map(Number::value);
    let mean = number(look.understood.first(Role::Mean)).map(Number::value);
    // What stands in the table is believed before what is said about it.
    let total = sum.or_else(|| Some(mean? * people? as f64)).or(total)?;
    Some(Contributed { row, largest, total, people })
}

impl Contributed {
    /// Whether as many contributions are told as a rule looks at, or all there
    /// are, and they can make up the total: nobody else has more than the
    /// smallest of them.
    #[expect(clippy::cast_precision_loss, reason = "counts of people")]
    pub(crate) fn enough(&self, wanted: usize) -> bool {
        let told = i128::try_from(self.largest.len()).unwrap_or(i128::MAX);
        let wanted = i128::try_from(wanted).unwrap_or(i128::MAX);
        if told < self.people.map_or(wanted, |people| people.min(wanted)).max(1) {
            return false;
        }
        let held: f64 = self.largest.iter().sum();
        let smallest = self.largest.last().copied().unwrap_or(0.0);
        let others = self.people.map_or(f64::INFINITY, |people| (people - told).max(0) as f64);
        let most = if others == 0.0 { held } else { held + others * smallest };
        smallest < 0.0 || most.is_nan() || self.total <= most * 1.001
    }
}
