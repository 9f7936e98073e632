//! Lying bars, the longest first: the commonest values of a variable.

use super::{Chart, Drawing};

/// What the bars show.
#[derive(Debug, Clone, Copy)]
pub struct Ranked<'a> {
    /// Unique in the page.
    pub id: &'a str,
    /// What it is a picture of.
    pub title: &'a str,
    /// What one sees, in a sentence.
    pub description: &'a str,
    /// The label of each bar, its length, and the number as it is written.
    pub bars: &'a [(String, f64, String)],
}

const WIDTH: f64 = 640.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 96.0;
const STEP: f64 = 26.0;
const LONGEST_LABEL: usize = 26;

/// Draws bars. Empty when there is nothing to show.
#[expect(clippy::cast_precision_loss, reason = "twenty bars at the most")]
pub fn ranked(what: Ranked<'_>) -> Chart {
    if what.bars.is_empty() {
        return Chart::default();
    }
    let longest = what.bars.iter().map(|(_, length, _)| *length).fold(1.0, f64::max);
    let height = STEP * what.bars.len() as f64 + 6.0;
    let mut drawing = Drawing::new(what.id, WIDTH, height, what.title, what.description);
    for (i, (label, length, shown)) in what.bars.iter().enumerate() {
        let y = STEP * i as f64 + 4.0;
        let mut short: String = label.chars().take(LONGEST_LABEL).collect();
        if short.len() < label.len() {
            short.push('…');
        }
        let long = ((WIDTH - LEFT - RIGHT) * length / longest).max(1.0);
        drawing.text("value", "end", (LEFT - 10.0, y + 14.0), &short);
        drawing.rect("bar", (LEFT, y + 1.0), (long, STEP - 9.0));
        drawing.text("", "start", (LEFT + long + 8.0, y + 14.0), shown);
    }
    drawing.line("axis", (LEFT, 2.0), (LEFT, height - 4.0));
    drawing.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_room_and_the_others_are_in_proportion() {
        let bars =
            [("a".to_owned(), 200.0, "200".to_owned()), ("b".to_owned(), 50.0, "50".to_owned())];
        let svg = ranked(Ranked { id: "top", title: "", description: "", bars: &bars }).to_string();
        assert!(svg.contains("width=\"354.0\""), "{svg}");
        assert!(svg.contains("width=\"88.5\""), "{svg}");
    }
}
