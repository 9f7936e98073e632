//! One module for each rule, the argument for it at its head.

pub(crate) mod contributions;
pub(crate) mod copies;
pub(crate) mod differencing;
pub(crate) mod dominance;
pub(crate) mod extreme;
pub(crate) mod freedom;
pub(crate) mod group;
pub(crate) mod identifiers;
pub(crate) mod layout;
pub(crate) mod p_percent;
pub(crate) mod payload;
pub(crate) mod picture;
pub(crate) mod prose;
pub(crate) mod recoverable;
pub(crate) mod row_data;
pub(crate) mod share;
pub(crate) mod small_count;
pub(crate) mod spare_digits;
pub(crate) mod spreadsheet;
pub(crate) mod survival;
pub(crate) mod uncounted;
pub(crate) mod unexplained;

use crate::cells::{Cells, Columns, build};
use crate::context::Context;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::linked::{self, Count};
use crate::read::tables;
use crate::role::{Role, Shape, Understood, understand};
use crate::rule::Rule;
use crate::rules::{Rules, limits};
use crate::table::Table;

/// A table on the bench: all that a rule may look at.
pub(crate) struct Look<'a> {
    pub(crate) understood: Understood<'a>,
    pub(crate) kind: &'a Kind,
    pub(crate) rules: &'a Rules,
    pub(crate) context: &'a Context,
    /// The columns that count people, and their cells.
    pub(crate) counts: Vec<usize>,
    pub(crate) cells: Cells,
}

impl<'a> Look<'a> {
    pub(crate) fn at(
        table: &'a Table,
        kind: &'a Kind,
        rules: &'a Rules,
        context: &'a Context,
    ) -> Self {
        let (understood, counts, mut cells) = laid_out(table, kind, context.people);
        if matches!(understood.shape, Shape::Frequency | Shape::Magnitude)
            && cells.all.len() <= limits::AUDITED_CELLS
            && !context.earlier.is_empty()
        {
            let mine = linked::counts(&understood, &counts, &cells);
            for theirs in published(context) {
                linked::tie(&mut cells, &mine, &theirs);
            }
        }
        Self { understood, kind, rules, context, counts, cells }
    }

    pub(crate) fn table(&self) -> &Table {
        self.understood.table
    }
}

/// A table with its columns that count people, and their cells.
pub(crate) fn laid_out<'a>(
    table: &'a Table,
    kind: &Kind,
    people: Option<u64>,
) -> (Understood<'a>, Vec<usize>, Cells) {
    let understood = understand(table, kind);
    // The counts of a curve are tied by time, not by sums.
    let counts = match understood.shape {
        Shape::Survival => Vec::new(),
        _ => understood.with(|role| role == Role::Count),
    };
    let columns = Columns { numbers: &counts, decimals: 0, people };
    let cells = build(&understood, kind, &columns);
    (understood, counts, cells)
}

/// The numbers that left before, table by table.
pub(crate) fn published(context: &Context) -> Vec<Vec<Count>> {
    let mut all = Vec::new();
    for earlier in &context.earlier {
        for table in tables(&earlier.name, &earlier.bytes) {
            let (understood, counts, cells) = laid_out(&table, &earlier.kind, context.people);
            if matches!(understood.shape, Shape::Frequency | Shape::Magnitude) {
                all.push(linked::counts(&understood, &counts, &cells));
            }
        }
    }
    all
}

/// What a rule finds in a table.
type Check = fn(&Look<'_>) -> Vec<Finding>;

/// Every rule that speaks of tables.
const OF_TABLES: &[(Rule, Check)] = &[
    (Rule::SmallCount, small_count::check),
    (Rule::ShareOfFew, share::check),
    (Rule::GroupDisclosure, group::check),
    (Rule::Recoverable, recoverable::check),
    (Rule::Dominance, dominance::check),
    (Rule::PPercent, p_percent::check),
    (Rule::Uncounted, uncounted::check),
    (Rule::ResidualFreedom, freedom::check),
    (Rule::SurvivalStep, survival::check),
    (Rule::Extreme, extreme::check),
    (Rule::RowData, row_data::check),
    (Rule::CopyOfColumn, copies::check),
    (Rule::SpareDigits, spare_digits::check),
    (Rule::Differencing, differencing::check),
    (Rule::Unexplained, unexplained::check),
];

/// Holds a table against every rule that speaks of tables.
pub(crate) fn table(look: &Look<'_>) -> (Vec<Finding>, Vec<Rule>) {
    let mut findings = look.understood.misdeclared.clone();
    for (_, check) in OF_TABLES {
        findings.extend(check(look));
    }
    (findings, OF_TABLES.iter().map(|(rule, _)| *rule).collect())
}

/// `one` for one thing, else `many` with the number: the words of a finding.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    if n == 1 { one.to_owned() } else { format!("{n} {many}") }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A small table in, the places found out.

    use super::*;
    use crate::read::separated;

    /// What a rule says of a table, as `rule weight place`.
    pub(crate) fn says(rule: Check, csv: &str, kind: &Kind, context: &Context) -> Vec<String> {
        let table = separated::read(csv, true).expect("a table");
        let rules = Rules::default();
        let look = Look::at(&table, kind, &rules, context);
        rule(&look)
            .iter()
            .flat_map(|f| f.places.iter().map(move |p| format!("{} {:?} {p}", f.rule, f.weight)))
            .collect()
    }

    /// The same, of a table that nothing is known about.
    pub(crate) fn of(rule: Check, csv: &str) -> Vec<String> {
        says(rule, csv, &Kind::Unknown, &Context::default())
    }
}
