//! A curve drops by many or not at all.
//!
//! Each step of a Kaplan-Meier curve is the death of the people who died that
//! day: with one row for each event the curve is a list of them. Shown at fixed
//! times, a step is safe when the people with the event, the people who left
//! without it, and the people still at risk are each none or enough. What the
//! columns leave out is computed: events from the drop of the curve, those who
//! left from the fall of the number at risk. The last step is a step as well.
//! What is written as a curve but goes up and down, or has a curve for each
//! row, is none: then a person looks.
//! Sources: O'Keefe, Sparks, `McAullay` and Loong 2012 (binning and rounding of
//! survival output); SDAP handbook, survival analysis; ACRO tests the fall in
//! the number at risk between rows.

use std::collections::BTreeMap;

use model::Text;

use super::{Look, counted};
use crate::finding::{Finding, Place, Remedy, Weight};
use crate::number::Number;
use crate::role::{Role, Shape};
use crate::rule::Rule;

/// One row of a curve, as far as the columns tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) row: usize,
    pub(crate) time: f64,
    pub(crate) at_risk: Option<i128>,
    pub(crate) events: Option<i128>,
    pub(crate) censored: Option<i128>,
    pub(crate) survival: Option<Number>,
}

/// The curves of a table: for each, its steps in the order of time.
pub(crate) fn curves(look: &Look<'_>) -> Vec<Vec<Step>> {
    let groups = look.understood.with(|role| role == Role::Dimension);
    let time = look.understood.first(Role::Time);
    let whole = |role: Role, row: usize| {
        let column = look.understood.first(role)?;
        look.table().number(row, column).and_then(Number::whole)
    };
    let mut curves: BTreeMap<Vec<&str>, Vec<Step>> = BTreeMap::new();
    for row in 0..look.table().rows() {
        let key = groups
            .iter()
            .map(|column| look.table().cell(row, *column).map_or("", |cell| cell.trimmed()))
            .collect();
        let Some(at) = time.and_then(|column| look.table().number(row, column)) else { continue };
        curves.entry(key).or_default().push(Step {
            row,
            time: at.value(),
            at_risk: whole(Role::AtRisk, row),
            events: whole(Role::Events, row).or_else(|| whole(Role::Count, row)),
            censored: whole(Role::Censored, row),
            survival: look
                .understood
                .first(Role::Survival)
                .and_then(|column| look.table().number(row, column)),
        });
    }
    let mut curves: Vec<Vec<Step>> = curves.into_values().collect();
    for curve in &mut curves {
        curve.sort_by(|a, b| a.time.total_cmp(&b.time));
    }
    curves
}

/// Whose events a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Events {
    /// Those at the very time, as `survfit` lists them.
    AtTheTime,
    /// Those since the row before, as `summary.survfit(times =)` does.
    SinceTheLast,
    /// It cannot be told.
    Either,
}

/// Where rows are event times each step of the curve is `1 - events/at risk`
/// (Kaplan and Meier 1958, equation 2a); where rows are chosen times it is not.
#[expect(clippy::cast_precision_loss, reason = "counts of people")]
fn events_of(curve: &[Step]) -> Events {
    let mut told = Events::Either;
    for pair in curve.windows(2) {
        let [before, after] = pair else { continue };
        let (Some(high), Some(low)) = (before.survival, after.survival) else { continue };
        let (Some(events), Some(at_risk)) = (after.events, after.at_risk) else { continue };
        if at_risk < 1 || events < 1 {
            continue;
        }
        let expected = high.value() * (1.0 - events as f64 / at_risk as f64);
        let slack = (low.half_unit() + high.half_unit()).max(1e-9) * 1.01;
        if (expected - low.value()).abs() > slack {
            return Events::SinceTheLast;
        }
        told = Events::AtTheTime;
    }
    told
}

