//! One moment: while a page is put together each record is read once, however
//! many questions are asked about it.
//!
//! A page asks the policy about many things and shows many records, and most of
//! its questions come back to the same permit. In [`Centre::at_one_moment`] the
//! first answer stands for the rest; whatever is written ends it.
//! Work that changes something does not begin one: it reads what is true now, and
//! its guards say when that has changed.
//!
//! What a ledger of so many entries says, it says for good: the next moment takes
//! the answers of the one before as long as nobody has written anything. How long
//! the ledger is, is asked at every moment, since other programs write to it too.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use catalogue::Dataset;
use ledger::{
    BookError, Draft, Entry, EntryFilter, Event as _, Guard, Page, Record, RecordFilter, Row,
    Subject,
};
use permit::policy::{Action, Ruling, Thing};

use crate::{Caller, Centre, Refused};

tokio::task_local! {
    static MOMENT: Moment;
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Question {
    Record(TypeId, String),
    List(TypeId, RecordFilter),
    Entries(EntryFilter),
    Catalogue,
}

impl Question {
    fn record<R: 'static>(id: &str) -> Self {
        Self::Record(TypeId::of::<R>(), id.to_owned())
    }
}

type Answer = Arc<dyn Any + Send + Sync>;
type Answers = HashMap<Question, Answer>;

/// The answers so far.
#[derive(Default)]
struct Moment {
    records: Mutex<Answers>,
    /// How long the ledger is, once that was asked.
    length: Mutex<Option<u64>>,
}

/// What the policy said: of the same caller, action and thing, each with all its
/// facts, it says the same at any time.
#[derive(Default)]
pub(crate) struct Rulings(Mutex<HashMap<u64, Vec<Asked>>>, RandomState);

type Asked = (Caller, Action, Thing, Arc<Ruling>);

impl Rulings {
    const MOST: usize = 4096;

    /// What the policy said before, or what `ask` says.
    fn of(
        &self,
        (caller, action, thing): (&Caller, Action, &Thing),
        ask: impl FnOnce() -> Ruling,
    ) -> Arc<Ruling> {
        let place = self.1.hash_one((caller, action, thing));
        let same = |(who, what, to, _): &&Asked| *what == action && to == thing && who == caller;
        if let Some((.., ruling)) =
            locked(&self.0).get(&place).and_then(|asked| asked.iter().find(same))
        {
            return Arc::clone(ruling);
        }
        let ruling = Arc::new(ask());
        let mut kept = locked(&self.0);
        if kept.len() >= Self::MOST {
            kept.clear();
        }
        let asked = (caller.clone(), action, thing.clone(), Arc::clone(&ruling));
        kept.entry(place).or_default().push(asked);
        ruling
    }
}

/// What moments found out, while the ledger had so many entries.
#[derive(Default)]
pub(crate) struct Known(Mutex<(u64, Answers)>);

impl Known {
    const MOST: usize = 1024;
    /// Entries in a list that is worth keeping.
    const LONGEST: usize = 1024;

    fn answer(&self, length: u64, question: &Question) -> Option<Answer> {
        let known = locked(&self.0);
        known.1.get(question).filter(|_| known.0 == length).map(Arc::clone)
    }

    /// Keeps what was read when the ledger was at least `length` long. Read while
    /// somebody wrote, it may be newer than that, never older.
    fn keep(&self, length: u64, question: Question, answer: Answer) {
        let mut known = locked(&self.0);
        if known.0 < length || known.1.len() >= Self::MOST {
            *known = (known.0.max(length), Answers::new());
        }
        if known.0 == length {
            known.1.insert(question, answer);
        }
    }
}

/// A record, shared by all who ask for it, and the entry that changed it last.
pub(crate) type Read<R> = (Arc<R>, u64);

/// Records as they were read from their text, by kind and id: what a record is
/// after an entry, it stays. The newest of each; all are let go of when there are
/// too many.
#[derive(Default)]
pub(crate) struct Parsed(Mutex<HashMap<(TypeId, String), Answer>>);

