//! Pictures, drawn on the server as SVG. Each has a title and a description
//! for those who listen, and stands beside a table with the same figures. A
//! picture holds no colour of its own: its classes are in the style sheet.

mod columns;
mod ranked;
mod spread;
mod thresholds;
mod waterfall;
mod weights;

use std::fmt::Write as _;

pub use columns::{Columned, columns};
pub use ranked::{Ranked, ranked};
pub use spread::{Spread, spread};
pub use thresholds::{Thresholds, thresholds};
pub use waterfall::{Waterfall, waterfall};
pub use weights::{Weighted, weighted};

use crate::parts::escaped;

/// A finished picture. Prints itself as an `<svg>` element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chart(String);

impl Chart {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Chart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Chart {}

/// How a number is written in a picture.
#[derive(Clone, Copy)]
pub struct Written<'a>(pub &'a dyn Fn(f64) -> String);

impl Written<'_> {
    fn of(self, number: f64) -> String {
        (self.0)(number)
    }
}

impl std::fmt::Debug for Written<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Written(…)")
    }
}

/// How wide the place is where a picture stands: one that is scaled down to fit has
/// letters that nobody can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Across the page.
    Page,
    /// In a panel at the side of a page, or on a telephone.
    Panel,
}

impl Room {
    const fn width(self) -> f64 {
        match self {
            Self::Page => 640.0,
            Self::Panel => 380.0,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Page => "chart",
            Self::Panel => "chart small",
        }
    }
}

/// A drawing that grows. `id` must be unique in the page.
struct Drawing(String);

impl Drawing {
    /// As wide as the place where it stands.
    fn new(id: &str, room: Room, height: f64, title: &str, description: &str) -> Self {
        let (class, width) = (room.class(), room.width());
        Self(format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">{}</title>\
             <desc id=\"{id}-desc\">{}</desc>",
            escaped(title),
            escaped(description),
        ))
    }

    fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let _ = write!(
            self.0,
            "<path class=\"{class}\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64)) {
        let _ = write!(
            self.0,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"1.5\"/>",
            at.0, at.1, size.0, size.1
        );
    }

    fn text(&mut self, class: &str, anchor: &str, at: (f64, f64), words: &str) {
        let _ = write!(
            self.0,
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            at.0,
            at.1,
            escaped(words)
        );
    }

    fn done(mut self) -> Chart {
        self.0.push_str("</svg>");
        Chart(self.0)
    }
}

/// A round number at or above `value`, whose half is round as well.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 1.6, 2.0, 2.4, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|round| *round >= value)
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_that_is_large_enough() {
        for (value, round) in
            [(0.0, 1.0), (1.0, 1.0), (17_549.0, 20_000.0), (0.3, 0.3), (21_400.0, 24_000.0)]
        {
            assert!((round_up(value) - round).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn words_in_a_picture_never_become_markup() {
        let mut drawing = Drawing::new("c", Room::Page, 10.0, "<b>", "a & b");
        drawing.text("value", "end", (1.0, 2.0), "<script>");
        let svg = drawing.done().to_string();
        assert!(!svg.contains("<b>") && !svg.contains("<script>"), "{svg}");
        assert!(svg.ends_with("</svg>"));
    }
}
