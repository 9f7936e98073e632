//! Steps that add up: from where one starts, up and down, to where one ends.

use super::{Chart, Drawing, Room, Written};

/// What the steps show.
#[derive(Debug, Clone, Copy)]
pub struct Waterfall<'a> {
    /// Unique in the page.
    pub id: &'a str,
    /// What it is a picture of.
    pub title: &'a str,
    /// What one sees, in a sentence.
    pub description: &'a str,
    /// What each step is called, and how far it goes.
    pub steps: &'a [(String, f64)],
    /// What the end is called.
    pub end: &'a str,
    /// How a step is written.
    pub write: Written<'a>,
}

const WIDTH: f64 = Room::Page.width();
const LEFT: f64 = 170.0;
const RIGHT: f64 = 64.0;
const STEP: f64 = 28.0;
const THICK: f64 = 17.0;

/// Draws the steps, one below the other. Empty when there are none.
#[expect(clippy::cast_precision_loss, reason = "some ten steps")]
pub fn waterfall(what: Waterfall<'_>) -> Chart {
    if what.steps.is_empty() || what.steps.iter().any(|(_, step)| !step.is_finite()) {
        return Chart::default();
    }
    let mut reached = vec![0.0];
    for (_, step) in what.steps {
        reached.push(reached.last().copied().unwrap_or(0.0) + step);
    }
    let least = reached.iter().copied().fold(0.0, f64::min);
    let most = reached.iter().copied().fold(0.0, f64::max);
    let scale = (WIDTH - LEFT - RIGHT) / (most - least).max(1e-9);
    let x = |value: f64| (value - least).mul_add(scale, LEFT);
    let height = STEP * (what.steps.len() + 1) as f64 + 10.0;
    let mut drawing = Drawing::new(what.id, Room::Page, height, what.title, what.description);
    let ends = reached.last().copied().unwrap_or(0.0);
    let total = (what.end.to_owned(), ends);
    let bars = what.steps.iter().zip(reached.windows(2)).map(|((name, step), between)| {
        let class = if *step < 0.0 { "against" } else { "bar" };
        let (from, to) = match between {
            [from, to] => (*from, *to),
            _ => (0.0, 0.0),
        };
        (name, class, from, to, *step)
    });
    let last = std::iter::once((&total.0, "bar-2", 0.0, ends, ends));
    for (row, (name, class, from, to, shown)) in bars.chain(last).enumerate() {
        let y = STEP.mul_add(row as f64, 6.0);
        let (low, high) = (from.min(to), from.max(to));
        drawing.text("value", "end", (LEFT - 10.0, y + 13.0), name);
        // Not thinner than one can see.
        drawing.rect(class, (x(low), y), (((high - low) * scale).max(1.0), THICK));
        drawing.text("", "start", (x(high) + 6.0, y + 13.0), &what.write.of(shown));
        if row < what.steps.len() {
            drawing.line("grid", (x(to), y + THICK), (x(to), y + STEP));
        }
    }
    drawing.line("axis", (x(0.0), 2.0), (x(0.0), height - 4.0));
    drawing.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(steps: &[(&str, f64)]) -> String {
        let steps: Vec<_> = steps.iter().map(|(name, step)| ((*name).to_owned(), *step)).collect();
        waterfall(Waterfall {
            id: "w",
            title: "",
            description: "",
            steps: &steps,
            end: "all",
            write: Written(&|bits| format!("{bits:+.1}")),
        })
        .to_string()
    }

    #[test]
    fn each_step_begins_where_the_one_before_ended_and_the_end_is_their_sum() {
        // From −10 to +4: 406 wide, 29 for each bit; nought lies at 170 + 290.
        let svg = draw(&[("prior", -10.0), ("name", 12.0), ("date", 2.0)]);
        assert!(svg.contains("class=\"against\" x=\"170.0\" y=\"6.0\" width=\"290.0\""), "{svg}");
        assert!(svg.contains("class=\"bar\" x=\"170.0\" y=\"34.0\" width=\"348.0\""), "{svg}");
        assert!(svg.contains("class=\"bar\" x=\"518.0\" y=\"62.0\" width=\"58.0\""), "{svg}");
        assert!(svg.contains("class=\"bar-2\" x=\"460.0\" y=\"90.0\" width=\"116.0\""), "{svg}");
        assert!(svg.contains(">+4.0</text>") && svg.contains(">-10.0</text>"), "{svg}");
    }

    #[test]
    fn nothing_and_what_is_no_number_is_no_picture() {
        assert!(draw(&[]).is_empty() && draw(&[("a", f64::NAN)]).is_empty());
    }
}
