//! Why a text is no contract, and where in it.

use std::fmt::Write as _;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Why a text is no contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}{}: {why}", of_field(.field))]
pub struct ContractError {
    /// Which line, the first is 1.
    pub line: usize,
    /// Which character of the line, the first is 1.
    pub column: usize,
    /// Which field, such as `column[3].min`; empty when it is no field's fault.
    pub field: String,
    /// What is wrong and what to do.
    pub why: String,
    /// The bytes of the text that are meant.
    pub span: Range<usize>,
}

fn of_field(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(", `{field}`") }
}

/// One step towards a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(&'static str),
    Place(usize),
    Entry(String),
}

/// What is wrong with which field.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) path: Vec<Step>,
    pub(super) why: String,
}

impl Misfit {
    pub(super) fn at_its_place(self, text: &str) -> ContractError {
        let span =
            DeTable::parse(text).map(|table| span_of(&table, &self.path)).unwrap_or_default();
        let (line, column) = line_and_column(text, span.start);
        ContractError { line, column, field: written(&self.path), why: self.why, span }
    }
}

impl ContractError {
    pub(super) fn unreadable(text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or_default();
        let (line, column) = line_and_column(text, span.start);
        let why = error.message().trim().replace('\n', "; ");
        Self { line, column, field: String::new(), why, span }
    }
}

fn written(path: &[Step]) -> String {
    let mut field = String::new();
    for step in path {
        let dot = if field.is_empty() { "" } else { "." };
        // Writing to a `String` never fails.
        let _ = match step {
            Step::Key(key) => write!(field, "{dot}{key}"),
            Step::Place(place) => write!(field, "[{}]", place + 1),
            Step::Entry(entry) => write!(field, "{dot}{entry}"),
        };
    }
    field
}

/// The span of the deepest part of `path` that is written down: a field that
/// is missing is told at the table that should have it.
fn span_of(table: &Spanned<DeTable<'_>>, path: &[Step]) -> Range<usize> {
    let mut span = 0..0;
    let mut steps = path.iter();
    let Some(Step::Key(first)) = steps.next() else { return span };
    let Some(mut value) = table.get_ref().get(*first) else { return span };
    span = value.span();
    for step in steps {
        let next = match (value.get_ref(), step) {
            (DeValue::Table(table), Step::Key(key)) => table.get(*key),
            (DeValue::Table(table), Step::Entry(entry)) => table.get(entry.as_str()),
            (DeValue::Array(array), Step::Place(place)) => array.get(*place),
            _ => None,
        };
        let Some(next) = next else { break };
        value = next;
        span = value.span();
    }
    span
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
