//! What is wrong with a form: in one list on top, and beside each field.

use askama::Template;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The `id` of the field it is about.
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
    pub faults: Vec<Fault>,
}

impl askama::filters::HtmlSafe for Faults {}

impl Faults {
    /// What is wrong with the field of that `id`; empty when nothing is.
    pub fn of(&self, field: &str) -> &str {
        self.faults.iter().find(|fault| fault.field == field).map_or("", |fault| &fault.what)
    }
}
