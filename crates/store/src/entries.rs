//! The entries as they are kept, and the tree and the head beside them.

use std::collections::HashMap;

use ledger::fold::Head;
use ledger::tree::{Node, Tree};
use ledger::{BookError, Draft, Entry, EntryFilter, Hash, Page, Subject};
use model::Timestamp;
use sqlx::AssertSqlSafe;

use crate::database::{Arg, Cells, Database, DbError, Session};
use crate::records::DEFAULT_LIMIT;

/// Where the ledger ends, and the tree over it.
#[derive(Debug, Clone, Default)]
pub(crate) struct End {
    pub(crate) head: Head,
    pub(crate) tree: Tree,
}

fn damaged(what: impl Into<String>, why: impl ToString) -> BookError {
    BookError::Damaged { what: what.into(), why: why.to_string() }
}

impl End {
    pub(crate) async fn read(session: &mut Session) -> Result<Self, BookError> {
        let head = |why: &str| damaged("head of the ledger", why);
        let (next, hash, at, peaks) = session
            .first("SELECT next, hash, at, peaks FROM head WHERE one = 1", &[], |row| {
                let (hash, peaks) = (row.text(1)?.to_owned(), row.text(3)?.to_owned());
                Ok((row.count(0)?, hash, row.maybe_int(2)?, peaks))
            })
            .await?
            .ok_or_else(|| head("it is not there"))?;
        let hash = hash.parse().map_err(|_| head("its hash is no hash"))?;
        let at = at.map(Timestamp::from_microsecond).transpose();
        let at = at.map_err(|_| head("its time is no time"))?;
        let peaks = peaks.split_whitespace().map(str::parse).collect::<Result<Vec<Hash>, _>>();
        let tree = Tree::from_peaks(next, peaks.map_err(|_| head("its tree is no tree"))?)
            .ok_or_else(|| head("its tree does not fit the number of entries"))?;
        Ok(Self { head: Head { next, hash, at }, tree })
    }

    pub(crate) async fn write(&self, session: &mut Session) -> Result<(), DbError> {
        let peaks: Vec<String> = self.tree.peaks().iter().map(Hash::to_string).collect();
        session
            .run(
                "UPDATE head SET next = $1, hash = $2, at = $3, peaks = $4 WHERE one = 1",
                &[
                    Arg::count(self.head.next),
                    self.head.hash.to_string().into(),
                    Arg::MaybeInt(self.head.at.map(Timestamp::as_microsecond)),
                    peaks.join(" ").into(),
                ],
            )
            .await?;
        Ok(())
    }
}

/// Entries that are about to be written, with the subtrees they complete.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    entries: Vec<Vec<Arg>>,
    nodes: Vec<Vec<Arg>>,
}

impl Batch {
    /// Seals `draft` as the next entry after `end`, and moves the end past it.
    pub(crate) fn seal(
        &mut self,
        end: &mut End,
        draft: Draft,
        now: Timestamp,
    ) -> Result<Entry, BookError> {
        let entry = end.head.seal(draft, now)?;
        let line = entry.canonical().map_err(|error| error.to_string());
        let line = line.and_then(|line| String::from_utf8(line).map_err(|error| error.to_string()));
        let line = line.map_err(|why| damaged(format!("entry {}", entry.seq), why))?;
        self.push(&mut end.tree, &entry, line);
        Ok(entry)
    }

    /// Takes an entry that was sealed before, as it stands in a backup.
    pub(crate) fn take(&mut self, end: &mut End, entry: &Entry, line: String) {
        end.head = Head { next: entry.seq + 1, hash: entry.hash, at: Some(entry.at) };
        self.push(&mut end.tree, entry, line);
    }

    fn push(&mut self, tree: &mut Tree, entry: &Entry, line: String) {
        self.entries.push(vec![
            Arg::count(entry.seq),
            Arg::Int(entry.at.as_microsecond()),
            entry.actor.as_str().into(),
            entry.act.as_str().into(),
            entry.subject.kind().into(),
            entry.subject.id().into(),
            line.into(),
            entry.hash.to_string().into(),
        ]);
        let nodes = &mut self.nodes;
        tree.push_with(entry.hash, |node, hash| nodes.push(node_row(node, &hash)));
    }

    /// Takes what `other` has behind what it has.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.entries.append(&mut other.entries);
        self.nodes.append(&mut other.nodes);
    }

    /// How many entries are in it.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) async fn write(self, session: &mut Session) -> Result<(), DbError> {
        const ENTRIES: &str = "entries (seq, at, actor, act, kind, subject, line, hash)";
        session.insert(ENTRIES, "", &self.entries).await?;
        session.insert(NODES, "", &self.nodes).await
    }
}