impl Parsed {
    const MOST: usize = 4096;

    /// What the row says.
    fn of<R: Record + Send + Sync + 'static>(&self, row: &Row) -> Result<Read<R>, BookError> {
        let key = (TypeId::of::<R>(), row.subject.id().to_owned());
        let known = locked(&self.0).get(&key).map(Arc::clone);
        if let Some(Ok(read)) = known.map(Arc::downcast::<Read<R>>)
            && read.1 == row.seq
        {
            return Ok((*read).clone());
        }
        let read: Read<R> = (Arc::new(row.read()?), row.seq);
        let mut kept = locked(&self.0);
        if kept.len() >= Self::MOST {
            kept.clear();
        }
        kept.insert(key, Arc::new(read.clone()));
        Ok(read)
    }
}

/// Records for work that wants its own.
pub fn owned<R: Clone>(shared: Vec<Arc<R>>) -> Vec<R> {
    shared.into_iter().map(Arc::unwrap_or_clone).collect()
}

impl Moment {
    /// The answer that stands, or `None` outside of a moment.
    fn answer(question: &Question) -> Option<Answer> {
        MOMENT.try_with(|moment| locked(&moment.records).get(question).map(Arc::clone)).ok()?
    }

    fn keep(question: Question, answer: impl FnOnce() -> Answer) {
        let _outside_of_a_moment =
            MOMENT.try_with(|moment| locked(&moment.records).insert(question, answer()));
    }

    fn forget() {
        let _outside_of_a_moment = MOMENT.try_with(|moment| {
            locked(&moment.records).clear();
            *locked(&moment.length) = None;
        });
    }
}

