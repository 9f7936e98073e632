//! One moment: while a page is put together each record is read once, however
//! many questions are asked about it.
//!
//! A page asks the policy about many things and shows many records, and most of
//! its questions come back to the same permit. In [`Centre::at_one_moment`] the
//! first answer stands for the rest; whatever is written ends it. Work that
//! changes something does not begin one: it reads what is true now, and its
//! guards say when that has changed.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::{Draft, Entry, Event as _, Guard, Page, Record, RecordFilter};

use crate::{Centre, Refused};

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
struct Moment(Mutex<HashMap<Question, Arc<dyn Any + Send + Sync>>>);

impl Moment {
    fn answer<T: Clone + 'static>(question: &Question) -> Option<T> {
        let answers = |moment: &Self| {
            let answers = moment.0.lock().unwrap_or_else(PoisonError::into_inner);
            answers.get(question)?.downcast_ref::<T>().cloned()
        };
        MOMENT.try_with(answers).ok().flatten()
    }

    fn keep<T: Send + Sync + 'static>(question: Question, answer: impl FnOnce() -> T) {
        let _outside_of_a_moment = MOMENT.try_with(|moment| {
            let mut answers = moment.0.lock().unwrap_or_else(PoisonError::into_inner);
            answers.insert(question, Arc::new(answer()));
        });
    }

    fn forget() {
        let _outside_of_a_moment = MOMENT.try_with(|moment| {
            moment.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        });
    }
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
        if let Some(found) = Moment::answer(&question) {
            return Ok(Some(found));
        }
        let found = ledger::load::<R>(self.parts.book.as_ref(), id).await?;
        if let Some(found) = &found {
            Moment::keep(question, || found.clone());
        }
        Ok(found)
    }

    /// Reads the records that pass the filter.
    pub(crate) async fn list<R>(&self, filter: &RecordFilter) -> Result<Page<R>, Refused>
    where
        R: Record + Clone + Send + Sync + 'static,
    {
        let question = Question::List(TypeId::of::<R>(), filter.clone());
        if let Some(page) = Moment::answer(&question) {
            return Ok(page);
        }
        let rows = self.parts.book.records(R::Event::KIND, filter).await?;
        let mut items = Vec::with_capacity(rows.items.len());
        for row in &rows.items {
            let record: R = row.read()?;
            let one = Question::Record(TypeId::of::<R>(), row.subject.id().to_owned());
            Moment::keep(one, || (record.clone(), row.seq));
            items.push(record);
        }
        let page = Page { items, total: rows.total };
        Moment::keep(question, || page.clone());
        Ok(page)
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
