//! From the entries of a room to what was done in it: the end of a run, of a cell and
//! of a stay is put to its beginning.
//!
//! A room is worked in for months. What its entries say they say for good, so that the
//! next who asks is told what was read before and what was written since.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::{Entry, EntryFilter, Event as _, Subject};
use model::{AccountId, CellId, RoomId, RunId, StatementId, Timestamp};
use room::{GivenUp, RoomEvent};

use super::{Cell, CellEnd, Deed, Done, Ran, RanEnd, Statement};
use crate::{Centre, Refused};

/// So many rooms are remembered.
const ROOMS: usize = 32;
/// What was done in a room is not remembered where it takes more than this, bytes: code
/// and statements are kept whole.
const MOST: usize = 16 << 20;
/// What a deed takes beside its text, bytes, about.
const EACH: usize = 256;

type Kept = Arc<tokio::sync::Mutex<Deeds>>;

/// What was done in the rooms that were asked about last.
#[derive(Debug, Default)]
pub(crate) struct Journals(Mutex<HashMap<RoomId, Kept>>);

impl Journals {
    fn of(&self, room: &RoomId) -> Kept {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() >= ROOMS && !rooms.contains_key(room) {
            rooms.retain(|_, kept| Arc::strong_count(kept) > 1);
        }
        Arc::clone(rooms.entry(room.clone()).or_default())
    }

    fn forget(&self, room: &RoomId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(room);
    }
}

impl Centre {
    /// What the entries of a room say was done in it, oldest first.
    pub(crate) async fn deeds(&self, room: &RoomId) -> Result<Vec<Arc<Deed>>, Refused> {
        let kept = self.journals.of(room);
        let length = self.length().await?;
        let mut deeds = kept.lock().await;
        if length.is_some_and(|length| length <= deeds.length) {
            return Ok(deeds.all.clone());
        }
        let filter = EntryFilter {
            subject: Some(Subject::new(RoomEvent::KIND, room.as_str())),
            from: deeds.next,
            limit: u32::MAX,
            ..EntryFilter::default()
        };
        for entry in &self.parts.book.entries(&filter).await?.items {
            if let Err(refused) = deeds.take(entry) {
                *deeds = Deeds::default();
                return Err(refused);
            }
        }
        deeds.length = length.unwrap_or(deeds.next).max(deeds.length);
        if deeds.size > MOST {
            self.journals.forget(room);
        }
        Ok(deeds.all.clone())
    }
}

/// What was done in a room, as far as its entries were read.
#[derive(Debug, Default)]
struct Deeds {
    /// Oldest first.
    all: Vec<Arc<Deed>>,
    /// What they take, bytes.
    size: usize,
    /// The number of the first entry that was not read.
    next: u64,
    /// How long the ledger was at least when they were.
    length: u64,
    /// Where in `all` what may still end begins.
    begun: HashMap<RunId, usize>,
    cells: HashMap<CellId, usize>,
    statements: HashMap<StatementId, usize>,
    stays: HashMap<AccountId, Vec<usize>>,
    waits: HashMap<RunId, usize>,
}

impl Deeds {
    /// What was done at that place.
    fn what(&mut self, at: Option<usize>) -> Option<&mut Done> {
        self.all.get_mut(at?).map(|deed| &mut Arc::make_mut(deed).what)
    }

    /// Puts to what waited how that ended, if it did with this event.
    fn end_wait(&mut self, event: &RoomEvent, until: Timestamp) {
        let waits = &mut self.waits;
        let (ended, gave_up): (Vec<usize>, _) = match event {
            RoomEvent::RunStarted { run, .. } => (waits.remove(run).into_iter().collect(), None),
            RoomEvent::RunGivenUp { run, why } => {
                (waits.remove(run).into_iter().collect(), Some(*why))
            }
            // What waits in a room that is shut does not begin.
            RoomEvent::Frozen { .. } => {
                (waits.drain().map(|(_, deed)| deed).collect(), Some(GivenUp::NotAllowed))
            }
            _ => return,
        };
        for at in ended {
            let Some(deed) = self.all.get_mut(at).map(Arc::make_mut) else { continue };
            if let Done::Waited { wall_ms, why, .. } = &mut deed.what {
                let waited = until.duration_since(deed.at).as_millis();
                (*wall_ms, *why) = (Some(u64::try_from(waited).unwrap_or_default()), gave_up);
            }
        }
    }

