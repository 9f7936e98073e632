//! The queue for places on the machine (decision 0082). Who waits is in the ledger;
//! which program waits for it, and when somebody last looked, is known to that
//! program alone.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use ledger::{EntryFilter, Subject};
use model::{AccountId, RoomId, RunId, Timestamp};
use permit::policy::Action;
use room::{GivenUp, LogSink, Room, RoomEvent, Run, Spec, State, Waiting, Waits, queue};
use tokio::sync::{Mutex as Turn, Notify, watch};

use super::begin::Wanted;
use super::{Started, TRIES};
use crate::{Caller, Centre, Refused, blocking};

/// What runs may not be seen to hold anything for so long after it began.
const BEGINNING: SignedDuration = SignedDuration::from_secs(60);

/// How often it is seen to that the next begins: what rooms hold changes by itself.
const OFTEN: Duration = Duration::from_secs(1);

/// How it stands with something that waits.
#[derive(Debug, Clone)]
pub enum Turns {
    /// It waits.
    Waits,
    /// It runs.
    Started(Started),
    /// It does not begin.
    GivenUp(GivenUp),
    /// Its turn came, and it could not be started.
    Failed(String),
}

/// Where something stands in line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What waits.
    pub waiting: Waiting,
    /// In which room.
    pub room: RoomId,
    /// How manieth it is: 1 is next.
    pub number: usize,
    /// How many wait altogether.
    pub of: usize,
}

/// What rooms take of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    /// What the rooms that run something count for, bytes.
    pub taken: u64,
    /// What there is for rooms, bytes.
    pub memory: u64,
}

/// Something that this program waits for.
struct Attended {
    run: RunId,
    /// Whether it is given up when nobody looks any more.
    lapses: bool,
    /// When somebody last looked.
    seen: Timestamp,
    shown: Option<Arc<dyn LogSink>>,
    tell: watch::Sender<Turns>,
    /// Tells other programs that this one waits; never looked at.
    _held: Waits,
}

/// What this program knows of the queue.
#[derive(Default)]
pub(crate) struct Queue {
    attended: Mutex<HashMap<RoomId, Attended>>,
    /// Whether what is asked for keeps its place when this program is gone.
    stays: AtomicBool,
    /// Whether nothing begins any more.
    shut: AtomicBool,
    stirs: Notify,
    turn: Turn<()>,
}

impl Queue {
    pub(super) fn stays(&self) -> bool {
        self.stays.load(Ordering::Relaxed)
    }

    /// Has the queue looked at soon.
    pub(super) fn stir(&self) {
        self.stirs.notify_one();
    }

    fn attended(&self) -> MutexGuard<'_, HashMap<RoomId, Attended>> {
        self.attended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ours(&self, room: &RoomId) -> bool {
        self.attended().contains_key(room)
    }
}

impl Centre {
    /// Whether what `wanted` asks for may begin in a room at once: nobody is before
    /// it in line, and there is a place.
    pub(super) async fn is_next(&self, room: &Room, wanted: &Wanted) -> Result<bool, Refused> {
        let running = self.every_room(&["running"]).await?;
        let mut waiting = self.waited_for().await?;
        let mut last = room.clone();
        last.waiting = Some(Waiting {
            run: wanted.run.clone(),
            by: wanted.by.clone(),
            command: Vec::new(),
            script: None,
            notebook: false,
            desktop: false,
            stays: false,
            asked_at: self.now(),
            seq: u64::MAX,
        });
        waiting.push(Arc::new(last));
        let first = queue::in_line(&running, &waiting).first().map(|id| (*id).clone());
        Ok(first.as_ref() == Some(&room.id) && self.has_place(room, running).await?)
    }

    async fn has_place(&self, room: &Room, running: Vec<Arc<Room>>) -> Result<bool, Refused> {
        let taken = self.taken(running).await?;
        Ok(self.parts.places.has_place(&room.limits, &taken))
    }

    /// What each of the rooms that run something counts for.
    async fn taken(&self, running: Vec<Arc<Room>>) -> Result<Vec<u64>, Refused> {
        let (runtime, places, now) = (self.parts.runtime.clone(), self.parts.places, self.now());
        blocking("asking what rooms hold", move || {
            let young = |run: &Run| now.duration_since(run.started_at) < BEGINNING;
            let takes = |room: &Room| {
                let is_young = room.running().any(young);
                let held = runtime.held(&room.id).or_else(|| is_young.then_some(0));
                places.takes(&room.limits, held)
            };
            running.iter().map(|room| takes(room)).collect()
        })
        .await
    }

