//! What a holder promises to deliver: a source's contract, in TOML.

mod check;
mod error;

pub use error::ContractError;

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger::Hash;
use model::national_id::Country;
use model::{Date, OrganisationId, Sensitivity, SourceId, Text, ValueType};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clues::Clue;

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
    /// How many rows may be kept aside before the whole delivery is refused.
    #[serde(default)]
    pub quarantine: QuarantineLimit,
    /// What becomes of rows whose national identity number is missing or wrong.
    #[serde(default, skip_serializing_if = "WithoutNumber::is_aside")]
    pub without_national_id: WithoutNumber,
}

/// What becomes of rows whose national identity number is missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutNumber {
    /// They are kept aside like every row that breaks the contract.
    #[default]
    Aside,
    /// They are taken in under the register's own number of the person, which the
    /// contract must name: linkage may find out whose they are.
    Kept,
}

impl WithoutNumber {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    const fn is_aside(&self) -> bool {
        matches!(self, Self::Aside)
    }
}

/// A delivery is refused when more rows are kept aside than both of these allow.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct QuarantineLimit {
    /// So many are always allowed.
    pub rows: u64,
    /// And so is this share of all rows, from 0 to 1.
    pub share: f64,
}

impl Default for QuarantineLimit {
    fn default() -> Self {
        Self { rows: 100, share: 0.05 }
    }
}

impl QuarantineLimit {
    /// Whether `bad` rows of `all` are too many.
    #[expect(clippy::cast_precision_loss, reason = "a share of rows needs no 53 bits")]
    pub fn exceeded(&self, bad: u64, all: u64) -> bool {
        bad > self.rows && bad as f64 > self.share * all as f64
    }
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
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    tag = "format"
)]
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
        /// What stands between the whole and the fraction of a number.
        #[serde(default)]
        decimal_mark: DecimalMark,
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

/// What stands between the whole and the fraction of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DecimalMark {
    /// `37.2`.
    #[default]
    #[serde(rename = ".")]
    Point,
    /// `37,2`.
    #[serde(rename = ",")]
    Comma,
}

/// One column of the delivered files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Column {
    /// Its name in the catalogue and in extracts, and in the file's header
    /// unless `header` says otherwise.
    pub name: String,
    /// What the file's header calls it, where that is no name an analyst could
    /// type (`Dato for prøve`).
    #[serde(default)]
    pub header: Option<String>,
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
    /// Which country issues the numbers of a column that identifies by them, and by whose
    /// rules they are read; Norway when nothing is said.
    #[serde(default, skip_serializing_if = "Country::is_norway")]
    pub issued_by: Country,
    /// Which evidence for linkage it is as well, where it reaches the lake: the
    /// vault keeps a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
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
    /// Given names, where the surname stands in a column of its own.
    GivenName,
    /// The surname, where given names stand in a column of their own.
    Surname,
    /// The register's own number of the person.
    LocalId,
    /// The date of birth.
    BirthDate,
    /// An address, telephone number, e-mail: stored, not used for linkage.
    Contact,
}

/// Which evidence for linkage a column is that names nobody by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The sex.
    Sex,
    /// The postcode of the home.
    Postcode,
    /// The municipality of the home.
    Municipality,
    /// The country of birth.
    CountryOfBirth,
}

impl Evidence {
    /// What the vault calls it.
    pub const fn clue(self) -> Clue {
        match self {
            Self::Sex => Clue::Sex,
            Self::Postcode => Clue::Postcode,
            Self::Municipality => Clue::Municipality,
            Self::CountryOfBirth => Clue::CountryOfBirth,
        }
    }
}

/// A column made at import, kept in the lake in place of what it is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", try_from = "WrittenDerived")]
pub struct Derived {
    /// The new column's name.
    pub name: String,
    /// What people call it.
    pub title: Text,
    /// What it means.
    pub description: Text,
    /// How it is made.
    #[serde(flatten)]
    pub from: Derivation,
    /// How much care it wants.
    pub sensitivity: Sensitivity,
}

/// [`Derived`] as it is written. serde cannot refuse unknown keys beside a
/// flattened enum, so the ways to derive are spelt out here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenDerived {
    name: String,
    #[serde(default)]
    title: Text,
    #[serde(default)]
    description: Text,
    years_between: Option<YearsBetween>,
    #[serde(default = "quasi")]
    sensitivity: Sensitivity,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearsBetween {
    from: String,
    to: String,
}

impl TryFrom<WrittenDerived> for Derived {
    type Error = &'static str;

    fn try_from(written: WrittenDerived) -> Result<Self, &'static str> {
        let WrittenDerived { name, title, description, years_between, sensitivity } = written;
        let YearsBetween { from, to } = years_between
            .ok_or("say how the column is made: `years-between = { from = \"…\", to = \"…\" }`")?;
        let from = Derivation::YearsBetween { from, to };
        Ok(Self { name, title, description, from, sensitivity })
    }
}

const fn quasi() -> Sensitivity {
    Sensitivity::Quasi
}

impl Column {
    /// What the file's header calls it.
    pub fn header(&self) -> &str {
        self.header.as_deref().unwrap_or(&self.name)
    }
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
    /// A row of a delivery, for a person to read; what is no text is replaced.
    pub fn legible<'a>(&self, row: &'a [u8]) -> Cow<'a, str> {
        match self.file {
            FileFormat::Csv { encoding: Encoding::Latin1, .. } => {
                encoding_rs::WINDOWS_1252.decode_without_bom_handling(row).0
            }
            _ => String::from_utf8_lossy(row),
        }
    }

    /// Reads a contract and checks that it holds together.
    pub fn parse(text: &str) -> Result<Self, ContractError> {
        let contract: Self =
            toml::from_str(text).map_err(|error| ContractError::unreadable(text, &error))?;
        check::check(&contract).map_err(|fault| fault.at_its_place(text))?;
        Ok(contract)
    }

    /// SHA-256 of what the contract says, however it was written down.
    pub fn fingerprint(&self) -> Hash {
        // A contract is numbers, texts and lists of them: it always has a JSON form.
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        Hash(Sha256::digest(&canonical).into())
    }

    /// The columns that reach the lake, in order: delivered ones that name
    /// nobody, then derived ones.
    pub fn content_columns(&self) -> impl Iterator<Item = ContentColumn<'_>> {
        let delivered =
            self.columns.iter().filter(|c| c.identifies.is_none()).map(|c| ContentColumn {
                name: &c.name,
                value_type: c.value_type,
                title: &c.title,
                description: &c.description,
                unit: c.unit.as_deref(),
                code_system: c.code_system.as_deref(),
                allowed: (!c.allowed.is_empty()).then_some(&c.allowed),
                sensitivity: c.sensitivity,
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

    /// The columns that hold what a person is known by.
    pub fn identifying_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|c| c.identifies.is_some())
    }

    /// Whether the source holds each person once: the national identity number is
    /// the whole key, so that it stands in one row only.
    pub fn holds_a_person_once(&self) -> bool {
        let id = self.identifying(Identifies::NationalId);
        matches!((self.key.as_slice(), id), ([only], Some(id)) if *only == id.name)
    }

    /// Which country issues the source's national identity numbers.
    pub fn issued_by(&self) -> Country {
        self.identifying(Identifies::NationalId).map_or(Country::Norway, |id| id.issued_by)
    }

    /// The column that holds `identifies`, if any.
    pub fn identifying(&self, identifies: Identifies) -> Option<&Column> {
        self.columns.iter().find(|c| c.identifies == Some(identifies))
    }
}
