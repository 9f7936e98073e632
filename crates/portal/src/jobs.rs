//! Long work that outlives the request that began it: its progress is looked up
//! by what it is about, so that a reload shows how far it has come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use centre::ports::Progress;

/// How far something has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Step {
    /// What is being done.
    pub(crate) phase: String,
    /// How much of it is done.
    pub(crate) done: u64,
    /// Of how much; 0 when that is not known.
    pub(crate) total: u64,
}

/// A piece of long work.
#[derive(Debug)]
pub(crate) struct Job {
    began: Instant,
    step: Mutex<Step>,
    failed: Mutex<Option<String>>,
}

impl Job {
    /// How far it has come.
    pub(crate) fn step(&self) -> Step {
        self.step.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why it failed, if it did.
    pub(crate) fn failed(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Since when it runs, in seconds.
    pub(crate) fn seconds(&self) -> u64 {
        self.began.elapsed().as_secs()
    }
}

impl Progress for Job {
    fn at(&self, phase: &str, done: u64, total: u64) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) =
            Step { phase: phase.to_owned(), done, total };
    }
}

/// The long work that goes on, by what it is about; one piece for each thing.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<HashMap<String, Arc<Job>>>);

impl Jobs {
    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The work on a thing, if there is any or it failed.
    pub(crate) fn on(&self, thing: &str) -> Option<Arc<Job>> {
        self.held().get(thing).cloned()
    }

    /// Begins work on a thing. `None`: it goes on already.
    pub(crate) fn begin(&self, thing: &str) -> Option<Arc<Job>> {
        let mut held = self.held();
        if held.get(thing).is_some_and(|job| job.failed().is_none()) {
            return None;
        }
        let job = Arc::new(Job {
            began: Instant::now(),
            step: Mutex::default(),
            failed: Mutex::default(),
        });
        held.insert(thing.to_owned(), job.clone());
        Some(job)
    }

    /// Ends work on a thing. What failed stays until it is tried again.
    pub(crate) fn end(&self, thing: &str, failed: Option<String>) {
        let mut held = self.held();
        match (failed, held.get(thing)) {
            (Some(why), Some(job)) => {
                *job.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
            }
            _ => {
                held.remove(thing);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_on_a_thing_goes_on_once_and_can_be_tried_again_when_it_failed() {
        let jobs = Jobs::default();
        let job = jobs.begin("permit-1").unwrap();
        job.at("linking", 3, 9);
        assert!(jobs.begin("permit-1").is_none());
        assert_eq!(jobs.on("permit-1").unwrap().step().done, 3);
        jobs.end("permit-1", Some("the disk is full".into()));
        assert_eq!(jobs.on("permit-1").unwrap().failed().as_deref(), Some("the disk is full"));
        assert!(jobs.begin("permit-1").is_some());
        jobs.end("permit-1", None);
        assert!(jobs.on("permit-1").is_none());
    }
}
