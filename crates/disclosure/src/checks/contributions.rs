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
    let total = total.or(sum).or_else(|| Some(mean? * people? as f64))?;
    Some(Contributed { row, largest, total, people })
}
