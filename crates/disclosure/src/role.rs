//! What each column of a table is for, and what kind of table that makes.
//!
//! The declaration comes first, then the names, then what stands there. None of
//! them is believed against the content: a column called `n` with fractions in
//! it counts nobody. A column whose use cannot be told is `Unexplained`, and
//! stops a file from passing by itself (decision 0050).

mod confine;
pub(crate) mod names;

use model::Text;

use crate::finding::{Finding, Weight};
use crate::kind::Kind;
use crate::rule::Rule;
use crate::table::{Column, Table};

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Role {
    /// Names a cell: age group, sex, year.
    Dimension,
    Count,
    Share,
    Sum,
    Mean,
    /// A spread or a limit of confidence.
    Spread,
    /// The share of values below, between 0 and 1.
    Quantile(f64),
    Extreme,
    /// One person's value, by rank.
    Contribution(u32),
    Time,
    AtRisk,
    Events,
    Censored,
    Survival,
    Term,
    Estimate,
    Statistic,
    Freedom,
    Unexplained,
}

/// What kind of table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Frequency,
    Magnitude,
    Survival,
    Model,
    /// None of these: rows of something.
    Rows,
}

impl Shape {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Frequency => "frequency-table",
            Self::Magnitude => "magnitude-table",
            Self::Survival => "survival-curve",
            Self::Model => "model",
            Self::Rows => "rows",
        }
    }
}

/// A table with a role for each column.
#[derive(Debug)]
pub(crate) struct Understood<'a> {
    pub(crate) table: &'a Table,
    pub(crate) roles: Vec<Role>,
    pub(crate) shape: Shape,
    /// What the declaration got wrong.
    pub(crate) misdeclared: Vec<Finding>,
}

impl Understood<'_> {
    /// The columns that have the role.
    pub(crate) fn with(&self, is: impl Fn(Role) -> bool) -> Vec<usize> {
        self.roles.iter().enumerate().filter(|(_, role)| is(**role)).map(|(at, _)| at).collect()
    }

    pub(crate) fn first(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|r| *r == role)
    }

    pub(crate) fn role(&self, column: usize) -> Role {
        self.roles.get(column).copied().unwrap_or(Role::Unexplained)
    }
}

/// Tells what each column is for.
pub(crate) fn understand<'a>(table: &'a Table, kind: &Kind) -> Understood<'a> {
    let mut roles: Vec<Role> = table.columns.iter().map(by_name).collect();
    let mut misdeclared = Vec::new();
    declared(table, kind, &mut roles, &mut misdeclared);
    let has = |roles: &[Role], role: Role| roles.contains(&role);
    let survival =
        has(&roles, Role::Time) && (has(&roles, Role::Survival) || has(&roles, Role::AtRisk));
    let model = !survival
        && has(&roles, Role::Estimate)
        && roles.iter().any(|r| matches!(r, Role::Spread | Role::Statistic | Role::Term));
    settle(table, &mut roles, survival, model);
    let counted = has(&roles, Role::Count);
    let measured = roles.iter().any(|r| {
        matches!(
            r,
            Role::Mean | Role::Sum | Role::Quantile(_) | Role::Extreme | Role::Contribution(_)
        )
    });
    let shape = if survival {
        Shape::Survival
    } else if model {
        Shape::Model
    } else if measured {
        Shape::Magnitude
    } else if counted || has(&roles, Role::Share) {
        Shape::Frequency
    } else {
        Shape::Rows
    };
    confine::confine(table, &mut roles, shape);
    if !matches!(kind, Kind::Unknown | Kind::Figure { .. }) && kind.as_str() != shape.as_str() {
        misdeclared.push(Finding::file(
            Rule::Misdeclared,
            Weight::Review,
            Text::of(
                &format!(
                    "Filen er oppgitt som `{}`, men innholdet ligner `{}`.",
                    kind.as_str(),
                    shape.as_str()
                ),
                &format!(
                    "Filen er oplyst som `{}`, men indholdet ligner `{}`.",
                    kind.as_str(),
                    shape.as_str()
                ),
                &format!(
                    "The file is declared as `{}`, but reads like `{}`.",
                    kind.as_str(),
                    shape.as_str()
                ),
            ),
        ));
    }
    Understood { table, roles, shape, misdeclared }
}

/// The role a column's name speaks of, if its content allows it.
fn by_name(column: &Column) -> Role {
    let Some(role) = names::spoken(&column.name) else { return Role::Unexplained };
    if fits(role, column) { role } else { Role::Unexplained }
}

