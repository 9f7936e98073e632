//! One moment: while a page is put together each record is read once, however
//! many questions are asked about it.
//!
//! A page asks the policy about many things and shows many records, and most of
//! its questions come back to the same permit. In [`Centre::at_one_moment`] the
//! first answer stands for the rest, the policy's too; whatever is written ends it. Work that
//! changes something does not begin one: it reads what is true now, and its
//! guards say when that has changed.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::{
    BookError, Draft, Entry, Event as _, Guard, Page, Record, RecordFilter, Row, Subject,
};
use permit::policy::{Action, Ruling, Thing};

use crate::{Caller, Centre, Refused};

tokio::task_local! {
    static MOMENT: Moment;
}

#[derive(PartialEq, Eq, Hash)]
enum Question {
    Record(TypeId, String),
    List(TypeId, RecordFilter),
}

/// The answers so far.
#[derive(Default)]
struct Moment {
    records: Mutex<HashMap<Question, Arc<dyn Any + Send + Sync>>>,
    /// Few: looked through from the front.
    rulings: Mutex<Vec<(Caller, Action, Thing, Ruling)>>,
}

/// A record and the entry that changed it last, shared by all who ask for it.
type Read<R> = Arc<(R, u64)>;

/// Records as they were read from their text, by kind and id: what a record is
/// after an entry, it stays. The newest of each; all are let go of when there are
/// too many.
#[derive(Default)]
pub(crate) struct Parsed(Mutex<HashMap<(TypeId, String), Arc<dyn Any + Send + Sync>>>);

impl Parsed {
    const MOST: usize = 4096;

    /// What the row says.
    fn of<R: Record + Send + Sync + 'static>(&self, row: &Row) -> Result<Read<R>, BookError> {
        let key = (TypeId::of::<R>(), row.subject.id().to_owned());
        let known = locked(&self.0).get(&key).map(Arc::clone);
        if let Some(Ok(read)) = known.map(Arc::downcast::<(R, u64)>)
            && read.1 == row.seq
        {
            return Ok(read);
        }
        let read: Read<R> = Arc::new((row.read()?, row.seq));
        let mut kept = locked(&self.0);
        if kept.len() >= Self::MOST {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&read) as Arc<dyn Any + Send + Sync>);
        Ok(read)
    }
}

impl Moment {
    fn answer<T: Clone + 'static>(question: &Question) -> Option<T> {
        let answers = |moment: &Self| {
            let answers = locked(&moment.records);
            answers.get(question)?.downcast_ref::<T>().cloned()
        };
        MOMENT.try_with(answers).ok().flatten()
    }

    fn keep<T: Send + Sync + 'static>(question: Question, answer: impl FnOnce() -> T) {
        let _outside_of_a_moment = MOMENT.try_with(|moment| {
            locked(&moment.records).insert(question, Arc::new(answer()));
        });
    }

    /// What the policy said before, or what `ask` says.
    fn ruling(
        (caller, action, thing): (&Caller, Action, &Thing),
        ask: impl Fn() -> Ruling,
    ) -> Ruling {
        let known = |moment: &Self| {
            let mut rulings = locked(&moment.rulings);
            let same = |(who, what, to, _): &&(Caller, Action, Thing, Ruling)| {
                *what == action && to == thing && who == caller
            };
            if let Some((.., ruling)) = rulings.iter().find(same) {
                return ruling.clone();
            }
            let ruling = ask();
            rulings.push((caller.clone(), action, thing.clone(), ruling.clone()));
            ruling
        };
        MOMENT.try_with(known).unwrap_or_else(|_outside_of_a_moment| ask())
    }

    fn forget() {
        let _outside_of_a_moment = MOMENT.try_with(|moment| {
            locked(&moment.records).clear();
            locked(&moment.rulings).clear();
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

    /// Reads a record, if it is there, with the entry that changed it last.
    pub(crate) async fn find<R>(&self, id: &str) -> Result<Option<(R, u64)>, Refused>
    where
        R: Record + Clone + Send + Sync + 'static,
    {
        let question = Question::Record(TypeId::of::<R>(), id.to_owned());
        if let Some(found) = Moment::answer::<Read<R>>(&question) {
            return Ok(Some((*found).clone()));
        }
        let subject = Subject::new(R::Event::KIND, id);
        let Some(row) = self.parts.book.record(&subject).await? else { return Ok(None) };
        let read = self.parsed.of::<R>(&row)?;
        Moment::keep(question, || Arc::clone(&read));
        Ok(Some((*read).clone()))
    }

    /// Reads the records that pass the filter.
    pub(crate) async fn list<R>(&self, filter: &RecordFilter) -> Result<Page<R>, Refused>
    where
        R: Record + Clone + Send + Sync + 'static,
    {
        let question = Question::List(TypeId::of::<R>(), filter.clone());
        let page = match Moment::answer::<Arc<Page<Read<R>>>>(&question) {
            Some(page) => page,
            None => Arc::new(self.read_list(filter).await?),
        };
        let items = page.items.iter().map(|read| read.0.clone()).collect();
        Moment::keep(question, || Arc::clone(&page));
        Ok(Page { items, total: page.total })
    }

    /// Every record in one of `states`, or in any, below `parent` if it is named.
    pub(crate) async fn every<R>(
        &self,
        states: &[&str],
        parent: Option<String>,
    ) -> Result<Vec<R>, Refused>
    where
        R: Record + Clone + Send + Sync + 'static,
    {
        let filter = RecordFilter {
            states: states.iter().map(|state| (*state).to_owned()).collect(),
            parent,
            limit: u32::MAX,
            ..RecordFilter::default()
        };
        Ok(self.list(&filter).await?.items)
    }

    async fn read_list<R>(&self, filter: &RecordFilter) -> Result<Page<Read<R>>, Refused>
    where
        R: Record + Send + Sync + 'static,
    {
        let rows = self.parts.book.records(R::Event::KIND, filter).await?;
        let mut items = Vec::with_capacity(rows.items.len());
        for row in &rows.items {
            let read = self.parsed.of::<R>(row)?;
            let one = Question::Record(TypeId::of::<R>(), row.subject.id().to_owned());
            Moment::keep(one, || Arc::clone(&read));
            items.push(read);
        }
        Ok(Page { items, total: rows.total })
    }

    /// May `caller` do `action` on `thing`, and by which rule?
    pub fn ruling(&self, caller: &Caller, action: Action, thing: &Thing) -> Ruling {
        let ask = || self.policy().ask(caller.as_policy(), action, thing);
        Moment::ruling((caller, action, thing), ask)
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
