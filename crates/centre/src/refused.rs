//! Why the centre did not do as asked.

use ledger::BookError;
use model::Lang;
use permit::policy::{Action, Rule, Thing};
use permit::{Inactive, Missing};

use crate::ports::NotDelivered;

/// The policy said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// What was asked for.
    pub action: Action,
    /// On what kind of thing.
    pub kind: &'static str,
    /// On which.
    pub id: String,
    /// The rules that forbid it, or those by which others may.
    pub rules: Vec<Rule>,
    /// Why the permit gives nothing now, where that alone is in the way.
    pub inactive: Option<Inactive>,
}

impl Denied {
    /// Why, in English: where the permit stands, if that is it, and the rules' words with
    /// their articles.
    fn why(&self) -> String {
        let inactive = self.inactive.iter().map(|inactive| format!("{inactive}."));
        let rule = |rule: &Rule| format!("{} ({})", rule.text.get(Lang::En), rule.article);
        inactive.chain(self.rules.iter().map(rule)).collect::<Vec<_>>().join(" ")
    }
}

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.to_lowercase(), self.id)
    }
}

/// Why the centre did not do as asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The policy said no.
    #[error("`{}` on `{}/{}` is not allowed: {}", .0.action, .0.kind.to_lowercase(), .0.id, .0.why())]
    Denied(Box<Denied>),
    /// There is no such thing.
    #[error("there is no {kind} `{id}`")]
    Absent {
        /// The kind of thing.
        kind: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The permit gives nothing now.
    #[error(transparent)]
    Inactive(#[from] Inactive),
    /// The application is not whole.
    #[error("the application lacks something: {}", lacking(.0))]
    Lacking(Vec<Missing>),
    /// A field is not as it must be.
    #[error("`{field}` {why}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// It does not fit what there is.
    #[error("{0}")]
    Conflict(String),
    /// The files were refused.
    #[error("{0}")]
    Delivery(Box<NotDelivered>),
    /// The ledger did not take it.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The work could not be done.
    #[error("{what} failed: {why}")]
    Failed {
        /// What was being done.
        what: &'static str,
        /// In words.
        why: String,
    },
}

fn lacking(missing: &[Missing]) -> String {
    missing
        .iter()
        .map(|missing| format!("`{}` {}", missing.field, missing.problem.text().get(Lang::En)))
        .collect::<Vec<_>>()
        .join("; ")
}

impl Refused {
    pub(crate) fn denied(
        action: Action,
        thing: &Thing,
        rules: Vec<Rule>,
        inactive: Option<Inactive>,
    ) -> Self {
        Self::Denied(Box::new(Denied {
            action,
            kind: thing.kind(),
            id: thing.id().to_owned(),
            rules,
            inactive,
        }))
    }

    pub(crate) fn absent(kind: &'static str, id: impl ToString) -> Self {
        Self::Absent { kind, id: id.to_string() }
    }

    pub(crate) fn failed(what: &'static str, why: impl ToString) -> Self {
        Self::Failed { what, why: why.to_string() }
    }
}
