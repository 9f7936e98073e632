//! SQLite and PostgreSQL behind one face: numbered parameters, whole numbers and
//! text, nothing else. `sqlx::Any` would copy every value of every row once more
//! and takes its settings only from the URL.

use std::path::PathBuf;
use std::time::Duration;

use ledger::BookError;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgPool, Postgres, Row, SqlSafeStr, Sqlite,
    SqlitePool,
};

use crate::readers::{Reader, Readers};

/// How long a writer waits for another one, in this program or outside it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many can read at once.
const READERS: u32 = 8;

/// The advisory lock that writers of the ledger take on PostgreSQL: the bytes of
/// `helserom`.
const WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(7522537995471318893)";

/// What the database answered that was not asked for.
#[derive(Debug)]
pub(crate) enum DbError {
    /// As it was told.
    Told(sqlx::Error),
    /// Nothing is where PostgreSQL should be.
    Unreached { at: String, why: String },
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        Self::Told(error)
    }
}

impl std::fmt::Display for DbError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let told = match self {
            Self::Told(told) => told,
            Self::Unreached { at, why } => {
                return write!(
                    f,
                    "nothing answers at {at} ({why}): start PostgreSQL, or mend the URL in the file that `metadata.url-file` names"
                );
            }
        };
        let code = match told {
            sqlx::Error::Database(error) => error.code(),
            _ => None,
        };
        match (told, code.as_deref()) {
            // SQLITE_FULL, and SQLITE_IOERR_SHMSIZE, which says it of the file that
            // its connections share; disk_full.
            (_, Some("13" | "4874" | "53100")) => f.write_str(
                "the disk it is on is full: make room and try again, nothing was written",
            ),
            // SQLITE_BUSY and its kin; lock_not_available.
            (_, Some("5" | "261" | "517" | "55P03")) => {
                f.write_str("another program has been writing to it for half a minute: try again")
            }
            (sqlx::Error::PoolTimedOut, _) => {
                f.write_str("it is busy: no connection came free in half a minute, try again")
            }
            (error, _) => std::fmt::Display::fmt(error, f),
        }
    }
}

impl From<DbError> for BookError {
    fn from(error: DbError) -> Self {
        Self::Database(error.to_string())
    }
}

/// Where a database is.
#[derive(Clone)]
pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Address {
    /// Reads `sqlite:PATH`, `sqlite://PATH` or `postgres://…`. `None` when it is
    /// neither; the URL may hold a password and is not for printing.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return (!path.is_empty() && path != ":memory:").then(|| Self::Sqlite(path.into()));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(Self::Postgres(Box::new(url.parse().ok()?)));
        }
        None
    }
}

/// The connections.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// One connection writes; the others read, undisturbed by it (write-ahead log).
    /// Those that read one moment are apart from those that read one statement.
    Sqlite { writer: SqlitePool, snapshots: SqlitePool, readers: Readers },
    /// Readers and writers alike.
    Postgres(PgPool),
}

fn pool<DB: sqlx::Database>(most: u32) -> PoolOptions<DB> {
    let options = PoolOptions::new().max_connections(most).acquire_timeout(PATIENCE);
    // SQLite undoes a transaction by itself when the disk is full; the connection
    // then still counts it as begun and could never begin another.
    options.before_acquire(|connection: &mut DB::Connection, _| {
        let usable = !connection.is_in_transaction();
        Box::pin(async move { Ok(usable) })
    })
}

