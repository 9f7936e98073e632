//! JSON without a second reading: a name stands once in an object, and what
//! stands between the values carries nothing.
//!
//! Programs that read a name given twice keep the first or the last (RFC 8259,
//! section 4); the other is there for whoever looks. Blanks, digits past those
//! that a number has room for, and spellings of a letter are passed over in the
//! same way.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

/// A text as it was understood, and whether it holds more than that.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) json: Json,
    pub(super) more: bool,
}

/// Blanks that are unlike the others of their kind: a person's hand makes some.
const ODD_BLANKS: usize = 24;
/// Digits of one number: a binary fraction has seventeen, and `0.` and zeros.
const DIGITS: usize = 24;
/// Letters written as escapes that could stand as they are.
const ESCAPES: usize = 8;

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Read, serde_json::Error> {
    let Once { json, doubled } = serde_json::from_str(text)?;
    Ok(Read { json, more: doubled || slack(text) })
}

/// A value, and whether some name stood twice in an object in it.
struct Once {
    json: Json,
    doubled: bool,
}

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Names)
    }
}

struct Names;

impl Names {
    #[expect(clippy::unnecessary_wraps, reason = "what a visitor returns")]
    fn single<E>(json: impl Into<Json>) -> Result<Once, E> {
        Ok(Once { json: json.into(), doubled: false })
    }
}

impl<'de> Visitor<'de> for Names {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Once, E> {
        Self::single(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Once, E> {
        Self::single(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Once, E> {
        Self::single(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Once, E> {
        Self::single(value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Once, E> {
        Self::single(value)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Once, E> {
        Self::single(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Once, A::Error> {
        let (mut all, mut doubled) = (Vec::new(), false);
        while let Some(item) = items.next_element::<Once>()? {
            doubled |= item.doubled;
            all.push(item.json);
        }
        Ok(Once { json: Json::Array(all), doubled })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Once, A::Error> {
        let (mut all, mut doubled) = (Map::new(), false);
        while let Some((name, value)) = members.next_entry::<String, Once>()? {
            doubled |= value.doubled;
            doubled |= all.insert(name, value.json).is_some();
        }
        Ok(Once { json: Json::Object(all), doubled })
    }
}

/// Whether there is room in what a reader passes over. The text is known to be
/// JSON.
fn slack(text: &str) -> bool {
    let mut blanks = Blanks::default();
    let (mut depth, mut escapes) = (0_usize, 0_usize);
    let (mut before, mut blank) = ('\0', false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let here = depth;
        let length = match c {
            '"' => {
                let length = string_length(rest);
                escapes += needless_escapes(rest.get(..length).unwrap_or_default());
                length
            }
            '-' | '0'..='9' => {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
                let number = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
                if number.bytes().filter(u8::is_ascii_digit).count() > DIGITS {
                    return true;
                }
                number.len()
            }
            ' ' | '\t' | '\n' | '\r' => {
                let end = rest.find(|c| !" \t\n\r".contains(c)).unwrap_or(rest.len());
                let (run, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                let closing = usize::from(after.starts_with([']', '}']));
                blanks.add(before, depth.saturating_sub(closing), run);
                end
            }
            _ => {
                match c {
                    '{' | '[' => depth += 1,
                    '}' | ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                c.len_utf8()
            }
        };
        if !" \t\n\r".contains(c) {
            blanks.after(here, before, blank);
            before = if "{[:,".contains(c) { c } else { ']' };
        }
        blank = " \t\n\r".contains(c);
        rest = rest.get(length.max(1)..).unwrap_or_default();
    }
    blanks.odd() > ODD_BLANKS || escapes > ESCAPES
}

/// Blanks between values: each like the others at its depth and behind its sign.
#[derive(Default)]
struct Blanks<'a> {
    indents: BTreeMap<usize, &'a str>,
    gaps: BTreeMap<char, usize>,
    /// Behind each sign at each depth: how often a blank follows, and how often none.
    followed: BTreeMap<(usize, char), (usize, usize)>,
    uneven: usize,
}

impl<'a> Blanks<'a> {
    fn after(&mut self, depth: usize, before: char, blank: bool) {
        if matches!(before, ',' | ':') {
            let (with, without) = self.followed.entry((depth, before)).or_default();
            *(if blank { with } else { without }) += 1;
        }
    }

    fn odd(&self) -> usize {
        let mixed = self.followed.values().map(|(with, without)| *with.min(without));
        self.uneven + mixed.sum::<usize>()
    }

    /// How odd the run is, by its length: a long one carries more.
    fn add(&mut self, before: char, depth: usize, run: &'a str) {
        if before == '\0'
            || depth == 0 && run.trim_matches(['\r', '\n']).is_empty() && run.len() <= 4
        {
            return;
        }
        let run = run.strip_prefix('\r').unwrap_or(run);
        let usual = if let Some(indent) = run.strip_prefix('\n') {
            *self.indents.entry(depth).or_insert(indent) == indent && indent.len() <= 8 * depth + 8
        } else {
            *self.gaps.entry(before).or_insert(run.len()) == run.len() && run.len() <= 2
        };
        if !usual {
            self.uneven += 1 + run.len() / 8;
        }
    }
}

/// How many bytes of the text are its first string, quotes and all.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// `\u0041` is an A, and `\/` a slash, that could have been written so.
fn needless_escapes(string: &str) -> usize {
    let letter = |at: usize| {
        let code = string.get(at + 4..at + 6).and_then(|d| u8::from_str_radix(d, 16).ok());
        code.is_some_and(|code| (0x20..0x7f).contains(&code))
    };
    let letters = string.match_indices("\\u00").filter(|(at, _)| letter(*at)).count();
    letters + string.matches("\\/").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn more(text: &str) -> bool {
        read(text).unwrap().more
    }

    #[test]
    fn a_name_given_twice_is_more_than_was_understood() {
        assert!(more(r#"{"a": [1, 2], "a": 1}"#));
        assert!(more(r#"[{"x": {"a": 1, "\u0061": 2}}]"#));
        assert!(!more(r#"{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]}"#));
    }

    #[test]
    fn blanks_digits_and_spellings_are_more_when_they_are_uneven() {
        assert!(more(&format!("[1,{}2]", " ".repeat(200))));
        assert!(more(&format!("[1,\n{}2]", " ".repeat(200))));
        assert!(more(&format!("[0.{}]", "1234567890".repeat(3))));
        assert!(more(r#"["\u0041\u0042\u0043\u0044\u0045\u0046\u0047\u0048\u0049"]"#));
        let uneven: Vec<String> = (0..60).map(|i| " ".repeat(i % 2) + "1").collect();
        assert!(more(&format!("[{}]", uneven.join(","))));
        for even in
            ["[1, 2,\n 3]\n", "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}", "[0.97, \"\\u00f8\"]"]
        {
            assert!(!more(even), "{even}");
        }
    }
}
