//! Time is a parameter (invariant 9): whoever needs it takes a [`Clock`].

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Where the time comes from. The program has the only one that reads the
/// machine's clock.
pub trait Clock: Send + Sync {
    /// The instant it is now.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still until told otherwise, for tests.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock standing at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    /// Moves the clock forwards, or backwards with a negative duration.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
