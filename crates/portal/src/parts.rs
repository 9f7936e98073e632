//! What pages are made of. Each part is a struct with its own template; it
//! prints itself as HTML, so a page's template just names it.

pub mod calendar;
pub mod extract;
pub mod form;
pub mod found;
pub mod listing;
pub mod rules;
pub mod standing;
pub mod terms;
pub mod timeline;
pub(crate) mod weighing;

use std::fmt;

/// What a colour says. The words beside it always say it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Neutral,
    /// Something is under way.
    Info,
    /// It is well.
    Success,
    /// Somebody should look.
    Warning,
    /// It is not well, or it was said no to.
    Danger,
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Neutral => "neutral",
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
        })
    }
}

/// A word about a state, in its colour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tag {
    /// The colour.
    pub tone: Tone,
    /// The word.
    pub word: String,
}

impl Tag {
    /// The word in the colour.
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { tone, word: word.into() }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<span class=\"ds-tag\" data-color=\"{}\" data-size=\"sm\">", self.tone)?;
        write!(f, "{}", escaped(&self.word))?;
        f.write_str("</span>")
    }
}

impl askama::filters::HtmlSafe for Tag {}

/// The text with every character escaped that HTML gives a meaning.
pub(crate) fn escaped(text: &str) -> impl fmt::Display + '_ {
    struct Escaped<'a>(&'a str);
    impl fmt::Display for Escaped<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            use askama::filters::Escaper as _;
            askama::filters::Html.write_escaped_str(f, self.0)
        }
    }
    Escaped(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_never_becomes_markup() {
        let tag = Tag::new(Tone::Info, "<script>\"&'");
        let shown = tag.to_string();
        assert!(!shown.contains("<script>"), "{shown}");
        assert!(shown.contains("&#60;script&#62;"), "{shown}");
    }
}
