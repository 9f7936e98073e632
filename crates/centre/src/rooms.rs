//! Rooms: opening, running, looking, closing. A room is derived from its permit
//! on every access (invariant 4).

mod begin;
pub(crate) mod blind;
mod outliving;
mod queue;
mod upkeep;

use std::sync::Arc;

use ledger::{BookError, Guard};
use linkage::Extract;
use model::{AccountId, PermitId, RoomId, RunId};
use permit::policy::{Action, Thing};
use permit::{Permit, Strictness};
use room::{
    Closing, Ended, Listing, LogLine, LogSink, Outcome, Room, RoomEvent, RunEnd, Running, Script,
    Spec, WorkName,
};

use crate::outputs::{self, HANDED_OVER, LONGEST_HANDED_OVER, Wish};
use crate::telling::Tells;
use crate::{Caller, Centre, Refused, blocking, draft};

pub use self::begin::Begun;
pub(crate) use self::begin::Wanted;
pub(crate) use self::queue::Queue;
pub use self::queue::{Place, Takes, Turns};

/// The largest file of a room that is shown inside, bytes.
pub const LARGEST_LOOK: u64 = 1 << 20;

/// How many times it is decided again what begins in a room because somebody else began
/// something meanwhile.
const TRIES: usize = 50;

/// The states of rooms that are there.
const THERE: [&str; 4] = ["open", "waiting", "running", "frozen"];

/// A command that was started in a room.
#[derive(Clone)]
pub struct Started {
    /// Which.
    pub run: RunId,
    done: tokio::sync::watch::Receiver<Option<Arc<Ended>>>,
}

impl std::fmt::Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Started").field("run", &self.run).finish_non_exhaustive()
    }
}

impl Started {
    /// Waits until the command has ended and the ledger says so.
    pub async fn ended(mut self) -> Option<Ended> {
        let ended = self.done.wait_for(Option::is_some).await.ok()?;
        ended.as_deref().cloned()
    }
}

/// How full a room is, what runs, and what is in it.
#[derive(Debug, Clone)]
pub struct RoomStanding {
    /// How full.
    pub standing: room::Standing,
    /// What is in the work folder.
    pub listing: Listing,
    /// What the run that was asked about has printed so far.
    pub log: Option<String>,
    /// What programs in the room handed over, to be asked out; or why that
    /// cannot be read.
    pub handed_over: Result<Vec<Wish>, String>,
    /// Whether the data of the room are not to be seen: the rest is told dimmed.
    pub blind: bool,
    /// Whether its people see it as pixels alone: its files are looked at on its
    /// desktop.
    pub pixels: bool,
    /// Whether some of it is left out, because more was to be told than may be in a while.
    pub withheld: bool,
}

struct Tee {
    kept: Arc<dyn LogSink>,
    shown: Option<Arc<dyn LogSink>>,
}

impl LogSink for Tee {
    fn line(&self, line: LogLine<'_>) {
        self.kept.line(line);
        if let Some(shown) = &self.shown {
            shown.line(line);
        }
    }

    fn ended(&self, ended: &Ended) {
        self.kept.ended(ended);
        if let Some(shown) = &self.shown {
            shown.ended(ended);
        }
    }
}

