//! Two curves over a threshold: what is gained on one side is lost on the other.

use super::{Chart, Drawing, Room, Written, round_up};

/// What the curves show.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds<'a> {
    /// Unique in the page.
    pub id: &'a str,
    /// What it is a picture of.
    pub title: &'a str,
    /// What one sees, in a sentence.
    pub description: &'a str,
    /// What each curve is called.
    pub curves: [&'a str; 2],
    /// The label below each threshold, and both values there; rising.
    pub points: &'a [(String, [f64; 2])],
    /// Which of the points holds.
    pub chosen: Option<usize>,
    /// How a value is written.
    pub write: Written<'a>,
}

const WIDTH: f64 = Room::Panel.width();
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 18.0;
/// Above the curves stands which is which.
const TOP: f64 = 34.0;
const BOTTOM: f64 = 26.0;

/// Draws the curves. Empty when there are fewer than two points.
#[expect(clippy::cast_precision_loss, reason = "some ten points")]
pub fn thresholds(what: Thresholds<'_>) -> Chart {
    if what.points.len() < 2 {
        return Chart::default();
    }
    let largest = what.points.iter().flat_map(|(_, values)| values).copied().fold(0.0, f64::max);
    let end = round_up(largest);
    let floor = HEIGHT - BOTTOM;
    let step = (WIDTH - LEFT - RIGHT) / (what.points.len() - 1) as f64;
    let at = |place: usize, value: f64| {
        (step.mul_add(place as f64, LEFT), floor - (floor - TOP) * value / end)
    };
    let mut drawing = Drawing::new(what.id, Room::Panel, HEIGHT, what.title, what.description);
    for part in [0.5, 1.0] {
        let (x, y) = at(0, end * part);
        drawing.line("grid", (x, y), (WIDTH - RIGHT, y));
        drawing.text("", "end", (x - 8.0, y + 4.0), &what.write.of(end * part));
    }
    if let Some(chosen) = what.chosen {
        drawing.line("axis", at(chosen, 0.0), at(chosen, end));
    }
    for (place, (label, _)) in what.points.iter().enumerate() {
        drawing.text("", "middle", (at(place, 0.0).0, HEIGHT - 8.0), label);
    }
    for (curve, name) in what.curves.iter().enumerate() {
        let class = if curve == 0 { "line line-1" } else { "line line-2" };
        let values = what.points.iter().filter_map(|(_, values)| values.get(curve).copied());
        let places: Vec<(f64, f64)> =
            values.enumerate().map(|(place, value)| at(place, value)).collect();
        for pair in places.windows(2) {
            if let [from, to] = pair {
                drawing.line(class, *from, *to);
            }
        }
        let x = (WIDTH - LEFT - RIGHT).mul_add(0.5 * curve as f64, LEFT);
        drawing.line(class, (x, 12.0), (x + 26.0, 12.0));
        drawing.text("value", "start", (x + 34.0, 16.0), name);
    }
    drawing.line("axis", (LEFT, floor), (WIDTH - RIGHT, floor));
    drawing.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(points: &[(String, [f64; 2])]) -> Chart {
        thresholds(Thresholds {
            id: "t",
            title: "Threshold",
            description: "",
            curves: ["wrong", "missed"],
            points,
            chosen: Some(1),
            write: Written(&|value| value.to_string()),
        })
    }

    #[test]
    fn each_curve_goes_through_its_values_and_is_named() {
        let points = [("0.5".to_owned(), [10.0, 0.0]), ("0.9".to_owned(), [0.0, 10.0])];
        let svg = draw(&points).to_string();
        // From the top to the floor, and the other way.
        assert!(svg.contains("class=\"line line-1\" d=\"M48.0 34.0L362.0 194.0\""), "{svg}");
        assert!(svg.contains("class=\"line line-2\" d=\"M48.0 194.0L362.0 34.0\""), "{svg}");
        assert!(svg.contains(">wrong</text>") && svg.contains(">missed</text>"));
        assert!(svg.contains(">0.9</text>"));
    }

    #[test]
    fn one_threshold_is_no_curve() {
        assert!(draw(&[("0.5".to_owned(), [1.0, 1.0])]).is_empty());
    }
}
