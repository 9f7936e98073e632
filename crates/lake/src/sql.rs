//! SQL over the tables of one extract, spoken as PostgreSQL speaks it, so that
//! psql, R, Python and every other tool people have can ask.
//!
//! [`serve`] runs inside a room, where the extract is read-only and whatever it
//! needs of memory and disk is the room's (decision 0075). It trusts nobody who
//! connects and does not have to: who connects is in the room and can read the
//! same files without it. What it adds is speed, tools and a record: no statement
//! is run before a [`Recorder`] took it.

mod counted;
mod pool;
mod recorded;
mod rows;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_postgres::datafusion_pg_catalog::setup_pg_catalog;
use datafusion_postgres::pgwire::tokio::process_socket_unix;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use self::counted::Counted;
use self::pool::Halves;
use self::recorded::Handlers;

pub use self::counted::Reads;

/// The database and the schema that the tables of the extract are in.
const DATABASE: &str = "extract";
const SCHEMA: &str = "public";

/// So many may be connected at once: each holds a session.
const MOST_CONNECTIONS: usize = 32;

/// What one thread keeps for merging what was spilled, bytes: the engine's default.
const MERGING: usize = 10 << 20;

/// What a server of statements may use.
#[derive(Debug, Clone)]
pub struct SqlOptions {
    /// The folder of the extract: every `NAME.parquet` in it is the table `NAME`.
    pub data: PathBuf,
    /// Where sorts, joins and groups go that do not fit into memory.
    pub spill: PathBuf,
    /// How much they may hold in memory, all statements together, bytes.
    pub memory: usize,
    /// How much of them may be in `spill`, bytes.
    pub most_spilled: u64,
    /// How many threads one statement may keep busy.
    pub threads: usize,
}

/// Takes every statement down, before it is run and after.
#[async_trait]
pub trait Recorder: Send + Sync {
    /// A statement is about to be run. One that cannot be taken down is not run:
    /// `Err` says why, to whoever sent it.
    async fn begin(&self, sql: &str) -> Result<u64, String>;

    /// What came of the statement of that number.
    fn ended(&self, statement: u64, end: StatementEnd);
}

/// What came of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementEnd {
    /// Whether it was answered to its end.
    pub answered: bool,
    /// How many rows were sent.
    pub rows: u64,
    /// How many rows were read of which table, after what the file's own
    /// statistics let it pass over.
    pub read: Vec<(String, u64)>,
}

/// Why statements cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// The extract is not there, or no table can be read.
    #[error("the tables of the extract cannot be opened: {0}")]
    Tables(String),
    /// The socket failed.
    #[error("the socket for statements failed: {0}")]
    Socket(std::io::Error),
}

impl From<DataFusionError> for SqlError {
    fn from(error: DataFusionError) -> Self {
        Self::Tables(error.to_string())
    }
}

/// Answers whoever connects to `listener`, until that fails.
pub async fn serve(
    listener: UnixListener,
    options: SqlOptions,
    recorder: Arc<dyn Recorder>,
) -> Result<(), SqlError> {
    let tables = Arc::new(Tables::open(options).await?);
    let turns = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let (socket, _) = listener.accept().await.map_err(SqlError::Socket)?;
        // Whoever comes when all places are taken waits for one.
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return Ok(()) };
        let (tables, recorder) = (Arc::clone(&tables), Arc::clone(&recorder));
        tokio::spawn(async move {
            // One that is gone is no fault of ours.
            let _ = answer(socket, &tables, recorder).await;
            drop(turn);
        });
    }
}

async fn answer(
    socket: UnixStream,
    tables: &Tables,
    recorder: Arc<dyn Recorder>,
) -> Result<(), SqlError> {
    let reads = Reads::default();
    let session = tables.session(&reads)?;
    let handlers = Handlers::new(session, recorder, reads);
    process_socket_unix(socket, Arc::new(handlers)).await.map_err(SqlError::Socket)
}

/// The tables of an extract, and what all sessions share.
struct Tables {
    options: SqlOptions,
    runtime: Arc<RuntimeEnv>,
    named: Vec<(String, Arc<dyn TableProvider>)>,
}

impl Tables {
    async fn open(options: SqlOptions) -> Result<Self, SqlError> {
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![options.spill.clone()]))
            .with_max_temp_directory_size(options.most_spilled);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(Halves::of(options.memory)))
            .with_disk_manager_builder(disk)
            .build_arc()?;
        let mut opened = Self { options, runtime, named: Vec::new() };
        let mut names = Vec::new();
        let failed = |error: std::io::Error| SqlError::Tables(error.to_string());
        for entry in std::fs::read_dir(&opened.options.data).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|ending| ending == "parquet")
                && let (Some(name), Some(path)) =
                    (path.file_stem().and_then(|name| name.to_str()), path.to_str())
            {
                names.push((name.to_owned(), path.to_owned()));
            }
        }
        names.sort();
        let session = opened.context();
        for (name, path) in names {
            session.register_parquet(&name, &path, ParquetReadOptions::default()).await?;
            let table = session.table_provider(&name).await?;
            opened.named.push((name, table));
        }
        Ok(opened)
    }

    fn context(&self) -> SessionContext {
        let config = SessionConfig::new()
            .with_default_catalog_and_schema(DATABASE, SCHEMA)
            .with_information_schema(true)
            // What is kept for merging what was spilled: not most of a small room.
            .with_sort_spill_reservation_bytes(
                MERGING.min(self.options.memory / (16 * self.options.threads)),
            )
            .with_target_partitions(self.options.threads);
        SessionContext::new_with_config_rt(config, Arc::clone(&self.runtime))
    }

    /// A session of its own: what is set, or made for a while, in one connection
    /// is not there in another. What its statements read is counted in `reads`.
    fn session(&self, reads: &Reads) -> Result<SessionContext, SqlError> {
        let session = self.context();
        counted::count_external(&session, &self.options.data, reads);
        for (name, table) in &self.named {
            let counted = Counted::new(name.clone(), Arc::clone(table), reads.clone());
            session.register_table(name.as_str(), Arc::new(counted))?;
        }
        setup_pg_catalog(&session, DATABASE, EmptyContextProvider).map_err(|error| *error)?;
        Ok(session)
    }
}
