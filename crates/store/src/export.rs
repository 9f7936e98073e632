//! The ledger as a file for auditors, and the whole database as a file to
//! restore from. Both begin alike: entries, with checkpoints between them.

use std::collections::VecDeque;
use std::io::{self, Write};

use ledger::chain::Report;
use ledger::export::{Export, write_entry};
use ledger::{BookError, Checkpoint};

use crate::Store;
use crate::checkpoints::{self, StoredCheckpoint};
use crate::database::{DbError, Session};
use crate::entries;

/// How many entries are read at once.
const PAGE: u32 = 4_096;

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nobody has signed the ledger yet.
    #[error("the ledger was never signed, so its export could not be checked: sign it first")]
    Unsigned,
    /// It cannot be written.
    #[error("cannot write the export: {0}")]
    Io(#[from] io::Error),
    /// The database did not do as asked.
    #[error(transparent)]
    Book(#[from] BookError),
}

impl From<DbError> for ExportError {
    fn from(error: DbError) -> Self {
        Self::Book(error.into())
    }
}

impl Store {
    /// Writes the ledger up to its latest checkpoint in the format of
    /// [`ledger::export`], and says what verification of what was written finds,
    /// signatures not checked.
    pub async fn export<W: Write + Send>(&self, out: W) -> Result<Report, ExportError> {
        let mut session = self.database.snapshot().await?;
        let latest = checkpoints::latest(&mut session).await?.ok_or(ExportError::Unsigned)?;
        let note = latest.note()?;
        let signed = Checkpoint::unverified(&note).map_err(|error| BookError::Damaged {
            what: format!("checkpoint of {} entries", latest.size),
            why: error.to_string(),
        })?;
        let mut export = Export::begin(out, &signed.origin)?;
        let mut chain = ledger::chain::Chain::new();
        let mut next = 0;
        loop {
            let page = entries::range(&mut session, next, latest.size, PAGE).await?;
            let Some(last) = page.last() else { break };
            next = last.seq + 1;
            for kept in &page {
                export.entry(&kept.line, &kept.hash)?;
                chain.take(&ledger::chain::Examined::new(&kept.line, &kept.hash));
            }
        }
        export.checkpoint(&note)?;
        export.finish()?;
        chain.checkpoint(&signed);
        Ok(chain.finish())
    }
}

/// Writes all entries, each checkpoint behind the last entry it covers; gives how
/// many entries and checkpoints there were.
pub(crate) async fn write_ledger(
    session: &mut Session,
    out: &mut impl Write,
) -> Result<(u64, u64), ExportError> {
    let mut waiting: VecDeque<StoredCheckpoint> = checkpoints::from_size(session, 0).await?.into();
    let mut signed = 0;
    let mut write_signed = |covered: u64, out: &mut dyn Write| -> io::Result<()> {
        while waiting.front().is_some_and(|first| first.size <= covered) {
            if let Some(StoredCheckpoint { note, .. }) = waiting.pop_front() {
                serde_json::to_writer(&mut *out, &serde_json::json!({ "checkpoint": note }))?;
                out.write_all(b"\n")?;
                signed += 1;
            }
        }
        Ok(())
    };
    write_signed(0, out)?;
    let (mut next, mut count) = (0, 0);
    loop {
        let page = entries::range(session, next, u64::MAX, PAGE).await?;
        let Some(last) = page.last() else { break };
        next = last.seq + 1;
        for kept in &page {
            write_entry(out, &kept.line, &kept.hash)?;
            count += 1;
            write_signed(kept.seq + 1, out)?;
        }
    }
    write_signed(u64::MAX, out)?;
    Ok((count, signed))
}
