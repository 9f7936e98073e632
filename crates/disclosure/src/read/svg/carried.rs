//! What a picture carries besides what one sees of it: names, values, numbers,
//! blanks. A figure needs few of each, and the check counts them.

use std::collections::{BTreeMap, BTreeSet};

/// The longest name that something is referred to by: svglite writes the four
/// corners of a panel in base64.
const LONGEST_NAME: usize = 64;
/// Different words that programs count with: `text_1`, `line2d_7`, `glyph0-3`.
const WORDS: usize = 24;
/// The longest of these words.
const LONGEST_WORD: usize = 24;
/// Significant digits of a place on a page: six decimals of some hundred points.
const ENOUGH: usize = 9;
/// What a value costs besides its letters.
const EACH: usize = 8;

/// The parts of a picture that draw nothing.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    pub(crate) elements: usize,
    /// Numbers that place, turn and measure, outlines of letters apart.
    pub(crate) numbers: usize,
    /// Digits past those that a place on a page has.
    pub(crate) spare_digits: usize,
    /// Different values of attributes that are more than numbers.
    pub(crate) values: BTreeSet<String>,
    /// Numbers in each definition, by its name.
    pub(crate) outlines: BTreeMap<String, usize>,
    ids: Vec<(String, u64)>,
    classes: Vec<(String, u64)>,
    referenced: BTreeSet<String>,
    sheets: String,
    indents: BTreeMap<usize, BTreeSet<String>>,
    /// Blanks unlike the others, by their length.
    pub(crate) odd_blanks: usize,
}

impl Carried {
    /// Notes an attribute.
    pub(super) fn attribute(&mut self, key: &str, value: &str, offset: u64) {
        self.spare_digits += spare_digits(value);
        self.odd_blanks += long_blanks(value);
        self.refer(value);
        match key {
            "id" => self.ids.push((value.to_owned(), offset)),
            "class" => {
                self.classes.extend(value.split_whitespace().map(|c| (c.to_owned(), offset)));
            }
            "href" | "xlink:href" => {
                self.referenced.extend(value.trim().strip_prefix('#').map(str::to_owned));
            }
            "d" | "points" | "xmlns" | "xmlns:xlink" | "xmlns:svg" => {}
            _ => match numbers(value) {
                Some(numbers) => self.numbers += numbers,
                None if value.starts_with("url(#") && value.ends_with(')') => {}
                None => {
                    self.values.insert(value.to_owned());
                }
            },
        }
    }

    /// Notes a tag of `length` bytes of which `needed` say something.
    pub(super) fn tag(&mut self, length: usize, needed: usize, attributes: usize) {
        self.elements += 1;
        let blanks = length.saturating_sub(needed);
        if blanks > attributes * 2 + 4 {
            self.odd_blanks += 1 + blanks / 8;
        }
    }

    /// Notes the blanks between two tags.
    pub(super) fn blank(&mut self, depth: usize, run: &str) {
        let indents = self.indents.entry(depth).or_default();
        // Before the next tag, and before the one that closes.
        if indents.len() < 2 && run.len() <= 8 * depth + 8 {
            indents.insert(run.to_owned());
        } else if !indents.contains(run) {
            self.odd_blanks += 1 + run.len() / 8;
        }
    }

    /// Notes a style sheet.
    pub(super) fn sheet(&mut self, sheet: &str) {
        self.refer(sheet);
        self.sheets.push_str(sheet);
    }

    fn refer(&mut self, value: &str) {
        for target in value.split("url(").skip(1) {
            let name = target.split(')').next().unwrap_or_default();
            let name = name.trim().trim_matches(['"', '\'']);
            self.referenced.extend(name.strip_prefix('#').map(str::to_owned));
        }
    }

    /// Names that nothing refers to and that do not count either (`text_1`,
    /// `text_2`), or that are too long, and classes without a style; with where
    /// they stand.
    pub(crate) fn idle(&self) -> Vec<(&str, u64)> {
        let mut counters: BTreeMap<&str, u64> = BTreeMap::new();
        let mut idle = Vec::new();
        for (id, offset) in &self.ids {
            let fits = if self.referenced.contains(id) {
                counts(&mut counters, id);
                id.len() <= LONGEST_NAME
            } else {
                counts(&mut counters, id) && counters.len() <= WORDS
            };
            if !fits {
                idle.push((id.as_str(), *offset));
            }
        }
        let styled = self.styled();
        let unstyled = self.classes.iter().filter(|(class, _)| !styled.contains(class.as_str()));
        idle.extend(unstyled.map(|(class, offset)| (class.as_str(), *offset)));
        idle
    }

    /// Classes that a style sheet speaks of.
    fn styled(&self) -> BTreeSet<&str> {
        let after = self.sheets.split('.').skip(1);
        after.map(|rest| rest.split(|c| !is_name(c)).next().unwrap_or_default()).collect()
    }

