//! Beginning a command, a notebook or a desktop in a room: at once where the machine
//! has a place for it, else in line (decision 0082).

use std::sync::Arc;
use std::time::Duration;

use ledger::{BookError, Event as _, Guard, Subject};
use model::{AccountId, RoomId, RunId, Timestamp};
use permit::Way;
use permit::policy::Action;
use room::{
    Command, Ended, LogSink, Outcome, Room, RoomEvent, Run, Running, Runtime, Script, Spec,
    StartError, State, Stay,
};

use super::{Started, TRIES, Tee};
use crate::statements::OfRun;
use crate::{Caller, Centre, Refused, blocking, draft};

/// What came of asking for something to be begun.
#[derive(Debug, Clone)]
pub enum Begun {
    /// It runs.
    Started(Started),
    /// It waits for a place on the machine, under the id that it will have.
    Waits(RunId),
}

impl Begun {
    /// The id of what runs, or will.
    pub const fn run(&self) -> &RunId {
        match self {
            Self::Started(started) => &started.run,
            Self::Waits(run) => run,
        }
    }

    /// What runs; nothing, when it waits.
    pub fn started(self) -> Option<Started> {
        match self {
            Self::Started(started) => Some(started),
            Self::Waits(_) => None,
        }
    }
}

/// What is to be begun in a room.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) run: RunId,
    pub(crate) by: AccountId,
    pub(crate) command: Vec<String>,
    pub(crate) script: Option<Script>,
    /// Whether it is the notebook or the desktop; nothing: a command.
    pub(crate) session: Option<Way>,
    /// Whether it sees the private folder of who asks for it.
    pub(crate) private: bool,
}

impl Wanted {
    /// As it was asked for when it had to wait.
    pub(super) fn of(event: RoomEvent) -> Option<Self> {
        let RoomEvent::RunQueued { run, by, command, script, notebook, desktop, private, .. } =
            event
        else {
            return None;
        };
        let session = match (notebook, desktop) {
            (true, _) => Some(Way::Notebook),
            (_, true) => Some(Way::Desktop),
            _ => None,
        };
        Some(Self { run, by, command, script, session, private })
    }

    const fn is(&self, way: Way) -> bool {
        matches!(
            (self.session, way),
            (Some(Way::Notebook), Way::Notebook) | (Some(Way::Desktop), Way::Desktop)
        )
    }

    pub(super) fn begins(&self) -> RoomEvent {
        RoomEvent::RunStarted {
            run: self.run.clone(),
            by: self.by.clone(),
            command: self.command.clone(),
            script: self.script.clone(),
            notebook: self.is(Way::Notebook),
            desktop: self.is(Way::Desktop),
            private: self.private,
        }
    }

    fn waits(&self, stays: bool) -> RoomEvent {
        RoomEvent::RunQueued {
            run: self.run.clone(),
            by: self.by.clone(),
            command: self.command.clone(),
            script: self.script.clone(),
            notebook: self.is(Way::Notebook),
            desktop: self.is(Way::Desktop),
            private: self.private,
            stays,
        }
    }

    fn start(
        self,
        runtime: &dyn Runtime,
        spec: &Spec,
        (now, left): (Timestamp, Duration),
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        let (room, person) = (spec.id(), self.private.then_some(self.by));
        let Some(way) = self.session else {
            let (words, script, wall) = (self.command, self.script, spec.wall(now).min(left));
            return runtime.start(room, &self.run, Command { words, script, wall, person }, log);
        };
        let stay = Stay { wall: spec.left(now).min(left), person };
        if way == Way::Desktop {
            runtime.start_desktop(room, &self.run, stay, log)
        } else {
            runtime.start_notebook(room, &self.run, stay, log)
        }
    }
}

impl Centre {
    /// Goes on only if something may be begun in a room: says by whom, and in what.
    pub(crate) async fn may_begin(
        &self,
        caller: &Caller,
        room: &Room,
    ) -> Result<(AccountId, Way, Spec), Refused> {
        let permit = self.permit_of(room).await?;
        let actor = self.require(caller, Action::EnterRoom, &self.room_thing(room).await?)?;
        let active = self.activate(&permit)?;
        let folder = self.parts.extracts.folder(&room.extract);
        let spec = Spec::new(room.id.clone(), &active, room.extract.clone(), &folder)
            .map_err(|error| Refused::Conflict(error.to_string()))?;
        Ok((actor, active.terms().room.way, spec))
    }

