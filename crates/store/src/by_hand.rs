//! What somebody with a database client could do: for the demo, and for tests
//! that show verification finding it. Nothing else may call this.

use ledger::BookError;

use crate::Store;
use crate::database::{Arg, DbError};
use crate::records;

impl Store {
    /// Replaces the canonical line of the entry at place `seq` by what `alter`
    /// makes of it, behind the ledger's back, and returns the line as it was.
    pub async fn alter_entry_by_hand(
        &self,
        seq: u64,
        alter: impl FnOnce(&str) -> String + Send,
    ) -> Result<String, BookError> {
        let mut session = self.database.write().await?;
        let before = session
            .first("SELECT line FROM entries WHERE seq = $1", &[Arg::count(seq)], |row| {
                Ok::<_, DbError>(row.text(0)?.to_owned())
            })
            .await?
            .ok_or_else(|| BookError::Damaged {
                what: format!("entry {seq}"),
                why: "it is not there".to_owned(),
            })?;
        let after = alter(&before);
        session
            .run(
                "UPDATE entries SET line = $1 WHERE seq = $2",
                &[after.as_str().into(), Arg::count(seq)],
            )
            .await?;
        session.commit().await?;
        Ok(before)
    }

    /// The kinds of records there are tables of.
    pub fn record_kinds(&self) -> Vec<&str> {
        self.projections.kinds().collect()
    }

    /// Empties the table of a kind of records, behind the ledger's back; how many
    /// there were.
    pub async fn empty_records_by_hand(&self, kind: &str) -> Result<usize, BookError> {
        let Some(kind) = self.projections.kinds().find(|known| *known == kind) else {
            return Ok(0);
        };
        let mut session = self.database.write().await?;
        let emptied = records::all(&mut session, kind).await?.len();
        records::clear(&mut session, kind).await?;
        session.commit().await?;
        Ok(emptied)
    }
}
