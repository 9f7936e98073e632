//! Columns of the extract are recognised in disguise.
//!
//! See [`crate::sketch`] for what survives shuffling, scaling and renaming. A
//! column with the same repetitions, or the same values, is a copy; one with
//! the same shape is likely one. The table's rows are tried as well as its
//! columns: a table may be turned on its side.

use model::Text;

use super::Look;
use crate::context::Context;
use crate::finding::{Finding, Place, Weight, shown};
use crate::number::Number;
use crate::role::Role;
use crate::rule::Rule;
use crate::sketch::Likeness;

/// Columns, and rows, that look like a column of the extract.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    if look.context.sketches.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (at, column) in look.table().columns.iter().enumerate() {
        // The time of a curve is a scale by its nature, and tested as one.
        if look.understood.role(at) == Role::Time {
            continue;
        }
        let values: Vec<f64> = column.numbers().map(Number::value).collect();
        let found = likeness(look.context, &values, look.table().column_place(at));
        // Counts are skewed like many a measurement; their shape says nothing.
        let by_shape = found.as_ref().is_some_and(|finding| finding.weight == Weight::Review);
        if !(by_shape && look.understood.role(at) == Role::Count) {
            findings.extend(found);
        }
    }
    for row in 0..look.table().rows() {
        if look.table().columns.len() < 50 {
            break;
        }
        let cells = (0..look.table().columns.len()).filter_map(|c| look.table().number(row, c));
        let values: Vec<f64> = cells.map(Number::value).collect();
        findings.extend(likeness(look.context, &values, crate::finding::row(row)));
    }
    findings
}

/// The finding for values that are a column of the extract, if they are.
pub(crate) fn likeness(context: &Context, values: &[f64], place: Place) -> Option<Finding> {
    let (column, likeness) = context
        .sketches
        .iter()
        .find_map(|sketch| Some((shown(sketch.column()), sketch.likeness(values)?)))?;
    let (weight, why) = match likeness {
        Likeness::Whole | Likeness::Values => (
            Weight::Refuse,
            Text::of(
                &format!(
                    "Verdiene er de samme som i `{column}` i datauttrekket, kanskje stokket eller omkodet."
                ),
                &format!(
                    "Værdierne er de samme som i `{column}` i dataudtrækket, måske blandet eller omkodet."
                ),
                &format!(
                    "The values are those of `{column}` in the extract, perhaps shuffled or recoded."
                ),
            ),
        ),
        Likeness::Shape => (
            Weight::Review,
            Text::of(
                &format!("Verdiene er fordelt som `{column}` i datauttrekket, i en annen skala."),
                &format!("Værdierne er fordelt som `{column}` i dataudtrækket, i en anden skala."),
                &format!(
                    "The values are distributed as `{column}` in the extract, on another scale."
                ),
            ),
        ),
    };
    Some(Finding::new(Rule::CopyOfColumn, weight, vec![place], why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::says;
    use crate::kind::Kind;
    use crate::sketch::Sketcher;

    fn values() -> Vec<f64> {
        (0..3000_u32).map(|i| f64::from(i * i % 1009) * f64::from(i % 13 + 1) / 10.0).collect()
    }

    fn context() -> Context {
        let mut sketcher = Sketcher::new("laboratory.value");
        for value in values() {
            sketcher.add(value);
        }
        Context { sketches: vec![sketcher.finish()], ..Context::default() }
    }

    #[test]
    fn a_scaled_and_shuffled_copy_is_found_and_named() {
        let mut copy: Vec<String> = values().iter().map(|v| format!("{}", v * 2.0 + 1.0)).collect();
        copy.reverse();
        let csv = format!("score\n{}\n", copy.join("\n"));
        let found = says(check, &csv, &Kind::Unknown, &context());
        assert_eq!(found, ["copy-of-column Refuse column `score`"]);
    }

    #[test]
    fn a_copy_on_its_side_is_found() {
        let copy: Vec<String> = values().iter().step_by(3).map(f64::to_string).collect();
        let header: Vec<String> = (0..copy.len()).map(|i| format!("v{i}")).collect();
        let csv = format!("{}\n{}\n", header.join(","), copy.join(","));
        let found = says(check, &csv, &Kind::Unknown, &context());
        assert_eq!(found, ["copy-of-column Refuse row 1"]);
    }
}
