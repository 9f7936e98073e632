//! What is wrong with a form: in one list on top, and beside each field; and what
//! was typed into it, so that nobody types it twice.

use askama::Template;

use crate::failure::Failure;
use crate::fields::Fields;
use crate::words::Words;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The `id` of the field it is about; empty: it is about none.
    pub field: String,
    /// What is wrong and what to do.
    pub what: String,
}

/// Everything that is wrong, each a link to its field.
#[derive(Debug, Clone, Template, Default)]
#[template(path = "parts/faults.html")]
pub struct Faults {
    /// The heading of the list.
    pub heading: String,
    /// What is wrong, in the order of the fields.
    pub list: Vec<Fault>,
    /// Whether that is in English whatever the language.
    pub english: bool,
}

impl askama::filters::HtmlSafe for Faults {}

impl Faults {
    /// What is wrong with the field of that `id`; empty when nothing is.
    pub fn of(&self, field: &str) -> &str {
        self.list.iter().find(|fault| fault.field == field).map_or("", |fault| &fault.what)
    }
}

/// A form that was sent and not accepted: what was typed, and why not. A page
/// with several forms asks for each by its name.
#[derive(Debug, Clone, Template, Default)]
#[template(path = "parts/typed.html")]
pub struct Typed {
    form: &'static str,
    fields: Fields,
    faults: Faults,
    kept: String,
    kept_heading: String,
}

impl askama::filters::HtmlSafe for Typed {}

impl Typed {
    /// What was typed into `form`, and the failure beside the field of the `id`
    /// `beside`.
    pub(crate) fn refused(
        words: &Words,
        form: &'static str,
        beside: &str,
        fields: Fields,
        failure: &Failure,
    ) -> Self {
        let fault = Fault { field: beside.to_owned(), what: failure.says(words) };
        let faults = Faults {
            heading: words.say_count("faults-heading", 1_u64),
            list: vec![fault],
            english: failure.is_english(),
        };
        let kept_heading = words.say("problem-what-typed").into_owned();
        Self { form, fields, faults, kept: String::new(), kept_heading }
    }

    /// The same on a page that has the form no longer, since somebody else was
    /// faster: what was typed into `field` stands there to be copied.
    #[must_use]
    pub fn without_form(mut self, field: &str) -> Self {
        self.kept = self.fields.text(field);
        self.form = "";
        for fault in &mut self.faults.list {
            fault.field.clear();
        }
        self
    }

    /// Whether it is that form.
    pub fn is(&self, form: &str) -> bool {
        self.form == form
    }

    /// What was typed into a field of a form.
    pub fn text(&self, form: &str, field: &str) -> String {
        if self.is(form) { self.fields.text(field) } else { String::new() }
    }

    /// Whether a choice was made in a form.
    pub fn chose(&self, form: &str, field: &str, value: &str) -> bool {
        self.is(form) && self.fields.all(field).any(|chosen| chosen == value)
    }

    /// What is wrong with the field of that `id`; empty when nothing is.
    pub fn fault(&self, field: &str) -> &str {
        self.faults.of(field)
    }

    /// Whether that is in English whatever the language.
    pub const fn in_english(&self) -> bool {
        self.faults.english
    }
}
