//! Fields of records: what a value must be, and the one text it stands for.

use std::borrow::Cow;
use std::collections::BTreeSet;

use regex::Regex;

use super::date::DateFormat;
use super::number;
use super::schema::{Case, Insertion, Strategy};
use super::tokens::{Comparison, TextEncoding};

/// A column of the records.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) identifier: String,
    /// `None` for one that the schema ignores.
    pub(super) encoded: Option<Regular>,
}

/// A column that is encoded.
#[derive(Debug, Clone)]
pub(super) struct Regular {
    pub(super) format: Format,
    pub(super) encoding: TextEncoding,
    pub(super) insertion: Insertion,
    pub(super) strategy: Strategy,
    pub(super) comparison: Comparison,
    /// What stands for a missing value, and what is encoded instead.
    pub(super) missing: Option<(String, String)>,
}

/// What a value must be.
#[derive(Debug, Clone)]
pub(super) enum Format {
    Text { case: Case, least: usize, most: usize },
    Pattern { pattern: String, regex: Regex },
    Integer { minimum: Option<i128>, maximum: Option<i128> },
    Date(DateFormat),
    Enum(BTreeSet<String>),
}

/// Why a value does not fit its field. It never holds the value: errors are
/// shown and logged, what people are called is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Too few characters.
    #[error("has {has} characters, {least} at least are asked for")]
    Short {
        /// How many it has.
        has: usize,
        /// The least that the schema asks for.
        least: usize,
    },
    /// Too many characters.
    #[error("has {has} characters, {most} at most are allowed")]
    Long {
        /// How many it has.
        has: usize,
        /// The most that the schema allows.
        most: usize,
    },
    /// Lower case letters where the schema asks for upper case.
    #[error("is not in upper case")]
    NotUpper,
    /// Upper case letters where the schema asks for lower case.
    #[error("is not in lower case")]
    NotLower,
    /// Not what the pattern describes.
    #[error("does not fit the pattern `{0}`")]
    Pattern(String),
    /// A character that the field's encoding has not.
    #[error("has a character that ASCII has not")]
    NotAscii,
    /// No whole number.
    #[error("is no whole number")]
    NotWhole,
    /// No number.
    #[error("is no number")]
    NotANumber,
    /// More digits than are worked with.
    #[error("is a number of too many digits")]
    TooLarge,
    /// Below the least.
    #[error("is below {0}")]
    Below(i128),
    /// Above the most.
    #[error("is above {0}")]
    Above(i128),
    /// No date of this form.
    #[error("is no date of the form `{0}`")]
    NotADate(String),
    /// Not one of those that the schema lists.
    #[error("is none of the values that the schema lists")]
    NotListed,
}

impl Format {
    /// A pattern that the whole value must fit.
    pub(super) fn pattern(pattern: &str) -> Result<Self, String> {
        let regex = Regex::new(&format!(r"\A(?:{pattern})\z")).map_err(|_| {
            format!(
                "the pattern `{pattern}` cannot be read (look-around and references back are not \
                 supported)"
            )
        })?;
        Ok(Self::Pattern { pattern: pattern.to_owned(), regex })
    }

    /// Dates of a form as `strptime` has it.
    pub(super) fn date(format: &str) -> Result<Self, String> {
        DateFormat::parse(format).map(Self::Date)
    }

    /// The text that is encoded for `value`: the same for every way of writing
    /// the same number or date.
    fn canonical<'a>(&self, value: &'a str) -> Result<Cow<'a, str>, Unfit> {
        match self {
            Self::Text { case, least, most } => text(value, *case, *least, *most),
            Self::Pattern { pattern, regex } => {
                if regex.is_match(value) {
                    Ok(Cow::Borrowed(value))
                } else {
                    Err(Unfit::Pattern(pattern.clone()))
                }
            }
            Self::Integer { minimum, maximum } => {
                let whole = number::whole(value)?;
                match (minimum, maximum) {
                    (Some(least), _) if whole < *least => Err(Unfit::Below(*least)),
                    (_, Some(most)) if whole > *most => Err(Unfit::Above(*most)),
                    _ => Ok(Cow::Owned(whole.to_string())),
                }
            }
            Self::Date(format) => format.digits(value).map(Cow::Owned),
            Self::Enum(values) => {
                if values.contains(value) {
                    Ok(Cow::Borrowed(value))
                } else {
                    Err(Unfit::NotListed)
                }
            }
        }
    }
}

fn text(value: &str, case: Case, least: usize, most: usize) -> Result<Cow<'_, str>, Unfit> {
    let has = value.chars().count();
    if has < least {
        return Err(Unfit::Short { has, least });
    }
    if has > most {
        return Err(Unfit::Long { has, most });
    }
    match case {
        Case::Upper if value.to_uppercase() != value => Err(Unfit::NotUpper),
        Case::Lower if value.to_lowercase() != value => Err(Unfit::NotLower),
        _ => Ok(Cow::Borrowed(value)),
    }
}

impl Regular {
    /// The text that is encoded for `value`.
    pub(super) fn canonical<'a>(&'a self, value: &'a str) -> Result<Cow<'a, str>, Unfit> {
        if let Some((sentinel, with)) = &self.missing
            && sentinel == value
        {
            return Ok(Cow::Borrowed(with));
        }
        if self.encoding == TextEncoding::Ascii && !value.is_ascii() {
            return Err(Unfit::NotAscii);
        }
        self.format.canonical(value)
    }
}
