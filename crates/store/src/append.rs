//! Writing entries. What several ask for while somebody writes is written next in
//! one transaction: the disk, which is what takes the time, is waited for once. Of
//! what was asked for together each is wholly there or wholly absent, by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::fold::Projections;
use ledger::{BookError, Draft, Entry, Guard, Row, Subject};
use model::Timestamp;
use tokio::sync::{Mutex as Turn, oneshot};

use crate::Store;
use crate::credentials::{self, CredentialChange};
use crate::database::{DbError, Session};
use crate::entries::{Batch, End, first_act_since, last_about};
use crate::records;

/// So many who wait are written for at once, at the most.
const TOGETHER: usize = 128;

type Written = Result<Vec<Entry>, BookError>;

/// What somebody asks to be written.
struct Wanted {
    drafts: Vec<Draft>,
    guards: Vec<Guard>,
    changes: Vec<CredentialChange>,
    answer: oneshot::Sender<Written>,
}

/// Those who wait to write, and whose turn it is.
#[derive(Default)]
pub(crate) struct Writers {
    waiting: Mutex<Vec<Wanted>>,
    turn: Arc<Turn<()>>,
}

impl Writers {
    fn waiting(&self) -> MutexGuard<'_, Vec<Wanted>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who waited longest, without those who gave up.
    fn next(&self) -> Vec<Wanted> {
        let mut waiting = self.waiting();
        waiting.retain(|wanted| !wanted.answer.is_closed());
        let many = waiting.len().min(TOGETHER);
        waiting.drain(..many).collect()
    }
}

/// Writes, together with what others ask for meanwhile. Who stops waiting before the
/// turn comes has nothing written.
pub(crate) async fn append(
    store: &Store,
    drafts: Vec<Draft>,
    guards: Vec<Guard>,
    changes: Vec<CredentialChange>,
) -> Written {
    let (answer, mut answered) = oneshot::channel();
    store.writers.waiting().push(Wanted { drafts, guards, changes, answer });
    let heard = |written: Result<Written, oneshot::error::RecvError>| {
        let stopped = "it was stopped while it wrote: look whether it did";
        written.unwrap_or_else(|_| Err(BookError::Database(stopped.to_owned())))
    };
    let turn = tokio::select! {
        biased;
        written = &mut answered => return heard(written),
        turn = Arc::clone(&store.writers.turn).lock_owned() => turn,
    };
    // A task of its own: who waits for it may go away, the others still want an answer.
    let store = store.clone();
    tokio::spawn(async move {
        // Until nobody waits: who has the turn may not be among the first.
        loop {
            let next = store.writers.next();
            if next.is_empty() {
                break;
            }
            write_all(&store, next).await;
        }
        drop(turn);
    });
    heard(answered.await)
}

/// Why nothing of a transaction was written, or whether it was is not known.
enum Failure {
    /// It was undone.
    Undone(BookError),
    /// The database did not say what became of it.
    InDoubt(BookError),
}

impl From<BookError> for Failure {
    fn from(error: BookError) -> Self {
        Self::Undone(error)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Undone(error.into())
    }
}

async fn write_all(store: &Store, wanted: Vec<Wanted>) {
    if let [_, _, ..] = *wanted {
        match write(store, &wanted).await {
            Ok(written) => {
                answer(wanted, written);
                return;
            }
            Err(Failure::InDoubt(error)) => {
                let told = || Err(BookError::Database(error.to_string()));
                let told = wanted.iter().map(|_| told()).collect();
                answer(wanted, told);
                return;
            }
            // Each by itself: it may be one that is in the way of all.
            Err(Failure::Undone(_)) => {}
        }
    }
    for one in wanted {
        let written = match write(store, std::slice::from_ref(&one)).await {
            Ok(mut written) => written.pop().unwrap_or_else(|| Ok(vec![])),
            Err(Failure::Undone(error) | Failure::InDoubt(error)) => Err(error),
        };
        answer(vec![one], vec![written]);
    }
}

fn answer(wanted: Vec<Wanted>, written: Vec<Written>) {
    for (wanted, written) in wanted.into_iter().zip(written) {
        // Nobody may listen any more.
        let _ = wanted.answer.send(written);
    }
}