    /// How much is written in values and names, each counted once with a little
    /// besides.
    pub(crate) fn letters(&self) -> usize {
        let mut counters = BTreeMap::new();
        let names = self.ids.iter().filter(|(id, _)| !counts(&mut counters, id));
        let names = names.map(|(id, _)| id.len() + EACH).sum::<usize>();
        names + self.values.iter().map(|value| value.len() + EACH).sum::<usize>()
    }

    /// Numbers in definitions that are drawn, and in those that are not.
    pub(crate) fn used_outlines(&self) -> (usize, usize) {
        let (mut used, mut idle) = (0, 0);
        for (name, numbers) in &self.outlines {
            let drawn = self.referenced.contains(name);
            *(if drawn { &mut used } else { &mut idle }) += numbers;
        }
        (used, idle)
    }

    /// Names as they stand, but for those in which svglite writes the corners
    /// of a panel.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let ids = self.ids.iter().map(|(id, _)| id.as_str()).filter(|id| !is_panel(id));
        ids.chain(self.classes.iter().map(|(class, _)| class.as_str()))
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// Whether the name is a word and the next number of that word.
fn counts<'a>(counters: &mut BTreeMap<&'a str, u64>, id: &'a str) -> bool {
    let word = id.trim_end_matches(|c: char| c.is_ascii_digit());
    let Some(number) = id.get(word.len()..).and_then(|digits| digits.parse::<u64>().ok()) else {
        return false;
    };
    if word.is_empty() || word.len() > LONGEST_WORD || counters.len() > WORDS {
        return false;
    }
    match counters.insert(word, number) {
        Some(before) => number == before + 1,
        None => number <= 100,
    }
}

/// How many numbers the value is, if it is nothing else.
fn numbers(value: &str) -> Option<usize> {
    const WORDS: &[&str] =
        &["translate", "rotate", "scale", "matrix", "skewX", "skewY", "px", "pt", "em", "%"];
    let mut rest = value.to_owned();
    for word in WORDS {
        rest = rest.replace(word, " ");
    }
    let plain = |c: char| c.is_ascii_digit() || c.is_ascii_whitespace() || "+-.eE,()".contains(c);
    rest.chars().all(plain).then(|| {
        let digits = |part: &&str| part.contains(|c: char| c.is_ascii_digit());
        rest.split(|c: char| !(c.is_ascii_digit() || c == '.')).filter(digits).count()
    })
}

fn spare_digits(value: &str) -> usize {
    value
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map(|number| {
            let number = number.trim_start_matches(['0', '.']).trim_end_matches('0');
            number.bytes().filter(u8::is_ascii_digit).count().saturating_sub(ENOUGH)
        })
        .sum()
}

fn long_blanks(value: &str) -> usize {
    value.split(|c: char| !c.is_whitespace()).map(str::len).filter(|run| *run >= 4).sum::<usize>()
        / 4
}

/// `cp` and four numbers in base64.
fn is_panel(id: &str) -> bool {
    let Some(code) = id.strip_prefix("cp") else { return false };
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut text = String::new();
    for byte in code.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return false,
        };
        bits = (bits << 6 | u32::from(six)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            text.push(char::from((bits >> held & 0xff).to_le_bytes()[0]));
        }
    }
    let corners: Vec<&str> = text.split('|').collect();
    corners.len() == 4 && corners.iter().all(|c| c.len() <= 9 && c.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_count_and_names_that_are_used_are_no_trouble() {
        let mut carried = Carried::default();
        for id in ["text_1", "line2d_1", "text_2", "p0a1b2", "text_4", "loose"] {
            carried.attribute("id", id, 0);
        }
        carried.attribute("clip-path", "url(#p0a1b2)", 0);
        carried.sheet(".svglite line { fill: none }");
        carried.attribute("class", "svglite other svg", 0);
        let idle: Vec<&str> = carried.idle().into_iter().map(|(name, _)| name).collect();
        assert_eq!(idle, ["text_4", "loose", "other", "svg"]);
    }

    #[test]
    fn values_are_numbers_or_letters() {
        assert_eq!(numbers("translate(1.5,-2) rotate(90)"), Some(3));
        assert_eq!(numbers("100%"), Some(1));
        assert_eq!(numbers("#00ff00"), None);
        assert_eq!(spare_digits("0.00390625 334.997656 1.23456789012"), 3);
    }

    #[test]
    fn the_corners_of_a_panel_are_known() {
        assert!(is_panel("cpMzcuNDR8NDI5LjI2fDIzLjMyfDMyOC4yOQ=="));
        assert!(!is_panel("cpaGVsbG8gd29ybGQsIGhlbGxv"));
        assert!(!is_panel("MzcuNDR8NDI5LjI2fDIzLjMyfDMyOC4yOQ=="));
    }
}
