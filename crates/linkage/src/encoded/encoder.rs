//! Records into filters.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::clks::Clks;
use super::field::{Regular, Unfit};
use super::hardening::{Hardener, Hardening, HardeningError};
use super::hash::TokenHash;
use super::keys::{self, KeyError};
use super::schema::{Schema, Strategy};
use super::tokens::Tokens;

/// Tokens and values that are kept for each field, at most: names and places
/// come again and again.
const MOST_KEPT: usize = 1 << 16;
/// After so many values it is looked whether keeping them was worth it.
const TRIAL: usize = 1 << 13;

/// A record that cannot be encoded. It names the place and never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, field `{field}`: the value {why}")]
pub struct EncodeError {
    /// Which record, from 1; a header is none.
    pub row: u64,
    /// Which field of the schema.
    pub field: String,
    /// What is wrong with the value.
    #[source]
    pub why: Unfit,
}

/// Encodes records of one schema under one secret.
pub struct Encoder {
    fields: Vec<FieldEncoder>,
    folds: u32,
    bits: usize,
    /// Bits before folding.
    long: usize,
    hardener: Option<Hardener>,
    filter: Vec<u64>,
}

struct FieldEncoder {
    name: String,
    /// Where the schema has it: the column of a record.
    column: usize,
    regular: Regular,
    hash: TokenHash,
    tokens: Tokens,
    known: KnownTokens,
    values: Values,
}

/// The bits of tokens that were met.
#[derive(Default)]
struct KnownTokens {
    /// Tokens of at most seven bytes, in one word each, and where their bits stand.
    short: HashMap<u64, (usize, usize), Quick>,
    long: HashMap<Box<[u8]>, (usize, usize), Quick>,
    places: Vec<u32>,
}

impl KnownTokens {
    /// The first `times` bits of a token.
    fn places(&mut self, token: &[u8], times: usize, hash: &TokenHash) -> &[u32] {
        let word = word(token);
        let known = match word {
            Some(word) => self.short.get(&word),
            None => self.long.get(token),
        };
        let (from, len) = match known {
            Some(known) if known.1 >= times => *known,
            _ => {
                if self.short.len() + self.long.len() >= MOST_KEPT {
                    *self = Self::default();
                }
                let from = self.places.len();
                hash.places(token, times, &mut self.places);
                let known = (from, self.places.len() - from);
                match word {
                    Some(word) => self.short.insert(word, known),
                    None => self.long.insert(token.into(), known),
                };
                known
            }
        };
        self.places.get(from..from + len.min(times)).unwrap_or_default()
    }
}

/// A token of at most seven bytes and its length in one word.
fn word(token: &[u8]) -> Option<u64> {
    let all = token.iter().fold(token.len() as u64, |word, byte| word << 8 | u64::from(*byte));
    (token.len() < 8).then_some(all)
}

/// The filters of whole values that were met.
struct Values {
    known: HashMap<Box<str>, usize, Quick>,
    filters: Vec<u64>,
    asked: usize,
    found: usize,
}

impl std::fmt::Debug for Encoder {
    /// Without keys, and without what was encoded.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("bits", &self.bits).finish_non_exhaustive()
    }
}

impl Encoder {
    /// An encoder for records of `schema` under `secret`.
    pub fn new(schema: &Schema, secret: &[u8]) -> Result<Self, KeyError> {
        let keys = keys::derive(secret, &schema.derivation, schema.fields.len())?;
        let long = schema.bits << schema.folds;
        let modulus = u32::try_from(long).map_err(|_| KeyError::TooMany)?;
        let fields = schema.fields.iter().zip(keys).enumerate();
        let fields = fields.filter_map(|(column, (field, keys))| {
            let regular = field.encoded.clone()?;
            Some(FieldEncoder {
                name: field.identifier.clone(),
                column,
                hash: TokenHash::new(regular.insertion, keys, modulus),
                regular,
                tokens: Tokens::default(),
                known: KnownTokens::default(),
                values: Values::new(),
            })
        });
        Ok(Self {
            fields: fields.collect(),
            folds: schema.folds,
            bits: schema.bits,
            long,
            hardener: None,
            filter: vec![0; long.div_ceil(64)],
        })
    }

    /// The same, with its filters hardened. Both sides must harden alike, and what
    /// comes out is no longer what `clkhash` makes.
    pub fn hardened(mut self, how: Hardening, secret: &[u8]) -> Result<Self, HardeningError> {
        self.hardener = Hardener::new(how, secret, self.bits)?;
        Ok(self)
    }

    /// A set for what this encoder makes.
    pub fn empty(&self) -> Clks {
        Clks::empty(self.hardener.as_ref().map_or(self.bits, Hardener::bits))
    }

