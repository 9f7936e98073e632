//! The store: opening it, and the [`Book`] it is.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use ledger::fold::{Head, Projections};
use ledger::{
    Book, BookError, Draft, Entry, EntryFilter, Guard, Page, Projection, RecordFilter, Row, Subject,
};
use model::Clock;

use crate::append::Writers;
use crate::credentials::CredentialChange;
use crate::database::{Address, Database};
use crate::entries::{self, End, Kept};
use crate::schema::{self, SchemaError};
use crate::{append, records};

/// Why the metadata database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of no known form. It may hold a password and is not repeated.
    #[error("the database URL should be `sqlite:PATH` or `postgres://USER@HOST/DATABASE`")]
    Url,
    /// A newer version of the program made it.
    #[error(
        "the metadata database is of schema version {found}, this program knows up to {known}: use the newer program, or restore a backup into an empty database"
    )]
    Newer {
        /// What the database says.
        found: u64,
        /// What this program has.
        known: u64,
    },
    /// A kind cannot name a table.
    #[error("the kind `{0}` cannot name a table: use lower-case letters and hyphens")]
    Kind(&'static str),
    /// The file cannot be made.
    #[error("cannot make the metadata database `{path}`: {why}")]
    File {
        /// Where.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// The database did not do as asked.
    #[error("cannot open the metadata database: {0}")]
    Database(String),
}

impl From<SchemaError> for OpenError {
    fn from(error: SchemaError) -> Self {
        match error {
            SchemaError::Newer { found, known } => Self::Newer { found, known },
            SchemaError::Book(BookError::Database(why)) => Self::Database(why),
            SchemaError::Book(error) => Self::Database(error.to_string()),
        }
    }
}

/// The metadata database. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) database: Database,
    pub(crate) projections: Projections,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) writers: Arc<Writers>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database at `url`, `sqlite:PATH` or `postgres://…`, and brings
    /// it to the schema of today. An SQLite file is made when it is not there,
    /// for its owner alone.
    ///
    /// Several programs may have the same database open: writers take turns, on
    /// SQLite as on PostgreSQL.
    pub async fn open(
        url: &str,
        projections: &[Projection],
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let address = Address::parse(url).ok_or(OpenError::Url)?;
        let projections = Projections::new(projections);
        if let Some(kind) = projections.kinds().find(|kind| !records::is_kind(kind)) {
            return Err(OpenError::Kind(kind));
        }
        if let Address::Sqlite(path) = &address {
            make_private(path)?;
        }
        let failed = |error: crate::database::DbError| OpenError::Database(error.to_string());
        let database = Database::connect(&address).await.map_err(failed)?;
        let mut session = database.write().await.map_err(failed)?;
        schema::migrate(&mut session, &projections, clock.now()).await?;
        session.commit().await.map_err(failed)?;
        Ok(Self { database, projections, clock, writers: Arc::default() })
    }

    /// Closes the connections, waiting for what runs on them.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), BookError> {
        self.head().await.map(drop)
    }

    /// Where the ledger ends.
    pub async fn head(&self) -> Result<Head, BookError> {
        let mut session = self.database.read().await?;
        Ok(End::read(&mut session).await?.head)
    }

    /// The entry at place `seq`.
    pub async fn entry(&self, seq: u64) -> Result<Option<Entry>, BookError> {
        let mut session = self.database.read().await?;
        let found = entries::range(&mut session, seq, seq.saturating_add(1), 1).await?;
        found.first().map(Kept::entry).transpose()
    }

    /// [`Book::append`], and in the same transaction changes to credentials,
    /// which are not in the ledger.
    pub async fn append_with(
        &self,
        drafts: Vec<Draft>,
        guards: Vec<Guard>,
        credentials: Vec<CredentialChange>,
    ) -> Result<Vec<Entry>, BookError> {
        append::append(self, drafts, guards, credentials).await
    }
}

/// An empty file that only its owner can read, where there is none: SQLite gives
/// the files beside it the same mode.
fn make_private(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    file.map(drop).map_err(|why| OpenError::File { path: path.display().to_string(), why })
}

#[async_trait]
impl Book for Store {
    async fn append(
        &self,
        drafts: Vec<Draft>,
        guards: Vec<Guard>,
    ) -> Result<Vec<Entry>, BookError> {
        append::append(self, drafts, guards, vec![]).await
    }

    async fn record(&self, subject: &Subject) -> Result<Option<Row>, BookError> {
        if self.projections.of(subject.kind()).is_none() {
            return Ok(None);
        }
        let mut session = self.database.read().await?;
        records::one(&mut session, subject).await
    }

    async fn records(&self, kind: &str, filter: &RecordFilter) -> Result<Page<Row>, BookError> {
        if self.projections.of(kind).is_none() {
            return Ok(Page { items: vec![], total: 0 });
        }
        records::list(&self.database, kind, filter).await
    }

    async fn entries(&self, filter: &EntryFilter) -> Result<Page<Entry>, BookError> {
        entries::list(&self.database, filter).await
    }

    async fn length(&self) -> Result<u64, BookError> {
        entries::length(&self.database).await
    }
}