fn fits(role: Role, column: &Column) -> bool {
    let numbers = || column.numbers().map(crate::number::Number::value);
    // A column with every number withheld is still what its name says.
    let empty = column.filled().1 == 0;
    match role {
        Role::Dimension | Role::Unexplained => true,
        Role::Term => !column.numeric(),
        Role::Count | Role::AtRisk | Role::Events | Role::Censored | Role::Freedom => {
            empty || column.counts()
        }
        Role::Share => empty || column.numeric() && numbers().all(|v| (0.0..=100.0).contains(&v)),
        Role::Survival => {
            empty || column.numeric() && numbers().all(|v| (0.0..=100.0).contains(&v))
        }
        _ => empty || column.numeric(),
    }
}

fn declared(table: &Table, kind: &Kind, roles: &mut [Role], wrong: &mut Vec<Finding>) {
    let mut say = |name: &str, role: Role| {
        let column = table.find(name);
        let fits = column.and_then(|at| table.columns.get(at)).is_some_and(|c| fits(role, c));
        match column.and_then(|at| roles.get_mut(at)) {
            Some(slot) if fits => *slot = role,
            _ => wrong.push(misfit(name, column.is_some())),
        }
    };
    match kind {
        Kind::FrequencyTable { dimensions, counts, .. } => {
            for name in dimensions {
                say(name, Role::Dimension);
            }
            for name in counts {
                say(name, Role::Count);
            }
        }
        Kind::MagnitudeTable { dimensions, value, count, .. } => {
            for name in dimensions {
                say(name, Role::Dimension);
            }
            let spoken = names::spoken(value);
            let mean = matches!(spoken, Some(Role::Mean | Role::Quantile(_) | Role::Extreme));
            say(value, if mean { spoken.unwrap_or(Role::Mean) } else { Role::Sum });
            say(count, Role::Count);
        }
        Kind::SurvivalCurve { time, at_risk, events, survival, groups } => {
            say(time, Role::Time);
            for name in groups {
                say(name, Role::Dimension);
            }
            for (name, role) in
                [(at_risk, Role::AtRisk), (events, Role::Events), (survival, Role::Survival)]
            {
                if let Some(name) = name {
                    say(name, role);
                }
            }
        }
        Kind::Unknown | Kind::Model { .. } | Kind::Figure { .. } => {}
    }
}

fn misfit(name: &str, exists: bool) -> Finding {
    let name = crate::finding::shown(name);
    let why = if exists {
        Text::of(
            &format!("Kolonnen `{name}` inneholder ikke det den er oppgitt å inneholde."),
            &format!("Kolonnen `{name}` indeholder ikke det, den er oplyst at indeholde."),
            &format!("Column `{name}` does not hold what it is declared to hold."),
        )
    } else {
        Text::of(
            &format!("Kolonnen `{name}` er oppgitt, men finnes ikke i filen."),
            &format!("Kolonnen `{name}` er oplyst, men findes ikke i filen."),
            &format!("Column `{name}` is declared, but is not in the file."),
        )
    };
    Finding::file(Rule::Misdeclared, Weight::Review, why)
}

/// Gives the columns that no name explains a role from what stands in them.
fn settle(table: &Table, roles: &mut [Role], survival: bool, model: bool) {
    // Words that mean something only in their own kind of table.
    for role in roles.iter_mut() {
        *role = match *role {
            Role::Time | Role::Survival | Role::AtRisk if !survival => Role::Unexplained,
            Role::Events if !survival => Role::Count,
            Role::Term | Role::Estimate | Role::Statistic if !model => Role::Unexplained,
            other => other,
        };
    }
    let measured = roles.iter().any(|r| {
        matches!(
            r,
            Role::Count | Role::Share | Role::Mean | Role::Sum | Role::AtRisk | Role::Estimate
        )
    });
    let mut numeric: Vec<usize> = Vec::new();
    for (at, (column, role)) in table.columns.iter().zip(roles.iter_mut()).enumerate() {
        if *role != Role::Unexplained {
            continue;
        }
        let (numbers, any) = column.filled();
        if any == 0 || numbers * 2 < any || numbers < any && !column.counts() {
            *role = Role::Dimension;
        } else if column.counts() {
            numeric.push(at);
        }
    }
    // Whole numbers name cells (years, codes, ages) only where the labels do
    // not tell the rows apart without them. Else they count something: to take
    // a count for a label would be to look away.
    numeric.sort_by_key(|at| {
        let column = table.columns.get(*at);
        (!column.is_some_and(is_years), column.map_or(0, Column::distinct), *at)
    });
    let mut loose = Vec::new();
    let mut told_apart = tells_apart(table, roles);
    for at in numeric {
        let Some(column) = table.columns.get(at) else { continue };
        let repeats = table.rows() >= 4 && column.distinct() * 2 <= table.rows();
        let alone = !roles.contains(&Role::Dimension);
        let names = is_years(column) || repeats || alone && at == 0 && is_ladder(column);
        if measured && !told_apart && names {
            if let Some(role) = roles.get_mut(at) {
                *role = Role::Dimension;
            }
            told_apart = tells_apart(table, roles);
        } else {
            loose.push(at);
        }
    }
    if survival || model {
        return;
    }
    // A cross table: a label, then a count for each value of another dimension.
    let labelled = roles.contains(&Role::Dimension);
    let counted = roles.contains(&Role::Count);
    if labelled && told_apart && (loose.len() >= 2 || counted && !loose.is_empty()) {
        for at in loose {
            if let Some(role) = roles.get_mut(at) {
                *role = Role::Count;
            }
        }
    }
}

