//! A question that many ask at the same time is asked once.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An answer is true for everybody who asked before it was begun, and for nobody
/// who asked later: those share the next one.
#[derive(Debug)]
pub struct Together<T> {
    /// How many have asked.
    asked: AtomicU64,
    /// For how many of them the last answer is, and the answer.
    answer: tokio::sync::Mutex<(u64, Option<T>)>,
}

impl<T> Default for Together<T> {
    fn default() -> Self {
        Self { asked: AtomicU64::new(0), answer: tokio::sync::Mutex::default() }
    }
}

impl<T: Clone> Together<T> {
    /// What `ask` finds, now or for somebody who asks at the same time. What it
    /// cannot find is found out by the next who waits.
    pub async fn ask<E>(&self, ask: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let turn = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let mut answer = self.answer.lock().await;
        match &*answer {
            (for_turns, Some(known)) if *for_turns >= turn => Ok(known.clone()),
            _ => {
                let asked = self.asked.load(Ordering::Acquire);
                let found = ask.await?;
                *answer = (asked, Some(found.clone()));
                Ok(found)
            }
        }
    }
}

/// The same of many things. Of a thing that nobody asks about nothing is remembered.
#[derive(Debug)]
pub struct TogetherOn<K, T>(Mutex<HashMap<K, Arc<Together<T>>>>);

impl<K, T> Default for TogetherOn<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, T: Clone> TogetherOn<K, T> {
    /// What `ask` finds about `thing`, now or for somebody who asks at the same time.
    pub async fn ask<E>(&self, thing: K, ask: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let together = Arc::clone(known().entry(thing.clone()).or_default());
        let found = together.ask(ask).await;
        let mut known = known();
        drop(together);
        if known.get(&thing).is_some_and(|together| Arc::strong_count(together) == 1) {
            known.remove(&thing);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[tokio::test]
    async fn those_who_ask_at_once_share_an_answer_and_who_asks_later_gets_a_new_one() {
        let (together, times) = (Together::default(), AtomicU64::new(0));
        let ask = || {
            together.ask(async {
                let begun = times.fetch_add(1, Ordering::AcqRel);
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(begun)
            })
        };
        // The second asks while the first answer is made, which may be too old for
        // it; the third waits with the second.
        let (first, second, third) = tokio::join!(ask(), ask(), ask());
        assert_eq!([first.unwrap(), second.unwrap(), third.unwrap()], [0, 1, 1]);
        assert_eq!(ask().await.unwrap(), 2, "an old answer is told");
    }

    #[tokio::test]
    async fn what_is_asked_about_one_thing_is_no_answer_about_another() {
        let together = TogetherOn::<u32, u32>::default();
        let ask = |thing: u32| {
            let found = async move {
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(thing)
            };
            together.ask(thing, found)
        };
        for thing in 0..200 {
            let (one, other) = tokio::join!(ask(thing), ask(thing + 1));
            assert_eq!((one.unwrap(), other.unwrap()), (thing, thing + 1));
        }
        assert!(together.0.lock().unwrap().is_empty(), "what nobody asks about is remembered");
    }

    #[tokio::test]
    async fn a_question_that_failed_is_asked_again() {
        let together = Together::default();
        assert_eq!(together.ask(async { Err("no") }).await, Err("no"));
        assert_eq!(together.ask(async { Ok::<_, &str>(7) }).await, Ok(7));
    }
}
