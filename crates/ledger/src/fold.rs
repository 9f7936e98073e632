//! What every book does alike when entries are written: fold each into the
//! record of its subject.

use crate::{BookError, Draft, Entry, Hash, Projection, Row};
use model::Timestamp;

/// The projections of a book, one per kind of record.
#[derive(Debug, Clone, Default)]
pub struct Projections(Vec<Projection>);

impl Projections {
    /// These projections. Of two for one kind, the first counts.
    pub fn new(projections: &[Projection]) -> Self {
        Self(projections.to_vec())
    }

    /// The kinds that have a record, in the order given.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|projection| projection.kind)
    }

    /// The projection of that kind of subject, if it has records.
    pub fn of(&self, kind: &str) -> Option<&Projection> {
        self.0.iter().find(|projection| projection.kind == kind)
    }

    /// The record after `entry`, from the record before; `None` when the kind of
    /// subject has no records.
    pub fn next(&self, before: Option<&Row>, entry: &Entry) -> Result<Option<Row>, BookError> {
        let Some(projection) = self.of(entry.subject.kind()) else { return Ok(None) };
        let folded =
            (projection.fold)(before.map(|row| row.document.as_str()), entry).map_err(|why| {
                BookError::Unfitting { act: entry.act.clone(), subject: entry.subject.clone(), why }
            })?;
        Ok(Some(Row {
            subject: entry.subject.clone(),
            state: folded.state,
            seq: entry.seq,
            parent: folded.parent,
            document: folded.document,
        }))
    }
}

/// Where the ledger ends: what the next entry is chained to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The number that the next entry gets.
    pub next: u64,
    /// The hash of the last entry; zeros before the first.
    pub hash: Hash,
    /// When the last entry was written.
    pub at: Option<Timestamp>,
}

impl Head {
    /// Seals `draft` as the next entry and moves the head past it. Time never
    /// runs backwards in the ledger: when the machine's clock was set back, the
    /// entry gets the time of the one before it.
    pub fn seal(&mut self, draft: Draft, now: Timestamp) -> Result<Entry, BookError> {
        let at = self.at.map_or(now, |last| last.max(now));
        let (act, subject) = (draft.act.clone(), draft.subject.clone());
        let entry = Entry::seal(draft, self.next, at, self.hash)
            .map_err(|why| BookError::Unwritable { act, subject, why: Box::new(why) })?;
        *self = Self { next: self.next + 1, hash: entry.hash, at: Some(entry.at) };
        Ok(entry)
    }
}