    /// What rooms take of the machine now, for whoever runs it.
    pub async fn takes(&self) -> Result<Takes, Refused> {
        let taken = self.taken(self.every_room(&["running"]).await?).await?;
        let taken = taken.iter().fold(0_u64, |sum, one| sum.saturating_add(*one));
        Ok(Takes { taken, memory: self.parts.places.memory })
    }

    /// The rooms that wait, and for which some program does. What nobody waits for
    /// stands in nobody's way.
    async fn waited_for(&self) -> Result<Vec<Arc<Room>>, Refused> {
        let waiting = self.every_room(&["waiting"]).await?;
        if waiting.is_empty() {
            return Ok(waiting);
        }
        let ours: Vec<RoomId> = self.queue.attended().keys().cloned().collect();
        let (runtime, now) = (self.parts.runtime.clone(), self.now());
        blocking("asking who waits", move || {
            let is_waited_for = |room: &Room| {
                room.waiting.as_ref().is_some_and(|waits| {
                    ours.contains(&room.id)
                        || runtime.is_waited_for(&room.id)
                        || now.duration_since(waits.asked_at) < BEGINNING
                })
            };
            waiting.into_iter().filter(|room| is_waited_for(room)).collect()
        })
        .await
    }

    /// The line: the rooms that wait, the next one first.
    async fn line(&self) -> Result<Vec<Arc<Room>>, Refused> {
        let waiting = self.waited_for().await?;
        if waiting.is_empty() {
            return Ok(waiting);
        }
        let running = self.every_room(&["running"]).await?;
        let line = queue::in_line(&running, &waiting);
        let room = |id: &&RoomId| waiting.iter().find(|room| room.id == **id).cloned();
        Ok(line.iter().filter_map(room).collect())
    }

    /// The queue, as far as the caller may see its rooms, the next one first.
    pub async fn queue(&self, caller: &Caller) -> Result<Vec<Place>, Refused> {
        let line = self.line().await?;
        let of = line.len();
        let mut places = Vec::new();
        for (room, number) in line.into_iter().zip(1..) {
            let thing = self.room_thing(&room).await?;
            if self.ruling(caller, Action::SeeRoom, &thing).allowed
                && let Some(waiting) = room.waiting.clone()
            {
                places.push(Place { waiting, room: room.id.clone(), number, of });
            }
        }
        Ok(places)
    }

