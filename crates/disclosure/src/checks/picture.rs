//! A picture shows a result, runs nothing and hides nothing.
//!
//! Elements, attributes and styles are held against a list of what figures need
//! ([`crate::read::svg`]). Then the drawing: every point of a curve and every
//! dot is a value. A figure drawn from a table of `r` rows needs a few points
//! for each of them (a step is two, a band of confidence two more, a dot one),
//! and axes, ticks and letters besides. Many more are the people themselves.
//! Sources: *Guidelines*, graphs; decision 0053.

use std::collections::BTreeSet;

use model::Text;

use crate::checks::copies;
use crate::context::Context;
use crate::finding::{Finding, Place, Remedy, Weight};
use crate::read::path::Point;
use crate::read::svg::{Picture, Trouble, What};
use crate::rule::Rule;

/// Points of one shape, for each row of the table and besides.
const POINTS: (usize, usize) = (6, 40);
/// Shapes and marks, for each row and besides: axes, ticks, letters.
const SHAPES: (usize, usize) = (8, 250);
/// The same without a table to hold the picture against.
const UNTABLED: (usize, usize) = (300, 500);
/// Numbers in the outlines of letters: forty a letter, a hundred letters.
const OUTLINES: usize = 40_000;
/// Letters that one sees.
const WORDS: usize = 4_000;
/// Letters of titles and descriptions that one does not see.
const DESCRIBED: usize = 300;

/// Everything about a picture. `rows` is the length of the table it is drawn
/// from, if there is one.
pub(crate) fn check(picture: &Picture, rows: Option<usize>, context: &Context) -> Vec<Finding> {
    let mut findings = troubles(&picture.troubles);
    findings.extend(points(picture, rows));
    findings.extend(texts(picture));
    findings.extend(copied(picture, context));
    findings
}

fn troubles(troubles: &[Trouble]) -> Vec<Finding> {
    let places = |whats: &[What]| -> Vec<Place> {
        troubles
            .iter()
            .filter(|trouble| whats.contains(&trouble.what))
            .map(|t| Place::Element { name: t.element.clone(), offset: t.offset })
            .collect()
    };
    let mut findings = Vec::new();
    let active = places(&[What::Script, What::Link]);
    if !active.is_empty() {
        let why = Text::of(
            "Bildet inneholder noe som kan kjøres, eller som henter noe utenfra.",
            "Billedet indeholder noget, der kan køres, eller som henter noget udefra.",
            "The picture holds something that can run, or that fetches something from outside.",
        );
        findings.push(Finding::new(Rule::ActiveContent, Weight::Refuse, active, why));
    }
    let unlisted = places(&[What::Element, What::Attribute]);
    if !unlisted.is_empty() {
        let why = Text::of(
            "Bildet har deler som en figur ikke trenger, og som ikke er kontrollert.",
            "Billedet har dele, som en figur ikke behøver, og som ikke er kontrolleret.",
            "The picture has parts that a figure does not need, and that were not checked.",
        );
        let finding = Finding::new(Rule::Disallowed, Weight::Refuse, unlisted, why);
        findings.push(finding.mended_by(Remedy::Strip));
    }
    let hidden = places(&[What::Hidden]);
    if !hidden.is_empty() {
        let why = Text::of(
            "Filen har kommentarer eller metadata som ikke vises i bildet.",
            "Filen har kommentarer eller metadata, der ikke vises i billedet.",
            "The file has comments or metadata that the picture does not show.",
        );
        let finding = Finding::new(Rule::HiddenText, Weight::Refuse, hidden, why);
        findings.push(finding.mended_by(Remedy::Strip));
    }
    findings
}

fn points(picture: &Picture, rows: Option<usize>) -> Vec<Finding> {
    let longest = picture.shapes.iter().map(|shape| distinct(shape)).max().unwrap_or(0);
    let single: usize = picture.marks.values().map(|marks| distinct(marks)).sum();
    let shapes = picture.shapes.len() + single;
    let allowed = |(each, besides): (usize, usize)| match rows {
        Some(rows) => rows.saturating_mul(each).saturating_add(besides),
        None => usize::MAX,
    };
    let (most_points, most_shapes) =
        if rows.is_some() { (allowed(POINTS), allowed(SHAPES)) } else { UNTABLED };
    let mut findings = Vec::new();
    if longest > most_points || shapes > most_shapes || picture.outline_numbers > OUTLINES {
        let why = Text::of(
            "Bildet har flere punkter enn tallene det viser. Da kan hvert punkt være én person.",
            "Billedet har flere punkter end de tal, det viser. Så kan hvert punkt være én person.",
            "The picture has more points than the numbers it shows. Then each may be one person.",
        );
        findings.push(Finding::file(Rule::PointsInPicture, Weight::Refuse, why));
    }
    if rows.is_none() {
        let why = Text::of(
            "Tabellen som figuren er tegnet fra, følger ikke med, så tallene bak er ikke kontrollert.",
            "Tabellen, som figuren er tegnet fra, følger ikke med, så tallene bag er ikke kontrolleret.",
            "The table the figure is drawn from is not with it, so the numbers behind were not checked.",
        );
        findings.push(Finding::file(Rule::Untabled, Weight::Review, why));
    }
    findings
}