/// Whether a step from `before` to `after` is of few people.
pub(crate) fn few(before: Option<&Step>, after: &Step, whose: Events, look: &Look<'_>) -> bool {
    let small = |count: Option<i128>| count.is_some_and(|count| look.rules.small(count));
    if small(after.at_risk) || small(after.events) || small(after.censored) {
        return true;
    }
    let Some(before) = before else { return false };
    let fall = before.at_risk.zip(after.at_risk).map(|(a, b)| a - b);
    // Those who left without the event, by either way of counting events.
    let left = |events: Option<i128>| Some(fall? - events?);
    let at_the_time = whose != Events::SinceTheLast && small(left(before.events));
    let since_the_last = whose != Events::AtTheTime && small(left(after.events));
    if small(fall) || at_the_time || since_the_last {
        return true;
    }
    // Whatever is said of the events: the curve falls by at least theirs.
    drop_of_few(before, after, look)
}

/// Events are the drop of the curve times the number at risk.
#[expect(clippy::cast_precision_loss, reason = "counts of people")]
fn drop_of_few(before: &Step, after: &Step, look: &Look<'_>) -> bool {
    let (Some(high), Some(low)) = (before.survival, after.survival) else { return false };
    let Some(at_risk) = before.at_risk.or(after.at_risk) else { return false };
    let high = high.value();
    if high <= 0.0 || at_risk < 1 {
        return false;
    }
    let share = |value: f64| (1.0 - value / high) * at_risk as f64;
    let (least, most) =
        (share(low.value() + low.half_unit()), share(low.value() - low.half_unit()));
    // Small for sure, and not none: with few digits a small drop may be none.
    least > 1e-6 && most > 0.5 && most < look.rules.threshold() as f64 - 0.5
}

/// Steps of few people.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    if look.understood.shape != Shape::Survival {
        return Vec::new();
    }
    if look.understood.first(Role::AtRisk).is_none() {
        let why = Text::of(
            "Kurven viser ikke hvor mange som er under risiko. Legg til en kolonne med antallet.",
            "Kurven viser ikke, hvor mange der er under risiko. Tilføj en kolonne med antallet.",
            "The curve does not show how many are at risk. Add a column with the number.",
        );
        return vec![Finding::file(Rule::Uncounted, Weight::Review, why)];
    }
    let mut findings = untold(look);
    let curves = curves(look);
    findings.extend(no_curve(look, &curves));
    let mut places = Vec::new();
    let mut steps = 0;
    for curve in curves {
        let mut before: Option<&Step> = None;
        let whose = events_of(&curve);
        for step in &curve {
            steps += 1;
            if few(before, step, whose, look) {
                places.push(crate::finding::row(step.row));
            }
            before = Some(step);
        }
    }
    if places.is_empty() {
        return findings;
    }
    let (n, k) = (places.len(), look.rules.threshold());
    let why = Text::of(
        &format!(
            "{} av {steps} er om færre enn {k} personer. Vis kurven ved færre tidspunkter.",
            counted(n, "Ett trinn", "trinn")
        ),
        &format!(
            "{} af {steps} er om færre end {k} personer. Vis kurven ved færre tidspunkter.",
            counted(n, "Ét trin", "trin")
        ),
        &format!(
            "{} of {steps} concern fewer than {k} people. Show the curve at fewer times.",
            counted(n, "One step", "steps")
        ),
    );
    let few = Finding::new(Rule::SurvivalStep, Weight::Refuse, places, why);
    findings.push(few.mended_by(Remedy::Thin));
    findings
}

