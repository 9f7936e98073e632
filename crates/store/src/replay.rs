//! The tables are the shadow of the entries: making them anew, and telling where
//! they differ from what the entries say.

use std::collections::BTreeMap;
use std::fmt;

use ledger::fold::Projections;
use ledger::{BookError, Row, Subject};

use crate::Store;
use crate::database::Session;
use crate::entries::{self, End};
use crate::records;

/// How many entries are read at once.
const PAGE: u32 = 2_000;

/// What a replay found.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// How many entries were folded.
    pub entries: u64,
    /// How many records they make.
    pub records: u64,
    /// Where the tables say something else.
    pub differences: Vec<Difference>,
    /// Entries that cannot be read or do not fit the state of their subject.
    pub unfit: Vec<Unfit>,
}

impl Replay {
    /// Whether the tables are what the entries say.
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty() && self.unfit.is_empty()
    }
}

/// A record that is not what the entries say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub subject: Subject,
    /// In what way.
    pub what: Differing,
}

/// In what way a record is not what the entries say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Differing {
    /// The entries make it, the table does not have it.
    Missing,
    /// The table has it, no entry made it.
    Extra,
    /// These fields are others than the entries say.
    Changed(Vec<&'static str>),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.subject;
        match &self.what {
            Differing::Missing => write!(f, "record `{subject}` is missing from its table"),
            Differing::Extra => {
                write!(f, "record `{subject}` is in its table, and no entry made it")
            }
            Differing::Changed(fields) => {
                write!(f, "record `{subject}` differs from its entries in {}", fields.join(", "))
            }
        }
    }
}

/// An entry that could not be folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Which.
    pub seq: u64,
    /// In words.
    pub why: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: {}", self.seq, self.why)
    }
}

/// Folds all entries of the given kinds, page by page. `unfit` decides what
/// becomes of entries that cannot be folded.
async fn fold(
    session: &mut Session,
    projections: &Projections,
    mut wanted: impl FnMut(&str) -> bool,
    mut unfit: impl FnMut(u64, BookError) -> Result<(), BookError>,
) -> Result<(u64, BTreeMap<Subject, Row>), BookError> {
    let (mut records, mut count, mut next) = (BTreeMap::new(), 0, 0);
    loop {
        let page = entries::range(session, next, u64::MAX, PAGE).await?;
        let Some(last) = page.last() else { return Ok((count, records)) };
        next = last.seq + 1;
        for kept in &page {
            count += 1;
            let entry = match kept.entry() {
                Ok(entry) => entry,
                Err(error) => {
                    unfit(kept.seq, error)?;
                    continue;
                }
            };
            if !wanted(entry.subject.kind()) {
                continue;
            }
            match projections.next(records.get(&entry.subject), &entry) {
                Ok(Some(row)) => {
                    records.insert(entry.subject, row);
                }
                Ok(None) => {}
                Err(error) => unfit(kept.seq, error)?,
            }
        }
    }
}

/// Makes the records of these kinds anew.
pub(crate) async fn refill(
    session: &mut Session,
    projections: &Projections,
    kinds: &[&str],
) -> Result<(), BookError> {
    let wanted = |kind: &str| kinds.contains(&kind);
    let (_, rows) = fold(session, projections, wanted, |_, error| Err(error)).await?;
    for kind in kinds {
        records::clear(session, kind).await?;
        let rows = rows.values().filter(|row| row.subject.kind() == *kind);
        records::put(session, kind, rows).await?;
    }
    Ok(())
}

impl Store {
    /// Makes all tables of records, and the tree beside the entries, anew from the
    /// entries. Fails, and changes nothing, when an entry does not fit.
    pub async fn rebuild(&self) -> Result<(), BookError> {
        let mut session = self.database.write().await?;
        let kinds: Vec<&str> = self.projections.kinds().collect();
        refill(&mut session, &self.projections, &kinds).await?;
        entries::replant(&mut session).await?;
        Ok(session.commit().await?)
    }

    /// Folds all entries afresh and says where the tables differ.
    pub async fn replay_check(&self) -> Result<Replay, BookError> {
        let mut session = self.database.snapshot().await?;
        let mut unfit = Vec::new();
        let (entries, mut folded) = fold(
            &mut session,
            &self.projections,
            |_| true,
            |seq, error| {
                unfit.push(Unfit { seq, why: error.to_string() });
                Ok(())
            },
        )
        .await?;
        let count = u64::try_from(folded.len()).unwrap_or(u64::MAX);
        let mut differences = Vec::new();
        for kind in self.projections.kinds() {
            for stored in records::all(&mut session, kind).await? {
                let what = match folded.remove(&stored.subject) {
                    None => Differing::Extra,
                    Some(row) => match differing(&row, &stored) {
                        fields if fields.is_empty() => continue,
                        fields => Differing::Changed(fields),
                    },
                };
                differences.push(Difference { subject: stored.subject, what });
            }
        }
        let missing = folded.into_keys();
        differences.extend(missing.map(|subject| Difference { subject, what: Differing::Missing }));
        differences.sort_by(|a, b| a.subject.cmp(&b.subject));
        // The head is part of the same shadow.
        let end = End::read(&mut session).await?;
        if end.head.next != entries {
            let why = format!("the head of the ledger counts {} entries", end.head.next);
            unfit.push(Unfit { seq: entries, why });
        }
        Ok(Replay { entries, records: count, differences, unfit })
    }
}

fn differing(entries: &Row, table: &Row) -> Vec<&'static str> {
    let fields = [
        ("state", entries.state != table.state),
        ("seq", entries.seq != table.seq),
        ("parent", entries.parent != table.parent),
        ("document", !says_the_same(&entries.document, &table.document)),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// Whether two documents are one but for the order of their fields, which is
/// that of the program that wrote them.
fn says_the_same(entries: &str, table: &str) -> bool {
    let parsed = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    entries == table || parsed(table).is_some_and(|table| parsed(entries) == Some(table))
}
