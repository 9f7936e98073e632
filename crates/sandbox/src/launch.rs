//! How commands begin and end in a room: several may run at once, each in walls and a
//! control group of its own, on the one disk and within the one room's limits.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::{RoomId, RunId};
use room::{CloseError, LogSink, Running, StartError, Stay};

use crate::bubblewrap::Bubblewrap;
use crate::run::{Handle, Job, start_minding};
use crate::state::{Lock, RunState, boot_id};
use crate::walls::Setting;
use crate::warden::{self, Errand};
use crate::{brought, parts, recover, session};

/// How long a command of another process gets to end when its room is closed.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one of our own does: longer than all that is waited for in turn
/// when it is ended (its processes, its output, its control group).
const PATIENCE_OWN: Duration = Duration::from_secs(40);

impl Bubblewrap {
    pub(crate) fn launch(
        &self,
        room: &RoomId,
        run: &RunId,
        (words, mut setting): (&[String], Setting),
        wall: Duration,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<Handle>, StartError> {
        let failed = |what| {
            move |error: io::Error| StartError::Machine {
                room: room.clone(),
                what,
                why: error.to_string(),
            }
        };
        // Whatever becomes of it, nobody else is asked for it.
        let heard = self.heard.take(run);
        let dir = self.dir(room);
        let mut state = dir
            .state()
            .map_err(failed("what it is made with was read"))?
            .ok_or_else(|| StartError::NoRoom(room.clone()))?;
        let shared = dir
            .share()
            .map_err(failed("the room was locked"))?
            .ok_or_else(|| StartError::Busy(room.clone()))?;
        // What killed processes left of earlier commands.
        recover::forget_unminded(&dir, PATIENCE)
            .map_err(failed("an earlier command was cleared away"))?;
        let minded = dir
            .mind(run)
            .map_err(failed("it was locked"))?
            .ok_or_else(|| StartError::Runs(run.clone()))?;
        self.attach(&dir, &state).map_err(failed("the work folder was mounted"))?;
        let parted = if state.parted {
            parts::keep_place(&dir)
        } else {
            parts::part(&dir, &mut state).and_then(|()| dir.put_state(&state))
        };
        parted.map_err(failed("the place of private folders was looked at"))?;
        // A room from before there was one has none.
        brought::make(&dir).map_err(failed("its folder for what is brought in was made"))?;
        let still = self.holds(state.image);
        if still != state.holds {
            let why = "the limits that held when it was opened hold no more on this machine: \
                       start the server as it was, or close the room";
            return Err(failed("its limits were looked at")(io::Error::other(why)));
        }
        let group = self
            .place
            .make(room, run, &state.limits)
            .map_err(failed("its control group was made"))?;
        let noted = RunState {
            run: run.clone(),
            boot: boot_id(),
            pid: None,
            began: None,
            groups: group.as_ref().map(|group| group.dirs().to_vec()).unwrap_or_default(),
        };
        let ready = dir.put_run(&noted).and_then(|()| {
            let (door, counter) =
                self.open_doors((&dir, &state, run), group.as_ref(), heard, &mut setting)?;
            let (program, mut before, status) =
                self.mason.prepare(&dir, &state, &dir.work(), words, &setting)?;
            if let Some(group) = &group {
                before.joins = group.joins()?;
            }
            Ok((program, before, status, (door, counter)))
        });
        let (program, before, status, (door, counter)) = match ready {
            Ok(ready) => ready,
            Err(error) => {
                if let Some(group) = &group {
                    let _ = group.end(Duration::ZERO);
                }
                dir.forget_run(run);
                session::shut(&dir, run);
                return Err(failed("it was prepared")(error));
            }
        };
        let job = Job {
            opens: self.watch(&state.data),
            dir,
            state,
            run: noted,
            command: program,
            before,
            status,
            group,
            door,
            counter,
            wall,
            log,
            _locks: [minded, shared],
        };
        start_minding(job, run).map_err(failed("bubblewrap was started"))
    }

    /// Starts what is asked for, under a warden if it is to outlive this program.
    pub(crate) fn begin(
        &self,
        room: &RoomId,
        run: &RunId,
        errand: Errand,
        stay: Stay,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        if stay.wall.is_zero() {
            return Err(StartError::NoTime(room.clone()));
        }
        let warden = self.config.warden.as_ref().filter(|_| self.outlives.load(Ordering::Relaxed));
        let handle = if let Some(program) = warden {
            warden::start(self, program, (room, run), errand, stay, (log, self.heard.take(run)))?
        } else {
            let (words, setting) = errand.setting(room, stay.person);
            self.launch(room, run, (&words, setting), stay.wall, log)?
        };
        self.remember(room, &handle);
        Ok(handle)
    }

    /// Ends what runs in a room and keeps anything else from beginning; nothing,
    /// when there is no such room.
    pub(crate) fn end_runs(&self, room: &RoomId) -> Result<Option<Lock>, CloseError> {
        let ours = self.ours(room);
        for running in &ours {
            running.stop();
        }
        for running in ours {
            // Known as running until it has ended: the next try waits again.
            running.wait_at_most(PATIENCE_OWN).ok_or_else(|| CloseError::Stuck(room.clone()))?;
        }
        let dir = self.dir(room);
        if !dir.0.exists() {
            return Ok(None);
        }
        let ended = recover::end_runs(&dir, PATIENCE).map_err(|error| CloseError::Machine {
            room: room.clone(),
            what: "what runs in it was ended",
            why: error.to_string(),
        })?;
        ended.map(Some).ok_or_else(|| CloseError::Stuck(room.clone()))
    }
}
