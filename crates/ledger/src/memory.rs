//! A book that forgets everything when dropped: for tests of the flow crates.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use model::Clock;

use crate::fold::{Head, Projections};
use crate::{
    Book, BookError, Draft, Entry, EntryFilter, Guard, Order, Page, Projection, RecordFilter, Row,
    Subject,
};

/// How many items a list holds when the filter does not say.
pub const DEFAULT_LIMIT: u32 = 1_000;

/// Entries and records in memory, with the same rules as the database.
pub struct MemoryBook {
    projections: Projections,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    head: Head,
    entries: Vec<Entry>,
    rows: BTreeMap<Subject, Row>,
    last: BTreeMap<Subject, u64>,
}

impl fmt::Debug for MemoryBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBook").field("entries", &self.state().entries.len()).finish()
    }
}

impl MemoryBook {
    /// An empty book that folds entries through `projections`.
    pub fn new(projections: &[Projection], clock: Arc<dyn Clock>) -> Self {
        Self {
            projections: Projections::new(projections),
            clock,
            state: Mutex::new(State::default()),
        }
    }

    // Every change is made to a copy and put in place whole, so a panic in a
    // fold leaves the state as it was.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn check(&self, guard: &Guard) -> Result<(), BookError> {
        match guard {
            Guard::Absent(subject) if self.last.contains_key(subject) => {
                Err(BookError::Exists(subject.clone()))
            }
            Guard::Unchanged(subject, seq) if self.last.get(subject) != Some(seq) => {
                Err(BookError::Changed(subject.clone()))
            }
            Guard::NoneSince(act, seq) => {
                let newer = self.entries.iter().rev().take_while(|entry| entry.seq >= *seq);
                match newer.filter(|entry| entry.act == *act).last() {
                    Some(entry) => Err(BookError::Changed(entry.subject.clone())),
                    None => Ok(()),
                }
            }
            Guard::Fits(subject, test) => match self.rows.get(subject) {
                Some(row) if test.passes(row)? => Ok(()),
                _ => Err(BookError::Changed(subject.clone())),
            },
            Guard::Absent(_) | Guard::Unchanged(..) => Ok(()),
        }
    }
}

fn page<T>(all: Vec<T>, offset: usize, limit: u32) -> Page<T> {
    let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
    let limit = if limit == 0 { DEFAULT_LIMIT } else { limit };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Page { items: all.into_iter().skip(offset).take(limit).collect(), total }
}

#[async_trait]
impl Book for MemoryBook {
    async fn append(
        &self,
        drafts: Vec<Draft>,
        guards: Vec<Guard>,
    ) -> Result<Vec<Entry>, BookError> {
        let now = self.clock.now();
        let mut state = self.state();
        for guard in &guards {
            state.check(guard)?;
        }
        let mut head = state.head;
        let mut changed: BTreeMap<Subject, Row> = BTreeMap::new();
        let mut written = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let entry = head.seal(draft, now)?;
            let before = changed.get(&entry.subject).or_else(|| state.rows.get(&entry.subject));
            if let Some(row) = self.projections.next(before, &entry)? {
                changed.insert(entry.subject.clone(), row);
            }
            written.push(entry);
        }
        state.head = head;
        state.rows.append(&mut changed);
        state.last.extend(written.iter().map(|entry| (entry.subject.clone(), entry.seq)));
        state.entries.extend(written.iter().cloned());
        Ok(written)
    }

    async fn record(&self, subject: &Subject) -> Result<Option<Row>, BookError> {
        Ok(self.state().rows.get(subject).cloned())
    }

    async fn records(&self, kind: &str, filter: &RecordFilter) -> Result<Page<Row>, BookError> {
        let mut rows: Vec<Row> = self
            .state()
            .rows
            .values()
            .filter(|row| row.subject.kind() == kind)
            .filter(|row| filter.states.is_empty() || filter.states.contains(&row.state))
            .filter(|row| filter.parent.is_none() || filter.parent == row.parent)
            .cloned()
            .collect();
        match filter.order {
            Order::ById => {}
            Order::OldestFirst => rows.sort_by_key(|row| row.seq),
            Order::NewestFirst => rows.sort_by_key(|row| std::cmp::Reverse(row.seq)),
        }
        Ok(page(rows, usize::try_from(filter.offset).unwrap_or(usize::MAX), filter.limit))
    }

    async fn entries(&self, filter: &EntryFilter) -> Result<Page<Entry>, BookError> {
        let mut entries: Vec<Entry> = self
            .state()
            .entries
            .iter()
            .filter(|entry| filter.subject.as_ref().is_none_or(|subject| *subject == entry.subject))
            .filter(|entry| filter.actor.as_ref().is_none_or(|actor| *actor == entry.actor))
            .filter(|entry| {
                filter.acts.is_empty() || filter.acts.iter().any(|act| entry.act.starts_with(act))
            })
            .filter(|entry| filter.from <= entry.seq)
            .filter(|entry| filter.since.is_none_or(|since| since <= entry.at))
            .filter(|entry| filter.text.as_ref().is_none_or(|text| says(entry, text)))
            .cloned()
            .collect();
        if filter.newest_first {
            entries.reverse();
        }
        Ok(page(entries, usize::try_from(filter.offset).unwrap_or(usize::MAX), filter.limit))
    }

    async fn length(&self) -> Result<u64, BookError> {
        Ok(self.state().head.next)
    }
}

/// Whether the text is in the line of the entry.
fn says(entry: &Entry, text: &str) -> bool {
    let line = entry.canonical().unwrap_or_default();
    let [_, needle] = EntryFilter::needles(text);
    String::from_utf8_lossy(&line).to_lowercase().contains(&needle)
}