impl Centre {
    /// Opens a room on the newest of a permit's extracts that are as strict.
    pub async fn open_room(
        &self,
        caller: &Caller,
        id: &PermitId,
        strictness: Strictness,
    ) -> Result<RoomId, Refused> {
        let (permit, _) = self.load::<Permit>(id.as_str()).await?;
        let actor = self.require(caller, Action::OpenRoom, &self.permit_thing(&permit).await?)?;
        let active = self.activate(&permit)?;
        if permit.grant.terms.linkage.threshold_of(strictness).is_none() {
            return Err(Refused::Conflict(format!(
                "permit `{id}` has no {} extract: its terms ask for one alone",
                strictness.as_str()
            )));
        }
        let extract = self.newest_extract(id, strictness).await?.ok_or_else(|| {
            Refused::Conflict(format!("permit `{id}` has no extract yet: build it first"))
        })?;
        let there = self.every_room_of(id).await?;
        if there.iter().filter(|room| room.state != room::State::Closed).count()
            >= Room::OF_A_PERMIT
        {
            return Err(Refused::Conflict(format!(
                "permit `{id}` has {} rooms, and no more: work in one of them, or remove one that \
                 is closed",
                Room::OF_A_PERMIT
            )));
        }
        let room = RoomId::mint(self.parts.entropy.as_ref());
        let folder = self.parts.extracts.folder(&extract.id);
        let spec = Spec::new(room.clone(), &active, extract.id.clone(), &folder)
            .map_err(|error| Refused::Conflict(error.to_string()))?;
        let event = {
            let (runtime, opened) = (self.parts.runtime.clone(), spec.clone());
            let holds = blocking("opening the room", move || runtime.open(&opened))
                .await?
                .map_err(|error| Refused::failed("opening the room", error))?;
            RoomEvent::Opened {
                permit: id.clone(),
                extract: extract.id.clone(),
                limits: *spec.limits(),
                holds,
                by: actor.clone(),
            }
        };
        if let Err(refused) = self.write(&actor, room.as_str(), &event, None).await {
            let runtime = self.parts.runtime.clone();
            let unwritten = room.clone();
            let _ = blocking("closing the room", move || runtime.close(&unwritten)).await;
            return Err(refused);
        }
        Ok(room)
    }

