//! Where something stands, whom it waits for, what can be done now.

use askama::Template;
use jiff::tz::TimeZone;
use jiff::{SpanRound, Unit};
use model::{Date, Timestamp};

use super::{Tag, Tone};
use crate::words::{Shown, Words};

/// The first part of a page about one object.
#[derive(Debug, Clone, Template, Default)]
#[template(path = "parts/standing.html")]
pub struct Standing {
    /// The way back, from the outermost: words and addresses.
    pub trail: Vec<(String, String)>,
    /// The kind of object, above its name.
    pub kind: String,
    /// Its name.
    pub title: String,
    /// The state in a word.
    pub tag: Tag,
    /// The state in a sentence.
    pub says: String,
    /// Short facts: what, and what it is.
    pub facts: Vec<(String, Fact)>,
    /// What can be done now. The first is the one that is meant.
    pub steps: Vec<Step>,
}

impl askama::filters::HtmlSafe for Standing {}

/// A short fact.
#[derive(Debug, Clone)]
pub enum Fact {
    /// Plain words.
    Words(String),
    /// Words that lead somewhere.
    Link(String, String),
    /// A day or an instant, and what that means.
    Time(Shown, String),
}

/// Something that can be done.
#[derive(Debug, Clone)]
pub struct Step {
    /// What.
    pub label: String,
    /// How.
    pub how: How,
    /// Whether it takes something away.
    pub grave: bool,
}

/// How something is done.
#[derive(Debug, Clone)]
pub enum How {
    /// By going there.
    Go(String),
    /// By sending a form there: address and form token.
    Send(String, String),
}

impl Step {
    /// Goes to `href`.
    pub fn go(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), how: How::Go(href.into()), grave: false }
    }

    /// Sends a form to `href`.
    pub fn send(
        label: impl Into<String>,
        href: impl Into<String>,
        form_token: impl Into<String>,
    ) -> Self {
        Self { label: label.into(), how: How::Send(href.into(), form_token.into()), grave: false }
    }

    /// The same, and it takes something away.
    #[must_use]
    pub fn grave(mut self) -> Self {
        self.grave = true;
        self
    }
}

/// How long it is to a deadline, in words, and how that is to be taken.
pub fn time_left(words: &Words, now: Timestamp, due: Date) -> (String, Tone) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let days = today
        .until(due)
        .and_then(|span| span.round(SpanRound::new().largest(Unit::Day).relative(today)))
        .map_or(0, |span| span.get_days());
    let count = u64::from(days.unsigned_abs());
    match days {
        0 => (words.say("due-today").into_owned(), Tone::Warning),
        d if d < 0 => (words.say_count("due-past", count), Tone::Danger),
        d if d <= 7 => (words.say_count("due-in", count), Tone::Warning),
        _ => (words.say_count("due-in", count), Tone::Neutral),
    }
}

#[cfg(test)]
mod tests {
    use model::Lang;

    use super::*;

    #[test]
    fn a_deadline_is_counted_in_days_and_warns_in_the_last_week() {
        let words = Words::new(Lang::En, TimeZone::UTC);
        let now = "2026-01-31T23:00:00Z".parse().unwrap();
        let left = |due| time_left(&words, now, due);
        assert_eq!(left(Date::constant(2026, 4, 30)), ("89 days left".into(), Tone::Neutral));
        assert_eq!(left(Date::constant(2026, 2, 1)), ("1 day left".into(), Tone::Warning));
        assert_eq!(left(Date::constant(2026, 1, 31)).1, Tone::Warning);
        assert_eq!(left(Date::constant(2026, 1, 29)), ("2 days late".into(), Tone::Danger));
    }
}
