//! How long a room was used altogether.

use std::time::Duration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

/// How long anything ran in a room. What runs at once counts once: it is the room that
/// has a place on the machine, and whoever begins something while another command runs
/// takes nothing more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Clock {
    /// Until nothing ran any more the last time, milliseconds.
    pub used_ms: u64,
    /// Since when something has been running without a break, if something runs.
    pub since: Option<Timestamp>,
    /// Up to when what has ended since then is known to have run. A command that was lost
    /// with the machine may be told of days later, and did not run so long.
    pub until: Option<Timestamp>,
}

impl Clock {
    /// A command begins.
    pub(crate) fn begins(&mut self, at: Timestamp) {
        self.since.get_or_insert(at);
    }

    /// A command that began at `started` has ended, and others run on or do not.
    pub(crate) fn ends(&mut self, started: Timestamp, wall_ms: u64, others_run: bool) {
        let ended = started.checked_add(Duration::from_millis(wall_ms)).unwrap_or(started);
        self.until = Some(self.until.map_or(ended, |until| until.max(ended)));
        if others_run {
            return;
        }
        if let (Some(since), Some(until)) = (self.since.take(), self.until.take()) {
            self.used_ms = self.used_ms.saturating_add(millis(since, until));
        }
    }

    /// How long the room was used at the instant `now`.
    pub fn used(&self, now: Timestamp) -> Duration {
        let going_on = self.since.map_or(0, |since| millis(since, now));
        Duration::from_millis(self.used_ms.saturating_add(going_on))
    }
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_772_352_000 + seconds).unwrap()
    }

    #[test]
    fn what_runs_at_once_counts_once_and_breaks_do_not_count() {
        let mut clock = Clock::default();
        clock.begins(at(0));
        clock.begins(at(10));
        clock.ends(at(10), 5_000, true);
        assert_eq!(clock.used(at(20)).as_secs(), 20);
        clock.ends(at(0), 30_000, false);
        assert_eq!(clock.used(at(1000)).as_secs(), 30);
        clock.begins(at(2000));
        assert_eq!(clock.used(at(2007)).as_secs(), 37);
        // The longer one may end first in the ledger.
        clock.begins(at(2001));
        clock.ends(at(2000), 9_000, true);
        clock.ends(at(2001), 4_000, false);
        assert_eq!(clock.used(at(9000)).as_secs(), 39);
    }

    #[test]
    fn what_was_lost_counts_for_no_longer_than_it_is_known_to_have_run() {
        let mut clock = Clock::default();
        clock.begins(at(0));
        clock.ends(at(0), 0, false);
        assert_eq!(clock.used(at(500_000)), Duration::ZERO);
    }
}