const NODES: &str = "nodes (level, place, hash)";

fn node_row(node: Node, hash: &Hash) -> Vec<Arg> {
    vec![Arg::Int(node.level.into()), Arg::count(node.index), hash.to_string().into()]
}

/// The number of the last entry about a subject.
pub(crate) async fn last_about(
    session: &mut Session,
    subject: &Subject,
) -> Result<Option<u64>, DbError> {
    let last = session
        .first(
            "SELECT seq FROM entries WHERE kind = $1 AND subject = $2 ORDER BY seq DESC LIMIT 1",
            &[subject.kind().into(), subject.id().into()],
            |row| row.count(0),
        )
        .await?;
    Ok(last)
}

/// What the first entry of an act is about that was written at `seq` or after it.
pub(crate) async fn first_act_since(
    session: &mut Session,
    act: &str,
    seq: u64,
) -> Result<Option<Subject>, DbError> {
    // The kind, so that the index helps.
    let kind = act.split_once('.').map_or(act, |(kind, _)| kind);
    let first = session
        .first(
            "SELECT subject FROM entries WHERE kind = $1 AND seq >= $2 AND act = $3 \
             ORDER BY seq LIMIT 1",
            &[kind.into(), Arg::count(seq), act.into()],
            |row| Ok(row.text(0)?.to_owned()),
        )
        .await?;
    Ok(first.map(|subject| Subject::new(kind, subject)))
}

/// An entry as it is kept: its canonical text and its hash.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) seq: u64,
    pub(crate) line: String,
    pub(crate) hash: String,
}

impl Kept {
    pub(crate) fn entry(&self) -> Result<Entry, BookError> {
        Entry::read(&self.line, &self.hash)
            .map_err(|why| damaged(format!("entry {}", self.seq), why))
    }
}

fn kept(row: &dyn Cells) -> Result<Kept, DbError> {
    Ok(Kept { seq: row.count(0)?, line: row.text(1)?.to_owned(), hash: row.text(2)?.to_owned() })
}

/// At most `most` entries from number `from` on and before `to`, in order.
pub(crate) async fn range(
    session: &mut Session,
    from: u64,
    to: u64,
    most: u32,
) -> Result<Vec<Kept>, DbError> {
    session
        .all(
            "SELECT seq, line, hash FROM entries WHERE seq >= $1 AND seq < $2 \
             ORDER BY seq LIMIT $3",
            &[Arg::count(from), Arg::count(to), Arg::count(most.into())],
            kept,
        )
        .await
}

/// The entries that pass the filter.
pub(crate) async fn list(
    database: &Database,
    filter: &EntryFilter,
) -> Result<Page<Entry>, BookError> {
    let mut session = database.read().await?;
    let mut args: Vec<Arg> = Vec::new();
    let mut conditions: Vec<String> = Vec::new();
    let mut add = |condition: &str, values: &[Arg]| {
        let mut condition = condition.to_owned();
        for value in values {
            args.push(value.clone());
            condition = condition.replacen('?', &format!("${}", args.len()), 1);
        }
        conditions.push(condition);
    };
    if let Some(subject) = &filter.subject {
        add("kind = ? AND subject = ?", &[subject.kind().into(), subject.id().into()]);
    }
    if let Some(actor) = &filter.actor {
        add("actor = ?", &[actor.as_str().into()]);
    }
    if !filter.acts.is_empty() {
        let (mut any, mut values) = (Vec::new(), Vec::new());
        for act in &filter.acts {
            let length = u64::try_from(act.chars().count()).unwrap_or(u64::MAX);
            let begins = "substr(act, 1, CAST(? AS INTEGER)) = ?";
            let begin = [Arg::count(length), act.as_str().into()];
            // The kind that the prefix implies, so that the index helps.
            if let Some((kind, _)) = act.split_once('.') {
                any.push(format!("(kind = ? AND {begins})"));
                values.push(kind.into());
            } else {
                any.push(begins.to_owned());
            }
            values.extend(begin);
        }
        add(&format!("({})", any.join(" OR ")), &values);
    }
    if filter.from > 0 {
        add("seq >= ?", &[Arg::count(filter.from)]);
    }
    if let Some(since) = filter.since {
        // Entries are kept to the microsecond; one within it is before `since`.
        let begun = i64::from(since.as_nanosecond() % 1_000 > 0);
        add("at >= ?", &[Arg::Int(since.as_microsecond() + begun)]);
    }
    if let Some(text) = &filter.text {
        let patterns = EntryFilter::needles(text).map(|needle| {
            let literal = needle.replace('!', "!!").replace('%', "!%").replace('_', "!_");
            Arg::from(format!("%{literal}%"))
        });
        add("(lower(line) LIKE ? ESCAPE '!' OR lower(line) LIKE ? ESCAPE '!')", &patterns);
    }
    let mut matching = "FROM entries".to_owned();
    if !conditions.is_empty() {
        matching = format!("{matching} WHERE {}", conditions.join(" AND "));
    }
    let counted = args.clone();
    let order = if filter.newest_first { "DESC" } else { "ASC" };
    let limit = if filter.limit == 0 { DEFAULT_LIMIT } else { filter.limit };
    args.extend([Arg::count(limit.into()), Arg::count(filter.offset)]);
    let sql = format!(
        "SELECT seq, line, hash {matching} ORDER BY seq {order} LIMIT ${} OFFSET ${}",
        args.len() - 1,
        args.len()
    );
    let found = session.all(AssertSqlSafe(sql), &args, kept).await?;
    let total = session.total(&matching, &counted, filter.offset, found.len(), limit).await?;
    let items = found.iter().map(Kept::entry).collect::<Result<_, _>>()?;
    Ok(Page { items, total })
}

