//! The distinct texts of one column in one block.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray, StringBuilder};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use crate::contract::Encoding;
use crate::value::text::{TextFault, decode, is_formula};

/// The code of a row without a value.
const NONE: i32 = -1;

/// Texts by number. Each distinct one is decoded and judged once.
pub(crate) struct Dictionary {
    seed: u64,
    /// Numbers of entries, by hash; a power of two long, half full at the most.
    table: Vec<u32>,
    entries: Vec<Entry>,
    /// The fields as delivered, one behind the other.
    raw: Vec<u8>,
    /// The fields as text, one behind the other.
    text: String,
    codes: Vec<i32>,
    missing: usize,
}

struct Entry {
    hash: u64,
    raw: (usize, usize),
    text: (usize, usize),
    fault: Option<TextFault>,
    /// Above ASCII, and whether it could be UTF-8: tells a wrong encoding.
    high: Option<bool>,
}

/// What a field turned out to be.
pub(crate) struct Looked {
    pub(crate) fault: Option<TextFault>,
    pub(crate) high: Option<bool>,
}

impl Dictionary {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            table: vec![u32::MAX; 64],
            entries: Vec::new(),
            raw: Vec::new(),
            text: String::new(),
            codes: Vec::new(),
            missing: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.codes.len()
    }

    pub(crate) fn push_none(&mut self) {
        self.codes.push(NONE);
        self.missing += 1;
    }

    /// Adds a row with the text `field`.
    pub(crate) fn push(
        &mut self,
        field: &[u8],
        encoding: Encoding,
        allowed: Option<&HashSet<String>>,
    ) -> Looked {
        let hash = hash(self.seed, field);
        let mask = self.table.len() - 1;
        let mut at = usize::try_from(hash).unwrap_or(usize::MAX) & mask;
        loop {
            let number = self.table.get(at).copied().unwrap_or(u32::MAX);
            let Some(entry) = self.entries.get(number as usize) else { break };
            let same = entry.hash == hash && self.raw.get(entry.raw.0..entry.raw.1) == Some(field);
            if same {
                self.codes.push(number.cast_signed());
                return Looked { fault: entry.fault, high: entry.high };
            }
            at = (at + 1) & mask;
        }
        self.insert(at, hash, field, encoding, allowed)
    }

    #[cold]
    fn insert(
        &mut self,
        at: usize,
        hash: u64,
        field: &[u8],
        encoding: Encoding,
        allowed: Option<&HashSet<String>>,
    ) -> Looked {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX - 1);
        let raw = (self.raw.len(), self.raw.len() + field.len());
        self.raw.extend_from_slice(field);
        let from = self.text.len();
        let fault = match decode(field, encoding) {
            Err(fault) => Some(fault),
            Ok(text) => {
                self.text.push_str(&text);
                match allowed {
                    Some(allowed) if allowed.contains(text.as_ref()) => None,
                    Some(_) => Some(TextFault::NotAllowed),
                    None if is_formula(&text) => Some(TextFault::Formula),
                    None => None,
                }
            }
        };
        let high = (!field.is_ascii()).then(|| std::str::from_utf8(field).is_ok());
        self.entries.push(Entry { hash, raw, text: (from, self.text.len()), fault, high });
        if let Some(slot) = self.table.get_mut(at) {
            *slot = number;
        }
        self.codes.push(number.cast_signed());
        if self.entries.len() * 2 > self.table.len() {
            self.grow();
        }
        Looked { fault, high }
    }

    fn grow(&mut self) {
        let mask = self.table.len() * 4 - 1;
        let mut table = vec![u32::MAX; mask + 1];
        for (number, entry) in (0_u32..).zip(&self.entries) {
            let mut at = usize::try_from(entry.hash).unwrap_or(usize::MAX) & mask;
            while table.get(at).is_some_and(|slot| *slot != u32::MAX) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = table.get_mut(at) {
                *slot = number;
            }
        }
        self.table = table;
    }

    fn text_of(&self, code: i32) -> Option<&str> {
        let entry = self.entries.get(usize::try_from(code).ok()?)?;
        self.text.get(entry.text.0..entry.text.1)
    }

    /// The column, and an empty dictionary for the next block. Codes where they
    /// save something, plain text where nearly every row has its own.
    pub(crate) fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let rows = self.codes.len();
        let array: ArrayRef = if self.entries.len() * 2 > rows {
            let mut plain = StringBuilder::with_capacity(rows, self.text.len());
            for code in &self.codes {
                plain.append_option(self.text_of(*code));
            }
            Arc::new(plain.finish())
        } else {
            let nulls: Option<NullBuffer> =
                (self.missing > 0).then(|| self.codes.iter().map(|code| *code != NONE).collect());
            // A null's code is never looked at, but must be in range.
            let codes: ScalarBuffer<i32> = if self.missing == 0 {
                std::mem::take(&mut self.codes).into()
            } else {
                self.codes.iter().map(|code| (*code).max(0)).collect()
            };
            let texts: StringArray =
                (0_i32..).take(self.entries.len()).map(|code| self.text_of(code)).collect();
            // With no entry at all every row is null, and 0 must still exist.
            let texts = if texts_is_empty(&texts) { StringArray::from(vec![""]) } else { texts };
            let codes = Int32Array::try_new(codes, nulls)?;
            Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::new(texts))?)
        };
        self.codes.clear();
        self.entries.clear();
        self.raw.clear();
        self.text.clear();
        self.missing = 0;
        if self.table.len() > 4096 {
            self.table = vec![u32::MAX; 64];
        } else {
            self.table.fill(u32::MAX);
        }
        Ok(array)
    }
}

