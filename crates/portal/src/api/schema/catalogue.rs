//! Sources and variables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text by language: `nb`, `da`, `en`.
type Texts = BTreeMap<String, String>;

/// A source in a few words.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SourceSummary {
    /// Its id.
    pub(crate) source: String,
    /// What it is called, in the language that was asked for.
    pub(crate) title: String,
    /// What it is.
    pub(crate) description: String,
    /// The data holder.
    pub(crate) holder: String,
    /// People in it. Missing: fewer than may be told.
    pub(crate) persons: Option<u64>,
    /// Rows in it.
    pub(crate) rows: Option<u64>,
    /// How many variables it has.
    pub(crate) variables: usize,
}

/// A source, as everyone may see it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DatasetBody {
    /// Its id.
    source: String,
    /// What it is called.
    title: Texts,
    /// What it is.
    description: Texts,
    /// The data holder.
    holder: String,
    /// `daily`, `weekly`, `monthly`, `quarterly`, `yearly` or `once`.
    update: String,
    /// When it was delivered last, and when it is due.
    freshness: FreshnessBody,
    /// Nothing shown rests on fewer people than this.
    smallest_count: u32,
    /// Rows of the current snapshot.
    rows: Option<u64>,
    /// People in it.
    persons: Option<u64>,
    /// Rows that were kept aside at the last delivery.
    quarantined: Option<u64>,
    /// How many snapshots there are.
    snapshots: usize,
    /// The column that tells when a row happened.
    time: Option<String>,
    /// Rows a year.
    years: Vec<YearBody>,
    /// What can be asked for.
    variables: Vec<VariableBody>,
    /// What names people and is never given out.
    identifiers: Vec<Texts>,
}

/// When a source was delivered last, and when it is due again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FreshnessBody {
    /// The last delivery.
    #[schema(format = DateTime)]
    delivered: Option<String>,
    /// The day the next is due.
    #[schema(format = Date)]
    due: Option<String>,
}

/// One year's rows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct YearBody {
    /// The year.
    year: i16,
    /// How many rows, rounded.
    rows: u64,
    /// How many people, rounded.
    persons: u64,
}

/// One variable.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct VariableBody {
    /// Its address.
    id: VariableIdBody,
    /// What it is called.
    title: Texts,
    /// What it means.
    description: Texts,
    /// `text`, `code`, `integer`, `decimal`, `date` or `boolean`.
    value_type: String,
    /// The unit, in UCUM.
    unit: Option<String>,
    /// The code system.
    code_system: Option<String>,
    /// The only values it may have, with what they mean.
    codes: BTreeMap<String, Texts>,
    /// `ordinary`, `quasi`, `health` or `highly-sensitive`.
    sensitivity: String,
    /// What its values look like.
    #[schema(value_type = Option<Object>)]
    profile: Option<serde_json::Value>,
}

/// A variable's address.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VariableIdBody {
    /// Which source.
    source: String,
    /// Which column.
    name: String,
}

/// One delivery of a source.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct DeliveryBody {
    /// Its id.
    pub(crate) import: String,
    /// When it was taken in or refused.
    #[schema(format = DateTime)]
    pub(crate) at: String,
    /// Rows read. Missing: it was refused.
    pub(crate) rows_read: Option<u64>,
    /// Rows kept.
    pub(crate) rows_kept: Option<u64>,
    /// Rows kept aside.
    pub(crate) rows_aside: Option<u64>,
    /// How many rows were kept aside for each reason, such as `national-id`.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Why it was refused. Missing: it was taken in.
    pub(crate) refused: Option<String>,
}

/// A row that was kept aside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AsideBody {
    /// Which file.
    pub(crate) file: String,
    /// Which row: the first after the header is 1.
    pub(crate) row: u64,
    /// Column, if it is about one, and reason.
    pub(crate) reasons: Vec<(Option<String>, String)>,
    /// The row as delivered; missing when the delivery was refused, and no row
    /// of it is kept.
    pub(crate) text: Option<String>,
}