    /// Encodes one record, whose values are in the schema's order, and adds it.
    pub fn encode(&mut self, row: u64, values: &[&str], to: &mut Clks) -> Result<(), EncodeError> {
        self.filter.fill(0);
        for field in &mut self.fields {
            let value = values.get(field.column).copied().unwrap_or_default();
            field.insert(value, &mut self.filter).map_err(|why| EncodeError {
                row,
                field: field.name.clone(),
                why,
            })?;
        }
        let folded = fold(&mut self.filter, self.long, self.folds);
        match &mut self.hardener {
            None => to.push(folded),
            Some(hardener) => to.push(hardener.harden(folded)),
        }
        Ok(())
    }
}

impl FieldEncoder {
    fn insert(&mut self, value: &str, filter: &mut [u64]) -> Result<(), Unfit> {
        if let Some(known) = self.values.get(value, filter.len()) {
            filter.iter_mut().zip(known).for_each(|(word, known)| *word |= known);
            return Ok(());
        }
        let text = self.regular.canonical(value)?;
        self.tokens.cut(&text, self.regular.comparison, self.regular.encoding)?;
        let count = self.tokens.len();
        let times = |at: usize| match self.regular.strategy {
            Strategy::BitsPerToken(times) => times,
            // What is left over goes to the first ones.
            Strategy::BitsPerFeature(bits) => bits / count + usize::from(at < bits % count),
        };
        let keeps = self.values.keeps();
        let (start, kept) = self.values.begin(filter.len());
        let into: &mut [u64] = if keeps { kept } else { &mut *filter };
        for (at, token) in self.tokens.iter().enumerate() {
            for place in self.known.places(token, times(at), &self.hash) {
                set(into, *place);
            }
        }
        if keeps {
            let known = self.values.end(value, start, filter.len());
            filter.iter_mut().zip(known).for_each(|(word, known)| *word |= known);
        }
        Ok(())
    }
}

impl Values {
    fn new() -> Self {
        Self { known: HashMap::default(), filters: Vec::new(), asked: 0, found: 0 }
    }

    /// Whether another value is kept: not when most values come once.
    fn keeps(&self) -> bool {
        let pays = self.asked < TRIAL || self.found * 4 > self.asked;
        pays && self.known.len() < MOST_KEPT
    }

    fn get(&mut self, value: &str, words: usize) -> Option<&[u64]> {
        if self.known.is_empty() {
            self.asked += 1;
            return None;
        }
        if self.asked >= TRIAL && self.found * 4 <= self.asked {
            self.known.clear();
            self.filters = Vec::new();
            return None;
        }
        self.asked += 1;
        let start = *self.known.get(value)?;
        self.found += 1;
        self.filters.get(start..start + words)
    }

    /// An empty filter at the end; it stays if [`Values::end`] says so, and is
    /// overwritten by the next otherwise.
    fn begin(&mut self, words: usize) -> (usize, &mut [u64]) {
        let start = self.known.len() * words;
        self.filters.truncate(start);
        if self.keeps() {
            self.filters.resize(start + words, 0);
        }
        (start, self.filters.get_mut(start..).unwrap_or_default())
    }

    fn end(&mut self, value: &str, start: usize, words: usize) -> &[u64] {
        self.known.insert(value.into(), start);
        self.filters.get(start..start + words).unwrap_or_default()
    }
}

/// Sets a bit where `clkhash` has it: the first is the highest of the first byte.
fn set(filter: &mut [u64], place: u32) {
    if let Some(word) = filter.get_mut(place as usize / 64) {
        *word |= 1 << ((place % 64) ^ 7);
    }
}

fn bit(filter: &[u64], place: usize) -> u64 {
    filter.get(place / 64).map_or(0, |word| (word >> ((place % 64) ^ 7)) & 1)
}

/// Lays the second half of the filter over the first, `folds` times.
fn fold(filter: &mut [u64], mut bits: usize, folds: u32) -> &[u64] {
    for _ in 0..folds {
        bits /= 2;
        if bits.is_multiple_of(64) {
            let (first, second) = filter.split_at_mut(bits / 64);
            first.iter_mut().zip(second).for_each(|(word, over)| *word ^= *over);
        } else {
            let folded: Vec<u64> =
                (0..bits).map(|at| bit(filter, at) ^ bit(filter, at + bits)).collect();
            filter.fill(0);
            for (at, one) in folded.iter().enumerate() {
                if let (1, Ok(place)) = (*one, u32::try_from(at)) {
                    set(filter, place);
                }
            }
        }
    }
    filter.get(..bits.div_ceil(64)).unwrap_or_default()
}

/// A hash for tables that only we fill and that hold no secret order: quick, and
/// not hardened against keys that are made to collide.
type Quick = BuildHasherDefault<Multiply>;

#[derive(Default)]
struct Multiply(u64);

impl Hasher for Multiply {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let rest = rest.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        self.write_u64(rest);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, word: u64) {
        // The golden ratio in 64 bits: Knuth's multiplicative hashing.
        let mixed = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 29);
    }
}