fn texts_is_empty(texts: &StringArray) -> bool {
    arrow::array::Array::is_empty(texts)
}

/// A multiply-and-fold hash (Lemire and Kaser; as in wyhash), seeded per import
/// so that nobody can prepare a file of collisions.
pub(crate) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |a: u64, b: u64| {
        let wide = u128::from(a) * u128::from(b);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let folded = (wide as u64) ^ ((wide >> 64) as u64);
        folded
    };
    let mut state = seed ^ (bytes.len() as u64).wrapping_mul(K);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.first_chunk::<8>().copied().map_or(0, u64::from_le_bytes);
        state = fold(state ^ word, K);
    }
    let mut word = 0_u64;
    for byte in chunks.remainder() {
        word = word << 8 | u64::from(*byte);
    }
    fold(state ^ word, seed | 1) ^ state.rotate_left(29)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};

    use super::*;

    fn read_back(array: &ArrayRef) -> Vec<Option<String>> {
        let plain = arrow::compute::cast(array, &arrow::datatypes::DataType::Utf8).unwrap();
        plain.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    }

    proptest::proptest! {
        #[test]
        fn what_goes_in_comes_out(rows in proptest::collection::vec(proptest::option::of("[a-c]{0,3}|[a-z]{9,20}"), 0..600), seed in proptest::prelude::any::<u64>()) {
            let mut dictionary = Dictionary::new(seed);
            for _ in 0..2 {
                for row in &rows {
                    match row {
                        Some(text) => { dictionary.push(text.as_bytes(), Encoding::Utf8, None); }
                        None => dictionary.push_none(),
                    }
                }
                let array = dictionary.take().unwrap();
                proptest::prop_assert_eq!(&read_back(&array), &rows);
                proptest::prop_assert_eq!(array.null_count(), rows.iter().filter(|r| r.is_none()).count());
            }
        }
    }

    #[test]
    fn each_distinct_text_is_judged() {
        let allowed = HashSet::from(["a".to_owned(), "=x".to_owned()]);
        let mut dictionary = Dictionary::new(1);
        let mut fault =
            |field: &[u8], allowed| dictionary.push(field, Encoding::Utf8, allowed).fault;
        assert_eq!(fault(b"a", Some(&allowed)), None);
        assert_eq!(fault(b"=x", Some(&allowed)), None);
        assert_eq!(fault(b"b", Some(&allowed)), Some(TextFault::NotAllowed));
        assert_eq!(fault(b"b", Some(&allowed)), Some(TextFault::NotAllowed));
        assert_eq!(fault(b"=y", None), Some(TextFault::Formula));
        assert_eq!(fault(b"\xff", None), Some(TextFault::NotUtf8(0)));
    }
}
