//! How much of what a room answers is shown: enough to work by, too little to
//! carry a register out by.

use jiff::SignedDuration;
use model::Timestamp;

/// How much may be shown to somebody: a bucket that fills up again with time.
#[derive(Debug, Clone)]
pub struct Shown {
    at_once: u64,
    per_minute: u64,
    left: u64,
    at: Timestamp,
}

impl Shown {
    /// `at_once` bytes now, and `per_minute` more with every minute, but never
    /// more than `at_once` at a time.
    pub const fn new(at_once: u64, per_minute: u64, now: Timestamp) -> Self {
        Self { at_once, per_minute, left: at_once, at: now }
    }

    /// Whether so many bytes may be shown now; if so they are.
    pub fn take(&mut self, bytes: u64, now: Timestamp) -> bool {
        let since = now.duration_since(self.at).max(SignedDuration::ZERO);
        let milliseconds = u128::try_from(since.as_millis()).unwrap_or(0);
        let more = u128::from(self.per_minute) * milliseconds / 60_000;
        // Time that brought less than a byte goes on counting.
        if more > 0 {
            self.left = u64::try_from(more)
                .map_or(self.at_once, |more| self.left.saturating_add(more).min(self.at_once));
            self.at = now;
        }
        if bytes > self.left {
            return false;
        }
        self.left -= bytes;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_comes_back_with_the_minutes_and_no_faster() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let mut shown = Shown::new(100, 60, at(0));
        assert!(shown.take(100, at(0)));
        assert!(!shown.take(1, at(0)));
        assert!(!shown.take(31, at(30)));
        assert!(shown.take(30, at(30)));
        // A clock that goes back gives nothing.
        assert!(!shown.take(1, at(0)));
        assert!(shown.take(100, at(3600)));
        assert!(!shown.take(1, at(3600)));
    }

    #[test]
    fn asking_often_does_not_lose_what_has_grown() {
        let start = Timestamp::from_second(0).unwrap();
        let mut shown = Shown::new(10, 10, start);
        assert!(shown.take(10, start));
        let taken = (1..=6_000).filter(|step| {
            let now = Timestamp::from_millisecond(step * 10).unwrap();
            shown.take(1, now)
        });
        assert_eq!(taken.count(), 10);
    }
}
