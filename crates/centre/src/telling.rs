//! How much text of a room its people are told outside of its notebook: files that are
//! looked at, what commands printed, names of files, statements that programs put
//! together. Any of it can be made by code that read the data, so what a page shows of
//! it is bounded as what a notebook shows is (decision 0048): for each person, on all
//! rooms of a permit together. What was told once may be told again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use model::{AccountId, PermitId, RoomId, RunId, Timestamp};
use permit::Permit;
use room::notebook::Shown;
use room::scrub::LEFT_OUT;
use room::{Room, RoomEvent};
use sha2::{Digest as _, Sha256};

use crate::journal::{Deed, Done};
use crate::rooms::{RoomStanding, blind};
use crate::{Caller, Centre, Refused};

/// How much may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// At once, bytes.
    pub at_once: u64,
    /// How much more with every minute, bytes.
    pub per_minute: u64,
}

impl Default for Told {
    fn default() -> Self {
        Self { at_once: 4 << 20, per_minute: 512 << 10 }
    }
}

/// Where text is no way to see the data at all, this many times less of it is told:
/// names, and what a script printed when it failed.
const WITHOUT_TEXT: u64 = 64;

/// So many things are known to have been told to somebody.
const MOST_KNOWN: usize = 16_384;

/// How long it is not written down again that something was withheld.
const NOTED: SignedDuration = SignedDuration::from_mins(1);

/// What stands in the place of what is not told.
pub(crate) const WITHHELD: &str = "[withheld: more was to be told of the room than may be in a \
                                   while. Wait some minutes, and print less.]";

/// Whether something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tells {
    /// It is.
    Yes,
    /// It is not: so many bytes, `noted` when that is written down already.
    No { bytes: usize, noted: bool },
}

/// What people were told.
#[derive(Debug, Default)]
pub(crate) struct Telling(Mutex<HashMap<(PermitId, AccountId), Listener>>);

/// What somebody was told.
#[derive(Debug)]
struct Listener {
    shown: Shown,
    /// What they know, by its digest, the newest last.
    known: HashSet<[u8; 32]>,
    order: VecDeque<[u8; 32]>,
    /// When it was last written down that something was withheld.
    noted: Option<Timestamp>,
    /// How much of what a command printed, bytes.
    logs: HashMap<RunId, u64>,
    /// Of a journal, the statements up to that time.
    statements: HashMap<RoomId, Timestamp>,
}

impl Telling {
    fn with<T>(
        &self,
        (permit, account): (&PermitId, &AccountId),
        new: Shown,
        work: impl FnOnce(&mut Listener) -> T,
    ) -> T {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = listeners.entry((permit.clone(), account.clone())).or_insert_with(|| {
            let (known, order, noted) = (HashSet::new(), VecDeque::new(), None);
            let (logs, statements) = (HashMap::new(), HashMap::new());
            Listener { shown: new, known, order, noted, logs, statements }
        });
        work(listener)
    }
}

impl Listener {
    fn tell(&mut self, what: &[u8], now: Timestamp) -> bool {
        let digest: [u8; 32] = Sha256::digest(what).into();
        if self.known.contains(&digest) {
            return true;
        }
        if !self.shown.take(what.len() as u64, now) {
            return false;
        }
        if self.order.len() >= MOST_KNOWN
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(digest);
        self.known.insert(digest);
        true
    }

    /// How much of what a command printed may be told, which is so long now: all of what
    /// came since it was told last, or nothing of that.
    fn tell_log(&mut self, run: &RunId, length: u64, now: Timestamp) -> u64 {
        let before = self.logs.get(run).copied().unwrap_or_default();
        let more = length.saturating_sub(before);
        if !self.shown.take(more, now) {
            return before;
        }
        self.logs.insert(run.clone(), before + more);
        before + more
    }

    /// So many bytes are not told.
    fn withhold(&mut self, bytes: usize, now: Timestamp) -> Tells {
        let noted = self.noted.is_some_and(|noted| now.duration_since(noted) < NOTED);
        if !noted {
            self.noted = Some(now);
        }
        Tells::No { bytes, noted }
    }
}

/// One of the people of a permit, to whom what is told of its rooms is counted.
struct Counted<'a> {
    who: (&'a PermitId, &'a AccountId),
    new: Shown,
    now: Timestamp,
}

impl Centre {
    /// Who is counted; nobody, when it is somebody who checks or proves things.
    fn counted<'a>(&self, permit: &'a Permit, caller: &'a Caller) -> Option<Counted<'a>> {
        let account = &caller.account()?.id;
        if !permit.grant.terms.people.contains(account) {
            return None;
        }
        let (told, now) = (self.parts.told, self.now());
        let less = if blind::hides_text(permit, caller) { WITHOUT_TEXT } else { 1 };
        let new = Shown::new(told.at_once / less, told.per_minute / less, now);
        Some(Counted { who: (&permit.id, account), new, now })
    }

    /// Whether these bytes of a room may be told to the caller now; if so they are.
    pub(crate) fn may_tell(&self, permit: &Permit, caller: &Caller, bytes: &[u8]) -> Tells {
        let Some(counted) = self.counted(permit, caller) else { return Tells::Yes };
        self.telling.with(counted.who, counted.new, |it| {
            if it.tell(bytes, counted.now) {
                Tells::Yes
            } else {
                it.withhold(bytes.len(), counted.now)
            }
        })
    }

