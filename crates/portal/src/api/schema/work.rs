//! Accounts, the inbox, rulings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::parts::rules::RuleLine;

/// An account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AccountBody {
    /// The name they sign in with.
    id: String,
    /// What others see, by language.
    name: std::collections::BTreeMap<String, String>,
    /// Whom they work for.
    organisation: String,
    /// What they do here.
    roles: Vec<String>,
    /// Whether they can still sign in.
    open: bool,
}

/// Something that happens at a date.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DueBody {
    /// `permit-begins`, `permit-ends`, `room-shut`, `room-removed` or `versions-end`.
    what: String,
    /// When; of the first and the last day of a permit, its beginning in UTC.
    #[schema(format = DateTime)]
    at: String,
    /// To what: the permit's id, or the room's.
    id: String,
    /// Under which permit.
    permit: String,
}

impl DueBody {
    pub(crate) fn of(due: &centre::calendar::Due) -> Self {
        Self {
            what: due.what.as_str().to_owned(),
            at: due.at.to_string(),
            id: due.id.clone(),
            permit: due.permit.to_string(),
        }
    }
}

/// What waits for me, and what I wait for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InboxBody {
    /// What waits for me, oldest deadline first.
    mine: Vec<TaskBody>,
    /// What I wait for, oldest first.
    awaited: Vec<TaskBody>,
}

/// One thing that waits.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TaskBody {
    /// What is to be done.
    matter: String,
    /// To what kind of thing.
    kind: String,
    /// To which.
    id: String,
    /// What it is called.
    title: String,
    /// Since when it waits.
    #[schema(format = DateTime)]
    since: String,
    /// Until when it must be done.
    #[schema(format = Date)]
    due: Option<String>,
    /// For whom it waits: organisations, roles or accounts.
    waits_for: Vec<String>,
}

/// May they, and by which rule?
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RulingBody {
    /// Yes or no.
    pub(crate) allowed: bool,
    /// Why the permit gives nothing now, where that alone is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inactive: Option<String>,
    /// Yes: the rules that allow it. No: those that forbid it, or those by which
    /// others may.
    pub(crate) rules: Vec<RuleLine>,
}
