//! Standing columns along a time: rows a year.

use super::{Chart, Drawing, Room, Written, round_up};

/// What the columns show.
#[derive(Debug, Clone, Copy)]
pub struct Columned<'a> {
    /// Unique in the page.
    pub id: &'a str,
    /// What it is a picture of.
    pub title: &'a str,
    /// What one sees, in a sentence.
    pub description: &'a str,
    /// The label below each column, and its height. `None`: too few people to tell.
    pub columns: &'a [(String, Option<f64>)],
    /// Where it stands.
    pub room: Room,
    /// How the axis writes its numbers.
    pub axis: Written<'a>,
}

const HEIGHT: f64 = 220.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 26.0;

/// Draws columns. Empty when there is nothing to show.
#[expect(clippy::cast_precision_loss, reason = "some dozens of columns")]
pub fn columns(what: Columned<'_>) -> Chart {
    if what.columns.is_empty() {
        return Chart::default();
    }
    let largest = what.columns.iter().filter_map(|(_, height)| *height).fold(0.0, f64::max);
    let end = round_up(largest);
    let floor = HEIGHT - BOTTOM;
    let room = floor - TOP;
    let right = what.room.width();
    let step = (right - LEFT) / what.columns.len() as f64;
    let mut drawing = Drawing::new(what.id, what.room, HEIGHT, what.title, what.description);
    for part in [0.5, 1.0] {
        let y = floor - room * part;
        drawing.line("grid", (LEFT, y), (right, y));
        drawing.text("", "end", (LEFT - 8.0, y + 4.0), &what.axis.of(end * part));
    }
    let every = (what.columns.len() as f64 * 46.0 / (right - LEFT)).ceil().max(1.0);
    for (i, (label, height)) in what.columns.iter().enumerate() {
        let x = LEFT + step * i as f64;
        let width = (step * 0.72).max(1.0);
        match height {
            Some(height) => {
                let tall = (room * height / end).max(1.0);
                drawing.rect("bar", (x + (step - width) / 2.0, floor - tall), (width, tall));
            }
            None => drawing.rect("few", (x + (step - width) / 2.0, floor - 8.0), (width, 8.0)),
        }
        if (i as f64 % every).abs() < f64::EPSILON {
            drawing.text("", "middle", (x + step / 2.0, HEIGHT - 8.0), label);
        }
    }
    drawing.line("axis", (LEFT, floor), (right, floor));
    drawing.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_tall_as_its_number_and_a_small_one_is_only_outlined() {
        let columns_of = [("1997".to_owned(), Some(50.0)), ("1998".to_owned(), None)];
        let svg = columns(Columned {
            id: "years",
            title: "Rows a year",
            description: "",
            columns: &columns_of,
            room: Room::Page,
            axis: Written(&|end| format!("{end}")),
        })
        .to_string();
        // 50 of 50: from the floor at 194 to the top at 14.
        assert!(svg.contains("y=\"14.0\""), "{svg}");
        assert!(svg.contains("height=\"180.0\""), "{svg}");
        assert_eq!(svg.matches("class=\"few\"").count(), 1);
        assert!(svg.contains(">1998</text>"));
    }
}
