//! Linkage schemas of version 3, as `clkhash` reads them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::field::{Field, Format, Regular};
use super::tokens::{Comparison, TextEncoding};

/// The most bits that a filter may have, before it is folded: longer ones are
/// nobody's schema, and every record would take more than 128 KiB.
const MOST_BITS: u64 = 1 << 20;

/// How records become filters: what both sides of a linkage agree on beside the
/// secret.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Bits of a filter once it is folded.
    pub(super) bits: usize,
    /// How often a filter is folded onto itself.
    pub(super) folds: u32,
    pub(super) derivation: Derivation,
    pub(super) fields: Vec<Field>,
    /// Whether the schema says `xorFolds`, which `clkhash` passes over.
    passed_over_folds: bool,
}

/// How the keys of the fields are derived from the secret.
#[derive(Debug, Clone)]
pub(super) struct Derivation {
    pub(super) hash: KeyHash,
    pub(super) salt: Vec<u8>,
    pub(super) info: Vec<u8>,
    pub(super) key_bytes: usize,
}

/// The hash below HKDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) enum KeyHash {
    #[default]
    #[serde(rename = "SHA256")]
    Sha256,
    #[serde(rename = "SHA512")]
    Sha512,
}

/// How often the tokens of a value are put into the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    BitsPerToken(usize),
    BitsPerFeature(usize),
}

/// By which hashes a token is put into the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Insertion {
    Blake,
    Double { prevent_singularity: bool },
}

/// Why a text is no schema that can be worked with.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// No JSON, or not the outer form of a schema.
    #[error("the schema is not of the form that clkhash's version 3 has: {0}")]
    Form(#[from] serde_json::Error),
    /// An older or newer version.
    #[error(
        "the schema is of version {0}; this program reads version 3 (clkhash converts older ones)"
    )]
    Version(String),
    /// A feature is not as it should be.
    #[error("feature {number} of the schema (`{identifier}`): {why}")]
    Feature {
        /// Which, from 1.
        number: usize,
        /// What it is called, if it says so.
        identifier: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something about the filter or the keys is not as it should be.
    #[error("`{setting}` in the schema's `clkConfig` {why}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing would be encoded.
    #[error("the schema encodes nothing: it has no feature that is not ignored")]
    Nothing,
    /// Two features of one name.
    #[error("the schema has two features called `{0}`")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer {
    clk_config: ClkConfig,
    features: Vec<Value>,
}

