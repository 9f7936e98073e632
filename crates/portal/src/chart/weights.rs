//! Bars to the right of a line and to the left of it, in groups: what speaks for
//! something, and what against.

use super::{Chart, Drawing, Room, Written};

/// What the bars show.
#[derive(Debug, Clone, Copy)]
pub struct Weighted<'a> {
    /// Unique in the page.
    pub id: &'a str,
    /// What it is a picture of.
    pub title: &'a str,
    /// What one sees, in a sentence.
    pub description: &'a str,
    /// What each group is called, and its bars. A group without a name has no heading.
    pub groups: &'a [(String, Vec<(String, f64)>)],
    /// How a bar's length is written.
    pub write: Written<'a>,
}

const WIDTH: f64 = Room::Panel.width();
/// Where labels end.
const LABELS: f64 = 176.0;
/// What a number beside a bar takes.
const NUMBER: f64 = 42.0;
const STEP: f64 = 24.0;
const THICK: f64 = 14.0;
const LONGEST_LABEL: usize = 26;

/// Draws the bars, one below the other. Empty when there are none.
#[expect(clippy::cast_precision_loss, reason = "some hundred bars")]
pub fn weighted(what: Weighted<'_>) -> Chart {
    let lengths = || what.groups.iter().flat_map(|(_, bars)| bars.iter().map(|(_, bits)| *bits));
    if lengths().next().is_none() || lengths().any(|length| !length.is_finite()) {
        return Chart::default();
    }
    let least = lengths().fold(0.0, f64::min);
    let most = lengths().fold(0.0, f64::max);
    let scale = 2.0_f64.mul_add(-NUMBER, WIDTH - LABELS) / (most - least).max(1e-9);
    let x = |value: f64| (value - least).mul_add(scale, LABELS + NUMBER);
    let headings = what.groups.iter().filter(|(name, _)| !name.is_empty()).count();
    let height = STEP * (lengths().count() + headings) as f64 + 10.0;
    let mut drawing = Drawing::new(what.id, Room::Panel, height, what.title, what.description);
    let mut y = 6.0;
    for (name, bars) in what.groups {
        if !name.is_empty() {
            drawing.text("value", "start", (4.0, y + 13.0), name);
            y += STEP;
        }
        for (label, length) in bars {
            let mut short: String = label.chars().take(LONGEST_LABEL).collect();
            if short.len() < label.len() {
                short.push('…');
            }
            drawing.text("", "end", (LABELS - 6.0, y + 12.0), &short);
            let (low, high) = (x(length.min(0.0)), x(length.max(0.0)));
            let class = if *length < 0.0 { "against" } else { "bar" };
            // Not thinner than one can see.
            drawing.rect(class, (low, y), ((high - low).max(1.0), THICK));
            let (anchor, at) =
                if *length < 0.0 { ("end", low - 6.0) } else { ("start", high + 6.0) };
            drawing.text("", anchor, (at, y + 12.0), &what.write.of(*length));
            y += STEP;
        }
    }
    drawing.line("axis", (x(0.0), 2.0), (x(0.0), height - 4.0));
    drawing.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(groups: &[(&str, &[(&str, f64)])]) -> String {
        let named = |(label, length): &(&str, f64)| ((*label).to_owned(), *length);
        let groups: Vec<_> = groups
            .iter()
            .map(|(name, bars)| ((*name).to_owned(), bars.iter().map(named).collect()))
            .collect();
        weighted(Weighted {
            id: "w",
            title: "",
            description: "",
            groups: &groups,
            write: Written(&|bits| format!("{bits:+.1}")),
        })
        .to_string()
    }

    #[test]
    fn what_speaks_against_lies_to_the_left_of_the_line_and_all_to_one_scale() {
        // From −7 to +5: 120 wide, 10 for each bit; nought lies at 218 + 70.
        let svg = draw(&[("", &[("prior", -7.0)]), ("name", &[("equal", 5.0), ("other", -2.0)])]);
        assert!(svg.contains("class=\"against\" x=\"218.0\" y=\"6.0\" width=\"70.0\""), "{svg}");
        assert!(svg.contains("class=\"bar\" x=\"288.0\" y=\"54.0\" width=\"50.0\""), "{svg}");
        assert!(svg.contains("class=\"against\" x=\"268.0\" y=\"78.0\" width=\"20.0\""), "{svg}");
        assert!(svg.contains(">name</text>") && svg.contains(">+5.0</text>"), "{svg}");
    }

    #[test]
    fn nothing_and_what_is_no_number_is_no_picture() {
        assert!(draw(&[]).is_empty() && draw(&[("a", &[("b", f64::INFINITY)])]).is_empty());
    }
}