/// Rows that show the curve and withhold how many it rests on: nothing about
/// their steps can be computed.
fn untold(look: &Look<'_>) -> Vec<Finding> {
    let shown = |role: Role, row: usize| {
        look.understood.first(role).is_some_and(|at| look.table().number(row, at).is_some())
    };
    let places: Vec<_> = (0..look.table().rows())
        .filter(|row| shown(Role::Survival, *row) && !shown(Role::AtRisk, *row))
        .map(crate::finding::row)
        .collect();
    if places.is_empty() {
        return Vec::new();
    }
    let why = Text::of(
        "Kurven vises her, men ikke hvor mange som er under risiko.",
        "Kurven vises her, men ikke hvor mange der er under risiko.",
        "The curve is shown here, but not how many are at risk.",
    );
    vec![Finding::new(Rule::Uncounted, Weight::Review, places, why)]
}

/// Rows that are no steps of a curve: without a time, going up and down, or
/// each a curve of its own.
fn no_curve(look: &Look<'_>, curves: &[Vec<Step>]) -> Vec<Finding> {
    let mut places = Vec::new();
    let time = look.understood.first(Role::Time);
    let timeless = |row: &usize| time.is_none_or(|at| look.table().number(*row, at).is_none());
    places.extend((0..look.table().rows()).filter(timeless).map(crate::finding::row));
    for curve in curves {
        let falls = curve.windows(2).filter(|pair| turn(pair) == Some(true));
        let rises = curve.windows(2).filter(|pair| turn(pair) == Some(false));
        if falls.count() > 0 && rises.count() > 0 {
            places.extend(curve.iter().map(|step| crate::finding::row(step.row)));
        }
    }
    let alone = curves.iter().filter(|curve| curve.len() == 1).count();
    if alone >= 6 && alone * 2 > curves.len() {
        places.push(Place::File);
    }
    if places.is_empty() {
        return Vec::new();
    }
    let why = Text::of(
        "Dette er ingen kurve: den mangler tid, går opp og ned, eller har ett punkt hver.",
        "Dette er ingen kurve: den mangler tid, går op og ned, eller har ét punkt hver.",
        "This is no curve: it lacks a time, goes up and down, or has one point each.",
    );
    vec![Finding::new(Rule::SurvivalStep, Weight::Review, places, why)]
}

/// Whether the curve falls between two steps (`true`) or rises; `None` when it
/// does neither, as far as its digits say.
fn turn(pair: &[Step]) -> Option<bool> {
    let [before, after] = pair else { return None };
    let (before, after) = (before.survival?, after.survival?);
    let slack = before.half_unit() + after.half_unit();
    let change = after.value() - before.value();
    (change.abs() > slack).then_some(change < 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::of;

    #[test]
    fn events_those_who_left_and_those_at_risk_are_each_counted() {
        let found = of(
            check,
            "time,n.risk,n.event,surv\n0,100,0,1\n90,90,10,0.9\n180,77,10,0.8\n270,40,3,0.7\n360,4,0,0.7\n",
        );
        // Row 3: 13 fewer at risk, 10 of them by the event: three left. Row 4:
        // three events. Row 5: four at risk.
        assert_eq!(
            found,
            [
                "survival-step Refuse row 3",
                "survival-step Refuse row 4",
                "survival-step Refuse row 5"
            ]
        );
    }

    #[test]
    fn events_left_out_are_read_from_the_drop() {
        let found =
            of(check, "time,at_risk,survival\n0,1000,1.0000\n90,900,0.9980\n180,800,0.95\n");
        assert_eq!(found, ["survival-step Refuse row 2"]);
        // Two digits: the drop may be none or ten.
        assert_eq!(
            of(check, "time,at_risk,survival\n0,1000,1.00\n90,900,1.00\n180,800,0.95\n"),
            [""; 0]
        );
    }

    #[test]
    fn each_group_is_a_curve_of_its_own() {
        let found = of(
            check,
            "group,time,n.risk,n.event,surv\na,0,100,0,1\nb,0,98,0,1\na,90,80,10,0.9\nb,90,70,10,0.9\n",
        );
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn a_curve_without_numbers_at_risk_waits() {
        assert_eq!(of(check, "time,surv\n0,1\n90,0.9\n"), ["uncounted Review file"]);
    }
}
