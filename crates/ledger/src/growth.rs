//! The proof that the ledger only grew since a checkpoint that somebody kept: what a
//! witness is sent to sign the next one (C2SP `tlog-witness`, `add-checkpoint`).

use std::fmt;
use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::Hash;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{NoteError, SignedNote, VerifierKey};
use crate::proof::{Consistency, ProofError};

/// That the ledger of a checkpoint begins with what it was at an earlier size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// How many entries there were.
    pub old: u64,
    /// The proof of RFC 6962 section 2.1.2.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: SignedNote,
}

/// Why a proof of growth is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrowthError {
    /// The text is not built like one.
    #[error("this is no proof of growth: {0}")]
    Malformed(&'static str),
    /// The earlier checkpoint is another one.
    #[error("the proof begins at {proof} entries, the earlier checkpoint is of {kept}")]
    Size {
        /// Where the proof begins.
        proof: u64,
        /// How many entries the earlier checkpoint covers.
        kept: u64,
    },
    /// One of the checkpoints is not one to go by.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The later ledger does not begin with the earlier one.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl From<NoteError> for GrowthError {
    fn from(error: NoteError) -> Self {
        Self::Checkpoint(error.into())
    }
}

impl Growth {
    /// Whether the ledger of `key` only grew since the checkpoint `kept`; gives the
    /// checkpoint that it grew to.
    pub fn verify(&self, kept: &SignedNote, key: &VerifierKey) -> Result<Checkpoint, GrowthError> {
        let (old, new) = (Checkpoint::open(kept, key)?, Checkpoint::open(&self.checkpoint, key)?);
        if old.size != self.old {
            return Err(GrowthError::Size { proof: self.old, kept: old.size });
        }
        let proof = Consistency { old: old.size, new: new.size, path: self.path.clone() };
        proof.verify(&old.root, &new.root)?;
        Ok(new)
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.path {
            writeln!(f, "{}", STANDARD.encode(hash.0))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for Growth {
    type Err = GrowthError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (head, note) = text
            .split_once("\n\n")
            .ok_or(GrowthError::Malformed("no empty line parts the proof and the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old
            .and_then(|size| size.parse().ok().filter(|n: &u64| n.to_string() == size))
            .ok_or(GrowthError::Malformed("the first line does not say `old` and a size"))?;
        let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok().map(Hash);
        let path = lines
            .map(|line| hash(line).ok_or(GrowthError::Malformed("a line is no base64 of 32 bytes")))
            .collect::<Result<Vec<_>, _>>()?;
        // The specification allows no more: a tree of 2^63 entries is as deep.
        if path.len() > 63 {
            return Err(GrowthError::Malformed("it has more than 63 hashes"));
        }
        Ok(Self { old, path, checkpoint: note.parse()? })
    }
}
