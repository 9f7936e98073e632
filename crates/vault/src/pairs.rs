//! Pairs of records that people decide on: who they are, and what a decision rests on.
//!
//! A pair's file holds the subject keys of two records, of one source or of two, and
//! nothing that stands in them: names are read from the segments when somebody who may
//! looks. It outlives the extract for which it was asked, since the decision does; what
//! was decided is in the ledger, under the pair's id alone.

use std::path::Path;

use model::{Entropy, PairId};
use zeroize::Zeroizing;

use crate::aead::fields;
use crate::disk::FileError;
use crate::key::Key;
use crate::keyring::KeyringError;
use crate::stream::{StreamError, StreamReader, StreamWriter};
use crate::subject::Hasher;

/// What a pair's file ends with.
pub(crate) const EXTENSION: &str = ".pair";

/// More is in no file of a pair.
const MOST_BYTES: usize = 1 << 20;

/// Why a pair cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// The key of pairs cannot be had.
    #[error(transparent)]
    Key(#[from] KeyringError),
    /// The file cannot be read.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

pub(crate) fn file_name(pair: &PairId) -> String {
    format!("{pair}{EXTENSION}")
}

fn what(pair: &PairId) -> [&[u8]; 2] {
    [b"pair", pair.as_str().as_bytes()]
}

pub(crate) fn write(
    dir: &Path,
    pair: &PairId,
    bytes: &[u8],
    key: &Key,
    entropy: &dyn Entropy,
) -> Result<(), FileError> {
    let mut stream = StreamWriter::create(&dir.join(file_name(pair)), key, &what(pair), entropy)?;
    stream.write(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes())?;
    stream.write(bytes)?;
    stream.finish()?.publish()
}

pub(crate) fn read(
    dir: &Path,
    pair: &PairId,
    key: &Key,
) -> Result<Zeroizing<Vec<u8>>, StreamError> {
    let mut stream = StreamReader::open(&dir.join(file_name(pair)), key, &what(pair))?;
    let length = stream.take::<4>()?.ok_or_else(|| stream.nonsense())?;
    stream.take_vec(u32::from_le_bytes(length), MOST_BYTES)
}

/// Tells whether what was known of a record is still the same, without holding it.
pub struct PairHasher(Hasher);

impl PairHasher {
    pub(crate) fn new(key: &Key) -> Self {
        Self(Hasher::new(&key.derive(&fields(&[b"pair", b"said"]))))
    }

    /// A keyed hash of several texts, each of which may be missing.
    pub fn hash<'a>(&self, texts: impl IntoIterator<Item = Option<&'a str>>) -> [u8; 16] {
        let mut parts: Vec<&[u8]> = Vec::new();
        let lengths: Vec<(Option<&str>, [u8; 9])> = texts
            .into_iter()
            .map(|text| {
                let mut head = [0; 9];
                if let (Some(text), [there, length @ ..]) = (text, &mut head) {
                    *there = 1;
                    *length = (text.len() as u64).to_le_bytes();
                }
                (text, head)
            })
            .collect();
        for (text, head) in &lengths {
            parts.push(head);
            parts.extend(text.map(str::as_bytes));
        }
        self.0.hash_bytes(&parts)
    }
}

impl std::fmt::Debug for PairHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PairHasher([redacted])")
    }
}