#[derive(Deserialize)]
struct ClkConfig {
    l: u64,
    kdf: Kdf,
    #[serde(default)]
    xor_folds: u32,
    #[serde(default, rename = "xorFolds")]
    published_folds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kdf {
    r#type: String,
    #[serde(default)]
    hash: KeyHash,
    #[serde(default)]
    salt: Option<String>,
    #[serde(default)]
    info: Option<String>,
    #[serde(default)]
    key_size: Option<usize>,
}

#[derive(Deserialize)]
struct Ignored {
    identifier: String,
    #[serde(default)]
    ignored: bool,
}

#[derive(Deserialize)]
struct Feature {
    identifier: String,
    format: FormatForm,
    hashing: Hashing,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum FormatForm {
    #[serde(rename_all = "camelCase")]
    String {
        #[serde(default)]
        encoding: TextEncoding,
        case: Option<Case>,
        min_length: Option<usize>,
        max_length: Option<usize>,
        pattern: Option<String>,
        #[serde(rename = "description")]
        _description: Option<String>,
    },
    Integer {
        minimum: Option<serde_json::Number>,
        maximum: Option<serde_json::Number>,
        #[serde(rename = "description")]
        _description: Option<String>,
    },
    Date {
        format: String,
        #[serde(rename = "description")]
        _description: Option<String>,
    },
    Enum {
        values: Vec<String>,
        #[serde(rename = "description")]
        _description: Option<String>,
    },
}

/// In which letters a value is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Case {
    Upper,
    Lower,
    Mixed,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Hashing {
    #[serde(default)]
    hash: Option<HashForm>,
    strategy: StrategyForm,
    comparison: ComparisonForm,
    missing_value: Option<Missing>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum HashForm {
    BlakeHash {
        #[serde(default)]
        prevent_singularity: Option<bool>,
    },
    DoubleHash {
        #[serde(default)]
        prevent_singularity: bool,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StrategyForm {
    bits_per_token: Option<usize>,
    bits_per_feature: Option<usize>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum ComparisonForm {
    Ngram {
        n: usize,
        #[serde(default)]
        positional: bool,
    },
    Exact {},
    Numeric {
        #[serde(rename = "thresholdDistance")]
        threshold_distance: f64,
        resolution: u32,
        #[serde(default)]
        fractional_precision: u32,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Missing {
    sentinel: String,
    replace_with: Option<String>,
}

impl Schema {
    /// Reads a schema from its JSON text.
    pub fn parse(text: &[u8]) -> Result<Self, SchemaError> {
        let whole: Value = serde_json::from_slice(text)?;
        match whole.get("version") {
            Some(version) if version.as_f64() == Some(3.0) => {}
            Some(other) => return Err(SchemaError::Version(other.to_string())),
            None => return Err(SchemaError::Version("none".to_owned())),
        }
        let outer: Outer = serde_json::from_value(whole)?;
        let fields = fields(outer.features)?;
        let config = outer.clk_config;
        let blake = fields.iter().filter_map(|field| field.encoded.as_ref());
        let blake = blake.filter(|encoded| encoded.insertion == Insertion::Blake).count() > 0;
        let bits = bits(config.l, config.xor_folds, blake)?;
        let derivation = derivation(config.kdf, fields.len(), blake)?;
        let passed_over_folds = config.published_folds.is_some_and(|folds| folds > 0);
        Ok(Self { bits, folds: config.xor_folds, derivation, fields, passed_over_folds })
    }

    /// Bits of a filter.
    pub const fn bits(&self) -> usize {
        self.bits
    }

    /// The names of the columns that records have, in the schema's order, and
    /// whether each is encoded.
    pub fn columns(&self) -> impl Iterator<Item = (&str, bool)> {
        self.fields.iter().map(|field| (field.identifier.as_str(), field.encoded.is_some()))
    }

    /// Whether the schema asks for folding by the name that the published form of
    /// schemas has, `xorFolds`. `clkhash` reads `xor_folds` and passes over this
    /// one, and so do we, or the filters would not be the same.
    pub const fn passes_over_folds(&self) -> bool {
        self.passed_over_folds
    }
}

fn bits(l: u64, folds: u32, blake: bool) -> Result<usize, SchemaError> {
    let setting = |setting, why: String| Err(SchemaError::Setting { setting, why });
    if l < 2 {
        return setting("l", "is less than 2: a filter needs bits".to_owned());
    }
    let long = 1_u64.checked_shl(folds).and_then(|by| l.checked_mul(by));
    if long.is_none_or(|long| long > MOST_BITS) {
        return setting(
            "l",
            format!("makes filters of more than {MOST_BITS} bits, with its folds"),
        );
    }
    if blake && !l.is_power_of_two() {
        return setting("l", format!("is {l}: with blakeHash it must be a power of two"));
    }
    usize::try_from(l).or_else(|_| setting("l", "is too large".to_owned()))
}

fn derivation(kdf: Kdf, fields: usize, blake: bool) -> Result<Derivation, SchemaError> {
    let setting = |setting, why: String| Err(SchemaError::Setting { setting, why });
    if kdf.r#type != "HKDF" {
        return setting("kdf", format!("is of type `{}`: only HKDF is known", kdf.r#type));
    }
    let key_bytes = kdf.key_size.unwrap_or(64);
    if key_bytes == 0 || (blake && key_bytes > 64) {
        return setting("keySize", "must be 1 to 64 bytes".to_owned());
    }
    let hash_bytes = match kdf.hash {
        KeyHash::Sha256 => 32,
        KeyHash::Sha512 => 64,
    };
    // RFC 5869: no more than 255 blocks.
    let needed = fields.checked_mul(2).and_then(|keys| keys.checked_mul(key_bytes));
    if needed.is_none_or(|needed| needed > 255 * hash_bytes) {
        let why = format!(
            "asks for more keys than HKDF can derive for {fields} features: take SHA512 or \
             shorter keys"
        );
        return setting("kdf", why);
    }
    let bytes = |setting, text: Option<String>| {
        let text = text.unwrap_or_default();
        let why = "is no base64".to_owned();
        STANDARD.decode(text).map_err(|_| SchemaError::Setting { setting, why })
    };
    Ok(Derivation {
        hash: kdf.hash,
        salt: bytes("salt", kdf.salt)?,
        info: bytes("info", kdf.info)?,
        key_bytes,
    })
}

fn fields(features: Vec<Value>) -> Result<Vec<Field>, SchemaError> {
    let mut fields: Vec<Field> = Vec::with_capacity(features.len());
    for (at, feature) in features.into_iter().enumerate() {
        let identifier = feature.get("identifier").and_then(Value::as_str).unwrap_or("?");
        let identifier = identifier.to_owned();
        let field = field(feature).map_err(|why| SchemaError::Feature {
            number: at + 1,
            identifier: identifier.clone(),
            why,
        })?;
        if fields.iter().any(|other| other.identifier == field.identifier) {
            return Err(SchemaError::Twice(identifier));
        }
        fields.push(field);
    }
    if fields.iter().all(|field| field.encoded.is_none()) {
        return Err(SchemaError::Nothing);
    }
    Ok(fields)
}

fn field(feature: Value) -> Result<Field, String> {
    let said = |error: serde_json::Error| error.to_string();
    let named: Ignored = serde_json::from_value(feature.clone()).map_err(said)?;
    if named.ignored {
        return Ok(Field { identifier: named.identifier, encoded: None });
    }
    let feature: Feature = serde_json::from_value(feature).map_err(said)?;
    let (format, encoding) = format(feature.format)?;
    let hashing = feature.hashing;
    let insertion = match hashing.hash {
        None | Some(HashForm::BlakeHash { prevent_singularity: None }) => Insertion::Blake,
        Some(HashForm::BlakeHash { prevent_singularity: Some(_) }) => {
            return Err("`prevent_singularity` is for doubleHash alone".to_owned());
        }
        Some(HashForm::DoubleHash { prevent_singularity }) => {
            Insertion::Double { prevent_singularity }
        }
    };
    let strategy = match (hashing.strategy.bits_per_token, hashing.strategy.bits_per_feature) {
        (Some(bits @ 1..), None) => Strategy::BitsPerToken(bits),
        (None, Some(bits @ 1..)) => Strategy::BitsPerFeature(bits),
        _ => {
            let why = "its strategy must say either `bitsPerToken` or `bitsPerFeature`, 1 or more";
            return Err(why.to_owned());
        }
    };
    let comparison = match hashing.comparison {
        ComparisonForm::Ngram { n: 0, .. } => return Err("`n` must be 1 or more".to_owned()),
        ComparisonForm::Ngram { n, positional } => Comparison::Ngram { n, positional },
        ComparisonForm::Exact {} => Comparison::Exact,
        ComparisonForm::Numeric { threshold_distance, resolution, fractional_precision } => {
            Comparison::numeric(threshold_distance, resolution, fractional_precision)?
        }
    };
    let missing = hashing.missing_value.map(|missing| {
        let with = missing.replace_with.unwrap_or_else(|| missing.sentinel.clone());
        (missing.sentinel, with)
    });
    if encoding == TextEncoding::Ascii && missing.as_ref().is_some_and(|(_, with)| !with.is_ascii())
    {
        return Err("what replaces a missing value has characters that ASCII has not".to_owned());
    }
    let encoded = Regular { format, encoding, insertion, strategy, comparison, missing };
    Ok(Field { identifier: feature.identifier, encoded: Some(encoded) })
}

fn format(form: FormatForm) -> Result<(Format, TextEncoding), String> {
    let whole = |number: Option<serde_json::Number>| match number {
        None => Ok(None),
        Some(number) => match number.as_i64() {
            Some(whole) => Ok(Some(i128::from(whole))),
            None => Err(format!("`{number}` is no whole number that can be compared with")),
        },
    };
    Ok(match form {
        FormatForm::String { encoding, case, min_length, max_length, pattern, .. } => {
            let format = match pattern {
                Some(_) if case.is_some() || min_length.is_some() || max_length.is_some() => {
                    return Err("a `pattern` stands alone, without case or lengths".to_owned());
                }
                Some(pattern) => Format::pattern(&pattern)?,
                None => Format::Text {
                    case: case.unwrap_or(Case::Mixed),
                    least: min_length.unwrap_or(0),
                    most: max_length.unwrap_or(usize::MAX),
                },
            };
            (format, encoding)
        }
        FormatForm::Integer { minimum, maximum, .. } => {
            let (minimum, maximum) = (whole(minimum)?, whole(maximum)?);
            (Format::Integer { minimum, maximum }, TextEncoding::Utf8)
        }
        FormatForm::Date { format, .. } => (Format::date(&format)?, TextEncoding::Utf8),
        FormatForm::Enum { values, .. } => {
            (Format::Enum(values.into_iter().collect()), TextEncoding::Utf8)
        }
    })
}
