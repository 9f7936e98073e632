//! A box with whiskers: where the values of a number lie.

use super::{Chart, Drawing, Room, Written};

/// What the box shows: values at the 5th, 25th, 50th, 75th and 95th percentile.
#[derive(Debug, Clone, Copy)]
pub struct Spread<'a> {
    /// Unique in the page.
    pub id: &'a str,
    /// What it is a picture of.
    pub title: &'a str,
    /// What one sees, in a sentence.
    pub description: &'a str,
    /// The five values, rising.
    pub values: [f64; 5],
    /// How a value is written.
    pub write: Written<'a>,
}

const WIDTH: f64 = Room::Page.width();
const HEIGHT: f64 = 110.0;
const EDGE: f64 = 48.0;
const MIDDLE: f64 = 52.0;

/// Draws the box. Empty when the values do not rise.
pub fn spread(what: Spread<'_>) -> Chart {
    let [low, q1, median, q3, high] = what.values;
    if !what.values.is_sorted() || high <= low || !(high - low).is_finite() {
        return Chart::default();
    }
    let x = |value: f64| EDGE + (WIDTH - 2.0 * EDGE) * (value - low) / (high - low);
    let mut drawing = Drawing::new(what.id, Room::Page, HEIGHT, what.title, what.description);
    drawing.line("axis", (x(low), MIDDLE), (x(high), MIDDLE));
    drawing.line("axis", (x(low), MIDDLE - 8.0), (x(low), MIDDLE + 8.0));
    drawing.line("axis", (x(high), MIDDLE - 8.0), (x(high), MIDDLE + 8.0));
    drawing.rect("bar-2", (x(q1), MIDDLE - 16.0), ((x(q3) - x(q1)).max(1.0), 32.0));
    drawing.line("line line-1", (x(median), MIDDLE - 16.0), (x(median), MIDDLE + 16.0));
    let mut label = |value: f64, y: f64, class: &str, percent: &str| {
        drawing.text(class, "middle", (x(value), y), &what.write.of(value));
        drawing.text("", "middle", (x(value), y + 14.0), percent);
    };
    label(low, MIDDLE + 34.0, "value", "5 %");
    label(high, MIDDLE + 34.0, "value", "95 %");
    label(median, MIDDLE - 38.0, "value", "50 %");
    // Quartiles are written only where there is room beside their neighbours.
    for (value, percent) in [(q1, "25 %"), (q3, "75 %")] {
        if x(value) - x(low) > 56.0 && x(high) - x(value) > 56.0 && x(q3) - x(q1) > 56.0 {
            label(value, MIDDLE + 34.0, "value", percent);
        }
    }
    drawing.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_do_not_rise_are_no_picture() {
        let draw = |values| {
            spread(Spread {
                id: "s",
                title: "",
                description: "",
                values,
                write: Written(&|v| v.to_string()),
            })
        };
        assert!(draw([1.0, 1.0, 1.0, 1.0, 1.0]).is_empty());
        assert!(draw([2.0, 1.0, 3.0, 4.0, 5.0]).is_empty());
        // The median of 0..10 stands in the middle of the picture.
        assert!(draw([0.0, 2.0, 5.0, 8.0, 10.0]).to_string().contains("M320.0 36.0"));
    }
}
