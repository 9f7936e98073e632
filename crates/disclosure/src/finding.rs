//! What a check says: which rule, where, why, and what would mend it.

use std::fmt;

use model::Text;
use serde::{Deserialize, Serialize};

use crate::rule::Rule;
use crate::rules::limits;

/// How much a finding weighs in the suggested verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Good to know; stops nothing.
    Note,
    /// A person has to look.
    Review,
    /// Must not leave as it is.
    Refuse,
}

/// What the check suggests. A checker decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything in the file was understood and every rule was kept.
    Pass,
    /// Something needs a person's eyes; until then the file is held.
    Review,
    /// A rule is broken.
    Refuse,
}

impl Verdict {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Review => "review",
            Self::Refuse => "refuse",
        }
    }
}

/// Where in the file. Rows and lines count from 1, a table's header is no row.
/// Names of columns are shortened and long numbers in them blotted out: a
/// finding is stored and shown to more people than the file is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum Place {
    /// The file as a whole.
    File,
    /// A column of a table.
    Column {
        /// Which, counted from 1.
        column: u32,
        /// Its name.
        name: String,
    },
    /// A row of a table.
    Row {
        /// Which, counted from 1 after the header.
        row: u32,
    },
    /// A cell of a table.
    Cell {
        /// Which row, counted from 1 after the header.
        row: u32,
        /// Which column, counted from 1.
        column: u32,
        /// The column's name.
        name: String,
    },
    /// A line of a text.
    Line {
        /// Which, counted from 1.
        line: u32,
    },
    /// An element of a picture.
    Element {
        /// Its name.
        name: String,
        /// How many bytes into the file.
        offset: u64,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Column { name, .. } => write!(f, "column `{name}`"),
            Self::Row { row } => write!(f, "row {row}"),
            Self::Cell { row, name, .. } => write!(f, "row {row}, column `{name}`"),
            Self::Line { line } => write!(f, "line {line}"),
            Self::Element { name, offset } => write!(f, "element `{name}` at byte {offset}"),
        }
    }
}

/// What would mend a finding without a person: see [`crate::mend()`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Withhold these cells, and others so that they cannot be worked out.
    Withhold,
    /// Leave the column out.
    DropColumn,
    /// Write fewer digits.
    Round,
    /// Show the curve at fewer times.
    Thin,
    /// Take out what nobody sees: comments, metadata.
    Strip,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// How much it weighs.
    pub weight: Weight,
    /// Which of several tables in the file, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Where; never empty, and at most [`limits::PLACES`] of them.
    pub places: Vec<Place>,
    /// How many places more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// Why it matters, in words. Never states the number or the text found.
    pub why: Text,
    /// What would mend it, if something would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<Remedy>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Finding {
    /// A finding about the file as a whole.
    pub(crate) fn file(rule: Rule, weight: Weight, why: Text) -> Self {
        Self::new(rule, weight, vec![Place::File], why)
    }

    /// A finding about some places. None means the whole file.
    pub(crate) fn new(rule: Rule, weight: Weight, mut places: Vec<Place>, why: Text) -> Self {
        if places.is_empty() {
            places.push(Place::File);
        }
        places.sort();
        places.dedup();
        let more = places.len().saturating_sub(limits::PLACES);
        places.truncate(limits::PLACES);
        Self {
            rule,
            weight,
            within: None,
            places,
            more: u64::try_from(more).unwrap_or(u64::MAX),
            why,
            mend: None,
        }
    }

    /// The same finding, with what would mend it.
    pub(crate) fn mended_by(mut self, remedy: Remedy) -> Self {
        self.mend = Some(remedy);
        self
    }

    /// The places in words: `row 3, column "n"; row 5, column "n" and 4 more`.
    pub fn whereabouts(&self) -> String {
        const SHOWN: usize = 10;
        let mut words: Vec<String> = self.places.iter().take(SHOWN).map(Place::to_string).collect();
        if let Some(within) = &self.within {
            words.insert(0, within.clone());
        }
        let hidden = self.places.len().saturating_sub(SHOWN);
        let hidden = self.more.saturating_add(u64::try_from(hidden).unwrap_or(u64::MAX));
        let words = words.join("; ");
        if hidden > 0 { format!("{words} and {hidden} more") } else { words }
    }
}

