//! A model rests on many more people than it has parameters.
//!
//! A saturated model is its data: with as many parameters as people, the
//! coefficients give every value back. Coefficients leave when at least the
//! permit's residual degrees of freedom are left (people, or for a Cox model
//! events, less parameters). Unknown degrees of freedom wait for a person.
//! Source: *Guidelines*, regression; Ritchie, "Output-based disclosure control
//! for regressions", UWE economics working paper 1209, 2012.

use model::Text;

use super::Look;
use crate::finding::{Finding, Weight};
use crate::kind::Kind;
use crate::number::Number;
use crate::role::{Role, Shape};
use crate::rule::Rule;

/// Where the numbers of a model come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fitted {
    pub(crate) n: Option<u64>,
    pub(crate) parameters: Option<u64>,
    pub(crate) residual_df: Option<u64>,
}

/// Models with too few residual degrees of freedom.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    if look.understood.shape != Shape::Model {
        return Vec::new();
    }
    let rows = look.table().rows();
    let smallest = |role: Role| {
        let columns = look.understood.with(|r| r == role);
        columns
            .iter()
            .filter_map(|column| look.table().columns.get(*column))
            .flat_map(|column| column.numbers().filter_map(Number::whole))
            .filter_map(|n| u64::try_from(n).ok())
            .min()
    };
    let declared = match look.kind {
        Kind::Model { n, parameters, residual_df } => {
            Fitted { n: *n, parameters: *parameters, residual_df: *residual_df }
        }
        _ => Fitted::default(),
    };
    // What stands in the file is believed before what is said about it, and
    // there are at least as many parameters as rows.
    let written = u64::try_from(rows).ok();
    let fitted = Fitted {
        n: smallest(Role::Count).or(smallest(Role::Events)).or(declared.n),
        parameters: declared.parameters.max(written),
        residual_df: smallest(Role::Freedom).or(declared.residual_df),
    };
    let (fitted, mut findings) = within(fitted, look);
    findings.extend(judge(fitted, look.rules.smallest_residual_df));
    findings
}

/// A model learns from no more people than there are, whatever it says: rows
/// of measurements are more, but those of one person are alike.
fn within(said: Fitted, look: &Look<'_>) -> (Fitted, Vec<Finding>) {
    let Some(people) = look.context.people else { return (said, Vec::new()) };
    let at_most = |n: Option<u64>| n.map(|n| n.min(people));
    let left = people.saturating_sub(said.parameters.unwrap_or(0));
    let residual_df = said.residual_df.map(|df| df.min(left));
    let fitted = Fitted { n: at_most(said.n), residual_df, ..said };
    let most = look.context.rows.unwrap_or(0).max(people);
    if said.n.max(said.residual_df).is_none_or(|n| n <= most) {
        return (fitted, Vec::new());
    }
    let why = Text::of(
        "Modellen sies å være tilpasset på flere enn det finnes i datauttrekket.",
        "Modellen siges at være tilpasset på flere, end der findes i dataudtrækket.",
        "The model is said to be fitted on more than there are in the extract.",
    );
    (fitted, vec![Finding::file(Rule::Implausible, Weight::Refuse, why)])
}

/// The finding for a model, if there is one.
pub(crate) fn judge(fitted: Fitted, smallest: u32) -> Vec<Finding> {
    let counted = fitted.n.zip(fitted.parameters).map(|(n, p)| n.saturating_sub(p));
    // The smaller of what is said and what is counted.
    let known = match (fitted.residual_df, counted) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let Some(df) = known else {
        let why = Text::of(
            "Det står ikke hvor mange modellen er tilpasset på, så frihetsgradene er ukjente.",
            "Det fremgår ikke, hvor mange modellen er tilpasset på, så frihedsgraderne er ukendte.",
            "Nothing says how many the model was fitted on, so its degrees of freedom are unknown.",
        );
        return vec![Finding::file(Rule::ResidualFreedom, Weight::Review, why)];
    };
    if df >= u64::from(smallest) {
        return Vec::new();
    }
    let why = Text::of(
        &format!(
            "Modellen har færre enn {smallest} frihetsgrader igjen. Da gir den dataene tilbake."
        ),
        &format!(
            "Modellen har færre end {smallest} frihedsgrader tilbage. Så giver den dataene tilbage."
        ),
        &format!(
            "The model has fewer than {smallest} residual degrees of freedom. It gives its data back."
        ),
    );
    vec![Finding::file(Rule::ResidualFreedom, Weight::Refuse, why)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{of, says};
    use crate::context::Context;

    const COX: &str = "term,coef,se\nage,0.1,0.01\nmale,0.3,0.05\n";

    #[test]
    fn the_degrees_of_freedom_are_counted_or_read() {
        let model = |n, parameters, residual_df| Kind::Model { n, parameters, residual_df };
        let found = |kind: &Kind| says(check, COX, kind, &Context::default());
        assert_eq!(found(&model(Some(1364), Some(4), None)), [""; 0]);
        assert_eq!(found(&model(Some(11), Some(2), None)), ["residual-freedom Refuse file"]);
        assert_eq!(found(&model(None, None, Some(9))), ["residual-freedom Refuse file"]);
        assert_eq!(found(&model(None, None, None)), ["residual-freedom Review file"]);
        assert_eq!(of(check, "term,coef,se,n,residual_df\na,1.1,0.1,500,498\n"), [""; 0]);
    }

    #[test]
    fn fewer_parameters_than_rows_are_not_believed() {
        let kind = Kind::Model { n: Some(11), parameters: Some(1), residual_df: None };
        assert_eq!(says(check, COX, &kind, &Context::default()), ["residual-freedom Refuse file"]);
        let kind = Kind::Model { n: Some(11), parameters: Some(2), residual_df: Some(5000) };
        assert_eq!(says(check, COX, &kind, &Context::default()), ["residual-freedom Refuse file"]);
    }
}
