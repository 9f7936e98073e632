//! Notebooks and desktops in rooms: opening them, who is in them, and what is done there. Every
//! step asks the policy and the permit anew (invariant 4), and code is in the
//! ledger before a kernel gets it (invariants 1 and 5).

use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use model::{AccountId, CellId, PermitId, RoomId, RunId};
use permit::Way;
use permit::policy::Action;
use room::{CellOutcome, Opens, Room, RoomEvent, Run, State};
use sha2::{Digest as _, Sha256};

use crate::rooms::{Begun, Wanted};
use crate::{Caller, Centre, Refused, blocking};

/// The words that stand for the notebook server in the ledger.
const SERVER: [&str; 2] = ["jupyter", "lab"];

/// The words that stand for the desktop in the ledger.
const DESKTOP: [&str; 1] = ["desktop"];

/// Somebody who may be in the notebook or at the desktop of a room now. It is asked for anew at
/// every request: it does not outlive one.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Who.
    pub account: AccountId,
    /// Where.
    pub room: RoomId,
    /// On which permit.
    pub permit: PermitId,
    /// Which of the two its permit is for.
    pub way: Way,
    /// The one that they are in, if it runs: their own, else the one for everybody.
    pub run: Option<RunId>,
}

impl Admitted {
    /// Whether they are in what they were in before.
    pub fn is_still_in(&self, before: &Self) -> bool {
        self.run.is_some() && self.run == before.run
    }
}

/// Whom a notebook or a desktop is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// Who opens it alone: it sees their private folder.
    Alone,
    /// Everybody in the room: it sees what is shared, and nobody's private folder.
    Together,
}

/// What people are in, as refusals call it.
const fn called(way: Way) -> &'static str {
    match way {
        Way::Desktop => "desktop",
        _ => "notebook",
    }
}

impl Centre {
    /// Whether notebooks can be opened in a room: by its permit, and by what
    /// rooms of this machine have.
    pub async fn has_notebook(&self, room: &Room) -> Result<bool, Refused> {
        let permit = self.permit_of(room).await?;
        Ok(permit.grant.terms.room.way == Way::Notebook && self.parts.runtime.has_notebooks())
    }

    /// Opens the notebook of a room: starts its server, unless it runs, or has it wait
    /// for a place on the machine. It goes on until it is stopped, is idle, or the
    /// permit ends.
    pub async fn open_notebook(
        self: &Arc<Self>,
        caller: &Caller,
        id: &RoomId,
        company: Company,
    ) -> Result<Option<Begun>, Refused> {
        self.open_session(caller, id, Way::Notebook, company).await
    }

    /// Whether the desktop can be opened in a room: as [`Centre::has_notebook`].
    pub async fn has_desktop(&self, room: &Room) -> Result<bool, Refused> {
        let permit = self.permit_of(room).await?;
        Ok(permit.grant.terms.room.way == Way::Desktop && self.parts.runtime.has_desktops())
    }

    /// Opens the desktop of a room, as [`Centre::open_notebook`].
    pub async fn open_desktop(
        self: &Arc<Self>,
        caller: &Caller,
        id: &RoomId,
        company: Company,
    ) -> Result<Option<Begun>, Refused> {
        self.open_session(caller, id, Way::Desktop, company).await
    }

