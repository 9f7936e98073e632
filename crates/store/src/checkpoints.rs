//! Signing the ledger as it stands, and proving entries under what was signed.

use ledger::checkpoint::{Checkpoint, SignedProof};
use ledger::proof::{Consistency, Inclusion, Plan, PlanError};
use ledger::{BookError, Entry, Growth, Hash, SignedNote, SignerKey};

use crate::Store;
use crate::database::{Arg, DbError, Session};
use crate::entries::{self, End, Kept};

/// Why the ledger was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// What was signed before is no longer so: nothing more is signed.
    #[error(
        "the ledger is not the one that was signed when it had {size} entries: it was altered since; verify it, and restore a backup"
    )]
    Inconsistent {
        /// The size of the older checkpoint.
        size: u64,
    },
    /// The key cannot sign.
    #[error("cannot sign the ledger: {0}")]
    Key(String),
    /// The database did not do as asked.
    #[error(transparent)]
    Book(#[from] BookError),
}

impl From<DbError> for SignError {
    fn from(error: DbError) -> Self {
        Self::Book(error.into())
    }
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// There is no such entry.
    #[error(transparent)]
    NoSuchEntry(#[from] PlanError),
    /// Nobody has signed for the entry yet.
    #[error("entry {0} is covered by no checkpoint yet: sign the ledger first")]
    Unsigned(u64),
    /// The entry or the tree beside it was altered.
    #[error(
        "entry {0} cannot be proved: it, or the tree kept beside the entries, was altered; verify the ledger"
    )]
    Altered(u64),
    /// The database did not do as asked.
    #[error(transparent)]
    Book(#[from] BookError),
}

impl From<DbError> for ProveError {
    fn from(error: DbError) -> Self {
        Self::Book(error.into())
    }
}

/// An entry and the proof that it is in the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Proved {
    /// The entry.
    pub entry: Entry,
    /// Its canonical text: what is hashed.
    pub line: String,
    /// That it is there.
    pub proof: SignedProof,
}

/// A stored checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many entries it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

impl StoredCheckpoint {
    /// The note, parsed.
    pub fn note(&self) -> Result<SignedNote, BookError> {
        self.note.parse().map_err(|error: ledger::note::NoteError| BookError::Damaged {
            what: format!("checkpoint of {} entries", self.size),
            why: error.to_string(),
        })
    }
}

/// Stored checkpoints that cover at least `size` entries, the smallest first.
pub(crate) async fn from_size(
    session: &mut Session,
    size: u64,
) -> Result<Vec<StoredCheckpoint>, DbError> {
    session
        .all(
            "SELECT size, note FROM checkpoints WHERE size >= $1 ORDER BY size",
            &[Arg::count(size)],
            |row| Ok(StoredCheckpoint { size: row.count(0)?, note: row.text(1)?.to_owned() }),
        )
        .await
}

/// The stored checkpoint that covers most.
pub(crate) async fn latest(session: &mut Session) -> Result<Option<StoredCheckpoint>, DbError> {
    session
        .first("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1", &[], |row| {
            Ok(StoredCheckpoint { size: row.count(0)?, note: row.text(1)?.to_owned() })
        })
        .await
}

async fn consistency(session: &mut Session, old: u64, new: u64) -> Result<Consistency, ProveError> {
    let plan = Plan::consistency(old, new)?;
    let hashes = entries::nodes(session, &plan.nodes()).await?;
    let path = plan.assemble(&hashes).ok_or(ProveError::Altered(old))?;
    Ok(Consistency { old, new, path })
}