    /// Reads the next entry.
    fn take(&mut self, entry: &Entry) -> Result<(), Refused> {
        self.next = entry.seq + 1;
        let event: RoomEvent =
            entry.event().map_err(|error| Refused::failed("reading the journal", error))?;
        self.end_wait(&event, entry.at);
        let session = event.session().cloned();
        let what = match event {
            RoomEvent::Opened { .. } => Done::Opened,
            RoomEvent::RunQueued { run, .. } => {
                self.waits.insert(run.clone(), self.all.len());
                Done::Waited { run, wall_ms: None, why: None }
            }
            RoomEvent::RunGivenUp { .. } => return Ok(()),
            RoomEvent::RunStarted { run, command, script, notebook, desktop, .. } => {
                self.begun.insert(run.clone(), self.all.len());
                Done::Ran(Box::new(Ran { run, command, script, notebook, desktop, ended: None }))
            }
            RoomEvent::RunEnded {
                run,
                outcome,
                exit,
                wall_ms,
                cpu_ms,
                peak_memory,
                files_total: files,
                files_sha256,
                opened,
                ..
            } => {
                let at = self.begun.remove(&run);
                if let Some(Done::Ran(ran)) = self.what(at) {
                    ran.ended = Some(RanEnd {
                        outcome,
                        exit,
                        wall_ms,
                        cpu_ms,
                        peak_memory,
                        files,
                        files_sha256,
                        opened,
                    });
                }
                return Ok(());
            }
            RoomEvent::CellRun { cell, kernel, code, .. } => {
                self.cells.insert(cell.clone(), self.all.len());
                Done::Cell(Box::new(Cell { cell, kernel, code, ended: None }))
            }
            RoomEvent::CellEnded { cell, outcome, wall_ms, opened } => {
                let at = self.cells.remove(&cell);
                if let Some(Done::Cell(cell)) = self.what(at) {
                    cell.ended = Some(CellEnd { outcome, wall_ms, opened });
                }
                return Ok(());
            }
            RoomEvent::StatementRun { statement, run, sql } => {
                self.statements.insert(statement.clone(), self.all.len());
                Done::Statement(Box::new(Statement { statement, run, sql, ended: None }))
            }
            RoomEvent::StatementEnded { statement, end } => {
                let at = self.statements.remove(&statement);
                if let Some(Done::Statement(statement)) = self.what(at) {
                    statement.ended = Some(end);
                }
                return Ok(());
            }
            RoomEvent::PackageFetched { fetched, .. } => Done::Fetched(Box::new(fetched)),
            RoomEvent::Entered { by, .. } => {
                self.stays.entry(by).or_default().push(self.all.len());
                Done::Entered { wall_ms: None, shown: None }
            }
            RoomEvent::Left { by, wall_ms: after, shown: bytes } => {
                // Somebody in several windows leaves the oldest first: the times
                // add up all the same.
                let stay = self.stays.get_mut(&by).filter(|open| !open.is_empty());
                let at = stay.map(|open| open.remove(0));
                if let Some(Done::Entered { wall_ms, shown }) = self.what(at) {
                    (*wall_ms, *shown) = (Some(after), Some(bytes));
                }
                return Ok(());
            }
            RoomEvent::Saved { file, bytes, sha256, .. } => Done::Saved { file, bytes, sha256 },
            RoomEvent::Restored { file, version, kept_at, sha256, .. } => {
                Done::Restored { file, version, kept_at, sha256 }
            }
            RoomEvent::Pasted { bytes, sha256, .. } => Done::Pasted { bytes, sha256 },
            RoomEvent::Withheld { bytes, .. } => Done::Withheld { bytes },
            RoomEvent::Looked { file, bytes, .. } => Done::Looked { file, bytes },
            RoomEvent::Frozen { why, until } => Done::Frozen { why, until },
            RoomEvent::Thawed { .. } => Done::Thawed,
            RoomEvent::Counted(removed) => Done::Counted(removed),
            RoomEvent::Closed { why } => Done::Closed { why },
        };
        let (at, by) = (entry.at, entry.actor.clone());
        self.size += EACH + text_of(&what);
        self.all.push(Arc::new(Deed { at, by, session, what }));
        Ok(())
    }
}

/// How long the text of a deed is, bytes.
fn text_of(what: &Done) -> usize {
    match what {
        Done::Ran(ran) => {
            let script = ran.script.as_ref().map_or(0, |script| script.text().len());
            script + ran.command.iter().map(String::len).sum::<usize>()
        }
        Done::Cell(cell) => cell.code.len(),
        Done::Statement(asked) => asked.sql.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queried(seq: u64, sql: &str) -> Entry {
        let event = RoomEvent::StatementRun {
            statement: format!("statement-{seq:010}").parse().unwrap(),
            run: "run-5v7x9z1b3d".parse().unwrap(),
            sql: sql.to_owned(),
        };
        let by: AccountId = "researcher".parse().unwrap();
        let draft = ledger::Draft::new(&by, "room-7k3m9q2x4d", &event).unwrap();
        Entry::seal(draft, seq, Timestamp::UNIX_EPOCH, ledger::Hash::default()).unwrap()
    }

    #[test]
    fn what_is_remembered_is_as_large_as_its_text() {
        let mut deeds = Deeds::default();
        let long = "x".repeat(1 << 20);
        for seq in 0..16 {
            deeds.take(&queried(seq, &long)).unwrap();
        }
        assert_eq!(deeds.size, 16 * (EACH + (1 << 20)));
        assert!(deeds.size > MOST, "sixteen of the longest are remembered");
    }
}