    /// Where a room stands in line, for those who may see it; nothing, when it does
    /// not. Who asked for it is seen to wait still.
    pub async fn place_in_line(
        &self,
        caller: &Caller,
        id: &RoomId,
    ) -> Result<Option<Place>, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        self.require(caller, Action::SeeRoom, &self.room_thing(&room).await?)?;
        let Some(waits) = &room.waiting else { return Ok(None) };
        if caller.account().is_some_and(|account| account.id == waits.by)
            && let Some(attended) = self.queue.attended().get_mut(id)
        {
            attended.seen = self.now();
        }
        let place = self.queue(caller).await?.into_iter().find(|place| place.room == *id);
        Ok(place)
    }

    /// How it stands with what this program waits for in a room.
    pub fn turns(&self, id: &RoomId) -> Option<watch::Receiver<Turns>> {
        self.queue.attended().get(id).map(|attended| attended.tell.subscribe())
    }

    /// Gives up the place in line of what waits in a room.
    pub async fn leave_queue(&self, caller: &Caller, id: &RoomId) -> Result<(), Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let actor = self.require(caller, Action::EnterRoom, &self.room_thing(&room).await?)?;
        let Some(waits) = &room.waiting else {
            return Err(Refused::Conflict(format!("nothing waits in room `{id}`")));
        };
        if self.give_up(&actor, id, &waits.run, GivenUp::ByPerson).await? {
            Ok(())
        } else {
            Err(Refused::Conflict(format!("what waited in room `{id}` has begun meanwhile")))
        }
    }

    /// Writes down that something is not waited for any more. Says whether it was.
    async fn give_up(
        &self,
        actor: &AccountId,
        id: &RoomId,
        run: &RunId,
        why: GivenUp,
    ) -> Result<bool, Refused> {
        let given_up = RoomEvent::RunGivenUp { run: run.clone(), why };
        let of_run = run.clone();
        let waits = move |room: &Room| is_waited_for(room, &of_run);
        let written = self.write_on(actor, id, &given_up, waits).await?;
        self.dismiss(id, run, why);
        Ok(written)
    }

    /// Waits no longer for something, and says why to whoever does.
    fn dismiss(&self, id: &RoomId, run: &RunId, why: GivenUp) {
        let is_it = |attended: &Attended| attended.run == *run;
        let gone = match self.queue.attended().entry(id.clone()) {
            Entry::Occupied(entry) if is_it(entry.get()) => entry.remove(),
            _ => return,
        };
        // Nobody may listen.
        let _ = gone.tell.send(Turns::GivenUp(why));
        self.queue.stir();
    }

    /// Waits for a place for what the ledger says waits in a room, unless another
    /// program does.
    pub(super) async fn attend(
        &self,
        id: &RoomId,
        run: &RunId,
        shown: Option<Arc<dyn LogSink>>,
    ) -> Result<(), Refused> {
        let (runtime, room) = (self.parts.runtime.clone(), id.clone());
        let held = blocking("waiting for a place", move || runtime.wait_for_place(&room))
            .await?
            .map_err(|error| Refused::failed("waiting for a place", error))?;
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let waits = room.waiting.as_ref().filter(|waits| waits.run == *run);
        if let (Some(held), Some(waits)) = (held, waits) {
            let (tell, _) = watch::channel(Turns::Waits);
            let (lapses, seen, run) = (waits.is_session(), self.now(), run.clone());
            let attended = Attended { run, lapses, seen, shown, tell, _held: held };
            self.queue.attended().insert(id.clone(), attended);
        }
        Ok(())
    }

    /// Takes over what an earlier program waited for.
    pub(super) async fn take_over_queue(&self) -> Result<(), Refused> {
        self.queue.stays.store(true, Ordering::Relaxed);
        for room in self.every_room(&["waiting"]).await? {
            if let Some(waits) = room.waiting.as_ref().filter(|waits| waits.stays)
                && !self.queue.is_ours(&room.id)
            {
                self.attend(&room.id, &waits.run, None).await?;
            }
        }
        Ok(())
    }

    /// Takes over what this program should wait for, and gives up what no program
    /// waits for.
    pub(super) async fn see_to_unwaited(&self) -> Result<(), Refused> {
        let waited_for = self.waited_for().await?;
        for room in self.every_room(&["waiting"]).await? {
            let Some(waits) = &room.waiting else { continue };
            if waited_for.iter().any(|other| other.id == room.id) {
                continue;
            }
            if !waits.stays {
                self.give_up(&waits.by, &room.id, &waits.run, GivenUp::ProgramGone).await?;
            } else if self.queue.stays() {
                self.attend(&room.id, &waits.run, None).await?;
            }
        }
        Ok(())
    }

    /// Begins nothing more that waits. What keeps its place does; the rest is given
    /// up.
    pub(super) async fn shut_queue(&self) -> Result<(), Refused> {
        self.queue.shut.store(true, Ordering::Relaxed);
        let _turn = self.queue.turn.lock().await;
        let ours: Vec<RoomId> = self.queue.attended().keys().cloned().collect();
        for id in ours {
            let (room, _) = self.load::<Room>(id.as_str()).await?;
            if let Some(waits) = room.waiting.as_ref().filter(|waits| !waits.stays) {
                self.give_up(&waits.by, &id, &waits.run, GivenUp::ProgramGone).await?;
            }
        }
        self.queue.attended().clear();
        Ok(())
    }

    /// Resolves when the queue should be looked at: something ended, or a moment
    /// went by.
    pub async fn queue_stirs(&self) {
        let _a_moment_went_by = tokio::time::timeout(OFTEN, self.queue.stirs.notified()).await;
    }

    /// Gives up what nobody waits for any longer, and begins what this program waits
    /// for and has its turn. Others' are begun by them.
    pub async fn see_to_queue(self: &Arc<Self>) -> Result<(), Refused> {
        let _turn = self.queue.turn.lock().await;
        self.let_lapse().await?;
        for _ in 0..TRIES {
            if self.queue.attended().is_empty()
                || self.queue.shut.load(Ordering::Relaxed)
                || !self.begin_next().await?
            {
                break;
            }
        }
        Ok(())
    }

    async fn let_lapse(&self) -> Result<(), Refused> {
        let ours: Vec<_> = {
            let attended = self.queue.attended();
            let of = |(id, one): (&RoomId, &Attended)| {
                (id.clone(), one.run.clone(), one.lapses, one.seen)
            };
            attended.iter().map(of).collect()
        };
        for (id, run, lapses, seen) in ours {
            let (room, _) = self.load::<Room>(id.as_str()).await?;
            let Some(waits) = room.waiting.as_ref().filter(|waits| waits.run == run) else {
                // Given up through another program, or with its room.
                self.dismiss(&id, &run, GivenUp::ByPerson);
                continue;
            };
            if lapses && self.now().duration_since(seen) >= self.parts.patience {
                tracing::info!(room = %id, %run, "nobody waits for it any longer");
                self.give_up(&waits.by, &id, &run, GivenUp::NobodyWaits).await?;
            }
        }
        Ok(())
    }

    /// Begins what is first in line, if this program waits for it and there is a
    /// place. Says whether to look again.
    async fn begin_next(self: &Arc<Self>) -> Result<bool, Refused> {
        let length = self.parts.book.length().await?;
        let Some(next) = self.line().await?.into_iter().next() else { return Ok(false) };
        let running = self.every_room(&["running"]).await?;
        if !self.queue.is_ours(&next.id) || !self.has_place(&next, running).await? {
            return Ok(false);
        }
        let Some(waits) = next.waiting.clone() else { return Ok(false) };
        let spec = match self.may_still_begin(&next, &waits.by).await {
            Ok(spec) => spec,
            // It says nothing of who asked.
            Err(refused @ (Refused::Book(_) | Refused::Failed { .. })) => return Err(refused),
            Err(refused) => {
                tracing::info!(room = %next.id, %refused, "what waited may not begin any more");
                self.give_up(&waits.by, &next.id, &waits.run, GivenUp::NotAllowed).await?;
                return Ok(true);
            }
        };
        let wanted = self.wanted(&next.id, &waits.run).await?;
        let (begins, run) = (wanted.begins(), waits.run.clone());
        let fits = move |room: &Room| room.state == State::Waiting && is_waited_for(room, &run);
        if !self.write_in_turn(&waits.by, &next.id, &begins, (fits, length)).await? {
            return Ok(true);
        }
        let (shown, tell) = match self.queue.attended().remove(&next.id) {
            Some(attended) => (attended.shown, Some(attended.tell)),
            None => (None, None),
        };
        let told = match self.launch(&spec, wanted, shown).await {
            Ok(started) => Turns::Started(started),
            Err(refused) => {
                tracing::error!(room = %next.id, %refused, "what waited could not be started");
                Turns::Failed(refused.to_string())
            }
        };
        // Nobody may listen.
        let _ = tell.map(|tell| tell.send(told));
        Ok(true)
    }

    /// Whether who asked may still have it begun, now that they are not here to ask.
    async fn may_still_begin(&self, room: &Room, by: &AccountId) -> Result<Spec, Refused> {
        let caller = self.caller(by).await?;
        let (_, _, spec) = self.may_begin(&caller, room).await?;
        Ok(spec)
    }

    /// What was asked for, as the ledger has it.
    async fn wanted(&self, id: &RoomId, run: &RunId) -> Result<Wanted, Refused> {
        let filter = EntryFilter {
            subject: Some(Subject::new("room", id.as_str())),
            acts: vec!["room.run-queued".to_owned()],
            newest_first: true,
            limit: 1,
            ..EntryFilter::default()
        };
        let found = self.entries(filter).await?;
        let entry = found.items.first().ok_or_else(|| Refused::absent("run", run))?;
        let event: RoomEvent =
            entry.event().map_err(|error| Refused::failed("reading what waits", error))?;
        Wanted::of(event)
            .filter(|wanted| wanted.run == *run)
            .ok_or_else(|| Refused::absent("run", run))
    }
}

/// Whether this is what waits in a room.
fn is_waited_for(room: &Room, run: &RunId) -> bool {
    room.waiting.as_ref().is_some_and(|waits| waits.run == *run)
}
