//! The weights of a model, drawn: a bar for each level, to the right for one person,
//! to the left against it.

use std::fmt::Write as _;

use linkage::probabilistic::{Told, ToldComparison};

const LINE: f64 = 18.0;
const WIDTH: f64 = 900.0;
/// Where a weight of nothing stands, and how wide a bit is at most.
const MIDDLE: f64 = 640.0;
const REACH: f64 = 230.0;

/// The match-weight chart, as SVG.
pub(super) fn weights(told: &Told) -> String {
    let levels = told.comparisons.iter().flat_map(|comparison| &comparison.levels);
    let most = levels.clone().map(|level| level.weight.abs()).fold(1.0, f64::max);
    let bit = REACH / most;
    let lines: usize = told.comparisons.iter().map(|comparison| comparison.levels.len() + 1).sum();
    #[expect(clippy::cast_precision_loss, reason = "some hundred lines")]
    let height = (lines as f64 + 3.0) * LINE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>Match weights in bits</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    let mut y = LINE * 1.5;
    line(
        &mut svg,
        y,
        "before any evidence",
        told.prior_weight,
        REACH / told.prior_weight.abs().max(most),
    );
    for comparison in &told.comparisons {
        y += LINE;
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{y}\" font-weight=\"bold\">{}</text>",
            escaped(&heading(comparison))
        );
        for level in &comparison.levels {
            y += LINE;
            line(&mut svg, y, &level.label, level.weight, bit);
        }
    }
    let _ = writeln!(
        svg,
        "<line x1=\"{MIDDLE}\" x2=\"{MIDDLE}\" y1=\"4\" y2=\"{}\" stroke=\"#444\"/>\n</svg>",
        height - 4.0
    );
    svg
}

/// What a comparison is called, and beside which others it says less.
fn heading(comparison: &ToldComparison) -> String {
    let name = &comparison.name;
    match comparison.given.as_slice() {
        [] => name.clone(),
        given => format!("{name} (less where these agree: {})", given.join(", ")),
    }
}

fn line(svg: &mut String, y: f64, label: &str, weight: f64, bit: f64) {
    let width = weight.abs() * bit;
    let from = if weight < 0.0 { MIDDLE - width } else { MIDDLE };
    let colour = if weight < 0.0 { "#b3253e" } else { "#1f6f54" };
    let top = y - 11.0;
    let _ = writeln!(
        svg,
        "<text x=\"24\" y=\"{y}\">{}</text>\
         <rect x=\"{from:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"13\" fill=\"{colour}\"/>\
         <text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{weight:+.2}</text>",
        escaped(label),
        MIDDLE - REACH - 6.0,
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