/// How many different points there are, as a screen shows them.
fn distinct(points: &[Point]) -> usize {
    let rounded: BTreeSet<(i64, i64)> =
        points.iter().map(|p| (hundredths(p.0), hundredths(p.1))).collect();
    rounded.len()
}

#[expect(clippy::cast_possible_truncation, reason = "a place on a page; the cast saturates")]
fn hundredths(value: f64) -> i64 {
    (value * 100.0).round() as i64
}

fn texts(picture: &Picture) -> Vec<Finding> {
    let mut findings = Vec::new();
    let shown: usize = picture.words.iter().map(|word| word.chars().count()).sum();
    if shown > WORDS || picture.described.chars().count() > DESCRIBED {
        let why = Text::of(
            "Bildet inneholder mer tekst enn en figur trenger.",
            "Billedet indeholder mere tekst, end en figur behøver.",
            "The picture holds more text than a figure needs.",
        );
        findings.push(Finding::file(Rule::FreeText, Weight::Review, why));
    }
    findings
}

/// The places of dots and the turns of lines, held against the extract.
fn copied(picture: &Picture, context: &Context) -> Vec<Finding> {
    if context.sketches.is_empty() {
        return Vec::new();
    }
    let starts: Vec<Point> =
        picture.shapes.iter().filter_map(|shape| shape.first().copied()).collect();
    let mut groups: Vec<&[Point]> = vec![&starts];
    groups.extend(picture.marks.values().map(Vec::as_slice));
    groups.extend(picture.shapes.iter().map(Vec::as_slice));
    groups
        .into_iter()
        .filter(|points| points.len() >= 50)
        .find_map(|points| {
            let along: Vec<f64> = points.iter().map(|p| p.0).collect();
            let up: Vec<f64> = points.iter().map(|p| p.1).collect();
            copies::likeness(context, &along, Place::File)
                .or_else(|| copies::likeness(context, &up, Place::File))
        })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::svg;

    fn check_of(inside: &str, rows: Option<usize>) -> Vec<String> {
        let text = format!("<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>");
        let picture = svg::read(&text).unwrap();
        check(&picture, rows, &Context::default())
            .iter()
            .map(|f| format!("{} {:?}", f.rule, f.weight))
            .collect()
    }

    fn dots(n: usize) -> String {
        (0..n).map(|i| format!("<circle cx='{i}' cy='{}' r='1'/>", i * 7 % 31)).collect()
    }

    #[test]
    fn a_curve_of_its_table_is_a_figure() {
        let steps: Vec<String> = (0..20).map(|i| format!("{i},{} {},{}", i, i + 1, i)).collect();
        let curve = format!("<polyline points='{}'/>", steps.join(" "));
        assert_eq!(check_of(&curve, Some(20)), [""; 0]);
        assert_eq!(check_of(&curve, None), ["untabled Review"]);
    }

    #[test]
    fn more_points_than_the_table_has_rows_are_people() {
        assert_eq!(check_of(&dots(1000), Some(20)), ["points-in-picture Refuse"]);
        assert_eq!(check_of(&dots(1000), None), ["points-in-picture Refuse", "untabled Review"]);
        let line: Vec<String> = (0..500).map(|i| format!("{i},{}", i * 3 % 71)).collect();
        let curve = format!("<polyline points='{}'/>", line.join(" "));
        assert_eq!(check_of(&curve, Some(20)), ["points-in-picture Refuse"]);
    }

    #[test]
    fn small_paths_are_dots_too() {
        let paths: String =
            (0..1000).map(|i| format!("<path d='M {i} {} L {i} 1 Z'/>", i * 7 % 31)).collect();
        assert_eq!(check_of(&paths, Some(20)), ["points-in-picture Refuse"]);
    }
}