    /// Starts a command in a room, or has it wait for a place on the machine. Its
    /// lines are kept, and shown to `shown` as they come.
    pub async fn start_run(
        self: &Arc<Self>,
        caller: &Caller,
        id: &RoomId,
        command: Vec<String>,
        script: Option<Script>,
        shown: Option<Arc<dyn LogSink>>,
    ) -> Result<Begun, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let (by, _, spec) = self.may_begin(caller, &room).await?;
        // What it prints is told when it is over, and scrubbed.
        let permit = self.permit_of(&room).await?;
        let shown = shown.filter(|_| !blind::hides_text(&permit, caller));
        let run = RunId::mint(self.parts.entropy.as_ref());
        let wanted = Wanted { run, by, command, script, session: None, private: true };
        self.begin(&spec, wanted, shown).await
    }

    async fn note_end(
        &self,
        actor: &AccountId,
        id: &RoomId,
        run: &RunId,
        ended: &Ended,
    ) -> Result<(), Refused> {
        let (runtime, room) = (self.parts.runtime.clone(), id.clone());
        let listing = blocking("listing the work folder", move || {
            runtime.work_of_all(&room).and_then(|work| work.list()).unwrap_or_default()
        })
        .await?;
        let opened = self.rows_of(id, ended.opened.clone()).await?;
        let event = ended.event(run, &listing, opened);
        let of_run = run.clone();
        if !self.write_on(actor, id, &event, move |room| room.is_running(&of_run)).await? {
            tracing::warn!(room = %id, %run, outcome = %ended.outcome, "the end of this run was written down before");
        }
        Ok(())
    }

    /// Writes what happened in a room if it `fits` the room as it is then, whatever
    /// else was written about it meanwhile. Says whether it did.
    pub(crate) async fn write_on(
        &self,
        actor: &AccountId,
        id: &RoomId,
        event: &RoomEvent,
        fits: impl Fn(&Room) -> bool + Send + Sync + 'static,
    ) -> Result<bool, Refused> {
        let draft = draft(actor, id.as_str(), event)?;
        match self.append(vec![draft], vec![Guard::fits(id.as_str(), fits)]).await {
            Err(BookError::Changed(_)) => Ok(false),
            written => Ok(written.map(|_| true)?),
        }
    }

    /// Stops one of the commands that run in a room, or gives up the place of what
    /// waits there. Not said which: the only one.
    pub async fn stop_run(
        &self,
        caller: &Caller,
        id: &RoomId,
        run: Option<&RunId>,
    ) -> Result<(), Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        self.require(caller, Action::EnterRoom, &self.room_thing(&room).await?)?;
        let is_meant = |known: &RunId| run.is_none_or(|run| run == known);
        if room.waiting.as_ref().is_some_and(|waits| is_meant(&waits.run)) {
            return self.leave_queue(caller, id).await;
        }
        let running = self.parts.runtime.running(id);
        let meant: Vec<_> = running.iter().filter(|running| is_meant(running.run())).collect();
        match (meant.as_slice(), run) {
            ([one], _) => {
                one.stop();
                Ok(())
            }
            ([], Some(run)) => {
                Err(Refused::Conflict(format!("`{run}` does not run in room `{id}`")))
            }
            ([], None) => Err(Refused::Conflict(format!("nothing runs in room `{id}`"))),
            (several, _) => {
                let runs: Vec<_> =
                    several.iter().map(|running| format!("`{}`", running.run())).collect();
                let runs = runs.join(", ");
                Err(Refused::Conflict(format!(
                    "several commands run in room `{id}` ({runs}): say which is to be stopped"
                )))
            }
        }
    }

    /// What a run printed, for the people of the room.
    pub async fn run_log(
        &self,
        caller: &Caller,
        id: &RoomId,
        run: &RunId,
    ) -> Result<String, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        self.require(caller, Action::EnterRoom, &self.room_thing(&room).await?)?;
        let (logs, of, wanted) = (self.parts.logs.clone(), id.clone(), run.clone());
        let mut log = self
            .briefly("reading the log", move || logs.read(&of, &wanted))
            .await?
            .map_err(|why| Refused::failed("reading the log", why))?;
        let permit = self.permit_of(&room).await?;
        if blind::hides_text(&permit, caller) {
            log = self.dim_log(&room, run, &log).await?;
        }
        Ok(self.told_of_log(&permit, caller, run, log))
    }

    /// How full a room is and what is in it, and the log of one run if it is
    /// asked for, for the people of the room.
    pub async fn room_standing(
        &self,
        caller: &Caller,
        id: &RoomId,
        run: Option<&RunId>,
    ) -> Result<RoomStanding, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let actor = self.require(caller, Action::EnterRoom, &self.room_thing(&room).await?)?;
        let permit = self.permit_of(&room).await?;
        let blind = blind::is_blind(&permit, caller);
        let mut standing = self.whole_standing(&actor, id, run, blind).await?;
        if blind::hides_text(&permit, caller) {
            blind::dim_fullness(&mut standing.standing);
        }
        if blind {
            self.dim_standing(&room, run, &mut standing).await?;
        } else if blind::hides_text(&permit, caller) {
            standing.pixels = true;
            if let (Some(run), Some(log)) = (run, &standing.log) {
                standing.log = Some(self.dim_log(&room, run, log).await?);
            }
        }
        if let (Some(run), Some(log)) = (run, standing.log.take()) {
            standing.log = Some(self.told_of_log(&permit, caller, run, log));
        }
        let tells = self.tell_standing(&permit, caller, &mut standing);
        self.note_withheld(&actor, id, tells).await?;
        Ok(standing)
    }

    async fn whole_standing(
        &self,
        person: &AccountId,
        id: &RoomId,
        run: Option<&RunId>,
        blind: bool,
    ) -> Result<RoomStanding, Refused> {
        let (runtime, logs) = (self.parts.runtime.clone(), self.parts.logs.clone());
        let (room, run, person) = (id.clone(), run.cloned(), person.clone());
        let who = (room.clone(), person.clone(), run.clone());
        let look = blocking("looking into the room", move || {
            let failed = |error: room::WorkError| error.to_string();
            let standing = runtime.standing(&room).map_err(failed)?;
            let work = runtime.work_of(&room, &person).map_err(failed)?;
            let listing = work.list().map_err(failed)?;
            let log = run.map(|run| logs.read(&room, &run)).transpose()?;
            let list = listing.files.iter().find(|file| file.name.as_str() == HANDED_OVER);
            let handed_over = list.map_or(Ok(Vec::new()), |file| {
                let taken = work.take(&file.name, LONGEST_HANDED_OVER);
                outputs::handed_over(&taken.map_err(|error| error.to_string())?.bytes)
            });
            Ok(RoomStanding {
                standing,
                listing,
                log,
                handed_over,
                blind: false,
                pixels: false,
                withheld: false,
            })
        });
        let look = async {
            let looked = look.await?.map(Arc::new);
            looked.map_err(|why: String| Refused::failed("looking into the room", why))
        };
        let looked = self.standings.ask(who, look).await?;
        Ok(RoomStanding { blind, ..RoomStanding::clone(&looked) })
    }

    /// The permit of a room, for those who may see the room.
    pub async fn permit_of_room(
        &self,
        caller: &Caller,
        room: &Room,
    ) -> Result<Arc<Permit>, Refused> {
        self.require(caller, Action::SeeRoom, &self.room_thing(room).await?)?;
        self.permit_of(room).await
    }

    /// A file of the work folder, for the people of the room to look at inside.
    /// At most [`LARGEST_LOOK`] bytes. Nobody sees it before the ledger says who
    /// looked at what (invariant 5).
    pub async fn read_in_room(
        &self,
        caller: &Caller,
        id: &RoomId,
        name: &str,
    ) -> Result<Vec<u8>, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let actor = self.require(caller, Action::EnterRoom, &self.room_thing(&room).await?)?;
        let permit = self.permit_of(&room).await?;
        if !blind::is_blind(&permit, caller) && blind::hides_text(&permit, caller) {
            return Err(Refused::Conflict(format!(
                "the permit of room `{id}` is for a desktop: its files are looked at there"
            )));
        }
        if blind::is_blind(&permit, caller) {
            return Err(Refused::Conflict(format!(
                "nobody sees the data of room `{id}`: its permit says so. Ask for the file to be \
                 taken out: it is checked first"
            )));
        }
        let name: WorkName =
            name.parse().map_err(|error: room::NameError| Refused::Conflict(error.to_string()))?;
        let file = name.as_str().to_owned();
        let (runtime, room, person) = (self.parts.runtime.clone(), id.clone(), actor.clone());
        let taken = self
            .briefly("reading a file of the room", move || {
                let work = runtime.work_of(&room, &person).map_err(|error| error.to_string())?;
                work.take(&name, LARGEST_LOOK).map_err(|error| error.to_string())
            })
            .await?
            .map_err(Refused::Conflict)?;
        let looked = RoomEvent::Looked {
            by: actor.clone(),
            file,
            bytes: u64::try_from(taken.bytes.len()).unwrap_or(u64::MAX),
            sha256: taken.sha256,
        };
        let tells = self.may_tell(&permit, caller, &taken.bytes);
        if tells != Tells::Yes {
            self.note_withheld(&actor, id, tells).await?;
            return Err(Refused::Conflict(format!(
                "more was to be shown of room `{id}` than may be in a while: wait some minutes"
            )));
        }
        if self.write_on(&actor, id, &looked, Room::is_entered).await? {
            Ok(taken.bytes)
        } else {
            Err(Refused::Conflict(format!("room `{id}` was closed meanwhile")))
        }
    }

    /// One room, for those who may see it.
    pub async fn room(&self, caller: &Caller, id: &RoomId) -> Result<Arc<Room>, Refused> {
        let (mut room, _) = self.load::<Room>(id.as_str()).await?;
        self.require(caller, Action::SeeRoom, &self.room_thing(&room).await?)?;
        if blind::is_blind(self.permit_of(&room).await?.as_ref(), caller) {
            blind::dim_room(Arc::make_mut(&mut room));
        }
        Ok(room)
    }

    /// The rooms the caller may see, newest first.
    pub async fn rooms(&self, caller: &Caller) -> Result<Vec<Arc<Room>>, Refused> {
        let mut seen = Vec::new();
        for mut room in self.every_room(&[]).await? {
            let thing = self.room_thing(&room).await?;
            if self.ruling(caller, Action::SeeRoom, &thing).allowed {
                if blind::is_blind(self.permit_of(&room).await?.as_ref(), caller) {
                    blind::dim_room(Arc::make_mut(&mut room));
                }
                seen.push(room);
            }
        }
        Ok(seen)
    }

    /// Closes a room: what runs is stopped, and nobody enters it. Its files stay
    /// until the standstill is over: until then it can be opened again.
    pub async fn close_room(&self, caller: &Caller, id: &RoomId) -> Result<(), Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let actor = self.require(caller, Action::CloseRoom, &self.room_thing(&room).await?)?;
        if !room.is_entered() {
            return Err(Refused::Conflict(format!("room `{id}` is closed already")));
        }
        self.shut(&actor, id, Closing::ByPerson).await?;
        if self.parts.standstill.is_zero() { self.remove(&actor, id).await } else { Ok(()) }
    }

    /// Opens a closed room again, with everything as it was.
    pub async fn reopen_room(&self, caller: &Caller, id: &RoomId) -> Result<(), Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let permit = self.permit_of(&room).await?;
        let actor = self.require(caller, Action::OpenRoom, &self.permit_thing(&permit).await?)?;
        self.activate(&permit)?;
        let (own, _) = self.load::<Extract>(room.extract.as_str()).await?;
        let newest = self.newest_extract(&permit.id, own.manifest.strictness).await?;
        if room.state != room::State::Frozen {
            return Err(Refused::Conflict(format!("room `{id}` is not frozen")));
        }
        if newest.is_none_or(|extract| extract.id != room.extract) {
            return Err(Refused::Conflict(format!(
                "the extract that room `{id}` was opened on is not the permit's any more: open \
                 another room"
            )));
        }
        let thawed = RoomEvent::Thawed { by: actor.clone() };
        if self.write_on(&actor, id, &thawed, |room| room.state == room::State::Frozen).await? {
            Ok(())
        } else {
            Err(Refused::Conflict(format!("room `{id}` was removed meanwhile")))
        }
    }

    /// Removes a closed room before its standstill is over. One whose permit was
    /// taken back stays: what was done in it may be asked about.
    pub async fn remove_room(&self, caller: &Caller, id: &RoomId) -> Result<(), Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let actor = self.require(caller, Action::CloseRoom, &self.room_thing(&room).await?)?;
        let revoked = self.permit_of(&room).await?.revoked.is_some();
        if room.state == room::State::Closed {
            return Err(Refused::Conflict(format!("room `{id}` is removed already")));
        }
        match room.frozen_until {
            None => Err(Refused::Conflict(format!("close room `{id}` first"))),
            Some(until) if revoked && self.now() < until => Err(Refused::Conflict(format!(
                "the permit of room `{id}` was taken back: what is in it stays until {until}"
            ))),
            Some(_) => self.remove(&actor, id).await,
        }
    }

    pub(crate) async fn permit_of(&self, room: &Room) -> Result<Arc<Permit>, Refused> {
        Ok(self.load::<Permit>(room.permit.as_str()).await?.0)
    }

    /// The permit of a room as the policy sees it now.
    pub async fn permit_thing_of_room(&self, room: &Room) -> Result<Thing, Refused> {
        self.permit_thing(self.permit_of(room).await?.as_ref()).await
    }

    /// The room as the policy sees it now. A room in which something runs is open.
    pub async fn room_thing(&self, room: &Room) -> Result<Thing, Refused> {
        let permit = self.permit_of(room).await?;
        let state = if room.is_entered() { "open" } else { "closed" };
        Ok(Thing::room(&room.id, state, &permit, self.now()))
    }

    pub(crate) async fn every_room_of(&self, permit: &PermitId) -> Result<Vec<Arc<Room>>, Refused> {
        self.every(&[], Some(permit.to_string())).await
    }

    pub(crate) async fn every_room(&self, states: &[&str]) -> Result<Vec<Arc<Room>>, Refused> {
        self.every(states, None).await
    }
}

async fn wait_for(running: Arc<dyn Running>) -> Ended {
    blocking("waiting for the command", move || running.wait()).await.unwrap_or(Ended::LOST)
}

/// Whether a run ended well.
pub const fn ended_well(end: &RunEnd) -> bool {
    matches!(end.outcome, Outcome::Finished)
}
