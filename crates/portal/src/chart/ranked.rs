//! Lying bars, the longest first: the commonest values of a variable.

use super::{Chart, Drawing, Room};

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
    /// Where it stands.
    pub room: Room,
}

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
    let width = what.room.width();
    // What labels and numbers take.
    let (left, right) = match what.room {
        Room::Page => (190.0, 96.0),
        Room::Panel => (170.0, 110.0),
    };
    let mut drawing = Drawing::new(what.id, what.room, height, what.title, what.description);
    for (i, (label, length, shown)) in what.bars.iter().enumerate() {
        let y = STEP * i as f64 + 4.0;
        let mut short: String = label.chars().take(LONGEST_LABEL).collect();
        if short.len() < label.len() {
            short.push('…');
        }
        let long = ((width - left - right) * length / longest).max(1.0);
        drawing.text("value", "end", (left - 10.0, y + 14.0), &short);
        drawing.rect("bar", (left, y + 1.0), (long, STEP - 9.0));
        drawing.text("", "start", (left + long + 8.0, y + 14.0), shown);
    }
    drawing.line("axis", (left, 2.0), (left, height - 4.0));
    drawing.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_room_and_the_others_are_in_proportion() {
        let bars =
            [("a".to_owned(), 200.0, "200".to_owned()), ("b".to_owned(), 50.0, "50".to_owned())];
        for (room, longest, other) in
            [(Room::Page, "354.0", "88.5"), (Room::Panel, "100.0", "25.0")]
        {
            let what = Ranked { id: "top", title: "", description: "", bars: &bars, room };
            let svg = ranked(what).to_string();
            assert!(svg.contains(&format!("width=\"{longest}\"")), "{svg}");
            assert!(svg.contains(&format!("width=\"{other}\"")), "{svg}");
        }
    }
}
