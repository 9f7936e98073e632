//! Sets of filters, and the form in which they travel.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde::Deserialize;
use std::borrow::Cow;

/// Filters of one length, one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clks {
    bits: usize,
    stride: usize,
    words: Vec<u64>,
}

/// Why a text holds no filters that can be compared.
#[derive(Debug, thiserror::Error)]
pub enum ClksError {
    /// Not the form that `clkhash` writes.
    #[error(
        "none of the forms `{{\"clks\": [\"…\"]}}`, `{{\"clknblocks\": [[\"…\", \"…\"]]}}`, `[\"…\"]` and one filter a line: {0}"
    )]
    Form(#[from] serde_json::Error),
    /// No base64.
    #[error("filter {0} is no base64")]
    Base64(usize),
    /// Filters of several lengths.
    #[error("filter {number} has {has} bytes and those before it {before}")]
    Length {
        /// Which, from 1.
        number: usize,
        /// How long it is.
        has: usize,
        /// How long the others are.
        before: usize,
    },
    /// A filter of nothing, or longer than any schema makes.
    #[error("filter {0} is empty or longer than 256 KiB")]
    Size(usize),
}

/// Some leave out what fills a text up.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// As `clkhash` writes them, or with the blocks of each as its services do.
#[derive(Deserialize)]
#[serde(untagged)]
enum Form<'a> {
    Named(#[serde(borrow)] Named<'a>),
    List(#[serde(borrow)] Vec<Filter<'a>>),
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, alias = "clknblocks")]
    clks: Vec<Filter<'a>>,
}

/// A filter, or one with something behind it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Filter<'a> {
    Alone(#[serde(borrow)] Cow<'a, str>),
    Of(#[serde(borrow)] Vec<Part<'a>>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Other(serde::de::IgnoredAny),
}

impl Filter<'_> {
    fn text(&self) -> &[u8] {
        match self {
            Self::Alone(text) => text.as_bytes(),
            Self::Of(parts) => match parts.first() {
                Some(Part::Text(text)) => text.as_bytes(),
                _ => &[],
            },
        }
    }
}

impl Clks {
    /// No filter yet, for filters of `bits` bits.
    pub fn empty(bits: usize) -> Self {
        Self { bits, stride: bits.div_ceil(64), words: Vec::new() }
    }

    /// Bits of each.
    pub const fn bits(&self) -> usize {
        self.bits
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.len() / self.stride.max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Adds one, in words of which the first byte is the lowest.
    pub(super) fn push(&mut self, filter: &[u64]) {
        self.words.extend_from_slice(filter);
    }

    /// Adds all of `other`, which are of the same length.
    pub fn append(&mut self, mut other: Self) {
        self.words.append(&mut other.words);
    }

    /// The filters in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u64]> {
        self.words.chunks_exact(self.stride.max(1))
    }

    /// Reads the form that `clkhash` and its command line write, the same with the blocks of
    /// each filter, a list of them alone, or one filter a line.
    pub fn parse(text: &[u8]) -> Result<Self, ClksError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
            let (Form::Named(Named { clks }) | Form::List(clks)) = serde_json::from_slice(text)?;
            return Self::read(clks.iter().map(Filter::text));
        }
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        Self::read(lines.filter(|line| !line.is_empty()))
    }

    fn read<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Result<Self, ClksError> {
        let mut clks = Self::empty(0);
        let mut length = None;
        let mut bytes = Vec::new();
        for (at, text) in texts.enumerate() {
            bytes.clear();
            let number = at + 1;
            LENIENT.decode_vec(text, &mut bytes).map_err(|_| ClksError::Base64(number))?;
            let before = *length.get_or_insert(bytes.len());
            if bytes.is_empty() || bytes.len() > 1 << 18 {
                return Err(ClksError::Size(number));
            }
            if bytes.len() != before {
                return Err(ClksError::Length { number, has: bytes.len(), before });
            }
            if at == 0 {
                clks = Self::empty(before * 8);
            }
            clks.words.extend(bytes.chunks(8).map(|part| {
                part.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
            }));
        }
        Ok(clks)
    }

    /// Gives each filter in base64 to `take`.
    pub fn each_text(&self, mut take: impl FnMut(&str)) {
        let (mut bytes, mut text) = (Vec::with_capacity(self.stride * 8), String::new());
        for filter in self.iter() {
            bytes.clear();
            bytes.extend(filter.iter().flat_map(|word| word.to_le_bytes()));
            bytes.truncate(self.bits.div_ceil(8));
            text.clear();
            STANDARD.encode_string(&bytes, &mut text);
            take(&text);
        }
    }
}