/// One transaction: of each that was wanted, what came of it.
async fn write(store: &Store, wanted: &[Wanted]) -> Result<Vec<Written>, Failure> {
    let mut session = store.database.write().await?;
    let end = End::read(&mut session).await?;
    // Asked for while no one else writes, so that entries are in order of time.
    let mut sheet = Sheet { end, now: store.clock.now(), ..Sheet::default() };
    let mut written = Vec::with_capacity(wanted.len());
    for one in wanted {
        let first = sheet.end.head.next;
        let entries = match sheet.take(&mut session, &store.projections, one).await {
            Ok(entries) => Ok(entries),
            // The connection may be of no more use.
            Err(error @ BookError::Database(_)) => return Err(error.into()),
            Err(error) => Err(error),
        };
        if entries.is_ok() {
            credentials::write(&mut session, &one.changes, first).await?;
        }
        written.push(entries);
    }
    sheet.write(&mut session, &store.projections).await?;
    session.commit().await.map_err(|error| Failure::InDoubt(error.into()))?;
    Ok(written)
}

/// What will be written when the transaction ends.
#[derive(Default)]
struct Sheet {
    end: End,
    now: Timestamp,
    batch: Batch,
    /// The records that change.
    rows: BTreeMap<Subject, Row>,
    /// The entries that are in no table yet: their act, subject and number.
    entries: Vec<(String, Subject, u64)>,
}

impl Sheet {
    /// Seals the drafts of one who writes, or leaves everything as it is.
    async fn take(
        &mut self,
        session: &mut Session,
        projections: &Projections,
        wanted: &Wanted,
    ) -> Written {
        for guard in &wanted.guards {
            self.check(session, guard).await?;
        }
        let (mut end, mut batch) = (self.end.clone(), Batch::default());
        let mut entries = Vec::with_capacity(wanted.drafts.len());
        for draft in &wanted.drafts {
            entries.push(batch.seal(&mut end, draft.clone(), self.now)?);
        }
        let mut rows: BTreeMap<Subject, Row> = BTreeMap::new();
        for entry in &entries {
            if projections.of(entry.subject.kind()).is_none() {
                continue;
            }
            let before = match rows.remove(&entry.subject) {
                Some(row) => Some(row),
                None => self.row(session, &entry.subject).await?,
            };
            if let Some(row) = projections.next(before.as_ref(), entry)? {
                rows.insert(entry.subject.clone(), row);
            }
        }
        self.end = end;
        self.batch.append(batch);
        self.rows.append(&mut rows);
        let told = |entry: &Entry| (entry.act.clone(), entry.subject.clone(), entry.seq);
        self.entries.extend(entries.iter().map(told));
        Ok(entries)
    }

    async fn row(
        &self,
        session: &mut Session,
        subject: &Subject,
    ) -> Result<Option<Row>, BookError> {
        match self.rows.get(subject) {
            Some(row) => Ok(Some(row.clone())),
            None => records::one(session, subject).await,
        }
    }

    async fn last_about(
        &self,
        session: &mut Session,
        subject: &Subject,
    ) -> Result<Option<u64>, BookError> {
        match self.entries.iter().rev().find(|(_, about, _)| about == subject) {
            Some((.., seq)) => Ok(Some(*seq)),
            None => Ok(last_about(session, subject).await?),
        }
    }

    async fn check(&self, session: &mut Session, guard: &Guard) -> Result<(), BookError> {
        let holds = |holds: bool, subject: &Subject| {
            if holds { Ok(()) } else { Err(BookError::Changed(subject.clone())) }
        };
        match guard {
            Guard::Absent(subject) => match self.last_about(session, subject).await? {
                Some(_) => Err(BookError::Exists(subject.clone())),
                None => Ok(()),
            },
            Guard::Unchanged(subject, seq) => {
                holds(self.last_about(session, subject).await? == Some(*seq), subject)
            }
            Guard::Fits(subject, test) => match self.row(session, subject).await? {
                Some(row) => holds(test.passes(&row)?, subject),
                None => holds(false, subject),
            },
            Guard::NoneSince(act, since) => {
                let is_one = |(what, _, seq): &&(String, Subject, u64)| what == act && seq >= since;
                let first = match first_act_since(session, act, *since).await? {
                    Some(subject) => Some(subject),
                    None => self.entries.iter().find(is_one).map(|(_, about, _)| about.clone()),
                };
                first.map_or(Ok(()), |subject| holds(false, &subject))
            }
        }
    }

    async fn write(
        self,
        session: &mut Session,
        projections: &Projections,
    ) -> Result<(), BookError> {
        self.batch.write(session).await?;
        for kind in projections.kinds() {
            let rows = self.rows.values().filter(|row| row.subject.kind() == kind);
            records::put(session, kind, rows).await?;
        }
        Ok(self.end.write(session).await?)
    }
}