impl Database {
    pub(crate) async fn connect(address: &Address) -> Result<Self, DbError> {
        match address {
            Address::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(PATIENCE)
                    .disable_statement_logging();
                let writer = pool(1).connect_with(options.clone()).await?;
                let reading = options.pragma("query_only", "on");
                let snapshots = pool(READERS).connect_with(reading.clone()).await?;
                let readers = Readers::new(reading, READERS, PATIENCE);
                Ok(Self::Sqlite { writer, snapshots, readers })
            }
            Address::Postgres(options) => {
                let options = options
                    .clone()
                    .application_name("helserom")
                    .options([("lock_timeout", "30s")])
                    .disable_statement_logging();
                // A pool would try for half a minute and say that it is busy.
                let first = options.connect().await.map_err(|error| match error {
                    sqlx::Error::Io(why) => DbError::Unreached {
                        at: format!("{}:{}", options.get_host(), options.get_port()),
                        why: why.to_string(),
                    },
                    told => DbError::Told(told),
                })?;
                first.close().await?;
                Ok(Self::Postgres(pool(READERS * 2).connect_with(options).await?))
            }
        }
    }

    /// A transaction that writes. While it lasts there is no other writer.
    pub(crate) async fn write(&self) -> Result<Session, DbError> {
        match self {
            Self::Sqlite { writer, .. } => {
                Ok(Session::SqliteTransaction(writer.begin_with("BEGIN IMMEDIATE").await?))
            }
            Self::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                sqlx::query(WRITER_LOCK).execute(&mut *transaction).await?;
                Ok(Session::PostgresTransaction(transaction))
            }
        }
    }

    /// A transaction that reads, all of it from one moment.
    pub(crate) async fn snapshot(&self) -> Result<Session, DbError> {
        const ONE_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        match self {
            Self::Sqlite { snapshots, .. } => {
                Ok(Session::SqliteTransaction(snapshots.begin().await?))
            }
            Self::Postgres(pool) => {
                Ok(Session::PostgresTransaction(pool.begin_with(ONE_MOMENT).await?))
            }
        }
    }

    /// A connection for statements that read and stand alone.
    pub(crate) async fn read(&self) -> Result<Session, DbError> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Session::Sqlite(readers.acquire().await?)),
            Self::Postgres(pool) => Ok(Session::Postgres(pool.acquire().await?)),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, snapshots, readers } => {
                readers.close().await;
                snapshots.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// How text is sorted by its bytes.
    pub(crate) fn by_bytes(&self) -> &'static str {
        match self {
            // What SQLite does anyway.
            Self::Sqlite { .. } => "",
            Self::Postgres(_) => " COLLATE \"C\"",
        }
    }
}

/// A value for a numbered parameter.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    Int(i64),
    Text(String),
    MaybeText(Option<String>),
    MaybeInt(Option<i64>),
}