/// The answer of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Findings {
    /// What is suggested: the weightiest finding decides.
    pub verdict: Verdict,
    /// What the file was taken for: `frequency-table`, `survival-curve`, ….
    pub taken_for: String,
    /// What was found, the weightiest first.
    pub findings: Vec<Finding>,
    /// The rules that were tried on it, found wanting or not.
    pub tried: Vec<Rule>,
}

impl Findings {
    pub(crate) fn of(taken_for: &str, mut findings: Vec<Finding>, mut tried: Vec<Rule>) -> Self {
        findings.sort_by(|a, b| {
            // Rows of people first: beside them a small count is no news.
            let by_rule = (!a.rule.is_about_rows(), a.rule).cmp(&(!b.rule.is_about_rows(), b.rule));
            b.weight.cmp(&a.weight).then(by_rule).then_with(|| a.places.cmp(&b.places))
        });
        tried.extend(findings.iter().map(|finding| finding.rule));
        tried.sort();
        tried.dedup();
        let verdict = match findings.first().map(|finding| finding.weight) {
            Some(Weight::Refuse) => Verdict::Refuse,
            Some(Weight::Review) => Verdict::Review,
            Some(Weight::Note) | None => Verdict::Pass,
        };
        Self { verdict, taken_for: taken_for.to_owned(), findings, tried }
    }

    /// Whether [`crate::mend()`] may have something to offer.
    pub fn mendable(&self) -> bool {
        let stopping = self.findings.iter().filter(|finding| finding.weight == Weight::Refuse);
        let mut any = false;
        for finding in stopping {
            if finding.mend.is_none() {
                return false;
            }
            any = true;
        }
        any || self.findings.iter().any(|finding| finding.mend.is_some())
    }
}

/// A name as a finding may show it: at most 40 characters, printable ones only,
/// and no run of six or more digits, which might be a person's number.
pub(crate) fn shown(name: &str) -> String {
    const LONGEST: usize = 40;
    let mut out = String::new();
    let mut digits = String::new();
    let flush = |digits: &mut String, out: &mut String| {
        if digits.chars().count() >= 6 {
            out.push('…');
        } else {
            out.push_str(digits);
        }
        digits.clear();
    };
    for c in name.chars().take(400) {
        if c.is_numeric() {
            digits.push(c);
            continue;
        }
        flush(&mut digits, &mut out);
        out.push(if c.is_control() || crate::text::unseen(c) { '\u{fffd}' } else { c });
    }
    flush(&mut digits, &mut out);
    if out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST - 1).collect();
        out.push('…');
    }
    out
}

/// A place in a table, from indices counted from 0.
pub(crate) fn cell(row: usize, column: usize, name: &str) -> Place {
    Place::Cell { row: one_based(row), column: one_based(column), name: shown(name) }
}

/// A column of a table, from an index counted from 0.
pub(crate) fn column(column: usize, name: &str) -> Place {
    Place::Column { column: one_based(column), name: shown(name) }
}

/// A row of a table, from an index counted from 0.
pub(crate) fn row(row: usize) -> Place {
    Place::Row { row: one_based(row) }
}

pub(crate) fn one_based(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_persons_number_in_it_is_not_repeated() {
        assert_eq!(shown("n_1957"), "n_1957");
        assert_eq!(shown("id 14815734512 x"), "id … x");
        assert_eq!(shown("a\u{200b}b\nc"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 40);
    }

    #[test]
    fn the_weightiest_finding_decides() {
        let of = |weights: &[Weight]| {
            let findings = weights
                .iter()
                .map(|w| Finding::file(Rule::SmallCount, *w, Text::from("x")))
                .collect();
            Findings::of("frequency-table", findings, vec![]).verdict
        };
        assert_eq!(of(&[]), Verdict::Pass);
        assert_eq!(of(&[Weight::Note]), Verdict::Pass);
        assert_eq!(of(&[Weight::Note, Weight::Review]), Verdict::Review);
        assert_eq!(of(&[Weight::Review, Weight::Refuse, Weight::Note]), Verdict::Refuse);
    }

    #[test]
    fn many_places_are_counted_not_listed() {
        let places = (0..1000).map(row).collect();
        let finding = Finding::new(Rule::SmallCount, Weight::Refuse, places, Text::from("x"));
        assert_eq!(finding.places.len(), limits::PLACES);
        assert_eq!(finding.more, 800);
        assert!(finding.whereabouts().ends_with("and 990 more"), "{}", finding.whereabouts());
    }
}
