//! Places on the machine: how much of it running rooms take, who is next when there
//! is no more, and where in line somebody is (decision 0082).
//!
//! Pure: what runs and waits is read elsewhere, and so is what it holds.

use std::borrow::Borrow;

use model::{AccountId, PermitId, RoomId};

use crate::{Limits, Room};

/// What the machine gives to rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Memory of all that runs in rooms together, bytes.
    pub memory: u64,
    /// How many rooms run something at once at the most; nothing: as many as have
    /// place in the memory.
    pub rooms: Option<u32>,
    /// What a room counts for.
    pub counted: Counted,
    /// What a room that runs counts for at the least, bytes: one that has just begun
    /// holds little yet.
    pub least: u64,
}

/// What a room that runs counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counted {
    /// The memory that it holds.
    #[default]
    Held,
    /// The memory that it may hold.
    Limit,
}

impl Budget {
    /// No end of it.
    pub const BOUNDLESS: Self =
        Self { memory: u64::MAX, rooms: None, counted: Counted::Held, least: 0 };

    /// What a room counts for that runs and holds so much; nothing: that is not
    /// known, and it may hold all that it may. A room that is larger than everything
    /// there is counts for everything: it runs when no other does.
    pub fn takes(&self, limits: &Limits, held: Option<u64>) -> u64 {
        let most = limits.memory.min(self.memory);
        match (self.counted, held) {
            (Counted::Held, Some(held)) => held.max(self.least).min(most),
            (Counted::Held, None) | (Counted::Limit, _) => most,
        }
    }

    /// Whether there is a place for one more room, beside those that count for so
    /// much each.
    pub fn has_place(&self, limits: &Limits, taken: &[u64]) -> bool {
        let rooms = u32::try_from(taken.len()).unwrap_or(u32::MAX);
        let sum = taken.iter().fold(0_u64, |sum, one| sum.saturating_add(*one));
        self.rooms.is_none_or(|most| rooms < most)
            && sum.saturating_add(self.takes(limits, Some(0))) <= self.memory
    }
}

/// A room that has a place or waits for one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim<'a> {
    permit: &'a PermitId,
    /// Whose what runs or waits in it is.
    by: Vec<&'a AccountId>,
}

impl Claim<'_> {
    fn is_of_the_same(&self, other: &Self) -> bool {
        self.permit == other.permit || self.by.iter().any(|by| other.by.contains(by))
    }
}

/// The rooms that wait, first the one whose turn is next. First come, first served,
/// but for those who have something already: a room stands behind all others for each
/// room of its permit, and for each of who asked, that runs or waits before it. So
/// nobody fills the line, and nobody is kept from it.
pub fn in_line<'a, R: Borrow<Room>>(running: &[R], waiting: &'a [R]) -> Vec<&'a RoomId> {
    let runs = running.iter().map(Borrow::<Room>::borrow).map(|room| {
        let by = room.running().map(|run| &run.by).collect();
        Claim { permit: &room.permit, by }
    });
    let mut before: Vec<Claim<'_>> = runs.collect();
    let mut waiting: Vec<_> = waiting
        .iter()
        .map(R::borrow)
        .filter_map(|room| Some((room, room.waiting.as_ref()?)))
        .collect();
    waiting.sort_by_key(|(_, waits)| waits.seq);
    let mut line = Vec::with_capacity(waiting.len());
    for (room, waits) in waiting {
        let claim = Claim { permit: &room.permit, by: vec![&waits.by] };
        let others = before.iter().filter(|other| other.is_of_the_same(&claim)).count();
        line.push((others, &room.id));
        before.push(claim);
    }
    // Keeps the order of asking among equals.
    line.sort_by_key(|(others, _)| *others);
    line.into_iter().map(|(_, room)| room).collect()
}

#[cfg(test)]
mod tests {
    use ledger::{Draft, Entry, Hash, Record as _};
    use model::{ExtractId, RunId, SeededEntropy, Timestamp};
    use permit::RoomTerms;

    use super::*;
    use crate::{Holds, RoomEvent};

    const GIB: u64 = 1 << 30;

    fn limits(mib: u32) -> Limits {
        Limits::of(&RoomTerms { memory_mib: mib, ..RoomTerms::default() }).unwrap()
    }

    fn budget(counted: Counted) -> Budget {
        Budget { memory: 4 * GIB, rooms: Some(3), counted, least: GIB / 4 }
    }