    /// Leaves out of what is in a room what is more than may be told: names, and what
    /// programs say of what they hand over.
    pub(crate) fn tell_standing(
        &self,
        permit: &Permit,
        caller: &Caller,
        standing: &mut RoomStanding,
    ) -> Tells {
        let Some(counted) = self.counted(permit, caller) else { return Tells::Yes };
        self.telling.with(counted.who, counted.new, |it| {
            let mut left = 0;
            let mut tell = |what: &[u8]| {
                let is_told = it.tell(what, counted.now);
                left += if is_told { 0 } else { what.len() };
                is_told
            };
            standing.listing.files.retain(|file| tell(file.name.as_str().as_bytes()));
            standing.listing.refused.retain(|refused| tell(refused.shown.as_bytes()));
            match &mut standing.handed_over {
                Ok(wishes) => wishes.retain(|wish| {
                    tell(&serde_json::to_vec(&(&wish.declared, &wish.note)).unwrap_or_default())
                }),
                Err(why) => {
                    if !tell(why.as_bytes()) {
                        why.clear();
                    }
                }
            }
            standing.withheld = left > 0;
            if left > 0 { it.withhold(left, counted.now) } else { Tells::Yes }
        })
    }

    /// What may be told of what a command printed: its beginning, when it is too much.
    pub(crate) fn told_of_log(
        &self,
        permit: &Permit,
        caller: &Caller,
        run: &RunId,
        mut log: String,
    ) -> String {
        let Some(counted) = self.counted(permit, caller) else { return log };
        let told = self
            .telling
            .with(counted.who, counted.new, |it| it.tell_log(run, log.len() as u64, counted.now));
        let told = usize::try_from(told).unwrap_or(usize::MAX);
        if told < log.len() {
            log.truncate(log.floor_char_boundary(told));
            log.push_str(WITHHELD);
        }
        log
    }

    /// Leaves out of a journal the statements that are more than may be told. Programs put
    /// them together; what people typed and what was done stands.
    pub(crate) fn tell_statements(
        &self,
        permit: &Permit,
        caller: &Caller,
        room: &RoomId,
        deeds: &mut [Arc<Deed>],
    ) {
        let hides_text = blind::hides_text(permit, caller);
        let Some(counted) = self.counted(permit, caller) else { return };
        self.telling.with(counted.who, counted.new, |it| {
            let mut until = it.statements.get(room).copied();
            for deed in deeds {
                let Done::Statement(asked) = &deed.what else { continue };
                let is_known = until.is_some_and(|until| deed.at <= until);
                let instead = if hides_text {
                    LEFT_OUT
                } else if is_known || it.shown.take(asked.sql.len() as u64, counted.now) {
                    until = until.max(Some(deed.at));
                    continue;
                } else {
                    WITHHELD
                };
                if let Done::Statement(asked) = &mut Arc::make_mut(deed).what {
                    instead.clone_into(&mut asked.sql);
                }
            }
            if let Some(until) = until {
                it.statements.insert(room.clone(), until);
            }
        });
    }

    /// Writes down that something of a room was not told, if that is new.
    pub(crate) async fn note_withheld(
        &self,
        by: &AccountId,
        id: &RoomId,
        tells: Tells,
    ) -> Result<(), Refused> {
        let Tells::No { bytes, noted: false } = tells else { return Ok(()) };
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let event = RoomEvent::Withheld { by: by.clone(), bytes };
        self.write_on(by, id, &event, Room::is_entered).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_command_prints_what_came_since_is_counted() {
        let now = Timestamp::UNIX_EPOCH;
        let telling = Telling::default();
        let (permit, account) = ("permit-a".parse().unwrap(), "one".parse().unwrap());
        let (a, b): (RunId, RunId) = ("run-a".parse().unwrap(), "run-b".parse().unwrap());
        let tell = |run, length| {
            let new = Shown::new(10, 0, now);
            telling.with((&permit, &account), new, |it| it.tell_log(run, length, now))
        };
        assert_eq!((tell(&a, 4), tell(&a, 4), tell(&a, 6)), (4, 4, 6));
        assert_eq!(tell(&b, 5), 0, "four are left");
        assert_eq!((tell(&b, 4), tell(&a, 7)), (4, 6));
    }

    #[test]
    fn what_is_known_is_told_again_and_costs_nothing() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let telling = Telling::default();
        let (permit, account) = ("permit-a".parse().unwrap(), "one".parse().unwrap());
        let tell = |what: &[u8], second| {
            let new = Shown::new(10, 6, at(second));
            telling.with((&permit, &account), new, |it| it.tell(what, at(second)))
        };
        assert!(tell(b"123456", 0) && tell(b"1234", 0));
        assert!(!tell(b"x", 0), "more than may be at once");
        assert!(tell(b"123456", 0), "what was told before");
        assert!(tell(b"xyz", 60), "it comes back with time");
        let withhold = |second| {
            let new = Shown::new(10, 6, at(second));
            telling.with((&permit, &account), new, |it| it.withhold(7, at(second)))
        };
        assert_eq!(withhold(0), Tells::No { bytes: 7, noted: false });
        assert_eq!(withhold(59), Tells::No { bytes: 7, noted: true }, "once a minute");
        assert_eq!(withhold(60), Tells::No { bytes: 7, noted: false });
    }
}