/// How many there are.
pub(crate) async fn length(database: &Database) -> Result<u64, BookError> {
    let mut session = database.read().await?;
    let next = session.first("SELECT next FROM head WHERE one = 1", &[], |row| row.count(0));
    next.await?.ok_or_else(|| damaged("head of the ledger", "it is not there"))
}

/// The hashes of complete subtrees, in the order asked for.
pub(crate) async fn nodes(session: &mut Session, nodes: &[Node]) -> Result<Vec<Hash>, BookError> {
    let mut found = HashMap::with_capacity(nodes.len());
    for some in nodes.chunks(NODES_AT_ONCE) {
        found.extend(some_nodes(session, some).await?);
    }
    let hash = |node: &Node| {
        let hash = found.get(&(i64::from(node.level), node.index)).map(|hash| hash.parse());
        let Some(Ok(hash)) = hash else {
            let what = format!("subtree {} of level {}", node.index, node.level);
            return Err(damaged(what, "it is not there or no hash: rebuild the tables"));
        };
        Ok(hash)
    };
    nodes.iter().map(hash).collect()
}

/// Subtrees asked for with one statement: a proof in a ledger of a billion entries
/// needs 30.
const NODES_AT_ONCE: usize = 32;

async fn some_nodes(
    session: &mut Session,
    nodes: &[Node],
) -> Result<Vec<((i64, u64), String)>, DbError> {
    let (mut parts, mut args) = (Vec::new(), Vec::new());
    for node in nodes {
        args.extend([Arg::Int(node.level.into()), Arg::count(node.index)]);
        let (level, place) = (args.len() - 1, args.len());
        parts.push(if node.level == 0 {
            format!("SELECT CAST(${level} AS BIGINT), seq, hash FROM entries WHERE seq = ${place}")
        } else {
            format!(
                "SELECT CAST(level AS BIGINT), place, hash FROM nodes \
                 WHERE level = ${level} AND place = ${place}"
            )
        });
    }
    let sql = AssertSqlSafe(parts.join(" UNION ALL "));
    let read = |row: &dyn Cells| Ok(((row.int(0)?, row.count(1)?), row.text(2)?.to_owned()));
    session.all(sql, &args, read).await
}

/// Makes the table of subtrees anew from the hashes of the entries.
pub(crate) async fn replant(session: &mut Session) -> Result<(), BookError> {
    session.run("DELETE FROM nodes", &[]).await?;
    let (mut tree, mut next) = (Tree::new(), 0);
    loop {
        let page = range(session, next, u64::MAX, 4_096).await?;
        let Some(last) = page.last() else { return Ok(()) };
        next = last.seq + 1;
        let mut nodes = Vec::with_capacity(page.len());
        for kept in &page {
            let hash = kept.hash.parse();
            let hash =
                hash.map_err(|_| damaged(format!("entry {}", kept.seq), "its hash is no hash"))?;
            tree.push_with(hash, |node, hash| nodes.push(node_row(node, &hash)));
        }
        session.insert(NODES, "", &nodes).await?;
    }
}
