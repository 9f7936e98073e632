//! A picture shows a result, runs nothing and hides nothing.
//!
//! Elements, attributes and styles are held against a list of what figures need
//! ([`crate::read::svg`]). Then the drawing: every point of a curve and every
//! dot is a value. A figure drawn from a table of `r` rows needs a few points
//! for each of them (a step is two, a band of confidence two more, a dot one),
//! and axes, ticks and letters besides. Many more are the people themselves.
//! Names, values, digits and definitions draw nothing that one could see: of
//! each there are only as many as programs write.
//! Sources: *Guidelines*, graphs; decision 0053.

use std::collections::BTreeSet;

use model::Text;

use crate::checks::copies;
use crate::context::Context;
use crate::finding::{Finding, Place, Remedy, Weight};
use crate::read::path::Point;
use crate::read::svg::{Picture, Trouble, What};
use crate::rule::Rule;
use crate::text;

/// Points of one shape, for each row of the table and besides.
const POINTS: (usize, usize) = (6, 40);
/// Shapes and marks, for each row and besides: axes, ticks, letters.
const SHAPES: (usize, usize) = (8, 250);
/// The same without a table to hold the picture against.
const UNTABLED: (usize, usize) = (300, 500);
/// Numbers in the outlines of letters that are drawn: R's need eighty a letter.
const OUTLINES: usize = 12_000;
/// Numbers in one outline: an `@` has some two hundred.
const OUTLINE: usize = 800;
/// Numbers in outlines that nothing draws: R defines a letter it has no use for.
const IDLE_OUTLINES: usize = 200;
/// Elements, for each row and besides: a label for each tick is in three groups.
const ELEMENTS: (usize, usize) = (12, 800);
/// Numbers that place and measure, for each row and besides.
const NUMBERS: (usize, usize) = (30, 1_500);
/// Letters in values and names, for each row and besides.
const LETTERS: (usize, usize) = (20, 6_000);
/// Numbers in the words one sees, for each row and besides: ticks, and those at
/// risk below a curve.
const FIGURES: (usize, usize) = (8, 150);
/// Digits to spare in a file, as in a table.
const SPARE_DIGITS: usize = 308;
/// Rows of a table that is not there.
const SOME_ROWS: usize = 100;
/// Letters that one sees.
const WORDS: usize = 4_000;
/// Letters of titles and descriptions that one does not see.
const DESCRIBED: usize = 300;

/// Everything about a picture. `rows` is the length of the table it is drawn
/// from, if there is one.
pub(crate) fn check(picture: &Picture, rows: Option<usize>, context: &Context) -> Vec<Finding> {
    let mut findings = troubles(&picture.troubles);
    findings.extend(points(picture, rows));
    findings.extend(carried(picture, rows.unwrap_or(SOME_ROWS)));
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
    if longest > most_points || shapes > most_shapes || outlines(picture) {
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

/// Whether there are more outlines than letters need.
fn outlines(picture: &Picture) -> bool {
    let (used, idle) = picture.carried.used_outlines();
    let longest = picture.carried.outlines.values().max().copied().unwrap_or(0);
    used > OUTLINES || idle > IDLE_OUTLINES || longest > OUTLINE
}

/// What the picture could carry besides its drawing.
fn carried(picture: &Picture, rows: usize) -> Vec<Finding> {
    let most = |(each, besides): (usize, usize)| rows.saturating_mul(each).saturating_add(besides);
    let carried = &picture.carried;
    let mut findings = Vec::new();
    let figures: usize = picture.seen().map(text::runs_of_digits).sum();
    if carried.elements > most(ELEMENTS)
        || carried.numbers > most(NUMBERS)
        || carried.letters() > most(LETTERS)
        || figures > most(FIGURES)
    {
        let why = Text::of(
            "Bildet har flere deler, tall eller navn enn en figur av denne tabellen trenger, og de kan bære noe annet.",
            "Billedet har flere dele, tal eller navne, end en figur af denne tabel behøver, og de kan bære noget andet.",
            "The picture has more parts, numbers or names than a figure of this table needs, and they can carry something else.",
        );
        findings.push(Finding::file(Rule::Payload, Weight::Refuse, why));
    }
    if carried.spare_digits > SPARE_DIGITS {
        let why = Text::of(
            "Punktene er skrevet med flere sifre enn en skjerm kan vise. Rund av.",
            "Punkterne er skrevet med flere cifre, end en skærm kan vise. Afrund.",
            "The points are written with more digits than a screen can show. Round them.",
        );
        findings.push(Finding::file(Rule::SpareDigits, Weight::Review, why));
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
        let dot = |i| format!("<circle cx='{i}' cy='{}' r='1'/>", i * 7 % 31);
        (0..n).map(dot).collect::<Vec<_>>().concat()
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
        assert_eq!(check_of(&dots(1000), Some(20)), ["points-in-picture Refuse", "payload Refuse"]);
        assert_eq!(check_of(&dots(1000), None), ["points-in-picture Refuse", "untabled Review"]);
        let line: Vec<String> = (0..500).map(|i| format!("{i},{}", i * 3 % 71)).collect();
        let curve = format!("<polyline points='{}'/>", line.join(" "));
        assert_eq!(check_of(&curve, Some(20)), ["points-in-picture Refuse"]);
    }

    #[test]
    fn small_paths_are_dots_too() {
        let paths: Vec<String> =
            (0..1000).map(|i| format!("<path d='M {i} {} L {i} 1 Z'/>", i * 7 % 31)).collect();
        assert_eq!(
            check_of(&paths.concat(), Some(20)),
            ["points-in-picture Refuse", "payload Refuse"]
        );
    }
}