fn locked<T>(answers: &Mutex<T>) -> MutexGuard<'_, T> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Centre {
    /// Does `work`, which reads, at one moment.
    pub async fn at_one_moment<T>(&self, work: impl Future<Output = T>) -> T {
        MOMENT.scope(Moment::default(), work).await
    }

    /// What `read` finds, or what was found before: in this moment, or in one
    /// before it since which nobody wrote anything. `read` says whether what it
    /// found is worth keeping for the next.
    async fn answer<T, F>(&self, question: Question, read: F) -> Result<Arc<T>, Refused>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<(T, bool), Refused>>,
    {
        let as_asked = |found: Answer| found.downcast::<T>().ok();
        if let Some(answer) = Moment::answer(&question).and_then(as_asked) {
            return Ok(answer);
        }
        let Some(length) = self.length().await? else { return Ok(Arc::new(read.await?.0)) };
        let known = self.known.answer(length, &question).and_then(as_asked);
        let answer = if let Some(answer) = known {
            answer
        } else {
            let (answer, is_kept) = read.await?;
            let answer = Arc::new(answer);
            if is_kept {
                self.known.keep(length, question.clone(), Arc::clone(&answer) as Answer);
            }
            answer
        };
        Moment::keep(question, || Arc::clone(&answer) as Answer);
        Ok(answer)
    }

    /// How long the ledger is at this moment; `None` outside of one.
    pub(crate) async fn length(&self) -> Result<Option<u64>, Refused> {
        let Ok(known) = MOMENT.try_with(|moment| *locked(&moment.length)) else { return Ok(None) };
        if known.is_some() {
            return Ok(known);
        }
        let length = Some(self.length.ask(self.parts.book.length()).await?);
        let _outside_of_a_moment = MOMENT.try_with(|moment| *locked(&moment.length) = length);
        Ok(length)
    }

    /// Reads a record, if it is there, with the entry that changed it last.
    pub(crate) async fn find<R>(&self, id: &str) -> Result<Option<Read<R>>, Refused>
    where
        R: Record + Send + Sync + 'static,
    {
        let read = async {
            let row = self.parts.book.record(&Subject::new(R::Event::KIND, id)).await?;
            let read = row.map(|row| self.parsed.of::<R>(&row)).transpose()?;
            let is_there = read.is_some();
            Ok((read, is_there))
        };
        let found: Arc<Option<Read<R>>> = self.answer(Question::record::<R>(id), read).await?;
        Ok((*found).clone())
    }

    /// Reads the records that pass the filter.
    pub(crate) async fn list<R>(&self, filter: &RecordFilter) -> Result<Page<Arc<R>>, Refused>
    where
        R: Record + Send + Sync + 'static,
    {
        let read = async {
            let rows = self.parts.book.records(R::Event::KIND, filter).await?;
            let read = |row: &Row| Ok((row.subject.id().to_owned(), self.parsed.of::<R>(row)?));
            let items = rows.items.iter().map(read).collect::<Result<Vec<_>, BookError>>()?;
            Ok((Page { items, total: rows.total }, true))
        };
        let question = Question::List(TypeId::of::<R>(), filter.clone());
        let is_new = Moment::answer(&question).is_none();
        let page: Arc<Page<(String, Read<R>)>> = self.answer(question, read).await?;
        if is_new {
            for (id, read) in &page.items {
                Moment::keep(Question::record::<R>(id), || Arc::new(Some(read.clone())));
            }
        }
        let items = page.items.iter().map(|(_, read)| Arc::clone(&read.0)).collect();
        Ok(Page { items, total: page.total })
    }

    /// Every source as the catalogue shows it.
    pub(crate) async fn datasets(&self) -> Result<Arc<Vec<Dataset>>, Refused> {
        let read = async {
            let sources = self.every_source().await?;
            Ok((sources.iter().map(|source| Dataset::of(source)).collect(), true))
        };
        self.answer(Question::Catalogue, read).await
    }

    /// Entries that pass the filter.
    pub(crate) async fn entries(&self, filter: EntryFilter) -> Result<Arc<Page<Entry>>, Refused> {
        let read = async {
            let page = self.parts.book.entries(&filter).await?;
            let is_short = page.items.len() <= Known::LONGEST;
            Ok((page, is_short))
        };
        self.answer(Question::Entries(filter.clone()), read).await
    }

    /// Every record in one of `states`, or in any, below `parent` if it is named.
    pub(crate) async fn every<R>(
        &self,
        states: &[&str],
        parent: Option<String>,
    ) -> Result<Vec<Arc<R>>, Refused>
    where
        R: Record + Send + Sync + 'static,
    {
        let filter = RecordFilter {
            states: states.iter().map(|state| (*state).to_owned()).collect(),
            parent,
            limit: u32::MAX,
            ..RecordFilter::default()
        };
        Ok(self.list(&filter).await?.items)
    }

    /// May `caller` do `action` on `thing`, and by which rule?
    pub fn ruling(&self, caller: &Caller, action: Action, thing: &Thing) -> Arc<Ruling> {
        let ask = || self.policy().ask(caller.as_policy(), action, thing);
        self.rulings.of((caller, action, thing), ask)
    }

    /// Writes all of `drafts`, or nothing. What was read before is not true any
    /// more, or it was why nothing was written.
    pub(crate) async fn append(
        &self,
        drafts: Vec<Draft>,
        guards: Vec<Guard>,
    ) -> Result<Vec<Entry>, ledger::BookError> {
        let written = self.parts.book.append(drafts, guards).await;
        Moment::forget();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_write_is_not_kept_for_after_it() {
        let known = Known::default();
        let question = || Question::Entries(EntryFilter::default());
        let answer = |known: &Known, length| {
            known.answer(length, &question()).and_then(|answer| answer.downcast::<&str>().ok())
        };
        known.keep(7, question(), Arc::new("seven"));
        assert_eq!(answer(&known, 7).as_deref(), Some(&"seven"));
        assert!(answer(&known, 8).is_none(), "told of a ledger that is longer");
        let other = Question::Entries(EntryFilter { limit: 1, ..EntryFilter::default() });
        known.keep(8, other, Arc::new("eight"));
        // A reader that was slow: it asked when there were seven.
        known.keep(7, question(), Arc::new("seven"));
        assert!(answer(&known, 8).is_none(), "what was true at seven is told at eight");
        assert!(answer(&known, 7).is_none());
    }
}