    /// Begins something in a room, or has it wait for a place on the machine. That
    /// there is one is decided on all rooms together, and decided again when
    /// something began anywhere meanwhile.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        spec: &Spec,
        wanted: Wanted,
        shown: Option<Arc<dyn LogSink>>,
    ) -> Result<Begun, Refused> {
        let id = spec.id();
        for _ in 0..TRIES {
            let length = self.parts.book.length().await?;
            let (room, _) = self.load::<Room>(id.as_str()).await?;
            if let Some(why) = not_now(&room, &wanted) {
                return Err(Refused::Conflict(why));
            }
            let limits = *spec.limits();
            if limits.left(room.clock.used(self.now())).is_zero() {
                let hours = limits.total_seconds.unwrap_or(0) / 3600;
                return Err(Refused::Conflict(format!(
                    "room `{id}` was used for the {hours} hours that its permit gives it: what is \
                     in it can be read and asked for, and nothing more begins"
                )));
            }
            // The place is the room's: what runs there shares it with what begins.
            let shares_place = room.state == State::Running;
            let has_place = shares_place || self.is_next(&room, &wanted).await?;
            let event = if has_place { wanted.begins() } else { wanted.waits(self.queue.stays()) };
            let (state, asked) = (room.state, wanted.clone());
            let fits = move |room: &Room| room.state == state && not_now(room, &asked).is_none();
            let written = if shares_place {
                self.write_on(&wanted.by, id, &event, fits).await?
            } else {
                self.write_in_turn(&wanted.by, id, &event, (fits, length)).await?
            };
            if !written {
                continue;
            }
            if has_place {
                return self.launch(spec, wanted, shown).await.map(Begun::Started);
            }
            let run = wanted.run;
            tracing::info!(room = %id, %run, "it waits: the machine has no place for it");
            self.attend(id, &run, shown).await?;
            // What was in the way may have ended meanwhile.
            self.queue.stir();
            return Ok(Begun::Waits(run));
        }
        Err(Refused::Book(BookError::Changed(Subject::new(RoomEvent::KIND, id.as_str()))))
    }

    /// Writes that something begins or waits, if it `fits` the room then and unless
    /// something else did in any room since the ledger had `length` entries. Says whether
    /// it did.
    pub(super) async fn write_in_turn(
        &self,
        actor: &AccountId,
        id: &RoomId,
        event: &RoomEvent,
        (fits, length): (impl Fn(&Room) -> bool + Send + Sync + 'static, u64),
    ) -> Result<bool, Refused> {
        let guards = vec![
            Guard::fits(id.as_str(), fits),
            Guard::NoneSince("room.run-started", length),
            Guard::NoneSince("room.run-queued", length),
        ];
        match self.append(vec![draft(actor, id.as_str(), event)?], guards).await {
            Err(BookError::Changed(_)) => Ok(false),
            written => Ok(written.map(|_| true)?),
        }
    }

    /// Starts what the ledger says has begun, and sees to it that its end is written
    /// down.
    pub(super) async fn launch(
        self: &Arc<Self>,
        spec: &Spec,
        wanted: Wanted,
        shown: Option<Arc<dyn LogSink>>,
    ) -> Result<Started, Refused> {
        let (actor, id, run) = (wanted.by.clone(), spec.id().clone(), wanted.run.clone());
        let (runtime, logs) = (self.parts.runtime.clone(), self.parts.logs.clone());
        let heard = self.hearing(&id, &run, &actor);
        // What was not kept at the end of the last command is before this one changes it.
        self.keep_versions(&id).await;
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let (spec, now) = (spec.clone(), self.now());
        let left = spec.limits().left(room.clock.used(now));
        let running = blocking("starting the command", move || {
            let of_run = wanted.run.clone();
            let kept = logs.open(spec.id(), &of_run)?;
            let log = Arc::new(Tee { kept, shown });
            runtime.hear_statements(&of_run, Arc::<OfRun>::clone(&heard));
            runtime.hear_packages(&of_run, heard);
            wanted
                .start(runtime.as_ref(), &spec, (now, left), log)
                .map_err(|error| error.to_string())
        })
        .await
        .and_then(|started| started.map_err(|why| Refused::failed("starting the command", why)));
        match running {
            Ok(running) => {
                let done = self.see_to_end(actor, id, run.clone(), running);
                Ok(Started { run, done })
            }
            Err(refused) => {
                let never = Ended { outcome: Outcome::Failed, ..Ended::LOST };
                self.note_end(&actor, &id, &run, &never).await?;
                self.queue.stir();
                Err(refused)
            }
        }
    }
}

/// Why this is not begun in a room now, if it is not.
fn not_now(room: &Room, wanted: &Wanted) -> Option<String> {
    let id = &room.id;
    if let Some(waits) = &room.waiting {
        return Some(format!(
            "what `{}` asked for waits in room `{id}` until the machine has a place for it, which \
             is the room's: begin when it has, or give up its place",
            waits.by
        ));
    }
    if !room.is_entered() {
        return Some(format!("room `{id}` was closed meanwhile"));
    }
    if room.running().count() >= Room::AT_ONCE {
        return Some(format!(
            "{} commands run in room `{id}`, and no more do at once: wait for one, or stop it",
            Room::AT_ONCE
        ));
    }
    // Somebody who is alone is in one at a time, and so is everybody together.
    let is_open = |run: &&Run| match (wanted.private, run.private) {
        (true, true) => run.by == wanted.by,
        (private, other) => private == other,
    };
    let open = wanted.session.and_then(|_| room.sessions().find(is_open))?;
    Some(format!("`{}` is open in room `{id}` already", open.id))
}
