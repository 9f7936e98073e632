//! SQLite's connections for statements that read and stand alone.
//!
//! Such a statement takes microseconds, and each connection lives on a thread of
//! its own: a pool that asks a connection how it is before it lends it, and once
//! more when it comes back, pays three visits to that thread for one. A file that
//! this program has open does not go away as a server does, so it is not asked;
//! one on which a statement failed is let go of, and another is opened.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::database::DbError;

/// The connections. Each is opened when it is first needed.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    options: Arc<SqliteConnectOptions>,
    patience: Duration,
    turns: Arc<Semaphore>,
    slots: Arc<[Slot]>,
}

type Slot = Arc<Mutex<Option<SqliteConnection>>>;

/// A connection that is lent.
pub(crate) struct Reader {
    options: Arc<SqliteConnectOptions>,
    // Given back before the turn is: whoever has a turn finds a slot that is free.
    slot: OwnedMutexGuard<Option<SqliteConnection>>,
    _turn: OwnedSemaphorePermit,
}

impl Readers {
    /// At most `most` at once; who waits longer than `patience` is told so.
    pub(crate) fn new(options: SqliteConnectOptions, most: u32, patience: Duration) -> Self {
        let slots = (0..most).map(|_| Slot::default()).collect();
        let turns = usize::try_from(most).unwrap_or(1);
        Self { options: Arc::new(options), patience, turns: Arc::new(Semaphore::new(turns)), slots }
    }

    /// Lends one.
    pub(crate) async fn acquire(&self) -> Result<Reader, DbError> {
        let turn = tokio::time::timeout(self.patience, Arc::clone(&self.turns).acquire_owned());
        let turn = turn.await.map_err(|_| DbError::Told(sqlx::Error::PoolTimedOut))?;
        let turn = turn.map_err(|_| DbError::Told(sqlx::Error::PoolClosed))?;
        // The first that is free: the same few stay warm.
        let free = self.slots.iter().find_map(|slot| Arc::clone(slot).try_lock_owned().ok());
        let slot = free.ok_or(DbError::Told(sqlx::Error::PoolTimedOut))?;
        Ok(Reader { options: Arc::clone(&self.options), slot, _turn: turn })
    }

    /// Closes them, waiting for what runs on them.
    pub(crate) async fn close(&self) {
        for slot in self.slots.iter() {
            if let Some(connection) = slot.lock().await.take() {
                // One that does not close is gone all the same.
                let _closed = connection.close().await;
            }
        }
        self.turns.close();
    }
}

impl Reader {
    /// The connection, opened now if it is not open.
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection, DbError> {
        match &mut *self.slot {
            Some(connection) => Ok(connection),
            none => Ok(none.insert(self.options.connect().await?)),
        }
    }

    /// Lets go of a connection on which something failed.
    pub(crate) fn let_go(&mut self) {
        *self.slot = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Row as _;

    fn readers(folder: &tempfile::TempDir, most: u32) -> Readers {
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("one.sqlite"))
            .create_if_missing(true)
            .pragma("query_only", "on");
        Readers::new(options, most, Duration::from_millis(200))
    }

    async fn asks(reader: &mut Reader, sql: &'static str) -> Result<i64, sqlx::Error> {
        let connection = reader.connection().await.unwrap();
        Ok(sqlx::query(sql).fetch_one(connection).await?.get(0))
    }

    #[tokio::test]
    async fn no_more_are_lent_than_there_are_and_who_waits_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder, 2);
        let mut first = readers.acquire().await.unwrap();
        let second = readers.acquire().await.unwrap();
        assert_eq!(asks(&mut first, "SELECT 7").await.unwrap(), 7);
        let third = readers.acquire().await.err().unwrap();
        assert!(matches!(third, DbError::Told(sqlx::Error::PoolTimedOut)), "{third}");
        drop(second);
        assert!(readers.acquire().await.is_ok());
    }

    #[tokio::test]
    async fn one_that_failed_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder, 1);
        let mut reader = readers.acquire().await.unwrap();
        reader.connection().await.unwrap();
        assert!(asks(&mut reader, "SELECT x FROM nowhere").await.is_err());
        reader.let_go();
        drop(reader);
        assert!(readers.slots[0].lock().await.is_none(), "it is kept");
        let mut again = readers.acquire().await.unwrap();
        assert_eq!(asks(&mut again, "SELECT 7").await.unwrap(), 7);
    }

    #[tokio::test]
    async fn nothing_is_lent_after_they_were_closed() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder, 1);
        readers.acquire().await.unwrap().connection().await.unwrap();
        readers.close().await;
        let refused = readers.acquire().await.err().unwrap();
        assert!(matches!(refused, DbError::Told(sqlx::Error::PoolClosed)), "{refused}");
    }
}