/// Whether no two rows have the same values in all dimensions.
fn tells_apart(table: &Table, roles: &[Role]) -> bool {
    let dimensions: Vec<&Column> = table
        .columns
        .iter()
        .zip(roles)
        .filter(|(_, role)| **role == Role::Dimension)
        .map(|(column, _)| column)
        .collect();
    if dimensions.is_empty() {
        return table.rows() <= 1;
    }
    let mut keys: Vec<Vec<&str>> = (0..table.rows())
        .map(|row| {
            dimensions.iter().map(|c| c.cells.get(row).map_or("", |cell| cell.trimmed())).collect()
        })
        .collect();
    keys.sort_unstable();
    keys.windows(2).all(|pair| matches!(pair, [a, b] if a != b))
}

fn is_years(column: &Column) -> bool {
    column.numbers().all(|n| n.whole().is_some_and(|year| (1870..=2100).contains(&year)))
}

/// Whether the numbers go up by the same step: ages, years, classes.
fn is_ladder(column: &Column) -> bool {
    let values: Vec<i128> = column.numbers().filter_map(crate::number::Number::whole).collect();
    let steps: Vec<i128> = values
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(b - a),
            _ => None,
        })
        .collect();
    steps.first().is_some_and(|first| *first != 0 && steps.iter().all(|step| step == first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::separated;

    fn check(csv: &str, shape: Shape, roles: &[Role]) {
        let table = separated::read(csv, true).unwrap();
        let understood = understand(&table, &Kind::Unknown);
        assert_eq!((understood.shape, understood.roles.as_slice()), (shape, roles), "{csv}");
    }

    #[test]
    fn tables_as_researchers_write_them_are_understood() {
        use Role::*;
        check("sex,n\nm,10\nf,20\n", Shape::Frequency, &[Dimension, Count]);
        check(
            "age,no,yes,total\n18-39,10,20,30\n40+,30,40,70\n",
            Shape::Frequency,
            &[Dimension, Count, Count, Count],
        );
        check(
            "age,healthy,ill\n18-39,10,20\n40+,30,40\n",
            Shape::Frequency,
            &[Dimension, Count, Count],
        );
        check(
            "sex,n,mean_hdl,sd\nm,10,1.2,0.3\nf,20,1.4,0.2\n",
            Shape::Magnitude,
            &[Dimension, Count, Mean, Spread],
        );
        check(
            "time,n.risk,n.event,surv\n0,90,0,1\n365,80,5,0.9\n",
            Shape::Survival,
            &[Time, AtRisk, Events, Survival],
        );
        check(
            "term,estimate,std.error,p.value\nage,0.1,0.01,0.2\n",
            Shape::Model,
            &[Term, Estimate, Spread, Statistic],
        );
        check(
            "\"\",\"coef\",\"se(coef)\"\n\"age\",0.1,0.01\n",
            Shape::Model,
            &[Term, Estimate, Spread],
        );
        check(
            "year,sex,n\n2019,m,9\n2019,f,8\n2020,m,7\n2020,f,6\n",
            Shape::Frequency,
            &[Dimension, Dimension, Count],
        );
        check("age,hdl\n47,1.2\n51,1.4\n38,0.9\n", Shape::Rows, &[Unexplained, Unexplained]);
    }

    #[test]
    fn a_name_is_not_believed_against_the_content() {
        let table = separated::read("sex,n\nm,1.52\nf,1.31\n", true).unwrap();
        assert_eq!(understand(&table, &Kind::Unknown).shape, Shape::Rows);
        let kind = Kind::FrequencyTable {
            dimensions: vec!["sex".into(), "region".into()],
            counts: vec!["n".into()],
            hierarchies: std::collections::BTreeMap::new(),
        };
        let understood = understand(&table, &kind);
        assert_eq!(understood.misdeclared.len(), 3, "{:?}", understood.misdeclared);
    }
}
