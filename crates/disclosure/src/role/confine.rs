//! A curve and a model have columns of their own, and no others.
//!
//! The rules for curves and models speak of these columns alone, so that any
//! other, however it is called, would leave unseen: a mean beside a curve is
//! held against no count. Whatever a curve or a model does not consist of is
//! `Unexplained` there, and waits for a person (decision 0055).

use super::{Role, Shape, names};
use crate::number::Number;
use crate::table::{Column, Table};

/// The error and both limits of confidence of a curve.
const SPREADS_OF_A_CURVE: usize = 3;
/// An error, a robust one, limits of confidence of a coefficient and of its
/// exponent.
const SPREADS_OF_A_MODEL: usize = 6;
/// A coefficient, its exponent, one adjusted.
const ESTIMATES: usize = 3;
/// A test, its degrees of freedom and p, and a few of their kind.
const STATISTICS: usize = 4;

/// Takes the role from every column that the shape has no place for.
pub(super) fn confine(table: &Table, roles: &mut [Role], shape: Shape) {
    match shape {
        Shape::Survival => curve(table, roles),
        Shape::Model => model(roles),
        Shape::Frequency | Shape::Magnitude | Shape::Rows => {}
    }
}

fn curve(table: &Table, roles: &mut [Role]) {
    deaths(table, roles);
    keep(roles, Role::Spread, SPREADS_OF_A_CURVE);
    for role in [Role::Time, Role::AtRisk, Role::Events, Role::Censored, Role::Survival] {
        keep(roles, role, 1);
    }
    let most = highest(table, roles, Role::Survival).map_or(1.0, |high| high.max(1.0));
    for (column, role) in table.columns.iter().zip(roles.iter_mut()) {
        let within = |column: &Column| {
            column.numbers().map(Number::value).all(|value| (0.0..=most).contains(&value))
        };
        *role = match *role {
            Role::Dimension
            | Role::Time
            | Role::AtRisk
            | Role::Events
            | Role::Censored
            | Role::Survival => *role,
            Role::Spread if within(column) => Role::Spread,
            // Largest and smallest are refused wherever they stand.
            Role::Extreme | Role::Contribution(_) => *role,
            _ => Role::Unexplained,
        };
    }
}

/// Deaths are the events of a curve that names no others.
fn deaths(table: &Table, roles: &mut [Role]) {
    if roles.contains(&Role::Events) {
        return;
    }
    let counted: Vec<usize> = (0..roles.len())
        .filter(|at| roles.get(*at) == Some(&Role::Count) && !names::is_whole(table.name(*at)))
        .collect();
    if let [only] = counted.as_slice()
        && let Some(role) = roles.get_mut(*only)
    {
        *role = Role::Events;
    }
}

fn model(roles: &mut [Role]) {
    keep(roles, Role::Spread, SPREADS_OF_A_MODEL);
    keep(roles, Role::Estimate, ESTIMATES);
    keep(roles, Role::Statistic, STATISTICS);
    for role in roles {
        *role = match *role {
            Role::Share
            | Role::Sum
            | Role::Mean
            | Role::Quantile(_)
            | Role::Time
            | Role::AtRisk
            | Role::Censored
            | Role::Survival => Role::Unexplained,
            other => other,
        };
    }
}

/// Leaves the role to the first columns that have it.
fn keep(roles: &mut [Role], role: Role, most: usize) {
    for other in roles.iter_mut().filter(|other| **other == role).skip(most) {
        *other = Role::Unexplained;
    }
}

fn highest(table: &Table, roles: &[Role], role: Role) -> Option<f64> {
    let columns = table.columns.iter().zip(roles).filter(|(_, other)| **other == role);
    columns.flat_map(|(column, _)| column.numbers()).map(Number::value).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::super::understand;
    use super::*;
    use crate::kind::Kind;
    use crate::read::separated;

    fn roles(csv: &str) -> Vec<Role> {
        understand(&separated::read(csv, true).unwrap(), &Kind::Unknown).roles
    }

    #[test]
    fn a_curve_keeps_what_a_curve_is() {
        use Role::*;
        assert_eq!(
            roles(
                "g,time,n.risk,deaths,surv,se,lower,upper,n,mean_age\na,0,90,0,1,0,1,1,90,47.1\n"
            ),
            [
                Dimension,
                Time,
                AtRisk,
                Events,
                Survival,
                Spread,
                Spread,
                Spread,
                Unexplained,
                Unexplained
            ]
        );
    }

    #[test]
    fn a_model_keeps_what_a_model_is() {
        use Role::*;
        assert_eq!(
            roles("term,coef,se,p,n,mean_age\nage,0.1,0.01,0.5,500,47.1\n"),
            [Term, Estimate, Spread, Statistic, Count, Unexplained]
        );
    }
}
