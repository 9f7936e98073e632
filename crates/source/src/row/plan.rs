//! A contract made ready for reading rows.

use std::collections::HashSet;

use arrow::datatypes::SchemaRef;
use model::national_id::Country;
use model::{Clock, Date, Entropy, Timestamp, ValueType};
use sha2::{Digest, Sha256};

use crate::clues::Clue;
use crate::contract::{
    Column, Contract, DecimalMark, Derivation, Encoding, Evidence, FileFormat, Identifies,
    WithoutNumber,
};
use crate::delivery::record::Dialect;
use crate::value::date::{date_of, days_of};

/// No date is earlier unless the contract says so.
pub(crate) const EARLIEST: Date = Date::constant(1870, 1, 1);

/// What every row is read by.
pub(crate) struct Plan {
    pub(crate) schema: SchemaRef,
    pub(crate) columns: Vec<ColumnPlan>,
    pub(crate) derived: Vec<DerivedPlan>,
    pub(crate) dialect: Dialect,
    pub(crate) encoding: Encoding,
    pub(crate) mark: DecimalMark,
    pub(crate) missing: Vec<Vec<u8>>,
    /// The last day that is not in the future anywhere on earth.
    pub(crate) today: i32,
    /// Whether rows say more of a person than the number.
    pub(crate) marks: bool,
    /// Whether a row without a national number is kept under the register's own.
    pub(crate) keeps_unnumbered: bool,
    pub(crate) salt: [u8; 32],
}

/// One column of the file.
pub(crate) struct ColumnPlan {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) target: Target,
    /// What a copy of it is to the vault.
    pub(crate) evidence: Option<Clue>,
    pub(crate) rule: Rule,
}

/// Where a column's values go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    NationalId(Country),
    Name,
    BirthDate,
    Contact,
    /// Something else that says who the person is.
    Clue(Clue),
    /// The content column of this place.
    Content(usize),
}

/// What a column's values must be.
pub(crate) enum Rule {
    Text { allowed: Option<HashSet<String>> },
    Integer { min: Option<f64>, max: Option<f64>, allowed: Option<HashSet<i64>> },
    Decimal { min: Option<f64>, max: Option<f64> },
    Date { earliest: i32 },
    Boolean,
}

/// A column of whole years between two dates, by their place in the file.
pub(crate) struct DerivedPlan {
    pub(crate) name: String,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) content: usize,
}

impl Plan {
    pub(crate) fn new(contract: &Contract, clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
        let mut next = 0..;
        let keeps_unnumbered = contract.without_national_id == WithoutNumber::Kept;
        let columns: Vec<ColumnPlan> = contract
            .columns
            .iter()
            .map(|column| ColumnPlan {
                name: column.name.clone(),
                required: column.required
                    || (column.identifies == Some(Identifies::NationalId) && !keeps_unnumbered),
                target: match column.identifies {
                    Some(Identifies::NationalId) => Target::NationalId(column.issued_by),
                    Some(Identifies::Name) => Target::Name,
                    Some(Identifies::BirthDate) => Target::BirthDate,
                    Some(Identifies::Contact) => Target::Contact,
                    Some(Identifies::GivenName) => Target::Clue(Clue::GivenName),
                    Some(Identifies::Surname) => Target::Clue(Clue::Surname),
                    Some(Identifies::LocalId) => Target::Clue(Clue::LocalId),
                    None => Target::Content(next.next().unwrap_or_default()),
                },
                evidence: column.evidence.map(Evidence::clue),
                rule: rule(column),
            })
            .collect();
        let place = |name: &str| contract.columns.iter().position(|column| column.name == name);
        let derived = contract
            .derived
            .iter()
            .zip(next)
            .filter_map(|(derived, content)| {
                let Derivation::YearsBetween { from, to } = &derived.from;
                Some(DerivedPlan {
                    name: derived.name.clone(),
                    from: place(from)?,
                    to: place(to)?,
                    content,
                })
            })
            .collect();
        let (encoding, mark, missing, delimiter) = match &contract.file {
            FileFormat::Csv { encoding, delimiter, missing, decimal_mark } => {
                (*encoding, *decimal_mark, missing.as_slice(), *delimiter)
            }
            FileFormat::Parquet => (Encoding::Utf8, DecimalMark::Point, &[][..], ','),
        };
        let mut salt = [0_u8; 32];
        entropy.fill(&mut salt);
        Self {
            schema: crate::content_schema(contract),
            marks: columns.iter().any(|column| {
                matches!(
                    column.target,
                    Target::Name
                        | Target::BirthDate
                        | Target::Clue(Clue::GivenName | Clue::Surname)
                )
            }),
            keeps_unnumbered,
            dialect: Dialect {
                delimiter: u8::try_from(delimiter).unwrap_or(b','),
                fields: columns.len(),
            },
            columns,
            derived,
            encoding,
            mark,
            missing: missing.iter().map(|word| encoded(word, encoding)).collect(),
            today: last_day(clock.now()),
            salt,
        }
    }

    /// A salted digest that can only be compared; never 0.
    pub(crate) fn mark_of(&self, what: &[u8], value: &[u8]) -> u64 {
        let digest = Sha256::new()
            .chain_update(self.salt)
            .chain_update(what)
            .chain_update([0])
            .chain_update(value)
            .finalize();
        let first = digest.first_chunk::<8>().copied().unwrap_or_default();
        u64::from_le_bytes(first) | 1
    }
}

/// A day has begun on the Line Islands 14 hours before it begins in Greenwich.
fn last_day(now: Timestamp) -> i32 {
    let seconds = now.as_second().saturating_add(14 * 3600);
    i32::try_from(seconds.div_euclid(86_400)).unwrap_or(i32::MAX)
}

fn encoded(word: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => word.as_bytes().to_vec(),
        Encoding::Latin1 => encoding_rs::WINDOWS_1252.encode(word).0.into_owned(),
    }
}

fn rule(column: &Column) -> Rule {
    let (min, max) = (column.min, column.max);
    let any = column.allowed.is_empty();
    match column.value_type {
        ValueType::Text | ValueType::Code => {
            Rule::Text { allowed: (!any).then(|| column.allowed.keys().cloned().collect()) }
        }
        ValueType::Integer => Rule::Integer {
            min,
            max,
            allowed: (!any)
                .then(|| column.allowed.keys().filter_map(|word| word.parse().ok()).collect()),
        },
        ValueType::Decimal => Rule::Decimal { min, max },
        ValueType::Date => Rule::Date { earliest: days_of(column.not_before.unwrap_or(EARLIEST)) },
        ValueType::Boolean => Rule::Boolean,
    }
}

/// A day in words, for the reasons list.
pub(crate) fn written(days: i32) -> String {
    date_of(days).map_or_else(|| "the beginning of time".to_owned(), |date| date.to_string())
}
