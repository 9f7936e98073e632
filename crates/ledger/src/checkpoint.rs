//! Checkpoints: what the ledger looked like at some size, signed (C2SP
//! `tlog-checkpoint`), and the text form of an inclusion proof under one
//! (C2SP `tlog-proof`).

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::Hash;
use crate::note::{NoteError, SignedNote, SignerKey, VerifierKey};
use crate::proof::{Inclusion, ProofError};

/// The head of the tree at some size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger: the name of the key that signs it.
    pub origin: String,
    /// How many entries there were.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

/// Why a text is no checkpoint to go by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is not built like a checkpoint.
    #[error("this is no checkpoint: {0}")]
    Malformed(&'static str),
    /// It speaks of another ledger.
    #[error("this is a checkpoint of `{found}`, not of `{expected}`")]
    Origin {
        /// What the first line says.
        found: String,
        /// What the key is called.
        expected: String,
    },
    /// It is not rightly signed.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Checkpoint {
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0))
    }

    /// The head of the tree under the name of `key`, signed with it.
    pub fn sign(size: u64, root: Hash, key: &SignerKey) -> Result<SignedNote, CheckpointError> {
        let checkpoint = Self { origin: key.name().to_owned(), size, root };
        Ok(key.sign(&checkpoint.text())?)
    }

    /// What the note says, if `key` signed it and it speaks of the key's ledger.
    pub fn open(note: &SignedNote, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(note.open(key)?)?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::Origin {
                found: checkpoint.origin,
                expected: key.name().to_owned(),
            });
        }
        Ok(checkpoint)
    }

    /// What the note says, whoever signed it: for comparing, not for trusting.
    pub fn unverified(note: &SignedNote) -> Result<Self, CheckpointError> {
        Self::parse(note.unchecked())
    }

    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let mut line = |what| {
            lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError::Malformed(what))
        };
        let origin = line("there is no origin")?.to_owned();
        let size = line("there is no size")?;
        let root = line("there is no root")?;
        let size = number(size).ok_or(CheckpointError::Malformed("the size is no number"))?;
        let root = STANDARD
            .decode(root)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Hash)
            .ok_or(CheckpointError::Malformed("the root is no base64 of 32 bytes"))?;
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Malformed("there is an empty line"));
        }
        Ok(Self { origin, size, root })
    }
}

/// A decimal number without leading zeros.
fn number(text: &str) -> Option<u64> {
    let value: u64 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

/// That an entry is in the ledger that a checkpoint speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedProof {
    /// Which entry.
    pub seq: u64,
    /// From the sibling of the entry up to the child of the root.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: SignedNote,
}

/// Why a proof is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignedProofError {
    /// The text is not built like a proof.
    #[error("this is no proof: {0}")]
    Malformed(&'static str),
    /// The checkpoint in it is not one to go by.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead from the entry to the checkpoint's root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

const PROOF_FORMAT: &str = "c2sp.org/tlog-proof@v1";

impl SignedProof {
    /// Whether the entry with that hash is in the ledger of `key`; gives the
    /// checkpoint it was proved under.
    pub fn verify(&self, entry: &Hash, key: &VerifierKey) -> Result<Checkpoint, SignedProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let path = self.path.clone();
        Inclusion { seq: self.seq, size: checkpoint.size, path }.verify(entry, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl std::fmt::Display for SignedProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{PROOF_FORMAT}\nindex {}", self.seq)?;
        for hash in &self.path {
            writeln!(f, "{}", STANDARD.encode(hash.0))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl std::str::FromStr for SignedProof {
    type Err = SignedProofError;

    fn from_str(text: &str) -> Result<Self, SignedProofError> {
        let malformed = SignedProofError::Malformed;
        let (head, note) = text.split_once("\n\n").ok_or(malformed("there is no empty line"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(PROOF_FORMAT) {
            return Err(malformed("the first line is not `c2sp.org/tlog-proof@v1`"));
        }
        lines.next_if(|line| line.starts_with("extra "));
        let seq = lines
            .next()
            .and_then(|line| number(line.strip_prefix("index ")?))
            .ok_or(malformed("there is no index"))?;
        let path = lines
            .map(|line| Some(Hash(STANDARD.decode(line).ok()?.try_into().ok()?)))
            .collect::<Option<_>>()
            .ok_or(malformed("a hash is no base64 of 32 bytes"))?;
        let checkpoint = note.parse().map_err(CheckpointError::Note)?;
        Ok(Self { seq, path, checkpoint })
    }
}