impl Arg {
    /// Sequence numbers, sizes and places are far below 2^63.
    pub(crate) fn count(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

/// A row that came back; columns are counted from 0.
pub(crate) trait Cells {
    fn int(&self, at: usize) -> Result<i64, DbError>;
    fn text(&self, at: usize) -> Result<&str, DbError>;
    fn maybe_text(&self, at: usize) -> Result<Option<String>, DbError>;
    fn maybe_int(&self, at: usize) -> Result<Option<i64>, DbError>;

    /// A whole number that is not negative.
    fn count(&self, at: usize) -> Result<u64, DbError> {
        let value = self.int(at)?;
        u64::try_from(value).map_err(|error| DbError::Told(sqlx::Error::Decode(error.into())))
    }
}

macro_rules! cells {
    ($row:ty) => {
        impl Cells for $row {
            fn int(&self, at: usize) -> Result<i64, DbError> {
                Ok(self.try_get(at)?)
            }

            fn text(&self, at: usize) -> Result<&str, DbError> {
                Ok(self.try_get(at)?)
            }

            fn maybe_text(&self, at: usize) -> Result<Option<String>, DbError> {
                Ok(self.try_get(at)?)
            }

            fn maybe_int(&self, at: usize) -> Result<Option<i64>, DbError> {
                Ok(self.try_get(at)?)
            }
        }
    };
}

cells!(SqliteRow);
cells!(PgRow);

/// A connection, in or out of a transaction. A transaction that is dropped
/// without [`Session::commit`] is undone.
pub(crate) enum Session {
    Sqlite(Reader),
    SqliteTransaction(sqlx::Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTransaction(sqlx::Transaction<'static, Postgres>),
}

macro_rules! bound {
    ($sql:expr, $args:expr) => {{
        let mut query = sqlx::query($sql.into_sql_str());
        for arg in $args {
            query = match arg.clone() {
                Arg::Int(value) => query.bind(value),
                Arg::Text(value) => query.bind(value),
                Arg::MaybeText(value) => query.bind(value),
                Arg::MaybeInt(value) => query.bind(value),
            };
        }
        query
    }};
}

macro_rules! on_either {
    ($session:expr, |$connection:ident| $work:expr) => {
        match $session {
            Session::Sqlite(reader) => {
                let answer: Result<_, DbError> = async {
                    let $connection = reader.connection().await?;
                    $work
                }
                .await;
                if answer.is_err() {
                    reader.let_go();
                }
                answer
            }
            Session::SqliteTransaction(connection) => {
                let $connection = &mut **connection;
                $work
            }
            Session::Postgres(connection) => {
                let $connection = &mut **connection;
                $work
            }
            Session::PostgresTransaction(connection) => {
                let $connection = &mut **connection;
                $work
            }
        }
    };
}

impl Session {
    /// Runs a statement and gives the number of rows it changed.
    pub(crate) async fn run(&mut self, sql: impl SqlSafeStr, args: &[Arg]) -> Result<u64, DbError> {
        on_either!(self, |connection| {
            let done = bound!(sql, args).execute(connection).await?;
            Ok(done.rows_affected())
        })
    }

    /// Runs several statements without parameters.
    pub(crate) async fn script(&mut self, sql: impl SqlSafeStr) -> Result<(), DbError> {
        on_either!(self, |connection| {
            sqlx::raw_sql(sql).execute(connection).await?;
            Ok(())
        })
    }

    /// The rows of a query, each read by `read`.
    pub(crate) async fn all<T>(
        &mut self,
        sql: impl SqlSafeStr,
        args: &[Arg],
        read: impl Fn(&dyn Cells) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        on_either!(self, |connection| {
            let rows = bound!(sql, args).fetch_all(connection).await?;
            rows.iter().map(|row| read(row)).collect::<Result<Vec<_>, _>>()
        })
    }

    /// The first row of a query, if there is one.
    pub(crate) async fn first<T>(
        &mut self,
        sql: impl SqlSafeStr,
        args: &[Arg],
        read: impl Fn(&dyn Cells) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        on_either!(self, |connection| {
            let row = bound!(sql, args).fetch_optional(connection).await?;
            row.as_ref().map(|row| read(row)).transpose()
        })
    }

    /// How many rows are `matching`, of which a list got `found` after `offset`:
    /// counted only when the list does not tell by being shorter than its `limit`.
    pub(crate) async fn total(
        &mut self,
        matching: &str,
        args: &[Arg],
        offset: u64,
        found: usize,
        limit: u32,
    ) -> Result<u64, DbError> {
        let found = u64::try_from(found).unwrap_or(u64::MAX);
        if found < limit.into() && (found > 0 || offset == 0) {
            return Ok(offset + found);
        }
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) {matching}"));
        Ok(self.first(sql, args, |row| row.count(0)).await?.unwrap_or(0))
    }

    /// Inserts many rows with few statements. `into` is the table with its
    /// columns, `end` what follows the values; neither comes from outside.
    pub(crate) async fn insert(
        &mut self,
        into: &str,
        end: &str,
        rows: &[Vec<Arg>],
    ) -> Result<(), DbError> {
        let mut rest = rows;
        // Few different sizes, so that the prepared statements are used again.
        for size in [256, 16, 1] {
            let mut chunks = rest.chunks_exact(size);
            let Some(width) = rest.first().map(Vec::len) else { break };
            let sql = || AssertSqlSafe(insert_sql(into, end, size, width));
            for chunk in &mut chunks {
                self.run(sql(), &chunk.concat()).await?;
            }
            rest = chunks.remainder();
        }
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::SqliteTransaction(transaction) => transaction.commit().await?,
            Self::PostgresTransaction(transaction) => transaction.commit().await?,
            Self::Sqlite(_) | Self::Postgres(_) => {}
        }
        Ok(())
    }
}

fn insert_sql(into: &str, end: &str, rows: usize, width: usize) -> String {
    let values = (0..rows).map(|row| {
        let cells = (1..=width).map(|column| format!("${}", row * width + column));
        format!("({})", cells.collect::<Vec<_>>().join(", "))
    });
    format!("INSERT INTO {into} VALUES {} {end}", values.collect::<Vec<_>>().join(", "))
}
