//! Where a behaviour is tried out: an empty database of its own.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use ledger::{Projection, Record};
use model::{Clock, ManualClock, SignedDuration, Timestamp};
use postgres_fixture::Cluster;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use store::Store;
use tempfile::TempDir;

use crate::lamp::Lamp;

/// A database of its own, and a clock.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) clock: Arc<ManualClock>,
    more: Arc<dyn Fn() -> String + Send + Sync>,
}

pub(crate) type Behaviour = fn(Place) -> Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) fn clock() -> Arc<ManualClock> {
    let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    Arc::new(ManualClock::at(at))
}

pub(crate) fn lamps() -> [Projection; 1] {
    [Lamp::projection()]
}

/// Opens the database at `url` for lamps.
pub(crate) async fn open(url: &str, clock: Arc<dyn Clock>) -> Store {
    Store::open(url, &lamps(), clock).await.unwrap()
}

impl Place {
    pub(crate) async fn open(&self) -> Store {
        open(&self.url, self.clock.clone()).await
    }

    /// Another empty database of the same sort.
    pub(crate) fn another(&self) -> Self {
        Self { url: (self.more)(), clock: self.clock.clone(), more: self.more.clone() }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Runs SQL behind the program's back, as somebody with `sqlite3` or `psql`
    /// would.
    pub(crate) async fn by_hand(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }

    /// The whole number that a query gives.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query(sql).fetch_one(&mut connection).await.unwrap().get(0)
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query(sql).fetch_one(&mut connection).await.unwrap().get(0)
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A function that gives the URL of another empty SQLite database in `folder` each
/// time it is called.
fn files(folder: PathBuf) -> Arc<dyn Fn() -> String + Send + Sync> {
    let next = std::sync::atomic::AtomicU32::new(0);
    Arc::new(move || {
        let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        format!("sqlite:{}", folder.join(format!("metadata-{number}.db")).display())
    })
}

pub(crate) fn on_sqlite(behaviour: Behaviour) {
    let folder = TempDir::new().unwrap();
    let more = files(folder.path().to_owned());
    let place = Place { url: more(), clock: clock(), more };
    runtime().block_on(behaviour(place));
}

pub(crate) fn on_postgres(behaviours: &[(&str, Behaviour)]) {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let cluster = Arc::new(OnceLock::new());
    cluster.set(Cluster::start().unwrap()).unwrap();
    let used = cluster.clone();
    let more: Arc<dyn Fn() -> String + Send + Sync> = Arc::new(move || {
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let cluster: &Cluster = used.get().unwrap();
        cluster.create_database(&format!("metadata_{number}")).unwrap()
    });
    let runtime = runtime();
    let mut failed = Vec::new();
    for (name, behaviour) in behaviours {
        let place = Place { url: more(), clock: clock(), more: more.clone() };
        if runtime.block_on(runtime.spawn(behaviour(place))).is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "not so on PostgreSQL, see above: {failed:?}");
}
