//! Writing entries: one transaction, wholly there or wholly absent.

use std::collections::BTreeMap;

use ledger::{BookError, Draft, Entry, Guard, Row, Subject};

use crate::Store;
use crate::credentials::{self, CredentialChange};
use crate::database::Session;
use crate::entries::{Batch, End, first_act_since, last_about};
use crate::records;

pub(crate) async fn append(
    store: &Store,
    drafts: Vec<Draft>,
    guards: &[Guard],
    changes: &[CredentialChange],
) -> Result<Vec<Entry>, BookError> {
    let mut session = store.database.write().await?;
    for guard in guards {
        check(&mut session, guard).await?;
    }
    let mut end = End::read(&mut session).await?;
    let first = end.head.next;
    // Asked for while no one else writes, so that entries are in order of time.
    let now = store.clock.now();
    let mut batch = Batch::default();
    let mut written = Vec::with_capacity(drafts.len());
    for draft in drafts {
        written.push(batch.seal(&mut end, draft, now)?);
    }
    let mut changed: BTreeMap<Subject, Row> = BTreeMap::new();
    for entry in &written {
        if store.projections.of(entry.subject.kind()).is_none() {
            continue;
        }
        let before = match changed.remove(&entry.subject) {
            Some(row) => Some(row),
            None => records::one(&mut session, &entry.subject).await?,
        };
        if let Some(row) = store.projections.next(before.as_ref(), entry)? {
            changed.insert(entry.subject.clone(), row);
        }
    }
    batch.write(&mut session).await?;
    for kind in store.projections.kinds() {
        let rows = changed.values().filter(|row| row.subject.kind() == kind);
        records::put(&mut session, kind, rows).await?;
    }
    credentials::write(&mut session, changes, first).await?;
    end.write(&mut session).await?;
    session.commit().await?;
    Ok(written)
}

async fn check(session: &mut Session, guard: &Guard) -> Result<(), BookError> {
    match guard {
        Guard::Absent(subject) => match last_about(session, subject).await? {
            Some(_) => Err(BookError::Exists(subject.clone())),
            None => Ok(()),
        },
        Guard::Unchanged(subject, seq) => {
            if last_about(session, subject).await? == Some(*seq) {
                Ok(())
            } else {
                Err(BookError::Changed(subject.clone()))
            }
        }
        Guard::NoneSince(act, seq) => match first_act_since(session, act, *seq).await? {
            Some(subject) => Err(BookError::Changed(subject)),
            None => Ok(()),
        },
    }
}
