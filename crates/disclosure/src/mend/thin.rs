//! A curve at fewer times: steps are taken together until each is of enough
//! people. What is shown at a time stays what it was at that time.

use crate::checks::Look;
use crate::checks::survival::{Events, Step, curves, few};
use crate::role::Role;
use crate::table::{Cell, Column, Table};

/// A thinned curve.
pub(crate) struct Thinned {
    pub(crate) table: Table,
    /// Rows that were taken together with a later one, or left out at the end.
    pub(crate) taken: u64,
}

/// Thins every curve of the table.
pub(crate) fn thin(look: &Look<'_>) -> Thinned {
    // Row, events and censored since the row kept before.
    let mut kept: Vec<(usize, Option<i128>, Option<i128>)> = Vec::new();
    for curve in curves(look) {
        let mut last: Option<Step> = None;
        let (mut events, mut censored) = (None, None);
        for step in curve {
            let plus = |sum: Option<i128>, more: Option<i128>| match (sum, more) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            };
            events = plus(events, step.events);
            censored = plus(censored, step.censored);
            let merged = Step { events, censored, ..step };
            if !few(last.as_ref(), &merged, Events::SinceTheLast, look) {
                kept.push((step.row, events, censored));
                last = Some(merged);
                (events, censored) = (None, None);
            }
        }
    }
    kept.sort_unstable();
    let table = look.table();
    let columns = table.columns.iter().enumerate().map(|(at, column)| {
        let cells = kept
            .iter()
            .filter_map(|(row, events, censored)| {
                let summed = match look.understood.role(at) {
                    Role::Events | Role::Count => *events,
                    Role::Censored => *censored,
                    _ => None,
                };
                match summed {
                    Some(sum) => Some(Cell::read(&sum.to_string(), false)),
                    None => column.cells.get(*row).cloned(),
                }
            })
            .collect();
        Column { name: column.name.clone(), cells }
    });
    let taken = table.rows().saturating_sub(kept.len());
    Thinned {
        table: Table { columns: columns.collect(), ragged: Vec::new(), ..*table },
        taken: u64::try_from(taken).unwrap_or(u64::MAX),
    }
}
