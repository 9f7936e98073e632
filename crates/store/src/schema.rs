//! Which tables there are, and how an older database becomes one of today.

use ledger::BookError;
use ledger::fold::Projections;
use model::Timestamp;
use sqlx::AssertSqlSafe;

use crate::database::{Arg, DbError, Session};
use crate::{records, replay};

/// The migrations in order; the number of each is its place, from 1. Once
/// released, a migration is never changed.
///
/// Records are folded anew after every migration: whoever changes how a record
/// is folded adds one, though it be empty.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_ledger.sql")];

/// What the database would not become.
#[derive(Debug)]
pub(crate) enum SchemaError {
    Newer { found: u64, known: u64 },
    Book(BookError),
}

impl From<DbError> for SchemaError {
    fn from(error: DbError) -> Self {
        Self::Book(error.into())
    }
}

impl From<BookError> for SchemaError {
    fn from(error: BookError) -> Self {
        Self::Book(error)
    }
}

fn known() -> u64 {
    u64::try_from(MIGRATIONS.len()).unwrap_or(u64::MAX)
}

/// Brings the database to the schema of today, and makes the record tables of
/// `projections` where they are missing or older. All of it or nothing.
pub(crate) async fn migrate(
    session: &mut Session,
    projections: &Projections,
    now: Timestamp,
) -> Result<(), SchemaError> {
    session
        .run(
            "CREATE TABLE IF NOT EXISTS schema_versions \
             (version BIGINT NOT NULL PRIMARY KEY, applied BIGINT NOT NULL)",
            &[],
        )
        .await?;
    let found = session
        .first("SELECT COALESCE(MAX(version), 0) FROM schema_versions", &[], |row| row.count(0))
        .await?
        .unwrap_or(0);
    if found > known() {
        return Err(SchemaError::Newer { found, known: known() });
    }
    let applied = usize::try_from(found).unwrap_or(usize::MAX);
    for (version, script) in (1_u64..).zip(MIGRATIONS).skip(applied) {
        session.script(script).await?;
        session
            .run(
                "INSERT INTO schema_versions (version, applied) VALUES ($1, $2)",
                &[Arg::count(version), Arg::Int(now.as_microsecond())],
            )
            .await?;
    }
    session
        .run(
            "INSERT INTO head (one, next, hash, at, peaks) VALUES (1, 0, $1, NULL, '') \
             ON CONFLICT (one) DO NOTHING",
            &[ledger::Hash::default().to_string().into()],
        )
        .await?;
    fold_what_is_older(session, projections).await?;
    Ok(())
}

async fn fold_what_is_older(
    session: &mut Session,
    projections: &Projections,
) -> Result<(), BookError> {
    let folded: Vec<String> = session
        .all("SELECT kind FROM record_tables WHERE version = $1", &[Arg::count(known())], |row| {
            Ok(row.text(0)?.to_owned())
        })
        .await?;
    let older: Vec<&'static str> =
        projections.kinds().filter(|kind| !folded.iter().any(|done| done == kind)).collect();
    if older.is_empty() {
        return Ok(());
    }
    for kind in &older {
        for statement in records::create(kind) {
            session.run(AssertSqlSafe(statement), &[]).await?;
        }
        session
            .run(
                "INSERT INTO record_tables (kind, version) VALUES ($1, $2) \
                 ON CONFLICT (kind) DO UPDATE SET version = excluded.version",
                &[(*kind).into(), Arg::count(known())],
            )
            .await?;
    }
    replay::refill(session, projections, &older).await
}