    async fn open_session(
        self: &Arc<Self>,
        caller: &Caller,
        id: &RoomId,
        way: Way,
        company: Company,
    ) -> Result<Option<Begun>, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let (by, granted, spec) = self.may_begin(caller, &room).await?;
        if granted != way {
            return Err(Refused::Conflict(format!(
                "the permit of room `{id}` is for `{}`: no {} is opened on it",
                granted.as_str(),
                called(way)
            )));
        }
        let desktop = way == Way::Desktop;
        if desktop && !self.parts.runtime.has_desktops() {
            return Err(Refused::Conflict(room::StartError::NoDesktops.to_string()));
        }
        if !desktop && !self.parts.runtime.has_notebooks() {
            return Err(Refused::Conflict(room::StartError::NoNotebooks.to_string()));
        }
        match (room.session_of(&by), company) {
            (Some(session), Company::Alone) if session.private => return Ok(None),
            (Some(session), Company::Together) if !session.private => return Ok(None),
            (Some(_), Company::Together) => {
                return Err(Refused::Conflict(format!(
                    "your own {} is open in room `{id}`, and you are in one at a time: close it first",
                    called(way)
                )));
            }
            _ => {}
        }
        if let Some(waits) =
            room.waiting.as_ref().filter(|waits| waits.is_session() && waits.by == by)
        {
            return Ok(Some(Begun::Waits(waits.run.clone())));
        }
        let words = if desktop { &DESKTOP[..] } else { &SERVER[..] };
        let wanted = Wanted {
            run: RunId::mint(self.parts.entropy.as_ref()),
            by,
            command: words.iter().map(ToString::to_string).collect(),
            script: None,
            session: Some(way),
            private: company == Company::Alone,
        };
        self.begin(&spec, wanted, None).await.map(Some)
    }

    /// Whether the caller may be in the notebook or at the desktop of a room now.
    pub async fn admit(&self, caller: &Caller, id: &RoomId) -> Result<Admitted, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let account = self.require(caller, Action::EnterRoom, &self.room_thing(&room).await?)?;
        let permit = self.permit_of(&room).await?;
        let way = self.activate(&permit)?.terms().room.way;
        if !matches!(way, Way::Notebook | Way::Desktop) {
            return Err(Refused::Conflict(format!("the permit of room `{id}` is for scripts")));
        }
        let run = room.session_of(&account).map(|session| session.id.clone());
        Ok(Admitted { account, room: room.id.clone(), permit: permit.id.clone(), way, run })
    }

    /// A connection to the notebook server, or to the desktop.
    pub async fn reach_notebook(&self, admitted: &Admitted) -> Result<UnixStream, Refused> {
        let Some(run) = admitted.run.clone() else {
            return Err(Refused::Conflict(format!(
                "the {} of room `{}` is closed: open it on the room's page",
                called(admitted.way),
                admitted.room
            )));
        };
        let desktop = admitted.way == Way::Desktop;
        let (runtime, room) = (self.parts.runtime.clone(), admitted.room.clone());
        let reach = move || {
            if desktop { runtime.reach_desktop(&room, &run) } else { runtime.reach(&room, &run) }
        };
        blocking("reaching the room", reach)
            .await?
            .map_err(|error| Refused::failed("reaching the room", error))
    }

    /// A connection to a notebook server of a room, to ask it how it is: for
    /// nobody.
    pub async fn reach_unasked(&self, id: &RoomId, run: &RunId) -> Result<UnixStream, Refused> {
        let (runtime, room, run) = (self.parts.runtime.clone(), id.clone(), run.clone());
        blocking("reaching the notebook", move || runtime.reach(&room, &run))
            .await?
            .map_err(|error| Refused::failed("reaching the notebook", error))
    }

    /// Whether a notebook server or a desktop of a room answers.
    pub async fn answers(&self, id: &RoomId, run: &RunId, way: Way) -> bool {
        let (runtime, room, run) = (self.parts.runtime.clone(), id.clone(), run.clone());
        let reach = move || match way {
            Way::Desktop => runtime.reach_desktop(&room, &run),
            _ => runtime.reach(&room, &run),
        };
        matches!(blocking("reaching the room", reach).await, Ok(Ok(_)))
    }

    /// Writes down that somebody came into the notebook or to the desktop.
    pub async fn enter_notebook(&self, admitted: &Admitted) -> Result<(), Refused> {
        let by = admitted.account.clone();
        self.note(admitted, &RoomEvent::Entered { by, run: admitted.run.clone() }).await
    }

    /// Writes down that somebody left it, after so long and having been shown so
    /// many bytes.
    pub async fn leave_notebook(
        &self,
        admitted: &Admitted,
        after: Duration,
        shown: u64,
    ) -> Result<(), Refused> {
        let by = admitted.account.clone();
        let left = RoomEvent::Left { by, wall_ms: milliseconds(after), shown };
        // A room that is closed is left by everybody; its end says so.
        let open = |room: &Room| room.state != State::Closed;
        self.write_on(&admitted.account, &admitted.room, &left, open).await.map(drop)
    }

    /// Writes down code before a kernel gets it. Says under which id.
    pub async fn run_cell(
        &self,
        admitted: &Admitted,
        kernel: &str,
        code: String,
    ) -> Result<CellId, Refused> {
        let cell = CellId::mint(self.parts.entropy.as_ref());
        let by = admitted.account.clone();
        let kernel = kernel.to_owned();
        let run = admitted.run.clone();
        let event = RoomEvent::CellRun { cell: cell.clone(), by: by.clone(), run, kernel, code };
        self.note(admitted, &event).await?;
        if let Some(run) = &admitted.run {
            self.cells().insert(run.clone(), by);
        }
        Ok(cell)
    }

    /// Who ran a cell last in a notebook.
    pub(crate) fn at_work(&self, run: &RunId) -> Option<AccountId> {
        self.cells().get(run).cloned()
    }

    /// Nobody is at work in it any more.
    pub(crate) fn nobody_at_work(&self, run: &RunId) {
        self.cells().remove(run);
    }

    fn cells(&self) -> MutexGuard<'_, HashMap<RunId, AccountId>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which tables of the extract are opened from now on; nothing where the machine does
    /// not tell.
    pub fn opens(&self, admitted: &Admitted) -> Option<Box<dyn Opens>> {
        self.parts.runtime.opens(&admitted.room)
    }

    /// Writes down that a kernel answered, and which tables were opened meanwhile.
    pub async fn end_cell(
        &self,
        admitted: &Admitted,
        cell: CellId,
        (outcome, after): (CellOutcome, Duration),
        opened: Option<Vec<String>>,
    ) -> Result<(), Refused> {
        let opened = self.rows_of(&admitted.room, opened).await?;
        let ended = RoomEvent::CellEnded { cell, outcome, wall_ms: milliseconds(after), opened };
        // The notebook may be shut before its cells are.
        let open = |room: &Room| room.state != State::Closed;
        self.write_on(&admitted.account, &admitted.room, &ended, open).await.map(drop)
    }

    /// Writes down what is saved from the browser before it is.
    pub async fn save_in_notebook(
        &self,
        admitted: &Admitted,
        file: &str,
        sent: &[u8],
    ) -> Result<(), Refused> {
        let saved = RoomEvent::Saved {
            by: admitted.account.clone(),
            run: admitted.run.clone(),
            file: file.to_owned(),
            bytes: u64::try_from(sent.len()).unwrap_or(u64::MAX),
            sha256: ledger::Hash(Sha256::digest(sent).into()),
        };
        self.note(admitted, &saved).await
    }

    /// Writes down what is pasted into the desktop before it is.
    pub async fn paste(&self, admitted: &Admitted, text: &[u8]) -> Result<(), Refused> {
        let pasted = RoomEvent::Pasted {
            by: admitted.account.clone(),
            run: admitted.run.clone(),
            bytes: u64::try_from(text.len()).unwrap_or(u64::MAX),
            sha256: ledger::Hash(Sha256::digest(text).into()),
        };
        self.note(admitted, &pasted).await
    }

    /// Writes down that more was to be shown than may be.
    pub async fn withhold(&self, admitted: &Admitted, bytes: u64) -> Result<(), Refused> {
        let by = admitted.account.clone();
        self.note(admitted, &RoomEvent::Withheld { by, bytes }).await
    }

    async fn note(&self, admitted: &Admitted, event: &RoomEvent) -> Result<(), Refused> {
        let (who, run) = (admitted.account.clone(), admitted.run.clone());
        let is_theirs =
            move |session: &Run| run.as_ref() == Some(&session.id) && session.takes_in(&who);
        let runs = move |room: &Room| room.sessions().any(&is_theirs);
        if self.write_on(&admitted.account, &admitted.room, event, runs).await? {
            Ok(())
        } else {
            let what = called(admitted.way);
            Err(Refused::Conflict(format!("the {what} of room `{}` was closed", admitted.room)))
        }
    }

    /// What is open in rooms that people are in, and in which: for nobody.
    pub async fn sessions(&self) -> Result<Vec<(RoomId, RunId)>, Refused> {
        let running = self.every_room(&["running"]).await?;
        let of = |room: &Room| {
            room.sessions().map(|run| (room.id.clone(), run.id.clone())).collect::<Vec<_>>()
        };
        Ok(running.iter().flat_map(|room| of(room)).collect())
    }

    /// Stops a notebook server or a desktop in which nothing was done for long.
    pub async fn stop_idle_notebook(&self, id: &RoomId, run: &RunId) -> Result<(), Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        if !room.sessions().any(|session| session.id == *run) {
            return Ok(());
        }
        let running = self.parts.runtime.running(id);
        if let Some(running) = running.iter().find(|running| running.run() == run) {
            tracing::info!(room = %id, %run, "what people are in is closed: nothing was done in it for long");
            running.stop();
        }
        Ok(())
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
