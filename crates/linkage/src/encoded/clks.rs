//! Sets of filters, and the form in which they travel.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

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
    #[error("not of the form `{{\"clks\": [\"…\"]}}`: {0}")]
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

#[derive(Deserialize)]
struct Form<'a> {
    #[serde(borrow)]
    clks: Vec<std::borrow::Cow<'a, str>>,
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

    /// Reads the form that `clkhash` and its command line write, or one filter a line.
    pub fn parse(text: &[u8]) -> Result<Self, ClksError> {
        if text.trim_ascii_start().first() == Some(&b'{') {
            let form: Form<'_> = serde_json::from_slice(text)?;
            return Self::read(form.clks.iter().map(|text| text.as_bytes()));
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
            STANDARD.decode_vec(text, &mut bytes).map_err(|_| ClksError::Base64(number))?;
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
