//! Applications, terms, permits, uses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is asked for, or allowed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TermsBody {
    /// What the work is called.
    title: String,
    /// What is to be found out, in words for everyone.
    summary: String,
    /// `public-health`, `policy`, `statistics`, `education`, `research` or `care`
    /// (EHDS article 53(1)).
    purpose: Option<String>,
    /// The legal basis under the GDPR and national law.
    legal_basis: String,
    /// The accounts that may enter the room.
    people: Vec<String>,
    /// Which tables and columns, with the reason for each.
    sources: Vec<SourceTermsBody>,
    /// Whom the data are about.
    cohort: CohortBody,
    /// Which time the rows are from.
    period: PeriodBody,
    /// How long the permit is good for.
    valid: PeriodBody,
    /// What may leave.
    outputs: OutputTermsBody,
    /// How large a room.
    room: RoomTermsBody,
    /// How people are found in several sources. Not said: `exact`.
    #[serde(default)]
    linkage: Option<LinkageTermsBody>,
}

/// The part of one source that is asked for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SourceTermsBody {
    /// Which source.
    source: String,
    /// Which columns.
    columns: Vec<ColumnTermsBody>,
    /// Only rows that meet every one of these.
    #[serde(default)]
    rows: Vec<ConditionBody>,
}

/// One column and why it is needed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ColumnTermsBody {
    /// The column's name.
    name: String,
    /// Why the work cannot do without it.
    reason: String,
}

/// Whom the data are about: the people of one source who meet every condition
/// in at least one row. Without a source: everyone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CohortBody {
    /// The source that decides.
    source: Option<String>,
    /// What its row must meet.
    conditions: Vec<ConditionBody>,
}

/// Something a row must meet.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConditionBody {
    /// Which column.
    column: String,
    /// `one-of`, `at-least` or `at-most`.
    is: String,
    /// With what: numbers and ISO dates as text.
    values: Vec<String>,
}

/// From one day to another, both included; open where nothing is said.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PeriodBody {
    /// The first day.
    #[schema(format = Date)]
    from: Option<String>,
    /// The last day.
    #[schema(format = Date)]
    until: Option<String>,
}

/// What may leave a room, and under which rules.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OutputTermsBody {
    /// No cell on fewer people than this.
    smallest_count: u32,
    /// The `n` of the dominance rule.
    dominance_n: u32,
    /// The `k` of the dominance rule, from 0 to 1.
    dominance_k: f64,
    /// The p of the p-percent rule, from 0 to 1.
    p_percent: f64,
    /// The fewest residual degrees of freedom of a model.
    smallest_residual_df: u32,
}

/// How people are found in several sources.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkageTermsBody {
    /// `exact`: by equal identity numbers alone; `likely`: then by the register's own
    /// number, by a number with one slip, and by names, birth, sex and place.
    how: String,
    /// From which probability on two are one person, 0.5 to 0.999.
    threshold: f64,
    /// Whether every row tells how likely it is its person's.
    probability: bool,
    /// From which lower probability on two are one person in a second extract, beside the
    /// first. Not said: there is one extract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generous: Option<f64>,
}

/// How large a room may be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RoomTermsBody {
    /// Memory, MiB.
    memory_mib: u32,
    /// Processors, in hundredths of one.
    cpu_percent: u32,
    /// Processes and threads at once.
    processes: u32,
    /// The work folder, MiB.
    disk_mib: u32,
    /// How long one command may run, seconds.
    wall_seconds: u32,
    /// How long the room may be used altogether, hours. Not said: as long as the permit
    /// lasts.
    hours: Option<u32>,
    /// `blind`, `desktop`, `scripts` or `notebook`. Not said: `scripts`.
    way: Option<String>,
    /// By whose word files are brought in: `nothing`, `person` or `rule`. Not said:
    /// `person`.
    bring: Option<String>,
}

/// An application.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ApplicationBody {
    /// Its id.
    id: String,
    /// Who applies.
    applicant: String,
    /// For which institution.
    organisation: String,
    /// What is asked for.
    terms: TermsBody,
    /// `draft`, `submitted`, `granted`, `refused` or `withdrawn`.
    state: String,
    /// When it was begun.
    #[schema(format = DateTime)]
    began_at: String,
    /// When it was submitted last.
    #[schema(format = DateTime)]
    submitted_at: Option<String>,
    /// When the access body must have decided.
    #[schema(format = Date)]
    due: Option<String>,
    /// The holders whose data are asked for, and what they said.
    holders: BTreeMap<String, HolderAnswerBody>,
    /// Remarks, oldest first.
    comments: Vec<CommentBody>,
    /// What the access body decided.
    decision: Option<DecisionBody>,
}

/// What one holder said; `null`: nothing yet.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
struct HolderAnswerBody(Option<HolderReviewBody>);

/// What one holder said.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HolderReviewBody {
    /// `approve` or `refuse`.
    verdict: String,
    /// Why.
    why: String,
    /// Who said it.
    by: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// What the access body decided.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    /// `approve` or `refuse`.
    verdict: String,
    /// Why.
    why: String,
    /// Who decided.
    by: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The permit, when the answer is yes.
    permit: Option<String>,
}

/// A remark.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentBody {
    /// Who.
    by: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Which field of the terms; empty: the whole.
    field: String,
    /// What.
    text: String,
}

/// A permit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PermitBody {
    /// Its id.
    id: String,
    /// What it allows, for whom, and from which application.
    grant: GrantBody,
    /// Ed25519 over the grant, base64.
    signature: String,
    /// When it was issued.
    #[schema(format = DateTime)]
    issued_at: String,
    /// Who issued it.
    issued_by: String,
    /// When and why it was taken back, if it was.
    revoked: Option<RevocationBody>,
    /// When people of its sources last turned out to be one, or several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    turned_out_at: Option<String>,
}

/// The part of a permit that is signed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GrantBody {
    /// The permit it is the grant of.
    permit: String,
    /// The application it answers.
    application: String,
    /// The data user.
    data_user: String,
    /// What it allows.
    terms: TermsBody,
}

/// When and why a permit was taken back.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RevocationBody {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// By whom.
    by: String,
    /// Why.
    why: String,
}

/// One use, as everyone may see it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct UseBody {
    /// The application.
    application: String,
    /// What the work is called.
    title: String,
    /// What is to be found out.
    summary: String,
    /// Why the data may be used.
    purpose: Option<String>,
    /// Who uses them.
    data_user: String,
    /// Which sources.
    sources: Vec<String>,
    /// Where the application stands.
    state: String,
    /// When it was submitted.
    #[schema(format = DateTime)]
    submitted_at: Option<String>,
    /// When it was decided.
    #[schema(format = DateTime)]
    decided_at: Option<String>,
    /// Why it was decided so.
    reason: Option<String>,
    /// The permit's id, and `not-yet`, `active`, `expired` or `revoked`.
    permit: Option<(String, String)>,
}
