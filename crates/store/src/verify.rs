//! Verification of the ledger where it is kept: what [`ledger::export::verify`]
//! does with an export, and the columns, the head and the stored checkpoints.

use std::collections::VecDeque;

use ledger::chain::{Chain, Examined, Fault, Flaw, Missing};
use ledger::parallel::in_parallel;
use ledger::{BookError, Checkpoint, Report, SignedNote, VerifierKey};

use crate::Store;
use crate::checkpoints::{self, StoredCheckpoint};
use crate::database::{Arg, Cells, DbError, Session};
use crate::entries::End;

/// How many entries are read and checked at once.
const PAGE: i64 = 8_192;

struct Stored {
    seq: u64,
    at: i64,
    actor: String,
    act: String,
    kind: String,
    subject: String,
    line: String,
    hash: String,
}

fn stored(row: &dyn Cells) -> Result<Stored, DbError> {
    Ok(Stored {
        seq: row.count(0)?,
        at: row.int(1)?,
        actor: row.text(2)?.to_owned(),
        act: row.text(3)?.to_owned(),
        kind: row.text(4)?.to_owned(),
        subject: row.text(5)?.to_owned(),
        line: row.text(6)?.to_owned(),
        hash: row.text(7)?.to_owned(),
    })
}

async fn page(session: &mut Session, from: u64) -> Result<Vec<Stored>, DbError> {
    session
        .all(
            "SELECT seq, at, actor, act, kind, subject, line, hash FROM entries \
             WHERE seq >= $1 ORDER BY seq LIMIT $2",
            &[Arg::count(from), Arg::Int(PAGE)],
            stored,
        )
        .await
}

impl Store {
    /// Checks every entry, the tree and the stored checkpoints, and names what was
    /// changed, removed, put in or reordered by hand. Signatures are checked
    /// against `keys`, of which one must fit; without keys they are not checked,
    /// only that the roots they sign are right.
    pub async fn verify(&self, keys: &[VerifierKey]) -> Result<Report, BookError> {
        let mut session = self.database.snapshot().await?;
        let end = End::read(&mut session).await;
        let mut checkpoints = VecDeque::from(checkpoints::from_size(&mut session, 0).await?);
        let mut chain = Chain::new();
        take_checkpoints(&mut chain, &mut checkpoints, keys);
        let mut next = 0;
        loop {
            let page = page(&mut session, next).await?;
            let Some(last) = page.last() else { break };
            next = last.seq.saturating_add(1);
            for (entry, columns) in in_parallel(&page, examine) {
                chain.take(&entry);
                for fault in columns {
                    chain.fault(fault);
                }
                take_checkpoints(&mut chain, &mut checkpoints, keys);
            }
        }
        for checkpoint in checkpoints {
            take_checkpoint(&mut chain, &checkpoint, keys);
        }
        check_end(&mut chain, end)?;
        Ok(chain.finish())
    }
}

/// The entry read and hashed, and which columns say something else than its text.
fn examine(stored: &Stored) -> (Examined<'_>, Vec<Fault>) {
    let entry = Examined::new(&stored.line, &stored.hash);
    let mut faults = Vec::new();
    if let Ok(line) = &entry.line {
        let mut compare = |column, text: &str, stored_text: &str| {
            if text != stored_text {
                let (text, stored_text) = (text.to_owned(), stored_text.to_owned());
                let flaw = Flaw::Column { column, text, stored: stored_text };
                let (act, subject) = (line.act.to_string(), line.subject.to_string());
                faults.push(Fault {
                    seq: stored.seq,
                    act: Some(act),
                    subject: Some(subject),
                    flaw,
                });
            }
        };
        if line.seq != stored.seq {
            compare("seq", &line.seq.to_string(), &stored.seq.to_string());
        }
        compare("actor", &line.actor, &stored.actor);
        compare("act", &line.act, &stored.act);
        let (kind, subject) = line.subject.split_once('/').unwrap_or(("", &line.subject));
        compare("kind", kind, &stored.kind);
        compare("subject", subject, &stored.subject);
        let at = line.at.parse::<model::Timestamp>().map(model::Timestamp::as_microsecond);
        if at.ok() != Some(stored.at) {
            compare("at", &line.at, &stored.at.to_string());
        }
    }
    (entry, faults)
}

fn take_checkpoints(
    chain: &mut Chain,
    checkpoints: &mut VecDeque<StoredCheckpoint>,
    keys: &[VerifierKey],
) {
    while checkpoints.front().is_some_and(|first| first.size <= chain.next()) {
        if let Some(checkpoint) = checkpoints.pop_front() {
            take_checkpoint(chain, &checkpoint, keys);
        }
    }
}

fn take_checkpoint(chain: &mut Chain, stored: &StoredCheckpoint, keys: &[VerifierKey]) {
    match read_checkpoint(stored, keys) {
        Ok(checkpoint) if checkpoint.size == stored.size => chain.checkpoint(&checkpoint),
        Ok(checkpoint) => {
            let says = checkpoint.size;
            chain.bad_checkpoint(format!("it is kept as one of {}, and says {says}", stored.size));
        }
        Err(why) => chain.bad_checkpoint(why),
    }
}

fn read_checkpoint(stored: &StoredCheckpoint, keys: &[VerifierKey]) -> Result<Checkpoint, String> {
    let note: SignedNote =
        stored.note.parse().map_err(|error: ledger::note::NoteError| error.to_string())?;
    if keys.is_empty() {
        return Checkpoint::unverified(&note).map_err(|error| error.to_string());
    }
    let mut refused = String::new();
    for key in keys {
        match Checkpoint::open(&note, key) {
            Ok(checkpoint) => return Ok(checkpoint),
            Err(error) => refused = error.to_string(),
        }
    }
    Err(refused)
}

/// Holds the head against the entries: the only trace of entries that were cut
/// off the end before anybody signed for them.
fn check_end(chain: &mut Chain, end: Result<End, BookError>) -> Result<(), BookError> {
    let end = match end {
        Ok(end) => end,
        Err(BookError::Damaged { why, .. }) => {
            chain.fault_at_end(Flaw::Head(why));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let (next, counted) = (chain.next(), end.head.next);
    if counted > next {
        chain.fault_at_end(Flaw::Headless(Missing { from: next, to: counted }));
    } else if counted < next {
        chain.fault_at_end(Flaw::Head(format!("it counts {counted} entries, there are {next}")));
    } else if end.head.hash.to_string() != chain.previous() {
        chain.fault_at_end(Flaw::Head("it names another hash than that of the last entry".into()));
    } else if chain.first_fault().is_none() && end.tree != *chain.tree() {
        // Said only when it is all there is to say: it follows from anything else.
        chain.fault_at_end(Flaw::Head("its tree is not that of the entries".into()));
    }
    Ok(())
}
