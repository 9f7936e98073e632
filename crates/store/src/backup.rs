//! Backup of a running centre's metadata into one file, and the way back, on
//! SQLite as on PostgreSQL and from one to the other.
//!
//! JSON lines: a header; the entries and checkpoints as in an export; the
//! credentials; an end that counts them and holds the SHA-256 of all lines before
//! it. The tables of records are not in it: they are made from the entries.
//! Sessions are not in it: whoever was signed in signs in again.
//!
//! The file holds Argon2 strings. Keep it as you keep the database.

use std::io::{self, BufRead, Write};

use ledger::chain::{Chain, Examined};
use ledger::export::{read_line, split_entry};
use ledger::{BookError, Checkpoint, Entry, SignedNote};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Store;
use crate::database::{Arg, DbError, Session};
use crate::entries::{Batch, End};
use crate::export::{ExportError, write_ledger};
use crate::replay;

const FORMAT: &str = "helserom-metadata/1";

/// How many entries are written at once.
const BATCH: usize = 4_096;

/// What is in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// How many entries.
    pub entries: u64,
    /// How many checkpoints.
    pub checkpoints: u64,
    /// How many credentials.
    pub credentials: u64,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It cannot be written.
    #[error("cannot write the backup: {0}")]
    Io(#[from] io::Error),
    /// The database did not do as asked.
    #[error(transparent)]
    Book(#[from] BookError),
}

impl From<DbError> for BackupError {
    fn from(error: DbError) -> Self {
        Self::Book(error.into())
    }
}

/// Why a backup was not restored; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is something in the database.
    #[error("the metadata database is not empty: restore into an empty one")]
    NotEmpty,
    /// It is no backup.
    #[error("this is no backup of the metadata: the first line should say `{FORMAT}`")]
    Format,
    /// The file ends too early.
    #[error("the backup ends before its end: it was cut short")]
    Cut,
    /// The file is not what was written.
    #[error("the backup was altered or damaged at line {line}: {why}")]
    Damaged {
        /// Which line, from 1.
        line: u64,
        /// In words.
        why: String,
    },
    /// It cannot be read.
    #[error("cannot read the backup: {0}")]
    Io(#[from] io::Error),
    /// The database did not do as asked.
    #[error(transparent)]
    Book(#[from] BookError),
}

impl From<DbError> for RestoreError {
    fn from(error: DbError) -> Self {
        Self::Book(error.into())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    Checkpoint(String),
    Credential { account: String, phc: String, seq: u64 },
    End { contents: Contents, sha256: String },
}

/// Passes on what is written and hashes it.
struct Hashing<W> {
    out: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

impl Store {
    /// Writes a backup: everything as of one moment, while others read and write.
    pub async fn backup<W: Write + Send>(&self, out: W) -> Result<Contents, BackupError> {
        let mut out = Hashing { out, hasher: Sha256::new() };
        let mut session = self.database.snapshot().await?;
        write_line(&mut out, &Header { format: FORMAT.to_owned() })?;
        let (entries, checkpoints) =
            write_ledger(&mut session, &mut out).await.map_err(|error| match error {
                ExportError::Io(error) => BackupError::Io(error),
                ExportError::Book(error) => BackupError::Book(error),
                ExportError::Unsigned => BackupError::Io(io::ErrorKind::Other.into()),
            })?;
        let sql = "SELECT account, phc, seq FROM credentials ORDER BY account";
        let credentials: Vec<Part> = session
            .all(sql, &[], |row| {
                let (account, phc) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
                Ok(Part::Credential { account, phc, seq: row.count(2)? })
            })
            .await?;
        for credential in &credentials {
            write_line(&mut out, credential)?;
        }
        let credentials = u64::try_from(credentials.len()).unwrap_or(u64::MAX);
        let contents = Contents { entries, checkpoints, credentials };
        let sha256 = hex::encode(out.hasher.clone().finalize());
        write_line(&mut out, &Part::End { contents, sha256 })?;
        out.flush()?;
        Ok(contents)
    }

    /// Restores a backup into this database, which must be empty. The chain, the
    /// tree and the roots of the checkpoints are verified on the way. Wholly done
    /// or, on any error, wholly undone.
    pub async fn restore<R: BufRead + Send>(&self, input: R) -> Result<Contents, RestoreError> {
        let mut session = self.database.write().await?;
        if End::read(&mut session).await?.head.next != 0 {
            return Err(RestoreError::NotEmpty);
        }
        let mut reading = Reading::begin(input)?;
        let contents = reading.take_all(&mut session).await?;
        let kinds: Vec<&str> = self.projections.kinds().collect();
        replay::refill(&mut session, &self.projections, &kinds).await?;
        session.commit().await?;
        Ok(contents)
    }
}

impl Store {
    /// Whether this database holds exactly the entries of a backup: a restore into it
    /// was stopped after it had been written. Says what is in the backup, if so.
    pub async fn holds<R: BufRead + Send>(
        &self,
        mut input: R,
    ) -> Result<Option<Contents>, RestoreError> {
        let head = self.head().await?;
        let (mut line, mut entries, mut last) = (String::new(), 0, None);
        while read_line(&mut input, &mut line)? {
            if let Some((_, hash)) = split_entry(&line) {
                entries += 1;
                last = Some(hash.to_owned());
            } else if let Ok(Part::End { contents, .. }) = serde_json::from_str(&line) {
                let is_same = entries == head.next && last == Some(head.hash.to_string());
                return Ok(is_same.then_some(contents));
            }
        }
        Err(RestoreError::Cut)
    }
}

struct Reading<R> {
    input: R,
    line: String,
    number: u64,
    hasher: Sha256,
    chain: Chain,
    end: End,
    batch: Batch,
    contents: Contents,
}

impl<R: BufRead> Reading<R> {
    fn begin(input: R) -> Result<Self, RestoreError> {
        let contents = Contents { entries: 0, checkpoints: 0, credentials: 0 };
        let mut reading = Self {
            input,
            line: String::new(),
            number: 0,
            hasher: Sha256::new(),
            chain: Chain::new(),
            end: End::default(),
            batch: Batch::default(),
            contents,
        };
        reading.next_line()?;
        match serde_json::from_str::<Header>(&reading.line) {
            Ok(header) if header.format == FORMAT => Ok(reading),
            _ => Err(RestoreError::Format),
        }
    }

    /// Moves on to the next line; `false` at the end. The line before is hashed,
    /// so that the last one is not.
    fn next_line(&mut self) -> Result<bool, RestoreError> {
        if self.number > 0 {
            self.hasher.update(self.line.as_bytes());
            self.hasher.update(b"\n");
        }
        self.number += 1;
        Ok(read_line(&mut self.input, &mut self.line)?)
    }

    fn damaged(&self, why: impl ToString) -> RestoreError {
        RestoreError::Damaged { line: self.number, why: why.to_string() }
    }

    async fn take_all(&mut self, session: &mut Session) -> Result<Contents, RestoreError> {
        while self.next_line()? {
            if let Some((text, hash)) = split_entry(&self.line) {
                self.chain.take(&Examined::new(text, hash));
                let entry = Entry::read(text, hash).map_err(|why| self.damaged(why))?;
                self.batch.take(&mut self.end, &entry, text.to_owned());
                self.contents.entries += 1;
                if self.batch.len() == BATCH {
                    std::mem::take(&mut self.batch).write(session).await?;
                }
            } else {
                let part = serde_json::from_str(&self.line).map_err(|why| self.damaged(why))?;
                if let Some(contents) = self.take(part, session).await? {
                    std::mem::take(&mut self.batch).write(session).await?;
                    self.end.write(session).await?;
                    return Ok(contents);
                }
            }
            if let Some(fault) = self.chain.first_fault() {
                return Err(self.damaged(fault));
            }
        }
        Err(RestoreError::Cut)
    }

    async fn take(
        &mut self,
        part: Part,
        session: &mut Session,
    ) -> Result<Option<Contents>, RestoreError> {
        match part {
            Part::Checkpoint(note) => {
                let parsed: SignedNote = note.parse().map_err(|why| self.damaged(why))?;
                let checkpoint =
                    Checkpoint::unverified(&parsed).map_err(|why| self.damaged(why))?;
                self.chain.checkpoint(&checkpoint);
                let args = [Arg::count(checkpoint.size), note.into()];
                let sql = "INSERT INTO checkpoints (size, note) VALUES ($1, $2)";
                session.run(sql, &args).await?;
                self.contents.checkpoints += 1;
            }
            Part::Credential { account, phc, seq } => {
                let args = [account.into(), phc.into(), Arg::count(seq)];
                let sql = "INSERT INTO credentials (account, phc, seq) VALUES ($1, $2, $3)";
                session.run(sql, &args).await?;
                self.contents.credentials += 1;
            }
            Part::End { contents, sha256 } => {
                if contents != self.contents {
                    return Err(self.damaged("something that the end counts is not there"));
                }
                if sha256 != hex::encode(self.hasher.clone().finalize()) {
                    return Err(self.damaged("the lines are not those that were written"));
                }
                return Ok(Some(contents));
            }
        }
        Ok(None)
    }
}