    #[test]
    fn a_room_counts_for_what_it_holds_or_for_what_it_may() {
        let (held, whole) = (budget(Counted::Held), budget(Counted::Limit));
        assert_eq!(held.takes(&limits(2048), Some(GIB)), GIB);
        assert_eq!(held.takes(&limits(2048), Some(0)), GIB / 4, "it has only begun");
        assert_eq!(held.takes(&limits(2048), Some(3 * GIB)), 2 * GIB, "more than it may");
        assert_eq!(held.takes(&limits(128), Some(0)), GIB / 8);
        assert_eq!(held.takes(&limits(2048), None), 2 * GIB, "nobody knows");
        assert_eq!(whole.takes(&limits(2048), Some(0)), 2 * GIB);
    }

    #[test]
    fn there_is_a_place_while_the_sum_and_the_number_allow_one() {
        let whole = budget(Counted::Limit);
        assert!(whole.has_place(&limits(2048), &[2 * GIB]));
        assert!(!whole.has_place(&limits(2048), &[2 * GIB + 1]));
        assert!(whole.has_place(&limits(64), &[0, 0]));
        assert!(!whole.has_place(&limits(64), &[0, 0, 0]), "three rooms at once");
        assert!(!whole.has_place(&limits(64), &[u64::MAX, u64::MAX]));
        assert!(Budget::BOUNDLESS.has_place(&limits(4096), &[u64::MAX]));
    }

    #[test]
    fn a_room_larger_than_everything_runs_alone() {
        let whole = budget(Counted::Limit);
        assert!(whole.has_place(&limits(65_536), &[]));
        assert!(!whole.has_place(&limits(65_536), &[1]));
        assert!(!whole.has_place(&limits(64), &[whole.takes(&limits(65_536), Some(0))]));
    }

    /// A room on permit `permit` in which `by` asked for something at `seq`.
    fn room(permit: u64, by: &str, seq: u64, runs: bool) -> Room {
        let by: AccountId = by.parse().unwrap();
        let id = RoomId::mint(&SeededEntropy::new(seq));
        let run = RunId::mint(&SeededEntropy::new(seq));
        let (command, script) = (vec!["Rscript".to_owned()], None);
        let (notebook, desktop, private) = (false, false, true);
        let opened = RoomEvent::Opened {
            permit: PermitId::mint(&SeededEntropy::new(permit)),
            extract: ExtractId::mint(&SeededEntropy::new(0)),
            limits: limits(1024),
            holds: Holds::default(),
            by: by.clone(),
        };
        let asked = if runs {
            let by = by.clone();
            RoomEvent::RunStarted { run, by, command, script, notebook, desktop, private }
        } else {
            let (by, stays) = (by.clone(), true);
            RoomEvent::RunQueued { run, by, command, script, notebook, desktop, private, stays }
        };
        let entry = |event: &RoomEvent| {
            let draft = Draft::new(&by, id.as_str(), event).unwrap();
            Entry::seal(draft, seq, Timestamp::UNIX_EPOCH, Hash::default()).unwrap()
        };
        let mut room = Room::begin(id.as_str(), opened.clone(), &entry(&opened)).unwrap();
        room.apply(asked.clone(), &entry(&asked)).unwrap();
        room
    }

    #[track_caller]
    fn check(running: &[Room], waiting: &[Room], line: &[u64]) {
        let line: Vec<_> = line.iter().map(|seq| RoomId::mint(&SeededEntropy::new(*seq))).collect();
        assert_eq!(in_line(running, waiting), line.iter().collect::<Vec<_>>());
    }

    #[test]
    fn who_came_first_is_served_first() {
        let waits = [room(1, "a", 30, false), room(2, "b", 10, false), room(3, "c", 20, false)];
        check(&[], &waits, &[10, 20, 30]);
    }

    #[test]
    fn nobody_fills_the_line_and_nobody_is_kept_from_it() {
        // One permit asks four times, by two of its people, before another does once.
        let waits = [
            room(1, "a", 10, false),
            room(1, "b", 11, false),
            room(1, "a", 12, false),
            room(1, "b", 13, false),
            room(2, "c", 14, false),
        ];
        check(&[], &waits, &[10, 14, 11, 12, 13]);
        // So does one person on several permits.
        let waits = [room(1, "a", 10, false), room(2, "a", 11, false), room(3, "c", 12, false)];
        check(&[], &waits, &[10, 12, 11]);
    }

    #[test]
    fn who_has_something_already_is_served_after_who_has_not() {
        let runs = [room(1, "a", 1, true)];
        let waits = [room(1, "b", 10, false), room(2, "c", 11, false)];
        check(&runs, &waits, &[11, 10]);
        check(&[], &waits, &[10, 11]);
    }
}
