//! What a command answers: words for people, JSON for machines, and how it ended.

use std::io::{self, Write as _};
use std::process::ExitCode;

use centre::Refused;
use serde_json::{Value, json};

/// What a command has to say when it is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// For people; no line end at the end.
    pub(crate) text: String,
    /// The same for machines.
    pub(crate) json: Value,
    /// Whether the answer is a no: exit 1.
    pub(crate) no: bool,
    /// Whether the answer was printed already, as it came.
    pub(crate) printed: bool,
}

impl Answer {
    /// An answer in both forms.
    pub(crate) fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, no: false, printed: false }
    }

    /// The same, as a no.
    pub(crate) fn no(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, no: true, printed: false }
    }

    /// The same, where standard output has what was asked for and gets no more.
    pub(crate) fn printed(self) -> Self {
        Self { printed: true, ..self }
    }
}

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Refused, with the reason: exit 1.
    Refused(String),
    /// Wrong usage, config or set-up: exit 2.
    Usage(String),
}

impl Stop {
    /// A refusal in these words.
    pub(crate) fn refused(why: impl ToString) -> Self {
        Self::Refused(why.to_string())
    }

    /// Wrong usage in these words.
    pub(crate) fn usage(why: impl ToString) -> Self {
        Self::Usage(why.to_string())
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.to_string())
    }
}

/// Prints the answer, or the reason, and gives the exit code.
pub(crate) fn tell(answer: Result<Answer, Stop>, as_json: bool) -> ExitCode {
    let (text, value, code) = match answer {
        Ok(Answer { no, printed: true, .. }) => return ExitCode::from(u8::from(no)),
        Ok(Answer { text, json, no, .. }) => (text, json, u8::from(no)),
        Err(Stop::Refused(why)) => return complain(&why, as_json, 1),
        Err(Stop::Usage(why)) => return complain(&why, as_json, 2),
    };
    let mut out = io::stdout().lock();
    let written = if as_json {
        writeln!(out, "{value:#}")
    } else if text.is_empty() {
        Ok(())
    } else {
        writeln!(out, "{text}")
    };
    // A reader that went away (`helserom … | head`) is no failure of ours.
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(1),
        _ => ExitCode::from(code),
    }
}

fn complain(why: &str, as_json: bool, code: u8) -> ExitCode {
    if as_json {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{:#}", json!({ "error": why }));
    } else {
        let _ = writeln!(io::stderr().lock(), "helserom: {why}");
    }
    ExitCode::from(code)
}

/// Says something on the way, for people, on standard error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A table for people: columns as wide as their widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .chain(head.get(column).map(|cell| cell.chars().count()))
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> =
            cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut head.iter().copied())];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}
