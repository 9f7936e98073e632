//! The tables of records, one per kind: `record_source`, `record_permit`, …
//! Each holds what the entries say now and can be made from them at any time.

use ledger::{BookError, Order, Page, RecordFilter, Row, Subject};
use sqlx::AssertSqlSafe;

use crate::database::{Arg, Cells, Database, DbError, Session};

/// How many a list holds when the filter does not say.
pub(crate) const DEFAULT_LIMIT: u32 = 1_000;

/// The table of a kind.
///
/// INVARIANT: kinds come from projections, which are constants of the program,
/// and `Projections` are checked by [`is_kind`] when the store is opened.
fn table(kind: &str) -> String {
    format!("record_{}", kind.replace('-', "_"))
}

/// Whether the kind can name a table.
pub(crate) fn is_kind(kind: &str) -> bool {
    !kind.is_empty() && kind.len() < 40 && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// The statements that make the table of a kind where it is missing.
pub(crate) fn create(kind: &str) -> [String; 3] {
    let table = table(kind);
    [
        format!(
            "CREATE TABLE IF NOT EXISTS {table} (id TEXT NOT NULL PRIMARY KEY, \
             state TEXT NOT NULL, parent TEXT, seq BIGINT NOT NULL, document TEXT NOT NULL)"
        ),
        format!("CREATE INDEX IF NOT EXISTS {table}_seq ON {table} (seq)"),
        format!("CREATE INDEX IF NOT EXISTS {table}_parent ON {table} (parent, seq)"),
    ]
}

const COLUMNS: &str = "id, state, seq, parent, document";

fn read(kind: &str, row: &dyn Cells) -> Result<Row, DbError> {
    Ok(Row {
        subject: Subject::new(kind, row.text(0)?),
        state: row.text(1)?.to_owned(),
        seq: row.count(2)?,
        parent: row.maybe_text(3)?,
        document: row.text(4)?.to_owned(),
    })
}

/// The record of one subject.
pub(crate) async fn one(
    session: &mut Session,
    subject: &Subject,
) -> Result<Option<Row>, BookError> {
    let kind = subject.kind();
    let sql = format!("SELECT {COLUMNS} FROM {} WHERE id = $1", table(kind));
    let args = [subject.id().into()];
    Ok(session.first(AssertSqlSafe(sql), &args, |row| read(kind, row)).await?)
}

/// The records of a kind that pass the filter.
pub(crate) async fn list(
    database: &Database,
    kind: &str,
    filter: &RecordFilter,
) -> Result<Page<Row>, BookError> {
    let mut session = database.read().await?;
    let mut args: Vec<Arg> = Vec::new();
    let mut conditions: Vec<String> = Vec::new();
    if !filter.states.is_empty() {
        let first = args.len() + 1;
        args.extend(filter.states.iter().map(|state| Arg::from(state.as_str())));
        let places: Vec<String> = (first..=args.len()).map(|n| format!("${n}")).collect();
        conditions.push(format!("state IN ({})", places.join(", ")));
    }
    if let Some(parent) = &filter.parent {
        args.push(parent.as_str().into());
        conditions.push(format!("parent = ${}", args.len()));
    }
    let mut matching = format!("FROM {}", table(kind));
    if !conditions.is_empty() {
        matching = format!("{matching} WHERE {}", conditions.join(" AND "));
    }
    let counted = args.clone();
    let order = match filter.order {
        Order::NewestFirst => "seq DESC".to_owned(),
        Order::OldestFirst => "seq".to_owned(),
        Order::ById => format!("id{}", database.by_bytes()),
    };
    let limit = if filter.limit == 0 { DEFAULT_LIMIT } else { filter.limit };
    args.extend([Arg::count(limit.into()), Arg::count(filter.offset.into())]);
    let sql = format!(
        "SELECT {COLUMNS} {matching} ORDER BY {order} LIMIT ${} OFFSET ${}",
        args.len() - 1,
        args.len()
    );
    let items = session.all(AssertSqlSafe(sql), &args, |row| read(kind, row)).await?;
    let total =
        session.total(&matching, &counted, filter.offset.into(), items.len(), limit).await?;
    Ok(Page { items, total })
}

/// Writes records in the place of what they were.
pub(crate) async fn put(
    session: &mut Session,
    kind: &str,
    rows: impl IntoIterator<Item = &Row>,
) -> Result<(), BookError> {
    const REPLACE: &str = "ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
                           seq = excluded.seq, parent = excluded.parent, \
                           document = excluded.document";
    let cells: Vec<Vec<Arg>> = rows
        .into_iter()
        .map(|row| {
            vec![
                row.subject.id().into(),
                row.state.as_str().into(),
                Arg::count(row.seq),
                Arg::MaybeText(row.parent.clone()),
                row.document.as_str().into(),
            ]
        })
        .collect();
    session.insert(&format!("{} ({COLUMNS})", table(kind)), REPLACE, &cells).await?;
    Ok(())
}

/// Empties the table of a kind.
pub(crate) async fn clear(session: &mut Session, kind: &str) -> Result<(), DbError> {
    session.run(AssertSqlSafe(format!("DELETE FROM {}", table(kind))), &[]).await?;
    Ok(())
}

/// All records of a kind as they stand in the table.
pub(crate) async fn all(session: &mut Session, kind: &str) -> Result<Vec<Row>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM {}", table(kind));
    session.all(AssertSqlSafe(sql), &[], |row| read(kind, row)).await
}
