//! What a holder promises to deliver: a source's contract, in TOML.

use std::collections::BTreeMap;

use ledger::Hash;
use model::{Date, OrganisationId, Sensitivity, SourceId, Text, ValueType};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The contract version this program reads.
pub const VERSION: u32 = 1;

/// One source: one table, delivered as one or more files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Contract {
    /// [`VERSION`].
    pub version: u32,
    /// The source's id, and the name of its table in extracts.
    pub source: SourceId,
    /// What people call it.
    pub title: Text,
    /// What it is, for the catalogue.
    #[serde(default)]
    pub description: Text,
    /// The data holder (EHDS article 2(2)(t)).
    pub holder: OrganisationId,
    /// How often the holder promises to deliver.
    pub update: Rhythm,
    /// Nothing is published that rests on fewer people than this.
    pub smallest_count: u32,
    /// What the files look like.
    pub file: FileFormat,
    /// The column that tells when a row happened: rows are sorted by person and
    /// then by it, and a permit's period is about it. `None`: rows have no time.
    #[serde(default)]
    pub time: Option<String>,
    /// The columns that together may stand in one row only. Empty: rows may repeat.
    #[serde(default)]
    pub key: Vec<String>,
    /// The columns, in the order of the file.
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
    /// Columns that are made at import from others, identifiers among them.
    #[serde(default, rename = "derived")]
    pub derived: Vec<Derived>,
}

/// How often a source is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rhythm {
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Every quarter.
    Quarterly,
    /// Every year.
    Yearly,
    /// Once; nothing more is expected.
    Once,
}

/// What the delivered files look like. Compression (`.gz`, `.zst`) is told by
/// the file's name and checked by its first bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "format")]
pub enum FileFormat {
    /// Separated values with a header row (RFC 4180).
    Csv {
        /// The character set.
        #[serde(default)]
        encoding: Encoding,
        /// What separates the fields.
        #[serde(default = "comma")]
        delimiter: char,
        /// Fields that mean "no value", besides the empty one.
        #[serde(default)]
        missing: Vec<String>,
    },
    /// Apache Parquet.
    Parquet,
}

const fn comma() -> char {
    ','
}

/// The character set of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// ISO 8859-1, read as windows-1252 as the WHATWG encoding standard says.
    #[serde(rename = "latin-1")]
    Latin1,
}

/// One column of the delivered files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Column {
    /// As in the file's header.
    pub name: String,
    /// What kind of value.
    #[serde(rename = "type")]
    pub value_type: ValueType,
    /// What people call it.
    #[serde(default)]
    pub title: Text,
    /// What it means.
    #[serde(default)]
    pub description: Text,
    /// Which evidence of identity it is. Such a column goes to the vault and
    /// nowhere else.
    #[serde(default)]
    pub identifies: Option<Identifies>,
    /// The unit, in UCUM.
    #[serde(default)]
    pub unit: Option<String>,
    /// The code system: a name or an OID/URL.
    #[serde(default)]
    pub code_system: Option<String>,
    /// Whether every row must have a value.
    #[serde(default)]
    pub required: bool,
    /// The only values it may have, with what they mean. Empty: any.
    #[serde(default)]
    pub allowed: BTreeMap<String, Text>,
    /// Smallest number it may have.
    #[serde(default)]
    pub min: Option<f64>,
    /// Largest number it may have.
    #[serde(default)]
    pub max: Option<f64>,
    /// No date before this; 1 January 1870 when nothing is said.
    #[serde(default)]
    pub not_before: Option<Date>,
    /// How much care it wants. Identifying columns are `direct` whatever is said.
    #[serde(default = "health")]
    pub sensitivity: Sensitivity,
}

const fn health() -> Sensitivity {
    Sensitivity::Health
}

/// Which evidence of identity a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identifies {
    /// A national identity number. Every source has exactly one such column.
    NationalId,
    /// A full name.
    Name,
    /// The date of birth.
    BirthDate,
    /// An address, telephone number, e-mail: stored, not used for linkage.
    Contact,
}

/// A column made at import, kept in the lake in place of what it is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Derived {
    /// The new column's name.
    pub name: String,
    /// What people call it.
    #[serde(default)]
    pub title: Text,
    /// What it means.
    #[serde(default)]
    pub description: Text,
    /// How it is made.
    #[serde(flatten)]
    pub from: Derivation,
    /// How much care it wants.
    #[serde(default = "quasi")]
    pub sensitivity: Sensitivity,
}

const fn quasi() -> Sensitivity {
    Sensitivity::Quasi
}

/// How a derived column is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Derivation {
    /// Whole years (an integer, unit `a`) from one date column to another, as
    /// birthdays are counted.
    YearsBetween {
        /// The earlier date.
        from: String,
        /// The later date.
        to: String,
    },
}

/// A column as it stands in the lake: a delivered one that names nobody, or a
/// derived one.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentColumn<'a> {
    /// Its name.
    pub name: &'a str,
    /// What kind of value.
    pub value_type: ValueType,
    /// What people call it.
    pub title: &'a Text,
    /// What it means.
    pub description: &'a Text,
    /// The unit, in UCUM.
    pub unit: Option<&'a str>,
    /// The code system.
    pub code_system: Option<&'a str>,
    /// The only values it may have, with what they mean.
    pub allowed: Option<&'a BTreeMap<String, Text>>,
    /// How much care it wants.
    pub sensitivity: Sensitivity,
}

impl Contract {
    /// SHA-256 of what the contract says, however it was written down.
    pub fn fingerprint(&self) -> Hash {
        // A contract is numbers, texts and lists of them: it always has a JSON form.
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        Hash(Sha256::digest(&canonical).into())
    }

    /// The columns that reach the lake, in order: delivered ones that name
    /// nobody, then derived ones.
    pub fn content_columns(&self) -> impl Iterator<Item = ContentColumn<'_>> {
        let delivered = self.columns.iter().filter(|c| c.identifies.is_none()).map(|c| {
            ContentColumn {
                name: &c.name,
                value_type: c.value_type,
                title: &c.title,
                description: &c.description,
                unit: c.unit.as_deref(),
                code_system: c.code_system.as_deref(),
                allowed: (!c.allowed.is_empty()).then_some(&c.allowed),
                sensitivity: c.sensitivity,
            }
        });
        let derived = self.derived.iter().map(|d| ContentColumn {
            name: &d.name,
            value_type: ValueType::Integer,
            title: &d.title,
            description: &d.description,
            unit: Some("a"),
            code_system: None,
            allowed: None,
            sensitivity: d.sensitivity,
        });
        delivered.chain(derived)
    }

    /// The column that holds `identifies`, if any.
    pub fn identifying(&self, identifies: Identifies) -> Option<&Column> {
        self.columns.iter().find(|c| c.identifies == Some(identifies))
    }
}