impl Store {
    /// Signs the ledger as it stands and keeps the checkpoint. Signs nothing when
    /// the ledger does not continue the one signed before (C2SP
    /// `tlog-checkpoint`: a log must not sign two that are inconsistent).
    pub async fn checkpoint(&self, key: &SignerKey) -> Result<SignedNote, SignError> {
        let mut session = self.database.write().await?;
        let end = End::read(&mut session).await?;
        let (size, root) = (end.tree.size(), end.tree.root());
        if let Some(before) = latest(&mut session).await? {
            let note = before.note()?;
            let inconsistent = || SignError::Inconsistent { size: before.size };
            let signed = Checkpoint::unverified(&note).map_err(|_| inconsistent())?;
            if signed.size != before.size || signed.size > size {
                return Err(inconsistent());
            }
            let grown = match consistency(&mut session, signed.size, size).await {
                Ok(proof) => proof.verify(&signed.root, &root).is_ok(),
                Err(ProveError::Book(error @ BookError::Database(_))) => return Err(error.into()),
                Err(_) => false,
            };
            if !grown {
                return Err(inconsistent());
            }
            if signed.size == size && Checkpoint::open(&note, key.public()).is_ok() {
                return Ok(note);
            }
        }
        let note =
            Checkpoint::sign(size, root, key).map_err(|error| SignError::Key(error.to_string()))?;
        session
            .run(
                "INSERT INTO checkpoints (size, note) VALUES ($1, $2) \
                 ON CONFLICT (size) DO UPDATE SET note = excluded.note",
                &[Arg::count(size), note.to_string().into()],
            )
            .await?;
        session.commit().await?;
        Ok(note)
    }

    /// The checkpoint that covers most.
    pub async fn latest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, BookError> {
        let mut session = self.database.read().await?;
        Ok(latest(&mut session).await?)
    }

    /// All checkpoints, the smallest first.
    pub async fn checkpoints(&self) -> Result<Vec<StoredCheckpoint>, BookError> {
        let mut session = self.database.read().await?;
        Ok(from_size(&mut session, 0).await?)
    }

    /// The entry at place `seq` and the proof that it is in the ledger, under the
    /// checkpoint that covers most. Whoever gets it needs the public key alone.
    pub async fn prove(&self, seq: u64) -> Result<Proved, ProveError> {
        let (kept, proof) = self.proved(seq).await?;
        Ok(Proved { entry: kept.entry()?, line: kept.line, proof })
    }

    /// The proof alone, for those who have the entry.
    pub async fn proof(&self, seq: u64) -> Result<SignedProof, ProveError> {
        Ok(self.proved(seq).await?.1)
    }

    async fn proved(&self, seq: u64) -> Result<(Kept, SignedProof), ProveError> {
        // Entries, subtrees and checkpoints are never changed, only added: each
        // can be read at a moment of its own.
        let mut session = self.database.read().await?;
        let found = entries::range(&mut session, seq, seq.saturating_add(1), 1).await?;
        let Some(kept) = found.into_iter().next() else {
            let size = End::read(&mut session).await?.tree.size();
            return Err(PlanError::NoSuchEntry { index: seq, size }.into());
        };
        let checkpoint = latest(&mut session).await?.filter(|covering| covering.size > seq);
        let checkpoint = checkpoint.ok_or(ProveError::Unsigned(seq))?.note()?;
        let altered = || ProveError::Altered(seq);
        let signed = Checkpoint::unverified(&checkpoint).map_err(|_| altered())?;
        let plan = Plan::inclusion(seq, signed.size)?;
        let hashes = entries::nodes(&mut session, &plan.nodes()).await?;
        let path = plan.assemble(&hashes).ok_or_else(altered)?;
        // Never hand out a proof that does not hold.
        let inclusion = Inclusion { seq, size: signed.size, path };
        let leaf = Hash::of_leaf(kept.line.as_bytes());
        inclusion.verify(&leaf, &signed.root).map_err(|_| altered())?;
        let proof = SignedProof { seq, path: inclusion.path, checkpoint };
        Ok((kept, proof))
    }

    /// The proof that the ledger of the newest checkpoint begins with what it was at
    /// `old` entries, for whoever kept the checkpoint of then.
    pub async fn prove_growth_since(&self, old: u64) -> Result<Growth, ProveError> {
        let mut session = self.database.snapshot().await?;
        let newest = latest(&mut session).await?.filter(|newest| newest.size >= old);
        let newest = newest.ok_or(ProveError::Unsigned(old))?;
        let path = consistency(&mut session, old, newest.size).await?.path;
        Ok(Growth { old, path, checkpoint: newest.note()? })
    }

    /// The proof that the ledger of `new` entries begins with that of `old`.
    pub async fn prove_growth(&self, old: u64, new: u64) -> Result<Consistency, ProveError> {
        let mut session = self.database.snapshot().await?;
        let size = End::read(&mut session).await?.tree.size();
        if new > size {
            return Err(PlanError::NoSuchEntry { index: new - 1, size }.into());
        }
        consistency(&mut session, old, new).await
    }
}
